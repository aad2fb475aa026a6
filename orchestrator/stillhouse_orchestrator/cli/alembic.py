"""``stillhouse alembic ARGS…``: hands its arguments to the engine's command line as they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence


def run_alembic(arguments: Sequence[str]) -> int:
    """Run the engine's Alembic-shaped command line and return its exit code."""
    from stillhouse_engine.cli import main

    main(list(arguments), "stillhouse alembic")
    return 0


@click.command(
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []},
    add_help_option=False,
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def alembic(arguments: tuple[str, ...]) -> int:
    """Run Alembic's command line on Stillhouse's engine."""
    return run_alembic(arguments)

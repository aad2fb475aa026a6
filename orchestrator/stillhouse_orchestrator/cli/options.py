"""Options that many commands share, declared once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable

Function = TypeVar("Function", bound="Callable[..., Any]")


def _inherit(ctx: click.Context, _parameter: click.Parameter, value: str | None) -> str:
    """Use the file given before the command's name when none is given after it."""
    return value or str(ctx.find_root().obj)


def fleet_option(function: Function) -> Function:
    """Add ``-f FILE``."""
    return click.option(
        "-f", "--fleet", "fleet_file", metavar="FILE", default=None, callback=_inherit,
        help="The fleet file (default: $STILLHOUSE_FLEET, else fleet.yaml).",
    )(function)  # fmt: skip


def token_option(function: Function) -> Function:
    """Add ``--token-file FILE``; the command itself does not see it."""
    return click.option(
        "--token-file", type=click.Path(dir_okay=False, exists=True), metavar="FILE", default=None,
        expose_value=False, callback=_remember, help="A token for the daemon (default: $STILLHOUSE_TOKEN, else its own user's).",
    )(function)  # fmt: skip


def selector_option(function: Function) -> Function:
    """Add ``-l SELECTOR``."""
    return click.option(
        "-l", "--select", "selector", metavar="SELECTOR", default=None,
        help='Only targets that match, as "env=prod,ring!=2,name~tenant-*".',
    )(function)  # fmt: skip


def destination_options(function: Function) -> Function:
    """Add ``--to REV`` and ``--strategy NAME``."""
    to = click.option(
        "--to", "destination", default="head", show_default=True, metavar="REV", help="The destination; heads for all branches.",
    )  # fmt: skip
    strategy = click.option("--strategy", help="The strategy to follow. Default: the fleet file's, else all at once.")
    return to(strategy(function))


def selecting_options(function: Function) -> Function:
    """Add what a command that works on chosen targets and prints a document takes."""
    for option in (log_options, token_option, json_option, selector_option, fleet_option):
        function = option(function)
    return function


def json_option(function: Function) -> Function:
    """Add ``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")(function)


def log_options(function: Function) -> Function:
    """Add ``--log-level`` and ``--log-format``; the command itself does not see them."""
    level = click.option(
        "--log-level", type=click.Choice(["debug", "info", "warning", "error"]), default=None,
        expose_value=False, callback=_remember, help="What is logged to stderr (default: warnings that the command does not tell itself; serve: info).",
    )  # fmt: skip
    form = click.option(
        "--log-format", type=click.Choice(["auto", "console", "json"]), default="auto", show_default=True,
        expose_value=False, callback=_remember, help="How it is logged; auto is console on a terminal, json elsewhere.",
    )  # fmt: skip
    return level(form(function))


def _remember(ctx: click.Context, parameter: click.Parameter, value: str | None) -> None:
    ctx.meta[f"stillhouse.{parameter.name}"] = value

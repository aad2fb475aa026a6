"""``stillhouse init``: a fleet file and a first project that runs as it stands."""

from __future__ import annotations

from pathlib import Path

import click

from stillhouse_orchestrator import scaffolds
from stillhouse_orchestrator.cli.running import failing_cleanly


@click.command()
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(file_okay=False, path_type=Path))
def init(folder: Path) -> None:
    """Write a fleet file and a first project that runs as it stands, on SQLite."""
    with failing_cleanly():
        written = scaffolds.write("init", folder)
    for path in written:
        click.echo(f"wrote {folder / path}")
    enter = "" if folder == Path() else f"cd {folder} && "
    click.echo(f"\nNext: {enter}stillhouse up")

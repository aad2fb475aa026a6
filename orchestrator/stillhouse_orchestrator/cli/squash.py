"""``stillhouse squash``: many revisions of a project replaced by one that is proved to do the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from stillhouse_orchestrator.cli.exits import Exit
from stillhouse_orchestrator.cli.loading import opened
from stillhouse_orchestrator.cli.options import fleet_option, json_option, log_options
from stillhouse_orchestrator.cli.output import print_json
from stillhouse_orchestrator.cli.running import CommandFailedError, run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stillhouse_config import Fleet, TargetDeclaration


@click.command()
@click.argument("target")
@click.option(
    "-r", "--range", "rev_range", metavar="START:END", default=None,
    help="The revisions, both ends included. Default: all up to the head.",
)  # fmt: skip
@click.option("-m", "--message", default=None, help="The new revision's message.")
@click.option(
    "--scratch-url", metavar="URL", default=None, envvar="STILLHOUSE_SCRATCH_URL",
    help="The server for scratch databases ($STILLHOUSE_SCRATCH_URL). Default: the target's drift.scratch_url, else its own.",
)  # fmt: skip
@click.option("--without-data", is_flag=True, help="Squash a range above the base even where its revisions write rows.")
@click.option("--dry-run", is_flag=True, help="Print the new revision, and write nothing.")
@json_option
@fleet_option
@log_options
def squash(target: str, fleet_file: str, *, as_json: bool, dry_run: bool, **wish: Any) -> int:
    """Replace many revisions of a target's project by one that does the same.

    The new revision keeps the id of the newest one, so that databases past the range need nothing; the originals are kept in
    squashed/<id>/ in the script directory, for databases that stand inside it. Everything is proved on scratch databases before a
    file is written; the target itself is not touched.
    """
    found = run(_squash(fleet_file, target, {**wish, "dry_run": dry_run}))
    if as_json:
        print_json(squash=found)
    else:
        _print(found, dry_run=dry_run)
    return Exit.FINE


async def _squash(fleet_file: str, name: str, wish: Mapping[str, Any]) -> dict[str, Any]:
    from stillhouse_orchestrator.jobs import job_for

    async with opened(fleet_file, beside=True) as application:
        target = application.target(name)
        _refuse_other_dialects(application.fleet, target)
        configured = target.drift.scratch_url
        scratch_url = wish["scratch_url"] or (configured.reveal() if configured else None)
        outcome = await application.executor.run(job_for(target, "squash", **{**wish, "scratch_url": scratch_url}))
    if not outcome.ok:
        raise CommandFailedError(str(outcome.problem or outcome.state))
    return dict(outcome.squashed)


def _refuse_other_dialects(fleet: Fleet, target: TargetDeclaration) -> None:
    """Refuse a project whose targets are of several kinds: the squashed revision has the statements of one."""
    same = [each for each in fleet.targets.values() if each.project == target.project]
    others = sorted({each.url.dialect for each in same if _kind(each) != _kind(target)})
    if others:
        raise CommandFailedError(
            f"the project of {target.name} also runs on {', '.join(others)}: a squashed revision has the statements of one kind of "
            "database only",
            "leave its revisions as they are",
        )


def _kind(target: TargetDeclaration) -> str:
    return "mysql" if target.url.dialect == "mariadb" else target.url.dialect


def _print(found: Mapping[str, Any], *, dry_run: bool) -> None:
    from stillhouse_engine.squashing.squashing import Squashed
    from stillhouse_engine.squashing.told import told

    if dry_run:
        click.echo(found["source"])
    for line in told(Squashed(**found)):
        click.echo(line, err=dry_run)

"""Commands that move a database: upgrade, downgrade, stamp, ensure_version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stillhouse_engine.command.environments import run_environment
from stillhouse_engine.command.trying import try_environment
from stillhouse_engine.errors import CommandError
from stillhouse_engine.script import ScriptDirectory
from stillhouse_engine.script.nodes import to_tuple
from stillhouse_engine.script.planning import runnable

if TYPE_CHECKING:
    from stillhouse_engine.config import Config
    from stillhouse_engine.script.steps import RevisionStep, StampStep


def upgrade(config: Config, revision: str, sql: bool = False, tag: str | None = None, *, dry_run: bool = False) -> None:
    """Upgrade to a later version.

    Args:
        config: the configuration.
        revision: the target; with ``sql`` also a range ``from:to``.
        sql: write SQL instead of running it.
        tag: anything that env.py may ask for.
        dry_run: run the revisions in a transaction, print what they send, and roll it back.

    Raises:
        CommandError: a dry run is not possible here.
    """
    script = ScriptDirectory.from_config(config)
    starting, revision = _range(revision, sql=sql)

    def steps(rev: Any, _context: Any) -> list[RevisionStep]:
        return runnable(script._upgrade_revs(revision, rev))  # noqa: SLF001 - Alembic's name for it

    run = try_environment if dry_run else run_environment
    run(config, script, steps, as_sql=sql, starting_rev=starting, destination_rev=revision, tag=tag)


def downgrade(
    config: Config, revision: str, sql: bool = False, tag: str | None = None, *, dry_run: bool = False
) -> None:
    """Revert to a previous version.

    Args:
        config: the configuration.
        revision: the target; with ``sql`` a range ``from:to``.
        sql: write SQL instead of running it.
        tag: anything that env.py may ask for.
        dry_run: run the revisions in a transaction, print what they send, and roll it back.

    Raises:
        CommandError: the target is no symbol, or a dry run is not possible here.
    """
    script = ScriptDirectory.from_config(config)
    if not isinstance(revision, str):
        raise CommandError(f"Expected downgrade target in string form, and not {revision!r}")
    starting, revision = _range(revision, sql=sql)
    if sql and starting is None:
        raise CommandError("downgrade with --sql requires <fromrev>:<torev>")

    def steps(rev: Any, _context: Any) -> list[RevisionStep]:
        return runnable(script._downgrade_revs(revision, rev))  # noqa: SLF001 - Alembic's name for it

    run = try_environment if dry_run else run_environment
    run(config, script, steps, as_sql=sql, starting_rev=starting, destination_rev=revision, tag=tag)


def stamp(config: Config, revision: Any, sql: bool = False, tag: str | None = None, purge: bool = False) -> None:
    """'stamp' the revision table with the given revision; don't run any migrations.

    Args:
        config: the configuration.
        revision: the revision, or several; with ``sql`` also ranges ``from:to``.
        sql: write SQL instead of running it.
        tag: anything that env.py may ask for.
        purge: empty the version table first.
    """
    script = ScriptDirectory.from_config(config)
    if sql and purge:
        raise CommandError("Can't use --purge with --sql mode")
    starting, targets = None, to_tuple(revision)
    if sql:
        starting, targets = _stamp_ranges(targets)

    def steps(rev: Any, _context: Any) -> list[StampStep]:
        return script._stamp_revs(targets, rev)  # noqa: SLF001 - Alembic's name for it

    run_environment(
        config,
        script,
        steps,
        as_sql=sql,
        starting_rev=starting,
        destination_rev=targets,
        tag=tag,
        purge=purge,
    )


def ensure_version(config: Config, sql: bool = False) -> None:
    """Create the alembic version table if it doesn't exist already .

    Args:
        config: the configuration.
        sql: write SQL instead of running it.
    """
    script = ScriptDirectory.from_config(config)

    def steps(_rev: Any, context: Any) -> list[StampStep]:
        if context.as_sql:
            context._version.create(context.connection)  # noqa: SLF001 - the runtime's, offline
        else:
            context._ensure_version_table()  # noqa: SLF001 - Alembic's name for it
        return []

    run_environment(config, script, steps, as_sql=sql)


def _range(revision: str, *, sql: bool) -> tuple[str | None, str]:
    """Split ``from:to``, which only makes sense where no database tells where to start."""
    if ":" not in revision:
        return None, revision
    if not sql:
        raise CommandError("Range revision not allowed")
    starting, revision = revision.split(":", 1)
    return starting, revision


def _stamp_ranges(targets: tuple[str, ...]) -> tuple[str | None, tuple[str, ...]]:
    starting: str | None = None
    destinations = []
    for target in targets:
        if ":" in target:
            start, target = target.split(":", 1)  # noqa: PLW2901 - the rest of it
            if starting not in {None, start}:
                raise CommandError("Stamp operation with --sql only supports a single starting revision at a time")
            starting = start
        destinations.append(target)
    return starting, tuple(destinations)

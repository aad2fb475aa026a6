"""Commands that list revisions: history, heads, branches, show, current."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stillhouse_engine.command.environments import run_environment
from stillhouse_engine.errors import CommandError, DatabaseNotAtHead
from stillhouse_engine.script import ScriptDirectory

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stillhouse_engine.config import Config
    from stillhouse_engine.script import Script


def history(
    config: Config, rev_range: str | None = None, verbose: bool = False, indicate_current: bool = False
) -> None:
    """List changeset scripts in chronological order.

    Args:
        config: the configuration.
        rev_range: ``from:to``; either end may be left out, and either may be ``current``.
        verbose: everything of each revision.
        indicate_current: mark the revisions that the database is at.
    """
    script = ScriptDirectory.from_config(config)
    base, head = _range(rev_range)

    def display(currents: Iterable[str]) -> None:
        lower: Any = tuple(currents) if base == "current" else base
        upper: Any = tuple(currents) if head == "current" else head
        for revision in script.walk_revisions(base=lower or "base", head=upper or "heads"):
            if indicate_current:
                revision._db_current_indicator = revision.revision in currents  # noqa: SLF001 - Alembic's name for it
            config.print_stdout(
                revision.cmd_format(verbose=verbose, include_branches=True, include_doc=True, include_parents=True)
            )

    def display_with_database(rev: tuple[str, ...], _context: Any) -> list[Any]:
        display(rev)
        return []

    wants_database = indicate_current or "current" in {base, head}
    if wants_database or config.runs_environment:
        run_environment(config, script, display_with_database, dont_mutate=True)
    else:
        display(())


def _range(rev_range: str | None) -> tuple[str | None, str | None]:
    if rev_range is None:
        return None, None
    if ":" not in rev_range:
        raise CommandError("History range requires [start]:[end], [start]:, or :[end]")
    base, head = rev_range.strip().split(":", 1)
    return base or None, head or None


def heads(config: Config, verbose: bool = False, resolve_dependencies: bool = False) -> None:
    """Show current available heads in the script directory.

    Args:
        config: the configuration.
        verbose: everything of each revision.
        resolve_dependencies: leave out heads that something depends on.
    """
    script = ScriptDirectory.from_config(config)
    for head in script.get_revisions(tuple(script.get_heads(consider_depends_on=resolve_dependencies))):
        config.print_stdout(head.cmd_format(verbose, include_branches=True, tree_indicators=False))


def branches(config: Config, verbose: bool = False) -> None:
    """Show current branch points.

    Args:
        config: the configuration.
        verbose: everything of each revision.
    """
    script = ScriptDirectory.from_config(config)
    for revision in script.walk_revisions():
        if not revision.is_branch_point:
            continue
        indent = " " * len(revision.revision)
        followers = [
            f"{indent} -> {follower.cmd_format(False, include_branches=True, include_doc=verbose)}"
            for follower in script.get_revisions(script.revision_map.followers(revision.revision))
        ]
        text = "\n".join(followers)
        config.print_stdout("%s\n%s\n", revision.cmd_format(verbose, include_branches=True), text)


def show(config: Config, rev: str) -> None:
    """Show the revision(s) denoted by the given symbol.

    Args:
        config: the configuration.
        rev: a symbol; ``current`` asks the database.
    """
    script = ScriptDirectory.from_config(config)

    def display(found: Iterable[Script]) -> None:
        for revision in found:
            config.print_stdout(revision.log_entry)

    def display_current(current: tuple[str, ...], _context: Any) -> list[Any]:
        display(script.get_revisions(current))
        return []

    if rev == "current":
        run_environment(config, script, display_current, dont_mutate=True)
    else:
        display(script.get_revisions(rev))


def current(config: Config, check_heads: bool = False, verbose: bool = False) -> None:
    """Display the current revision for a database.

    Args:
        config: the configuration.
        check_heads: fail unless the database is at all heads.
        verbose: everything of each revision.

    Raises:
        DatabaseNotAtHead: with ``check_heads``, when it is not.
    """
    script = ScriptDirectory.from_config(config)

    def display(rev: tuple[str, ...], context: Any) -> list[Any]:
        if verbose:
            url = context.connection.engine.url.render_as_string(hide_password=True)
            config.print_stdout("Current revision(s) for %s:", url)
        if check_heads and set(context.get_current_heads()) != set(script.get_heads()):
            raise DatabaseNotAtHead("Database is not on all head revisions")
        for revision in sorted(script.get_all_current(rev), key=lambda found: found.revision):
            config.print_stdout(revision.cmd_format(verbose))
        return []

    run_environment(config, script, display, dont_mutate=True)

"""Which revisions one can take the place of: a range that nothing outside hangs on, but for its newest revision. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stillhouse_engine.squashing.errors import SquashError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stillhouse_engine.script import Script, ScriptDirectory

FEWEST = 2


@dataclass(frozen=True, slots=True)
class Range:
    """Revisions to squash.

    Attributes:
        members: from the oldest to the newest, which lends its id.
        down: what the oldest follows; nothing where the range begins at the base.
        depends_on: what else some of them need.
        labels: the branch labels that they declare.
    """

    members: tuple[Script, ...]
    down: tuple[str, ...]
    depends_on: tuple[str, ...]
    labels: tuple[str, ...]

    @property
    def newest(self) -> str:
        """The id that the squashed revision keeps."""
        return self.members[-1].revision

    @property
    def below(self) -> tuple[str, ...]:
        """What must be applied before."""
        return (*self.down, *self.depends_on)

    @property
    def replaces(self) -> tuple[str, ...]:
        """The ids of all revisions whose place is taken, also of those that were squashed before."""
        return tuple(dict.fromkeys(key for each in self.members for key in (each.replaces or (each.revision,))))


def closed_range(script: ScriptDirectory, rev_range: str | None) -> Range:
    """Return the revisions of a range ``[start]:[end]``, both included; by default all up to the only head.

    Raises:
        SquashError: something outside hangs on its middle, it hangs on something in its middle, or it is too short.
        CommandError: a symbol names no revision, or several.
    """
    start, end = _ends(script, rev_range)
    graph = script.revision_map._graph  # noqa: SLF001 - the engine's own
    members = graph.ancestors([end], dependencies=False)
    if start is not None:
        if start not in members:
            raise SquashError(
                f"Revision {start} is not below {end}: a range goes from the older revision to the newer one"
            )
        members &= graph.descendants([start], dependencies=False)
    oldest_first: list[Any] = list(reversed(graph.listing(members, [end])))
    if len(oldest_first) < FEWEST:
        raise SquashError(f"There is nothing to squash: the range holds only {end}")
    _refuse_loose_ends(script, members, start, end)
    needed = (key for each in oldest_first for key in graph.everything[each.revision] if key not in members)
    down = graph.down[start] if start is not None else ()
    return Range(
        members=tuple(oldest_first),
        down=down,
        depends_on=tuple(key for key in dict.fromkeys(needed) if key not in graph.ancestors(down)),
        labels=tuple(dict.fromkeys(label for each in oldest_first for label in each._orig_branch_labels)),  # noqa: SLF001 - same engine
    )


def _ends(script: ScriptDirectory, rev_range: str | None) -> tuple[str | None, str]:
    if rev_range is not None and ":" not in rev_range:
        raise SquashError("A range to squash is [start]:[end], [start]: or :[end], both ends included")
    start, _, end = (rev_range or ":").strip().partition(":")
    newest = script.get_revision(end or "head")
    if newest is None:
        raise SquashError("There is nothing to squash: the script directory has no revisions")
    oldest = script.get_revision(start) if start and start != "base" else None
    for found in (newest, oldest):
        if found is not None and found.squashed_into is not None:
            raise SquashError(
                f"Revision {found.revision} was squashed into {found.squashed_into} already; name that one"
            )
    return (oldest.revision if oldest is not None else None), newest.revision


def _refuse_loose_ends(script: ScriptDirectory, members: set[str], start: str | None, end: str) -> None:
    """Refuse a range that others are tied to in its middle.

    Raises:
        SquashError: with each place.
    """
    found = [*_followers(script, members, end), *_other_starts(script, members, start)]
    if found:
        raise SquashError(
            f"The revisions {start or 'base'}:{end} are not a range of their own:",
            found,
            "take in what hangs on its middle, choose other ends, or merge the branches first",
        )


def _followers(script: ScriptDirectory, members: set[str], end: str) -> Iterator[str]:
    graph = script.revision_map._graph  # noqa: SLF001 - the engine's own
    for key in graph.by_id:
        for follower in graph.followers[key] if key in members and key != end else ():
            if follower not in members:
                verb = "follows" if key in graph.down[follower] else "depends on"
                yield f"{_place(graph.by_id[follower])}: {follower} {verb} {key}, which is inside the range"


def _other_starts(script: ScriptDirectory, members: set[str], start: str | None) -> Iterator[str]:
    graph = script.revision_map._graph  # noqa: SLF001 - the engine's own
    for key in graph.by_id:
        for parent in graph.down[key] if key in members and key != start else ():
            if parent not in members:
                yield f"{_place(graph.by_id[key])}: {key} follows {parent}, which is outside the range"


def _place(script: Any) -> str:
    return str(script.path)

"""The members of a rollout, arranged so that a transition costs what changes and not what there is.

A rollout of twenty thousand targets has twenty thousand transitions and more. Each asks how many members of a wave are in which
state, who works, and who may start: that is kept up with every change, and nobody walks all members to find it out.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, ValuesView
from functools import reduce
from itertools import chain
from operator import or_
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, TypeVar

from stillhouse_orchestrator.values.places import chosen, numbers, toggled
from stillhouse_orchestrator.values.rollout_target import QUEUED, Barrier, MemberState, RolloutTarget, works

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from datetime import datetime

NOBODY: Mapping[str, RolloutTarget] = MappingProxyType({})
CHUNK = 128  # members; about the square root of many, so that a change copies few chunks and little of each
Key = TypeVar("Key")
Common: TypeAlias = tuple[Any, ...]  # of a group, before it has a name: thousands of members are grouped at once


class Standing(NamedTuple):
    """What members have in common that are counted together."""

    wave: int
    undo: bool
    state: MemberState
    verified: int
    barrier: Barrier | None

    @property
    def working(self) -> bool:
        """Whether a job runs on them at this moment, if only to hold their transactions open."""
        return works(self.state, self.barrier)


class Turn(NamedTuple):
    """What queued members have in common that are judged together: whether they may start, or why they wait.

    Attributes:
        needs: who must be through before them: what they depend on, or backwards what depends on them.
    """

    wave: int
    undo: bool
    state: MemberState
    server: str
    needs: tuple[str, ...]
    retry_at: datetime | None
    reason: str | None


class Members(Mapping[str, RolloutTarget]):
    """Members by name, in their frozen order; each has its place in it. Immutable.

    Attributes:
        places: the place of each name.
        chunks: the members in order, some at a time.
        standings: the places of the members that are counted together.
        turns: the places of the queued members that are judged together.
    """

    __slots__ = ("_dependents", "chunks", "places", "standings", "turns")

    places: Mapping[str, int]
    chunks: tuple[tuple[RolloutTarget, ...], ...]
    standings: Mapping[Standing, int]
    turns: Mapping[Turn, int]

    def __init__(self, members: Mapping[str, RolloutTarget] = NOBODY) -> None:
        everybody = tuple(members.values())
        self.places = {name: place for place, name in enumerate(members)}
        self.chunks = tuple(everybody[first : first + CHUNK] for first in range(0, len(everybody), CHUNK))
        self._dependents = _dependents(everybody)
        self.standings, self.turns = {}, {}
        self._regroup((place, (member,)) for place, member in enumerate(everybody))

    def __getitem__(self, name: str) -> RolloutTarget:
        """Return a member."""
        return self._at(self.places[name])

    def __iter__(self) -> Iterator[str]:
        """Yield the names."""
        return iter(self.places)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.places)

    def __contains__(self, name: object) -> bool:
        """Tell whether there is a member of this name."""
        return name in self.places

    def __eq__(self, other: object) -> bool:
        """Compare members; quick when both come of the same ones."""
        if isinstance(other, Members) and other.places is self.places:
            return self.chunks == other.chunks
        return super().__eq__(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        """Show the members."""
        return f"Members({dict(self)!r})"

    def values(self) -> ValuesView[RolloutTarget]:
        """Return the members."""
        return _Values(self, self.chunks)

    def changed(self, members: Iterable[RolloutTarget]) -> Members:
        """Return the members with some replaced or added."""
        new = {member.target: member for member in members}
        if not all(name in self.places and self[name].depends_on == after.depends_on for name, after in new.items()):
            return Members({**self, **new})
        chunks: dict[int, list[RolloutTarget]] = {}
        for name, after in new.items():
            number, within = divmod(self.places[name], CHUNK)
            chunk = chunks.get(number) or chunks.setdefault(number, list(self.chunks[number]))
            chunk[within] = after
        following = object.__new__(Members)
        following.places, following._dependents = self.places, self._dependents
        following.chunks = tuple(
            tuple(chunks[number]) if number in chunks else chunk for number, chunk in enumerate(self.chunks)
        )
        following.standings, following.turns = self.standings, self.turns
        following._regroup((self.places[name], (self[name], after)) for name, after in new.items())
        return following

    def since(self, before: Members | None) -> Iterator[tuple[RolloutTarget | None, RolloutTarget]]:
        """Yield what is not the same as before: each member that was replaced or added, after what it was."""
        if before is None or before.places is not self.places:
            known = before or NOBODY
            pairs: Iterable[tuple[RolloutTarget | None, RolloutTarget]] = (
                (known.get(member.target), member) for member in self.values()
            )
        else:
            chunks = zip(before.chunks, self.chunks, strict=True)
            pairs = chain.from_iterable(zip(old, new, strict=True) for old, new in chunks if old is not new)
        return ((old, new) for old, new in pairs if old is not new)

    def where(self, test: Callable[[Standing], bool]) -> int:
        """Return the places of the members that stand as a test wants it."""
        return reduce(or_, (places for standing, places in self.standings.items() if test(standing)), 0)

    def those(self, test: Callable[[Standing], bool]) -> Iterator[RolloutTarget]:
        """Yield the members that stand as a test wants it."""
        return self.at(self.where(test))

    def by_wave(self, test: Callable[[Standing], bool]) -> Counter[int]:
        """Count the members that stand as a test wants it, for each wave."""
        counts: Counter[int] = Counter()
        for standing, places in self.standings.items():
            if test(standing):
                counts[standing.wave] += places.bit_count()
        return counts

    def at(self, places: int) -> Iterator[RolloutTarget]:
        """Yield the members at some places, in order."""
        return map(self._at, numbers(places))

    def called(self, names: Collection[str]) -> int:
        """Return the places of the members that have one of some names."""
        if len(names) < len(self) / 4:  # what is quicker: one by one, or all at the speed of C
            return toggled(0, (self.places[name] for name in names if name in self.places))
        return chosen(map(names.__contains__, self.places))

    def _at(self, place: int) -> RolloutTarget:
        return self.chunks[place // CHUNK][place % CHUNK]

    def _regroup(self, moved: Iterable[tuple[int, tuple[RolloutTarget, ...]]]) -> None:
        """Take each place out of the groups of what was there, and put it into those of what is there now."""
        standings, turns = defaultdict[Common, list[int]](list), defaultdict[Common, list[int]](list)
        for place, old_and_new in moved:
            for member in old_and_new:
                state = member.state
                standings[member.wave, member.undo, state, member.verified, member.barrier].append(place)
                if state in QUEUED:
                    needs = self._dependents.get(member.target, ()) if member.undo else member.depends_on
                    key = member.wave, member.undo, state, member.server or "", needs, member.retry_at, member.reason
                    turns[key].append(place)
        self.standings = _toggled(self.standings, {Standing(*key): places for key, places in standings.items()})
        self.turns = _toggled(self.turns, {Turn(*key): places for key, places in turns.items()})


class _Values(ValuesView[RolloutTarget]):
    def __init__(self, members: Members, chunks: Iterable[Iterable[RolloutTarget]]) -> None:
        super().__init__(members)
        self.chunks = chunks

    def __iter__(self) -> Iterator[RolloutTarget]:
        return chain.from_iterable(self.chunks)


def _toggled(groups: Mapping[Key, int], moves: Mapping[Key, Iterable[int]]) -> dict[Key, int]:
    following = dict(groups)
    for key, places in moves.items():
        if left := toggled(groups.get(key, 0), places):
            following[key] = left
        else:
            following.pop(key, None)
    return following


def _dependents(everybody: Iterable[RolloutTarget]) -> dict[str, tuple[str, ...]]:
    found = defaultdict[str, list[str]](list)
    for member in everybody:
        for name in member.depends_on:
            found[name].append(member.target)
    return {name: tuple(names) for name, names in found.items()}

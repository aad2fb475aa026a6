"""Siblings: targets of one project at the same revisions should have the same schema, whoever migrated them. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping

    from stillhouse_config import TargetDeclaration

FEWEST = 3


@dataclass(frozen=True, slots=True)
class Member:
    """One target among its siblings.

    Attributes:
        group: what siblings have in common; see `group_of`.
        fingerprint: of its live schema.
    """

    target: str
    group: Hashable
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a target compares with its siblings.

    Attributes:
        others: how many siblings there are.
        agreeing: how many of them have its schema.
        majority: a sibling that has the schema which more than half of the group have; None without such a majority.
        differs: whether the target is not one of that majority.
    """

    others: int
    agreeing: int
    majority: str | None
    differs: bool

    def __str__(self) -> str:
        """Say it for people."""
        if self.majority is None:
            return f"its {self.others} siblings at the same revision do not agree about it"
        if self.differs:
            return f"compared with {self.others} siblings at the same revision"
        return f"its schema is that of {self.agreeing} of its {self.others} siblings at the same revision"


def group_of(target: TargetDeclaration, applied: Iterable[str]) -> Hashable:
    """Return what targets must have in common to be siblings."""
    scope = (target.schema is None, target.drift.schemas, target.drift.privileges, target.version_table)
    return (target.project, tuple(sorted(applied)), target.url.dialect, scope)


def compare(members: Iterable[Member]) -> Mapping[str, Comparison]:
    """Compare the members of each group of three or more; smaller groups prove nothing."""
    groups: defaultdict[Hashable, list[Member]] = defaultdict(list)
    for member in members:
        groups[member.group].append(member)
    return {
        member.target: comparison
        for group in groups.values()
        if len(group) >= FEWEST
        for member, comparison in _in_group(group)
    }


def _in_group(group: list[Member]) -> list[tuple[Member, Comparison]]:
    counts = Counter(member.fingerprint for member in group)
    commonest, count = counts.most_common(1)[0]
    majority = next(member.target for member in group if member.fingerprint == commonest)
    exists = 2 * count > len(group)
    others = len(group) - 1
    return [
        (
            member,
            Comparison(
                others,
                counts[member.fingerprint] - 1,
                majority if exists else None,
                exists and member.fingerprint != commonest,
            ),
        )
        for member in group
    ]

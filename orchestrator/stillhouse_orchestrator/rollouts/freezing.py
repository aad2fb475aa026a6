"""From a plan and a strategy to a rollout with frozen members: who is in which wave, and who waits for whom."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from stillhouse_config.selectors import Selector
from stillhouse_orchestrator.rollouts.errors import DependencyError
from stillhouse_orchestrator.values import Members, Rollout, RolloutTarget, Step, Wave

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from stillhouse_config import TargetDeclaration
    from stillhouse_orchestrator.values import Plan


@dataclass(frozen=True, slots=True)
class Order:
    """What somebody asked for when starting a rollout."""

    id: str
    by: str
    at: datetime
    strategy: str | None = None
    selector: str | None = None
    not_before: datetime | None = None


def waves_of(steps: Sequence[Step], targets: Iterable[TargetDeclaration]) -> dict[str, int]:
    """Return the number of the first wave that matches each target; those that none matches are left out."""
    waves = [None if wave.match is None else Selector.parse(wave.match) for wave in steps if isinstance(wave, Wave)]
    found = {}
    for target in targets:
        matching = (number for number, match in enumerate(waves, 1) if match is None or target.matches(match))
        if number := next(matching, 0):
            found[target.name] = number
    return found


def freeze(plan: Plan, steps: tuple[Step, ...], targets: Mapping[str, TargetDeclaration], order: Order) -> Rollout:
    """Return the draft of a rollout that does what the plan says.

    Args:
        plan: what is to be done.
        steps: the strategy.
        targets: the fleet.
        order: who asked for it, and how.

    Raises:
        DependencyError: targets would wait for one another for ever.
    """
    planned = {name: group for group in plan.groups for name in group.targets}
    waves = waves_of(steps, [targets[name] for name in planned])
    members = {
        name: RolloutTarget(
            name,
            waves[name],
            group.from_,
            group.to,
            revisions=group.revisions,
            server=targets[name].server or "files",
            drift_id=plan.drifted.get(name),
        )
        for name, group in sorted(planned.items())
        if name in waves
    }
    needs = dependencies(members, targets)
    members = {name: replace(member, depends_on=needs[name]) for name, member in members.items()}
    check_dependencies(members)
    return Rollout(
        order.id,
        plan.requested,
        plan.id,
        _sized(steps, members),
        Members(members),
        order.at,
        order.by,
        strategy=order.strategy,
        selector=order.selector,
        unmatched=tuple(sorted(set(planned) - set(waves))),
        not_before=order.not_before,
    )


def _sized(steps: tuple[Step, ...], members: Mapping[str, RolloutTarget]) -> tuple[Step, ...]:
    sizes, number = Counter(member.wave for member in members.values()), 0
    sized: list[Step] = []
    for step in steps:
        if isinstance(step, Wave):
            number += 1
            sized.append(replace(step, size=sizes[number]))
        else:
            sized.append(step)
    return tuple(sized)


def dependencies(
    members: Mapping[str, RolloutTarget], targets: Mapping[str, TargetDeclaration]
) -> dict[str, tuple[str, ...]]:
    """Return for each member the members that must be done before it.

    A dependency that names a revision of the dependent (``needed_by``) counts only for members whose way leads through it, and
    one that names a revision of the other database only where the rollout brings that revision.
    """
    by_database: dict[str, list[str]] = {}
    for name in members:
        by_database.setdefault(targets[name].database, []).append(name)
    found = {}
    for name, member in members.items():
        wanted = [
            other
            for item in targets[name].depends_on
            if item.needed_by is None or item.needed_by in member.revisions
            for other in by_database.get(item.database, ())
            if item.revision is None or item.revision in members[other].revisions
        ]
        found[name] = tuple(dict.fromkeys(other for other in wanted if other != name))
    return found


@dataclass(frozen=True, slots=True)
class Missing:
    """A revision of another target that is needed, and that nothing brings."""

    target: str
    revision: str


def unmet(
    member: RolloutTarget,
    target: TargetDeclaration,
    fleet: Iterable[TargetDeclaration],
    brought: Mapping[str, Collection[str]],
) -> Missing | None:
    """Return a revision that a member needs and that neither is applied nor will be by the rollout.

    Args:
        member: the dependent.
        target: its declaration.
        fleet: the targets that it may depend on.
        brought: the revisions that each of them has or will have.
    """
    for item in target.depends_on:
        if item.revision is None or (item.needed_by is not None and item.needed_by not in member.revisions):
            continue
        for other in fleet:
            if other.database == item.database and item.revision not in brought.get(other.name, ()):
                return Missing(other.name, item.revision)
    return None


def check_dependencies(members: Mapping[str, RolloutTarget]) -> None:
    """Refuse what can never end: a dependency on a later wave, or a circle.

    Raises:
        DependencyError: with the two members at fault.
    """
    for member in members.values():
        for name in member.depends_on:
            if members[name].wave > member.wave:
                reason = f"it is in wave {members[name].wave}, after wave {member.wave}"
                raise DependencyError(
                    member.target, name, reason, "order the waves so that what is depended on comes first"
                )
    done: set[str] = set()
    for name in members:
        _visit(members, name, [], done)


def _visit(members: Mapping[str, RolloutTarget], name: str, path: list[str], done: set[str]) -> None:
    stack = [(name, iter(members[name].depends_on))]
    path.append(name)
    while stack:
        current, rest = stack[-1]
        following = next((other for other in rest if other not in done), None)
        if following is None:
            done.add(current)
            stack.pop()
            path.pop()
        elif following in path:
            circle = " → ".join([*path[path.index(following) :], following])
            raise DependencyError(
                current, following, f"they wait for one another: {circle}", "break the circle in depends_on"
            )
        else:
            path.append(following)
            stack.append((following, iter(members[following].depends_on)))

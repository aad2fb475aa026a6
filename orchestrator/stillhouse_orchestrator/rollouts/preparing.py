"""What some verbs need to know before the machine hears them: a fresh look, or that the way back exists."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from stillhouse_orchestrator.rollouts import signals as s
from stillhouse_orchestrator.rollouts.edits import with_members
from stillhouse_orchestrator.rollouts.errors import DependencyError, IrreversibleError, TransitionError
from stillhouse_orchestrator.rollouts.freezing import dependencies, unmet, waves_of
from stillhouse_orchestrator.rollouts.holdable import Terms, check_barriers, sql_of
from stillhouse_orchestrator.rollouts.planning import Wish
from stillhouse_orchestrator.rollouts.reversibility import irreversible
from stillhouse_orchestrator.rollouts.runner import look_at
from stillhouse_orchestrator.rollouts.verbs import check
from stillhouse_orchestrator.values import Members, MemberState, Rollout, RolloutTarget

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stillhouse_orchestrator.rollouts.planning import Planner
    from stillhouse_orchestrator.rollouts.runner import World
    from stillhouse_orchestrator.values import PlanGroup


class Preparing:
    """Completes verbs.

    Args:
        world: reaches targets.
        planner: plans again.
    """

    def __init__(self, world: World, planner: Planner) -> None:
        self._world = world
        self._planner = planner

    async def prepare(self, rollout: Rollout, verb: s.Verb) -> s.Verb:
        """Return the verb with what it needs.

        Raises:
            IrreversibleError: a rollback that cannot be carried through.
            TransitionError: the verb does not fit, or targets cannot be looked at or do not exist.
        """
        check(rollout, verb)
        if isinstance(verb, s.Retry):
            return await self._retry(rollout, verb)
        if isinstance(verb, s.Join):
            return await self._join(rollout, verb)
        if isinstance(verb, s.Rollback):
            await self.check_way_back(rollout)
        return verb

    async def check_way_back(self, rollout: Rollout) -> None:
        """Refuse a rollback unless every revision that this rollout applied can be taken back.

        Raises:
            IrreversibleError: with the reason of each target.
        """
        targets = self._world.fleet().targets
        changed = [member for member in rollout.members() if member.changed and member.target in targets]
        reasons = {
            member.target: "the fleet no longer declares it"
            for member in rollout.members()
            if member.changed and member.target not in targets
        }
        descriptions = await self._planner.describe([targets[member.target] for member in changed])
        for member in changed:
            target = targets[member.target]
            description = descriptions[target.project]
            if description.graph is None:
                reasons[member.target] = description.problem or "its revisions cannot be read"
                continue
            graph = description.graph.seen_from(member.from_)
            undone = graph.reached(member.applied) - graph.reached(member.from_)
            paths = description.files(member.from_)
            lost = await asyncio.to_thread(irreversible, sorted(undone), paths, target.project.root)
            if lost:
                revision, reason = next(iter(sorted(lost.items())))
                reasons[member.target] = f"revision {revision} cannot be taken back: {reason}"
        if reasons:
            raise IrreversibleError(rollout.id, reasons)

    async def _retry(self, rollout: Rollout, verb: s.Retry) -> s.Retry:
        """Look at the targets that are tried again; what somebody else changed meanwhile is planned anew."""
        named = set(verb.targets) or {member.target for member in rollout.members() if member.state.bad}
        again = [m for m in rollout.members() if m.target in named or m.state is MemberState.CANCELLED]
        again = [member for member in again if member.target in self._world.fleet().targets]
        seen = await look_at(self._world, [member.target for member in again])
        async with self._world.store.read() as session:
            drifted = await session.drift_reports.drift_ids()
        found = {
            member.target: s.Replanned(look.applied, member.revisions, drifted.get(member.target))
            for member in again
            if (look := seen[member.target]).applied is not None
        }
        unread = [m for m in again if m.state is MemberState.INDETERMINATE and m.target not in found]
        if unread:
            reason = f"{unread[0].target} is in doubt and still cannot be read: {seen[unread[0].target].error}"
            raise TransitionError(rollout.id, "retry", reason, "make it reachable, or skip it")
        return replace(verb, found=found)

    async def _join(self, rollout: Rollout, verb: s.Join) -> s.Join:
        """Plan targets that appeared late, and put them into the waves that match them."""
        targets = self._world.fleet().targets
        strangers = [name for name in verb.targets if name not in targets]
        if strangers:
            raise TransitionError(rollout.id, "join", f"the fleet has no target {strangers[0]!r}")
        chosen = [targets[name] for name in verb.targets]
        plan = await self._planner.plan(chosen, Wish(rollout.requested, steps=rollout.steps))
        waves = waves_of(rollout.steps, chosen)
        joined = tuple(
            RolloutTarget(
                name,
                waves[name],
                group.from_,
                group.to,
                revisions=group.revisions,
                server=targets[name].server or "files",
                drift_id=plan.drifted.get(name),
            )
            for group in plan.groups
            for name in group.targets
            if name in waves
        )
        if len(joined) != len(chosen):
            left = sorted({target.name for target in chosen} - {member.target for member in joined})
            raise TransitionError(rollout.id, "join", f"there is nothing to do for {left[0]}, or no wave matches it")
        everybody = {**rollout.targets, **{member.target: member for member in joined}}
        needs = dependencies({name: member for name, member in everybody.items() if name in targets}, targets)
        members = tuple(replace(member, depends_on=needs[member.target]) for member in joined)
        await self.check_barriers(with_members(rollout, members), plan.groups)
        return replace(verb, members=members)

    async def check_barriers(self, rollout: Rollout, groups: Sequence[PlanGroup]) -> None:
        """Refuse barrier waves that cannot hold all their transactions at once.

        Raises:
            BarrierError: with the first wave at fault.
        """
        if not any(wave.barrier for wave in rollout.waves):
            return
        targets = self._world.fleet().targets
        declared = Members({name: item for name, item in rollout.targets.items() if name in targets})
        known = replace(rollout, targets=declared)
        one_of_each = {member.server: targets[member.target].url for member in known.members() if member.server}
        limits = {server: await self._world.connections.limit(url.reveal()) for server, url in one_of_each.items()}
        check_barriers(known, Terms(targets, limits, sql_of(groups)))

    async def check_dependencies(self, rollout: Rollout) -> None:
        """Refuse a rollout that needs revisions of other databases which neither are applied nor come with it.

        Raises:
            DependencyError: with the first target that would wait in vain.
        """
        targets = self._world.fleet().targets
        wanted = {item.database for name in rollout.targets for item in targets[name].depends_on if item.revision}
        others = [target for target in targets.values() if target.database in wanted]
        if not others:
            return
        descriptions = await self._planner.describe(others)
        async with self._world.store.read() as session:
            states = {state.target: state for state in await session.targets.all()}
        brought: dict[str, set[str]] = {}
        for other in others:
            graph, member = descriptions[other.project].graph, rollout.targets.get(other.name)
            applied = states[other.name].current if other.name in states else ()
            brought[other.name] = {
                *(graph.brought((*applied, *(member.revisions if member else ()))) if graph else applied),
                *(member.revisions if member else ()),
            }
        for member in rollout.members():
            if missing := unmet(member, targets[member.target], others, brought):
                hint = f"migrate {missing.target} first, or let the rollout take it there"
                raise DependencyError(member.target, missing.target, f"it has not reached {missing.revision}", hint)

"""What a rollback would do, shown before it is asked for."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from stillhouse_orchestrator.jobs import job_for
from stillhouse_orchestrator.values import MemberState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stillhouse_config import TargetDeclaration
    from stillhouse_orchestrator.values import Rollout, RolloutTarget
    from stillhouse_orchestrator.workers.executor import Executor


async def way_back(
    rollout: Rollout, targets: Mapping[str, TargetDeclaration], executor: Executor
) -> list[dict[str, Any]]:
    """Return the groups of targets that go back the same way, the last wave first, with their SQL.

    The SQL is rendered once per group, by the project of its first target; a group whose SQL cannot be rendered has none.
    """
    same: dict[tuple[object, ...], list[RolloutTarget]] = defaultdict(list)
    for member in rollout.members():
        if member.changed and member.state is not MemberState.INDETERMINATE and member.target in targets:
            target = targets[member.target]
            same[-member.wave, member.applied, member.from_, target.project, target.url.dialect].append(member)
    ordered = sorted(same.values(), key=lambda members: (-members[0].wave, members[0].target))
    return [await _group(members, targets[members[0].target], executor) for members in ordered]


async def _group(members: list[RolloutTarget], target: TargetDeclaration, executor: Executor) -> dict[str, Any]:
    first = members[0]
    revisions, sql = list[str](), list[str]()
    if len(first.from_) <= 1:
        outcome = await executor.run(job_for(target, "plan", first.from_[0] if first.from_ else "base"))
        revisions = [step.revision for step in outcome.plan]
        sql = [statement for step in outcome.plan for statement in step.sql]
    return {
        "wave": first.wave,
        "targets": [member.target for member in members],
        "from": list(first.applied),
        "to": list(first.from_),
        "revisions": revisions,
        "sql": sql,
    }

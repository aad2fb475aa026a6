"""The ignore rules of the fleet file, in the shape of the rules that people make while the fleet runs."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from stillhouse_orchestrator.values import IgnoreRule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stillhouse_config import Fleet, TargetDeclaration


def rules_of(fleet: Fleet, target: TargetDeclaration) -> Sequence[IgnoreRule]:
    """Return the fleet file's rules for one target; each is named after its place in the file."""
    return [
        IgnoreRule(
            id=f"drift.ignore[{number}]",
            owner=rule.owner,
            reason=rule.reason,
            until=datetime.combine(rule.until, time(), UTC) + timedelta(days=1) if rule.until else None,
            kind=rule.kind,
            schema=rule.db_schema,
            name=rule.name,
            attribute=rule.attribute,
        )
        for number, rule in enumerate(fleet.settings.drift.ignore)
        if rule.match is None or target.matches(rule.match)
    ]

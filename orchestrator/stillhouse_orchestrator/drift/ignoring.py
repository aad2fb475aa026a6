"""Which changes do not count as drift, and by whose word."""

from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from stillhouse_orchestrator.values import Change, IgnoreRule

HOLDERS = frozenset({"table", "view", "materialized_view"})
"""Kinds that hold others: a rule for a table covers its columns, indexes and constraints."""


def ignored(changes: Iterable[Change], rules: Sequence[IgnoreRule], target: str, now: datetime) -> tuple[Change, ...]:
    """Mark the changes that a rule covers with that rule's name.

    Args:
        changes: what was found.
        rules: rules that have expired by ``now`` cover nothing.
        target: the target they were found on.
        now: the time of the check.
    """
    live = [rule for rule in rules if (rule.until is None or rule.until > now) and rule.target in (None, target)]
    return tuple(
        replace(change, ignored_by=next((rule.id for rule in live if covers(rule, change)), None)) for change in changes
    )


def covers(rule: IgnoreRule, change: Change) -> bool:
    """Tell whether a rule covers a change, whatever its target and its expiry."""
    schema, _, bare = change.object.rpartition(".")
    first = change.object.partition(".")[0]
    names = {change.object, bare, *((first,) if rule.kind in HOLDERS else ())}
    return (
        (
            rule.kind is None
            or rule.kind == change.kind
            or (rule.kind in HOLDERS and change.kind not in HOLDERS and bool(schema))
        )
        and (rule.name is None or any(fnmatchcase(name, rule.name) for name in names))
        and (rule.schema is None or fnmatchcase(first if schema else "", rule.schema))
        and (rule.attribute is None or fnmatchcase(change.attribute or "", rule.attribute))
    )

"""Identity columns where a database can change them: PostgreSQL and Oracle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Identity

from stillhouse_engine.dialects import ddl

if TYPE_CHECKING:
    from collections.abc import Sequence

ATTRIBUTES = ("always", "cache", "cycle", "increment", "maxvalue", "minvalue", "nomaxvalue", "nominvalue", "start")


def identity_changes(wanted: Identity, existing: Identity) -> list[tuple[str, Any]]:
    """Return the attributes that an identity says and that differ from what is there."""
    changes = [
        (name, getattr(wanted, name))
        for name in ATTRIBUTES[1:]
        if getattr(wanted, name) is not None and getattr(wanted, name) != getattr(existing, name)
    ]
    if bool(wanted.always) != bool(existing.always):
        changes.insert(0, ("always", bool(wanted.always)))
    return changes


def converted(changes: Sequence[ddl.AlterColumn], default: Any, known: dict[str, Any]) -> Sequence[ddl.AlterColumn]:
    """Return changes that lead from a plain default to an identity, or back, in two steps; others as they are."""
    existing = known["existing_server_default"]
    change = changes[0]
    if not isinstance(change, ddl.IdentityColumnDefault):
        return changes
    place = (change.table_name, change.column_name)
    plain = {**known, "existing_server_default": None}
    if default is not None and not isinstance(default, Identity):
        dropped = ddl.IdentityColumnDefault(*place, None, change.impl, **known)
        return [dropped, ddl.ColumnDefault(*place, default, **plain)]
    if existing not in (None, False) and not isinstance(existing, Identity):
        return [ddl.ColumnDefault(*place, None, **plain), change]
    return changes

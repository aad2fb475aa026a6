"""What a database holds, so that two can be compared: its schema, its rows, and what snapshots leave out. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stillhouse_engine.schema import diff

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stillhouse_engine.schema import SchemaObject, Snapshot
    from stillhouse_engine.squashing.seeds import Rows


@dataclass(frozen=True, slots=True)
class State:
    """What a database holds.

    Attributes:
        snapshot: its schema.
        rows: its rows, by table.
        sequences: the last value of each sequence that was used (PostgreSQL), by schema and name.
        rights: owners and grants (PostgreSQL), by what they are on.
    """

    snapshot: Snapshot
    rows: Mapping[str, Rows]
    sequences: Mapping[tuple[str, str], int]
    rights: Mapping[str, str]

    def differences(self, other: State) -> Iterator[str]:
        """Yield what another database has otherwise, one line each."""
        for change in diff(self.snapshot, other.snapshot):
            what = f"{change.kind} {change.object}{f': {change.attribute}' if change.attribute else ''}"
            yield f"{what} is {change.op}: {change.expected!r} became {change.actual!r}"
        for table in self.snapshot.of_kind("table"):
            ours_in, theirs_in = _columns(self.snapshot, table.name), _columns(other.snapshot, table.name)
            if ours_in != theirs_in and sorted(ours_in) == sorted(theirs_in):
                yield f"order of the columns of {table.name}: {', '.join(ours_in)} became {', '.join(theirs_in)}"
        for name in sorted({*self.rows, *other.rows}):
            ours, theirs = _plain(self.rows.get(name)), _plain(other.rows.get(name))
            if ours != theirs:
                yield f"rows of {name}: {len(ours)} became {len(theirs)}, {len(set(ours) & set(theirs))} of them the same"
        for schema, name in sorted({*self.sequences, *other.sequences}):
            ours_at, theirs_at = self.sequences.get((schema, name)), other.sequences.get((schema, name))
            if ours_at != theirs_at:
                yield f"sequence {schema}.{name}: its last value {ours_at} became {theirs_at}"
        for what in sorted({*self.rights, *other.rights}):
            if self.rights.get(what) != other.rights.get(what):
                yield (
                    f"rights on {what}: {self.rights.get(what)} became {other.rights.get(what)}; "
                    "a GRANT is taken over when it is an op.execute() of its own"
                )


def rights_of(item: SchemaObject) -> str:
    """Return who owns an object, and who else may do what with it; nothing where that is not known."""
    return ", ".join((*([f"owner {item.text('owner')}"] if item.get("owner") else []), *item.words("privileges")))


def _columns(snapshot: Snapshot, table: str) -> list[str]:
    """Return the columns of a table in their order."""
    columns = [item for item in snapshot.by_parent.get(table, ()) if item.kind == "column"]
    columns.sort(key=lambda item: int(str(item.get("position") or 0)))
    return [item.name[len(table) + 1 :] for item in columns]


def _plain(rows: Rows | None) -> list[tuple[tuple[str, str], ...]]:
    """Return rows so that neither their order nor that of their columns counts."""
    if rows is None:
        return []
    return sorted(tuple(sorted(zip(rows.columns, row, strict=True))) for row in rows.values)

"""What a squashed revision does, from what its originals did to a scratch database. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stillhouse_engine.schema.actions import RepairStep
from stillhouse_engine.schema.bodies import INDENT, between, body
from stillhouse_engine.script.originals import FOLDER
from stillhouse_engine.squashing.errors import SquashError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stillhouse_engine.squashing.seeds import Seeds
    from stillhouse_engine.squashing.states import State

AFTER_ROWS = re.compile(
    r"CREATE\b(?:(?!\bTABLE\b)[^(])*?\b(?:VIEW|TRIGGER|RULE)\b|ALTER\s+TABLE\b.*\bFOREIGN\s+KEY\b",
    re.IGNORECASE | re.DOTALL,
)
"""What fires on rows, checks them against other tables, or is filled from them."""
FUNCTIONS = re.compile(r"CREATE\s+(?:OR\s+REPLACE\s+)?(?:FUNCTION|PROCEDURE)\b", re.IGNORECASE)
MAKES_ONLY = re.compile(r"CREATE\b", re.IGNORECASE)
FAMILIES = {"mysql": ("mysql", "mariadb"), "mariadb": ("mysql", "mariadb")}


def upgrade_body(before: State, after: State, seeds: Seeds, unseen: Sequence[str]) -> str:
    """Return the body of ``upgrade()``.

    Raises:
        SquashError: something in the schema has no statement.
    """
    steps = _essential(between(before.snapshot, after.snapshot))
    missing = [step.reason for step in steps if step.change_ids and not step.sql and step.reason]
    if missing:
        raise SquashError("There is no statement that makes some of the schema:", missing)
    at = next((place for place, step in enumerate(steps) if any(map(AFTER_ROWS.match, step.sql))), len(steps))
    rows = [RepairStep((), (statement,)) for statement in (*seeds.inserts, *_sequences(before, after))]
    others = [RepairStep((), (statement,)) for statement in unseen]
    return _guard(after.snapshot.dialect) + body([*steps[:at], *rows, *steps[at:], *others])


def downgrade_body(before: State, after: State, seeds: Seeds) -> str | None:
    """Return the body of ``downgrade()``; None where some of the schema cannot be taken back."""
    steps = _essential(between(after.snapshot, before.snapshot))
    if any(step.change_ids and not step.sql for step in steps):
        return None
    rows = [RepairStep((), (statement,)) for statement in seeds.deletes]
    return _guard(after.snapshot.dialect) + body([*rows, *steps])


def no_way_back(revision: str) -> str:
    """Return the body of a ``downgrade()`` that says where the originals are."""
    told = (
        f"revision {revision} cannot be taken back as a whole: downgrade to one of its originals in {FOLDER}/{revision}"
    )
    return f"raise NotImplementedError(\n{INDENT * 2}{told!r}\n{INDENT})"


def _essential(steps: Sequence[RepairStep]) -> list[RepairStep]:
    """Leave out settings of the session that none of the statements needs."""
    statements = [statement for step in steps if step.change_ids for statement in step.sql]
    needless = (
        *(() if any(map(FUNCTIONS.match, statements)) else ("SET LOCAL check_function_bodies",)),
        *(("PRAGMA ",) if all(map(MAKES_ONLY.match, statements)) else ()),
    )
    kept = []
    for step in steps:
        sql = tuple(each for each in step.sql if step.change_ids or not each.startswith(needless))
        if sql or step.change_ids:
            kept.append(RepairStep(step.change_ids, sql, step.risk, step.reason, step.transactional))
    return kept


def _sequences(before: State, after: State) -> Iterator[str]:
    """Yield the statements that set sequences to where their originals left them."""
    home = after.snapshot.schemas[0] if after.snapshot.schemas else ""
    for (schema, name), value in after.sequences.items():
        if before.sequences.get((schema, name)) != value:
            dotted = _quoted(name) if schema == home else f"{_quoted(schema)}.{_quoted(name)}"
            yield f"SELECT setval('{dotted.replace(chr(39), chr(39) * 2)}', {value})"


def _quoted(name: str) -> str:
    return name if re.fullmatch(r"[a-z_][a-z0-9_]*", name) else '"' + name.replace('"', '""') + '"'


def _guard(dialect: str) -> str:
    """Return the lines that refuse another kind of database: the statements are those of one."""
    family = FAMILIES.get(dialect, (dialect,))
    check = f"!= {family[0]!r}" if len(family) == 1 else f"not in {family!r}"
    lines = (
        f"if op.get_context().dialect.name {check}:",
        f'{INDENT}raise NotImplementedError("this revision was squashed on {dialect}, and has its statements only")',
    )
    return "".join(f"{line}\n{INDENT}" for line in lines).replace("'", '"')

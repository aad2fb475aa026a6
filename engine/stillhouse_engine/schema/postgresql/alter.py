"""The statements that turn one attribute of an object back, on PostgreSQL; what has none is dropped and made again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stillhouse_engine.schema.actions import Action, Answer
from stillhouse_engine.schema.postgresql.create import (
    column_comments,
    enabled,
    identity_options,
    index_statistics,
    index_targets,
    parents_of,
    replica_identity,
    sequence_options,
    view_statement,
)
from stillhouse_engine.schema.postgresql.dependants import has_standard_body
from stillhouse_engine.schema.postgresql.functions import function_statement
from stillhouse_engine.schema.postgresql.phases import Phase
from stillhouse_engine.schema.postgresql.statements import literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stillhouse_engine.schema.actions import Risk
    from stillhouse_engine.schema.snapshot import SchemaObject

WIDENING = {
    "smallint": {"integer", "bigint", "numeric"},
    "integer": {"bigint", "numeric"},
    "bigint": {"numeric"},
    "real": {"double precision"},
    "date": {"timestamp without time zone"},
}
CASTS = (
    frozenset({"smallint", "integer", "bigint", "numeric", "real", "double precision", "jsonb"}),
    frozenset({"integer", "boolean", "jsonb"}),
    frozenset({"date", "timestamp without time zone", "timestamp with time zone"}),
    frozenset({"time without time zone", "time with time zone", "interval"}),
    frozenset({"timestamp without time zone", "timestamp with time zone", "time without time zone"}),
    frozenset({"integer", "bigint", "bit", "bit varying"}),
    frozenset({"json", "jsonb"}),
)
"""Types between which PostgreSQL casts directly, and not by way of text alone."""

CHARACTER = re.compile(r"(character varying|character|text)(?:\((\d+)\))?\Z")
REPLACEABLE = frozenset({"body", "language", "volatility", "options", "settings"})


def column(attribute: str, expected: SchemaObject, actual: SchemaObject) -> Answer | None:
    """Return what turns one attribute of a column back; None when the column must be made again."""
    if _is_made_again(attribute, expected, actual):
        return None
    start = f"ALTER TABLE {expected.text('table')} ALTER COLUMN {expected.text('sql')}"
    if (alteration := COLUMN_ALTERATIONS.get(attribute)) is not None:
        return alteration(start, expected, actual)
    alone = f"ALTER TABLE ONLY {expected.text('table')} ALTER COLUMN {expected.text('sql')}"
    if attribute == "default":
        return _default(alone, expected)
    if attribute == "storage" and not expected.get("storage"):
        return _one(Phase.ALTER_COLUMN, 2, f"{alone} SET STORAGE {_usual_storage(actual)}")
    return _one(Phase.SETTLE, 0, f"{alone} {_column_setting(attribute, expected, actual)}")


def _column_setting(attribute: str, expected: SchemaObject, actual: SchemaObject) -> str:
    if attribute == "options":
        return _option_words(expected, actual)
    fallback = {"storage": "", "compression": "default", "statistics": "-1"}[attribute]
    value = expected.text(attribute) or fallback
    return f"SET {attribute.upper()} {value.upper() if attribute == 'storage' else value}"


def _usual_storage(actual: SchemaObject) -> str:
    """Return the storage of a column's present type: another type, which it may get next, brings its own.

    Only types of variable length can have another storage than usual. ``SET STORAGE DEFAULT`` is new in PostgreSQL 16.
    """
    return "MAIN" if re.sub(r"\(.*", "", actual.text("type")) in {"numeric", "inet", "cidr"} else "EXTENDED"


def _default(start: str, expected: SchemaObject) -> Answer:
    if expected.get("default") is None:
        return _one(Phase.ALTER_COLUMN, 2, f"{start} DROP DEFAULT")
    return _one(Phase.ALTER_COLUMN, 6, f"{start} SET DEFAULT {expected.text('default')}")


def _nullable(start: str, expected: SchemaObject, _actual: SchemaObject) -> Answer:
    if expected.get("nullable"):
        return _one(Phase.ALTER_COLUMN, 4, f"{start} DROP NOT NULL")
    return _one(Phase.ALTER_COLUMN, 4, f"{start} SET NOT NULL", "locks")


def _is_made_again(attribute: str, expected: SchemaObject, actual: SchemaObject) -> bool:
    """Tell whether values have to be computed that never were: they are not kept anyway."""
    if _loses_expression(expected, actual):
        return False
    if attribute in {"type", "collation"}:
        return expected.get("generated") is not None or actual.get("generated") is not None
    return attribute in {"generated", "generated_kind"}


def _loses_expression(expected: SchemaObject, actual: SchemaObject) -> bool:
    return expected.get("generated") is None and actual.get("generated_kind") == "stored"


def _without_expression(start: str, _expected: SchemaObject, _actual: SchemaObject) -> Answer:
    return _one(Phase.ALTER_COLUMN, 1, f"{start} DROP EXPRESSION", "locks")


def _column_type(start: str, expected: SchemaObject, actual: SchemaObject) -> Answer:
    collation = f" COLLATE {expected.text('collation')}" if expected.text("collation") else ""
    if expected.get("type") == actual.get("type") and not collation:
        collation = ' COLLATE "default"'
    using = "" if _implicit(expected, actual) else f" USING {expected.text('sql')}{_cast(expected, actual)}"
    risk: Risk = "locks" if _widening(actual.text("type"), expected.text("type")) else "data_loss"
    actions = [Action(Phase.ALTER_COLUMN, 3, f"{start} TYPE {expected.text('type')}{collation}{using}", risk)]
    if actual.get("default") is not None and expected.get("type") != actual.get("type"):
        actions.append(Action(Phase.ALTER_COLUMN, 2, f"{start} DROP DEFAULT"))
        if expected.get("default") is not None:
            actions.append(Action(Phase.ALTER_COLUMN, 6, f"{start} SET DEFAULT {expected.text('default')}"))
    return Answer(tuple(actions))


def _cast(expected: SchemaObject, actual: SchemaObject) -> str:
    """Return the cast from the one type to the other; by way of text where the server knows none of its own."""
    old, new = (re.sub(r"\(.*?\)", "", item.text("type")) for item in (actual, expected))
    known = any(old in family and new in family for family in CASTS) or CHARACTER.match(old)
    return f"::{expected.text('type')}" if known or old == new else f"::text::{expected.text('type')}"


def _implicit(expected: SchemaObject, actual: SchemaObject) -> bool:
    """Whether no explicit cast is needed: it would silently cut off what is too long."""
    return bool(CHARACTER.match(expected.text("type"))) or expected.get("type") == actual.get("type")


def _widening(old: str, new: str) -> bool:
    if old == new or new in WIDENING.get(old, ()) or new == "text":
        return True
    before, after = CHARACTER.match(old), CHARACTER.match(new)
    if before and after and after[1] == before[1] == "character varying":
        return after[2] is None or (before[2] is not None and int(after[2]) >= int(before[2]))
    return False


def _identity(start: str, expected: SchemaObject, actual: SchemaObject) -> Answer:
    if expected.get("identity") is None:
        return _one(Phase.ALTER_COLUMN, 1, f"{start} DROP IDENTITY")
    options = identity_options(expected, " SET ").removeprefix("SET ")
    if actual.get("identity") is None:
        words = f"ADD GENERATED {expected.text('identity').upper()} AS IDENTITY ({identity_options(expected)})"
        return _one(Phase.ALTER_COLUMN, 5, f"{start} {words}", "locks")
    words = f"SET GENERATED {expected.text('identity').upper()} SET {options}"
    return _one(Phase.ALTER_COLUMN, 5, f"{start} {words}")


COLUMN_ALTERATIONS: Mapping[str, Callable[[str, SchemaObject, SchemaObject], Answer]] = {
    "collation": _column_type,
    "generated": _without_expression,
    "generated_kind": _without_expression,
    "identity": _identity,
    "identity_options": _identity,
    "nullable": _nullable,
    "type": _column_type,
}


def table(attribute: str, expected: SchemaObject, actual: SchemaObject) -> Answer | None:
    """Return what turns one attribute of a table back."""
    start = f"ALTER TABLE {expected.text('sql')}"
    if attribute in {"partition_bound", "inherits"}:
        return _inheritance(start, expected, actual)
    words = {
        "persistence": f"SET {(expected.text('persistence') or 'logged').upper()}",
        "options": _option_words(expected, actual),
        "row_security": f"{'ENABLE' if expected.get('row_security') else 'DISABLE'} ROW LEVEL SECURITY",
        "force_row_security": f"{'FORCE' if expected.get('force_row_security') else 'NO FORCE'} ROW LEVEL SECURITY",
        "replica_identity": f"REPLICA IDENTITY {replica_identity(expected.text('replica_identity'))}",
        "cluster": f"CLUSTER ON {expected.text('cluster')}" if expected.get("cluster") else "SET WITHOUT CLUSTER",
        "tablespace": f"SET TABLESPACE {expected.text('tablespace') or 'pg_default'}",
        "access_method": f"SET ACCESS METHOD {expected.text('access_method') or 'heap'}",
    }
    if attribute not in words:
        return Answer(
            reason=f"the {attribute.replace('_', ' ')} of a table cannot be changed; make the table again by hand"
        )
    risk: Risk = "locks" if attribute in {"persistence", "tablespace", "access_method"} else "safe"
    return _one(Phase.SETTLE, 2, f"{start} {words[attribute]}", risk)


def _inheritance(start: str, expected: SchemaObject, actual: SchemaObject) -> Answer:
    name = expected.text("sql")
    actions = []
    if actual.get("partition_bound") is not None:
        actions.append(
            Action(Phase.DETACH, 0, f"ALTER TABLE {actual.text('inherits')} DETACH PARTITION {name}", "locks")
        )
    elif actual.get("inherits") is not None:
        actions += [Action(Phase.DETACH, 0, f"{start} NO INHERIT {old}", "locks") for old in parents_of(actual)]
    if bound := expected.text("partition_bound"):
        sql = f"ALTER TABLE {expected.text('inherits')} ATTACH PARTITION {name} {bound}"
        actions.append(Action(Phase.ATTACH, 0, sql, "locks"))
    else:
        actions += [Action(Phase.ATTACH, 0, f"{start} INHERIT {new}", "locks") for new in parents_of(expected)]
    return Answer(tuple(actions))


def _option_words(expected: SchemaObject, actual: SchemaObject) -> str:
    old = [word.partition("=")[0] for word in actual.text("options").split(", ") if word]
    new = expected.text("options")
    names = {word.partition("=")[0] for word in new.split(", ")}
    gone = [name for name in old if name not in names]
    if new and not gone:
        return f"SET ({new})"
    return f"RESET ({', '.join(gone)})"


def sequence(attribute: str, expected: SchemaObject, _actual: SchemaObject) -> Answer | None:
    """Return what turns one attribute of a sequence back."""
    name = expected.text("sql")
    if attribute == "owned_by":
        return _one(Phase.OWN_SEQUENCE, 0, f"ALTER SEQUENCE {name} OWNED BY {expected.hints.get('owner') or 'NONE'}")
    if attribute == "persistence":
        return _one(Phase.SETTLE, 0, f"ALTER SEQUENCE {name} SET {(expected.text('persistence') or 'logged').upper()}")
    return _one(Phase.ALTER_TABLE, 0, f"ALTER SEQUENCE {name} {sequence_options(expected)}")


def view(attribute: str, expected: SchemaObject, actual: SchemaObject) -> Answer | None:
    """Return what turns one attribute of a view back; None when it must be dropped and made again."""
    name = expected.text("sql")
    kind = "VIEW" if expected.kind == "view" else "MATERIALIZED VIEW"
    if attribute == "column_comments":
        gone = {line.partition(": ")[0] for line in actual.words("column_comments")}
        blank = [Action(Phase.COMMENT, 0, f"COMMENT ON COLUMN {name}.{column} IS NULL") for column in sorted(gone)]
        return Answer((*blank, *column_comments(expected)))
    if attribute == "populated":
        tail = " WITH NO DATA" if expected.get("populated") else ""
        return _one(Phase.SETTLE, 3, f"REFRESH MATERIALIZED VIEW {name}{tail}", "locks")
    if attribute == "options":
        return _one(Phase.SETTLE, 0, f"ALTER {kind} {name} {_option_words(expected, actual)}")
    if kind == "VIEW" and expected.get("columns") == actual.get("columns"):
        return _one(Phase.CREATE_VIEW, 0, view_statement(expected, replace=True))
    return None


def function(attribute: str, expected: SchemaObject, actual: SchemaObject) -> Answer | None:
    """Return what turns one attribute of a function back; None when it must be dropped and made again."""
    if expected.kind == "aggregate" or attribute not in REPLACEABLE or not _same_call(expected, actual):
        return None
    phase = Phase.CREATE_LATE_FUNCTION if has_standard_body(expected) else Phase.CREATE_FUNCTION
    return _one(phase, 0, function_statement(expected))


def _same_call(expected: SchemaObject, actual: SchemaObject) -> bool:
    return all(expected.get(name) == actual.get(name) for name in ("arguments", "result"))


def constraint(attribute: str, expected: SchemaObject, _actual: SchemaObject) -> Answer | None:
    """Return what validates a constraint; None when it must be dropped and made again."""
    if attribute == "validated" and not expected.get("validated"):
        sql = f"ALTER TABLE {expected.text('table')} VALIDATE CONSTRAINT {expected.text('sql')}"
        return _one(Phase.SETTLE, 0, sql, "locks")
    return None


def index(attribute: str, expected: SchemaObject, actual: SchemaObject) -> Answer | None:
    """Return what turns one attribute of an index back; None when it must be dropped and made again."""
    if attribute == "statistics" and expected.get("definition") == actual.get("definition"):
        targets = {**dict.fromkeys(index_targets(actual), "-1"), **index_targets(expected)}
        return Answer(tuple(index_statistics(expected, targets)))
    if attribute == "tablespace":
        place = expected.text("tablespace") or "pg_default"
        return _one(Phase.SETTLE, 0, f"ALTER INDEX {expected.text('sql')} SET TABLESPACE {place}", "locks")
    if attribute == "valid" and expected.get("valid"):
        return Answer(reason="the index was expected to be invalid, and nothing makes one so; accept the valid one")
    return None


def switch(attribute: str, expected: SchemaObject, _actual: SchemaObject) -> Answer | None:
    """Return what enables or disables a trigger or rule as expected; None when it must be made again."""
    return Answer((enabled(expected),)) if attribute == "enabled" else None


def statistics(attribute: str, expected: SchemaObject, _actual: SchemaObject) -> Answer | None:
    """Return what sets the target of extended statistics; None when they must be made again."""
    if attribute != "target":
        return None
    return _one(
        Phase.SETTLE, 0, f"ALTER STATISTICS {expected.text('sql')} SET STATISTICS {expected.text('target') or '-1'}"
    )


def extension(attribute: str, expected: SchemaObject, _actual: SchemaObject) -> Answer | None:
    """Return what moves an extension to the schema it belongs in."""
    del attribute
    return _one(
        Phase.ALTER_TABLE, 0, f"ALTER EXTENSION {expected.text('sql')} SET SCHEMA {expected.text('schema_sql')}"
    )


def domain(attribute: str, expected: SchemaObject, actual: SchemaObject) -> Answer | None:
    """Return what turns one attribute of a domain back."""
    start = f"ALTER DOMAIN {expected.text('sql')}"
    if attribute == "default":
        words = f"SET DEFAULT {expected.text('default')}" if expected.get("default") is not None else "DROP DEFAULT"
        return _one(Phase.ALTER_TABLE, 0, f"{start} {words}")
    if attribute == "nullable":
        words = "DROP NOT NULL" if expected.get("nullable") else "SET NOT NULL"
        return _one(Phase.ALTER_TABLE, 0, f"{start} {words}", "locks")
    if attribute == "checks":
        old, new = actual.words("checks"), expected.words("checks")
        gone = [f"{start} DROP CONSTRAINT {check.partition(' CHECK ')[0]}" for check in old if check not in new]
        added = [f"{start} ADD CONSTRAINT {check}" for check in new if check not in old]
        actions = [Action(Phase.ALTER_TABLE, 0, sql) for sql in gone]
        return Answer((*actions, *(Action(Phase.ALTER_TABLE, 1, sql, "locks") for sql in added)))
    return Answer(reason=f"the {attribute} of a domain cannot be changed while columns use it; make it again by hand")


def composite(attribute: str, expected: SchemaObject, actual: SchemaObject) -> Answer | None:
    """Return what turns the attributes of a composite type back, when none has to be put between others."""
    del attribute
    start = f"ALTER TYPE {expected.text('sql')}"
    old = dict(_field(text) for text in actual.words("attributes"))
    new = dict(_field(text) for text in expected.words("attributes"))
    kept = [name for name in old if name in new]
    if list(new)[: len(kept)] != kept:
        return Answer(reason="its attributes are in another order; make the type again by hand")
    actions = [
        Action(Phase.ALTER_TABLE, 0, f"{start} DROP ATTRIBUTE {name}", "data_loss") for name in old if name not in new
    ]
    for place, (name, kind) in enumerate(new.items()):
        if name not in old:
            actions.append(Action(Phase.ALTER_TABLE, 1 + place, f"{start} ADD ATTRIBUTE {name} {kind}"))
        elif old[name] != kind:
            actions.append(Action(Phase.ALTER_TABLE, 1 + place, f"{start} ALTER ATTRIBUTE {name} TYPE {kind}", "locks"))
    return Answer(tuple(actions))


def _field(text: str) -> tuple[str, str]:
    match = re.match(r'("(?:[^"]|"")*"|\S+) (.*)', text, re.DOTALL)
    return (match[1], match[2]) if match else (text, "")


def add_labels(expected: SchemaObject, actual: SchemaObject) -> Answer | None:
    """Return what adds labels to an enum; None when some would have to go or move."""
    old, new = actual.words("labels"), expected.words("labels")
    if [label for label in new if label in old] != list(old):
        return None
    actions = []
    for place, label in enumerate(new):
        if label in old:
            continue
        where = f" AFTER {literal(new[place - 1])}" if place else f" BEFORE {literal(old[0])}" if old else ""
        actions.append(
            Action(
                Phase.CREATE_TYPE, 10 + place, f"ALTER TYPE {expected.text('sql')} ADD VALUE {literal(label)}{where}"
            )
        )
    return Answer(tuple(actions))


def _one(phase: Phase, order: int, sql: str, risk: Risk = "safe") -> Answer:
    return Answer((Action(phase, order, sql, risk),))


ALTERATIONS: Mapping[str, Callable[[str, SchemaObject, SchemaObject], Answer | None]] = {
    "column": column,
    "composite": composite,
    "constraint": constraint,
    "domain": domain,
    "extension": extension,
    "function": function,
    "index": index,
    "materialized_view": view,
    "procedure": function,
    "rule": switch,
    "sequence": sequence,
    "statistics": statistics,
    "table": table,
    "trigger": switch,
    "view": view,
}

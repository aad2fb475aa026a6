"""The statements that make and unmake each kind of object on PostgreSQL."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stillhouse_engine.schema.actions import Action
from stillhouse_engine.schema.postgresql.dependants import view_depth
from stillhouse_engine.schema.postgresql.functions import function_place, function_statement
from stillhouse_engine.schema.postgresql.grants import granted
from stillhouse_engine.schema.postgresql.phases import Phase
from stillhouse_engine.schema.postgresql.statements import literal, quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from stillhouse_engine.schema.snapshot import SchemaObject, Snapshot

ENABLED = {"": "ENABLE", "disabled": "DISABLE", "replica": "ENABLE REPLICA", "always": "ENABLE ALWAYS"}
COMMENT_KINDS = {"materialized_view": "MATERIALIZED VIEW", "enum": "TYPE", "composite": "TYPE", "range": "TYPE"}
NAMES = re.compile(r'(?:"(?:[^"]|"")*"|[^",])+(?=, |$)')
ON_TABLE = frozenset({"constraint", "trigger", "rule", "policy"})


def target(item: SchemaObject) -> str:
    """Return how statements such as COMMENT ON and DROP name an object."""
    kind = COMMENT_KINDS.get(item.kind, item.kind.upper())
    if item.kind == "column":
        return f"COLUMN {item.text('table')}.{item.text('sql')}"
    if item.kind in ON_TABLE:
        return f"{kind} {item.text('sql')} ON {item.text('table')}"
    if item.kind == "table" and item.get("form") == "foreign":
        kind = "FOREIGN TABLE"
    return f"{kind} {item.text('sql')}"


def comment(item: SchemaObject) -> Iterator[Action]:
    """Return the statement that gives an object its comment, or takes it away."""
    text = item.attributes.get("comment")
    value = "NULL" if text is None else literal(str(text))
    yield Action(Phase.COMMENT, 0, f"COMMENT ON {target(item)} IS {value}")


def column_definition(item: SchemaObject) -> str:
    """Return a column as CREATE TABLE and ADD COLUMN have it."""
    words = [item.text("sql"), item.text("type")]
    if collation := item.text("collation"):
        words.append(f"COLLATE {collation}")
    if generated := item.text("generated"):
        words.append(f"GENERATED ALWAYS AS ({generated}) {item.text('generated_kind').upper()}")
    elif item.get("default") is not None:
        words.append(f"DEFAULT {item.text('default')}")
    if identity := item.text("identity"):
        words.append(f"GENERATED {identity.upper()} AS IDENTITY ({identity_options(item)})")
    if not item.get("nullable"):
        words.append("NOT NULL")
    return " ".join(words)


def identity_options(item: SchemaObject, separator: str = " ") -> str:
    """Return the options of an identity column's sequence as SQL."""
    found = dict(zip(*[iter(item.text("identity_options").replace(" cycle", "").split())] * 2, strict=True))
    cycle = "CYCLE" if item.text("identity_options").endswith("cycle") else "NO CYCLE"
    names = {"start": "START WITH", "increment": "INCREMENT BY", "min": "MINVALUE", "max": "MAXVALUE", "cache": "CACHE"}
    return separator.join([*(f"{names[name]} {value}" for name, value in found.items()), cycle])


def column_settings(item: SchemaObject) -> Iterator[Action]:
    """Return what ADD COLUMN cannot say."""
    start = f"ALTER TABLE {item.text('table')} ALTER COLUMN {item.text('sql')}"
    if storage := item.text("storage"):
        yield Action(Phase.SETTLE, 0, f"{start} SET STORAGE {storage.upper()}")
    if compression := item.text("compression"):
        yield Action(Phase.SETTLE, 0, f"{start} SET COMPRESSION {compression}")
    if (statistics := item.get("statistics")) is not None:
        yield Action(Phase.SETTLE, 0, f"{start} SET STATISTICS {statistics}")
    if options := item.text("options"):
        yield Action(Phase.SETTLE, 0, f"{start} SET ({options})")


def _column(item: SchemaObject, _schema: Snapshot) -> Iterator[Action]:
    sql = f"ALTER TABLE {item.text('table')} ADD COLUMN {column_definition(item)}"
    phase = Phase.ADD_GENERATED if item.get("generated") else Phase.ADD_COLUMN
    yield Action(phase, int(item.text("position") or 0), sql, "locks")
    yield from column_settings(item)


def _table(item: SchemaObject, schema: Snapshot) -> Iterator[Action]:
    children = schema.by_parent.get(item.name, ())
    columns = sorted(
        (child for child in children if child.kind == "column"), key=lambda child: int(child.text("position"))
    )
    unlogged = "UNLOGGED " if item.get("persistence") else ""
    words = [f"CREATE {unlogged}TABLE {item.text('sql')}"]
    if bound := item.text("partition_bound"):
        words.append(f"PARTITION OF {item.text('inherits')} {bound}")
    else:
        local = [column_definition(child) for child in columns if not child.get("inherited")]
        words.append(f"({', '.join(local)})")
        if inherits := item.text("inherits"):
            words.append(f"INHERITS ({inherits})")
    if key := item.text("partition_key"):
        words.append(f"PARTITION BY {key}")
    if method := item.text("access_method"):
        words.append(f"USING {method}")
    if options := item.text("options"):
        words.append(f"WITH ({options})")
    if tablespace := item.text("tablespace"):
        words.append(f"TABLESPACE {tablespace}")
    yield Action(Phase.CREATE_TABLE, depth(item, schema), " ".join(words))
    for child in columns:
        yield from column_settings(child)
        if child.get("inherited"):
            yield from own_ways(child, item, schema)
    yield from table_settings(item)


def own_ways(item: SchemaObject, table: SchemaObject, schema: Snapshot) -> Iterator[Action]:
    """Return what sets an inherited column apart from the one that it is inherited from."""
    above = next(
        (
            found
            for name in heritage(table, schema)
            if (found := schema.by_key.get(("column", f"{name}.{item.text('column')}")))
        ),
        None,
    )
    if above is None:
        return
    start = f"ALTER TABLE ONLY {item.text('table')} ALTER COLUMN {item.text('sql')}"
    if item.get("default") != above.get("default"):
        default = f"SET DEFAULT {item.text('default')}" if item.get("default") is not None else "DROP DEFAULT"
        yield Action(Phase.ALTER_TABLE, 0, f"{start} {default}")
    if above.get("nullable") and not item.get("nullable"):
        yield Action(Phase.ALTER_TABLE, 0, f"{start} SET NOT NULL", "locks")


def parents_of(table: SchemaObject) -> Sequence[str]:
    """Return how SQL names the tables that one inherits from directly."""
    return NAMES.findall(table.text("inherits"))


def heritage(table: SchemaObject, schema: Snapshot) -> tuple[str, ...]:
    """Return the names of the tables that one inherits from directly."""
    parents = parents_of(table)
    return tuple(above.name for above in schema.of_kind("table") if above.text("sql") in parents)


def table_settings(item: SchemaObject) -> Iterator[Action]:
    """Return a table's row security, replica identity and clustering."""
    start = f"ALTER TABLE {item.text('sql')}"
    if item.get("row_security"):
        yield Action(Phase.SETTLE, 0, f"{start} ENABLE ROW LEVEL SECURITY")
    if item.get("force_row_security"):
        yield Action(Phase.SETTLE, 0, f"{start} FORCE ROW LEVEL SECURITY")
    if identity := item.text("replica_identity"):
        yield Action(Phase.SETTLE, 0, f"{start} REPLICA IDENTITY {replica_identity(identity)}")
    if index := item.text("cluster"):
        yield Action(Phase.SETTLE, 0, f"{start} CLUSTER ON {index}")


def table_mark(item: SchemaObject, table: SchemaObject) -> Iterator[Action]:
    """Return what marks an index, or a constraint's index, once more as the one for CLUSTER or for replication."""
    if item.kind not in {"index", "constraint"}:
        return
    name = item.name[len(item.parent) + 1 :]
    marks = {name, quoted(name)}
    if table.text("cluster") in marks:
        yield Action(Phase.SETTLE, 0, f"ALTER TABLE {table.text('sql')} CLUSTER ON {table.text('cluster')}")
    if table.text("replica_identity").removeprefix("index ") in marks:
        identity = replica_identity(table.text("replica_identity"))
        yield Action(Phase.SETTLE, 0, f"ALTER TABLE {table.text('sql')} REPLICA IDENTITY {identity}")


def replica_identity(value: str) -> str:
    """Return the clause for a replica identity as snapshots have it."""
    return f"USING INDEX {value.removeprefix('index ')}" if value.startswith("index ") else (value.upper() or "DEFAULT")


def depth(item: SchemaObject, schema: Snapshot) -> int:
    """Return how many tables stand above one in its inheritance."""
    return 1 + max((depth(schema.by_key[("table", name)], schema) for name in heritage(item, schema)), default=0)


def _constraint(item: SchemaObject, _schema: Snapshot) -> Iterator[Action]:
    foreign = item.get("type") == "foreign key"
    options = f" WITH ({item.text('options')})" if item.text("options") else ""
    definition = re.sub(r"(?= (?:NOT )?(?:DEFERRABLE|INITIALLY)|$)", options, item.text("definition"), count=1)
    tail = " NOT VALID" if item.get("validated") else ""
    sql = f"ALTER TABLE {item.text('table')} ADD CONSTRAINT {item.text('sql')} {definition}{tail}"
    order = {"primary key": 0, "unique": 1}.get(item.text("type"), 2)
    yield Action(Phase.ADD_FOREIGN_KEY if foreign else Phase.ADD_CONSTRAINT, order, sql, "locks")


def _index(item: SchemaObject, schema: Snapshot) -> Iterator[Action]:
    tablespace = f" TABLESPACE {item.text('tablespace')}" if item.text("tablespace") else ""
    everywhere = item.text("definition").replace(" ON ONLY ", " ON ", 1)  # how the server writes a partitioned one
    sql = re.sub(r"(?= WHERE |$)", tablespace, everywhere, count=1)
    of_view = schema.relations.get(item.parent, ("", ""))[0] == "materialized_view"
    unique = sql.startswith("CREATE UNIQUE")  # a foreign key may need it
    phase = Phase.CREATE_TRIGGER if of_view else Phase.CREATE_UNIQUE_INDEX if unique else Phase.CREATE_INDEX
    yield Action(phase, 0, sql, "locks")
    yield from index_statistics(item, index_targets(item))


def index_targets(item: SchemaObject) -> dict[str, str]:
    """Return the statistics targets of an index's expressions by their places."""
    return dict(word.split(" ", 1) for word in item.text("statistics").split(", ") if word)


def index_statistics(item: SchemaObject, targets: Mapping[str, str]) -> Iterator[Action]:
    """Return what sets the statistics targets of an index's expressions."""
    for place, goal in targets.items():
        sql = f"ALTER INDEX {item.text('sql')} ALTER COLUMN {place} SET STATISTICS {goal}"
        yield Action(Phase.SETTLE, 0, sql)


def sequence_options(item: SchemaObject) -> str:
    """Return all options of a sequence as SQL."""
    cycle = "CYCLE" if item.get("cycle") else "NO CYCLE"
    return (
        f"AS {item.text('type')} START WITH {item.text('start')} INCREMENT BY {item.text('increment')} "
        f"MINVALUE {item.text('minimum')} MAXVALUE {item.text('maximum')} CACHE {item.text('cache')} {cycle}"
    )


def _sequence(item: SchemaObject, _schema: Snapshot) -> Iterator[Action]:
    unlogged = "UNLOGGED " if item.get("persistence") else ""
    yield Action(Phase.CREATE_SEQUENCE, 0, f"CREATE {unlogged}SEQUENCE {item.text('sql')} {sequence_options(item)}")
    if (owner := item.hints.get("owner")) is not None:
        yield Action(Phase.OWN_SEQUENCE, 0, f"ALTER SEQUENCE {item.text('sql')} OWNED BY {owner}")


def view_statement(item: SchemaObject, *, replace: bool = False) -> str:
    """Return CREATE VIEW or CREATE MATERIALIZED VIEW."""
    kind = "MATERIALIZED VIEW" if item.kind == "materialized_view" else "VIEW"
    verb = "CREATE OR REPLACE" if replace else "CREATE"
    options = f" WITH ({item.text('options')})" if item.text("options") else ""
    tail = " WITH NO DATA" if item.get("populated") else ""
    names = ", ".join(item.words("names"))
    return f"{verb} {kind} {item.text('sql')} ({names}){options} AS {item.text('query')}{tail}"


def _view(item: SchemaObject, schema: Snapshot) -> Iterator[Action]:
    yield Action(Phase.CREATE_VIEW, view_depth(item, schema), view_statement(item))
    yield from column_comments(item)


def column_comments(item: SchemaObject) -> Iterator[Action]:
    """Return the statements for the comments on a view's columns."""
    for line in item.words("column_comments"):
        name, _, text = line.partition(": ")
        yield Action(Phase.COMMENT, 1, f"COMMENT ON COLUMN {item.text('sql')}.{name} IS {literal(text)}")


def _function(item: SchemaObject, schema: Snapshot) -> Iterator[Action]:
    phase, order = function_place(item, schema)
    yield Action(phase, order, function_statement(item))


def _trigger(item: SchemaObject, _schema: Snapshot) -> Iterator[Action]:
    yield Action(Phase.CREATE_TRIGGER, 0, item.text("definition").rstrip(";"))
    if item.get("enabled"):
        yield enabled(item)


def enabled(item: SchemaObject) -> Action:
    """Return the statement that switches a trigger or rule as it should be."""
    words = f"{ENABLED[item.text('enabled')]} {item.kind.upper()} {item.text('sql')}"
    return Action(Phase.SETTLE, 1, f"ALTER TABLE {item.text('table')} {words}")


def _policy(item: SchemaObject, _schema: Snapshot) -> Iterator[Action]:
    kind = "RESTRICTIVE" if item.get("permissive") else "PERMISSIVE"
    words = [
        f"CREATE POLICY {item.text('sql')} ON {item.text('table')} AS {kind}",
        f"FOR {item.text('command')} TO {item.text('roles')}",
    ]
    if item.get("using") is not None:
        words.append(f"USING ({item.text('using')})")
    if item.get("check") is not None:
        words.append(f"WITH CHECK ({item.text('check')})")
    yield Action(Phase.CREATE_TRIGGER, 0, " ".join(words))


def _statistics(item: SchemaObject, _schema: Snapshot) -> Iterator[Action]:
    name = item.text("sql")
    definition = item.text("definition")
    yield Action(Phase.CREATE_INDEX, 1, f"CREATE STATISTICS {name} {definition}", "locks")
    if (goal := item.get("target")) is not None:
        yield Action(Phase.SETTLE, 0, f"ALTER STATISTICS {name} SET STATISTICS {goal}")


def _type(item: SchemaObject, _schema: Snapshot) -> Iterator[Action]:
    name = item.text("sql")
    order = {"enum": 0, "composite": 1, "range": 2, "domain": 3}[item.kind]
    if item.kind == "enum":
        body = f"CREATE TYPE {name} AS ENUM ({', '.join(map(literal, item.words('labels')))})"
    elif item.kind == "composite":
        body = f"CREATE TYPE {name} AS ({', '.join(item.words('attributes'))})"
    elif item.kind == "range":
        body = f"CREATE TYPE {name} AS RANGE ({item.text('range')})"
    else:
        body = _domain(item)
    yield Action(Phase.CREATE_TYPE, order, body)


def _domain(item: SchemaObject) -> str:
    words = [f"CREATE DOMAIN {item.text('sql')} AS {item.text('type')}"]
    if collation := item.text("collation"):
        words.append(f"COLLATE {collation}")
    if item.get("default") is not None:
        words.append(f"DEFAULT {item.text('default')}")
    if not item.get("nullable"):
        words.append("NOT NULL")
    words += [f"CONSTRAINT {check}" for check in item.words("checks")]
    return " ".join(words)


def _extension(item: SchemaObject, _schema: Snapshot) -> Iterator[Action]:
    yield Action(
        Phase.CREATE_SCHEMA, 1, f"CREATE EXTENSION IF NOT EXISTS {item.text('sql')} SCHEMA {item.text('schema_sql')}"
    )


def _schema(item: SchemaObject, _schema: Snapshot) -> Iterator[Action]:
    yield Action(Phase.CREATE_SCHEMA, 0, f"CREATE SCHEMA {item.text('sql')}")


def _nothing(_item: SchemaObject, _schema: Snapshot) -> Iterator[Action]:
    """Default privileges are nothing but what they say."""
    return iter(())


MAKERS: Mapping[str, Callable[[SchemaObject, Snapshot], Iterator[Action]]] = {
    "aggregate": _function,
    "column": _column,
    "composite": _type,
    "constraint": _constraint,
    "default_privileges": _nothing,
    "domain": _type,
    "enum": _type,
    "extension": _extension,
    "function": _function,
    "index": _index,
    "materialized_view": _view,
    "policy": _policy,
    "procedure": _function,
    "range": _type,
    "rule": _trigger,
    "schema": _schema,
    "sequence": _sequence,
    "statistics": _statistics,
    "table": _table,
    "trigger": _trigger,
    "view": _view,
}


def create(item: SchemaObject, schema: Snapshot) -> Iterator[Action]:
    """Return the statements that make one object, without what belongs to it."""
    yield from MAKERS[item.kind](item, schema)
    if item.attributes.get("comment") is not None:
        yield from comment(item)
    yield from granted(item, schema)


def create_whole(item: SchemaObject, schema: Snapshot) -> Iterator[Action]:
    """Return the statements that make an object and all that belongs to it."""
    yield from create(item, schema)
    if item.key == schema.relations.get(item.name):
        for child in schema.by_parent.get(item.name, ()):
            if child.kind != "column":
                yield from create(child, schema)
            elif child.attributes.get("comment") is not None:
                yield from comment(child)

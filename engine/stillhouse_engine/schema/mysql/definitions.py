"""Writes MySQL's and MariaDB's objects as the clauses of CREATE and ALTER statements."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stillhouse_engine.schema.mysql.statements import identifier

if TYPE_CHECKING:
    from stillhouse_engine.schema.snapshot import SchemaObject, Snapshot

CHARACTER = re.compile(r"(char|varchar|tinytext|text|mediumtext|longtext|enum|set)\b")


def text_literal(text: str) -> str:
    """Quote a text, in the default sql_mode."""
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def column(item: SchemaObject, schema: Snapshot) -> str:
    """Return a column's whole definition, as ADD and MODIFY need it."""
    words = [identifier(item.text("column")), item.text("type")]
    if CHARACTER.match(item.text("type")):
        collation = item.text("collation") or schema.by_key[("table", item.parent)].text("collation")
        words.append(f"COLLATE {collation}")
    extra = item.text("extra")
    if generated := item.text("generated"):
        words.append(f"GENERATED ALWAYS AS ({generated}) {'STORED' if 'stored' in extra else 'VIRTUAL'}")
        extra = re.sub(r"(virtual|stored) generated", "", extra).strip()
        words += [] if item.get("nullable") else (["NOT NULL"] if schema.dialect == "mysql" else [])
    else:
        words.append("NULL" if item.get("nullable") else "NOT NULL")
        if item.get("default") is not None:
            words.append(f"DEFAULT {item.text('default')}")
    words.append(f"SRID {item.text('srid')}" if item.get("srid") is not None else "")
    words.append(extra.replace(",", ""))
    if comment := item.text("comment"):
        words.append(f"COMMENT {text_literal(comment)}")
    check = schema.by_key.get(("constraint", item.name))
    if check is not None and is_column_check(check, schema):
        words.append(check.text("definition"))
    return " ".join(word for word in words if word)


def is_column_check(item: SchemaObject, schema: Snapshot) -> bool:
    """Tell whether a CHECK belongs to a column's definition, as MariaDB has it: it bears the column's name."""
    return schema.dialect == "mariadb" and item.get("type") == "check" and item.text("level") == "Column"


def index(item: SchemaObject) -> str:
    """Return an index or primary key as ADD needs it."""
    if item.kind == "constraint":
        return f"PRIMARY KEY ({item.text('definition')})"
    method = item.text("method")
    kind = method if method in {"FULLTEXT", "SPATIAL"} else item.text("unique").upper()
    using = f" USING {method}" if method in {"HASH", "RTREE"} else ""
    ignored = f" {item.text('ignored').upper()}" if item.text("ignored") else ""
    comment = f" COMMENT {text_literal(item.text('comment'))}" if item.text("comment") else ""
    return f"{kind} INDEX {identifier(item.text('index'))} ({item.text('definition')}){using}{comment}{ignored}".strip()


def constraint(item: SchemaObject) -> str:
    """Return a CHECK or FOREIGN KEY as ADD needs it."""
    words = [f"CONSTRAINT {identifier(item.text('constraint'))} {item.text('definition')}"]
    if action := item.text("on_delete"):
        words.append(f"ON DELETE {action}")
    if action := item.text("on_update"):
        words.append(f"ON UPDATE {action}")
    if item.get("enforced"):
        words.append("NOT ENFORCED")
    return " ".join(words)


def table_option(attribute: str, expected: SchemaObject, actual: SchemaObject | None) -> str:
    """Return the clause that gives a table one of its options."""
    if attribute == "engine":
        return f"ENGINE={expected.text('engine')}"
    if attribute == "collation":
        return f"DEFAULT COLLATE={expected.text('collation')}"
    if attribute == "comment":
        return f"COMMENT={text_literal(expected.text('comment'))}"
    old = dict(_pair(word) for word in (actual.text("options") if actual else "").split())
    new = dict(_pair(word) for word in expected.text("options").split())
    back = {name: "0" if name == "KEY_BLOCK_SIZE" else "DEFAULT" for name in old if name not in new}
    return " ".join(f"{name}={value}" for name, value in {**back, **new}.items())


def _pair(word: str) -> tuple[str, str]:
    name, _, value = word.partition("=")
    return name.upper(), value


def partitions(item: SchemaObject) -> str | None:
    """Return the PARTITION BY clause; None when it is of a kind that is not written here."""
    key, listed = item.text("partition_key"), item.text("partitions")
    if not key:
        return "REMOVE PARTITIONING"
    if "SUBPARTITION" in key:
        return None
    parts = re.findall(r"(`(?:[^`]|``)*`)(?: ((?:'[^']*'|[^,'])*(?:,(?! )(?:'[^']*'|[^,'])*)*))?(?:, |$)", listed)
    if not key.startswith(("RANGE", "LIST")):
        return f"PARTITION BY {key} PARTITIONS {len(parts)}"
    word = "LESS THAN" if key.startswith("RANGE") else "IN"
    written = []
    for name, value in parts:
        bound = value if value == "MAXVALUE" else f"({value})"
        written.append(f"PARTITION {name} VALUES {word} {bound}")
    return f"PARTITION BY {key} ({', '.join(written)})"


def table(item: SchemaObject, schema: Snapshot) -> str:
    """Return CREATE TABLE with columns, keys, indexes and checks; foreign keys and triggers come later."""
    children = schema.by_parent.get(item.name, ())
    columns = sorted(
        (child for child in children if child.kind == "column"), key=lambda child: int(child.text("position"))
    )
    parts = [column(child, schema) for child in columns]
    parts += [index(child) for child in children if child.kind == "index" or child.get("type") == "primary key"]
    parts += [
        constraint(child)
        for child in children
        if child.kind == "constraint" and child.get("type") == "check" and not is_column_check(child, schema)
    ]
    options = [
        table_option(name, item, None) for name in ("engine", "collation", "options", "comment") if item.get(name)
    ]
    tail = (partitions(item) or "") if item.get("partition_key") else ""
    return f"CREATE TABLE {item.text('sql')} ({', '.join(parts)}) {' '.join(options)} {tail}".strip()


def code(item: SchemaObject) -> str:
    """Return the statement that makes a view, trigger, routine, event or sequence."""
    name = item.text("sql")
    security = f" SQL SECURITY {item.text('security')}" if item.text("security") else ""
    if item.kind == "view":
        option = f" WITH {item.text('check_option')} CHECK OPTION" if item.get("check_option") else ""
        algorithm = f" ALGORITHM = {item.text('algorithm')}" if item.get("algorithm") else ""
        return f"CREATE OR REPLACE{algorithm}{security} VIEW {name} AS {item.text('definition')}{option}"
    if item.kind == "trigger":
        return (
            f"CREATE TRIGGER {identifier(item.text('trigger'))} {item.text('event')} ON {name} "
            f"FOR EACH ROW {item.text('definition')}"
        )
    if item.kind == "event":
        return _event(item)
    if item.kind == "sequence":
        return f"CREATE SEQUENCE {name} {sequence_options(item)}"
    return _routine(item, security)


def _event(item: SchemaObject) -> str:
    keep = "ON COMPLETION PRESERVE " if item.get("on_completion") else ""
    state = {"": "ENABLE", "DISABLED": "DISABLE"}.get(item.text("status"), "DISABLE ON SLAVE")
    comment = f"COMMENT {text_literal(item.text('comment'))} " if item.get("comment") else ""
    times = f"{item.text('schedule')}{item.text('starts')}{item.text('ends')}"
    return f"CREATE EVENT {item.text('sql')} ON SCHEDULE {times} {keep}{state} {comment}DO {item.text('body')}"


def _routine(item: SchemaObject, security: str) -> str:
    returns = f" RETURNS {item.text('result')}" if item.kind == "function" else ""
    fixed = " DETERMINISTIC" if item.get("deterministic") else ""
    access = f" {item.text('access')}" if item.get("access") else ""
    comment = f" COMMENT {text_literal(item.text('comment'))}" if item.get("comment") else ""
    head = f"CREATE {item.kind.upper()} {item.text('sql')}({item.text('arguments')}){returns}"
    return f"{head}{fixed}{access}{security}{comment} {item.text('body')}"


def sequence_options(item: SchemaObject) -> str:
    """Return all settings of a sequence."""
    cycle = "CYCLE" if item.get("cycle") else "NOCYCLE"
    return (
        f"START WITH {item.text('start')} MINVALUE {item.text('minimum')} MAXVALUE {item.text('maximum')} "
        f"INCREMENT BY {item.text('increment')} CACHE {item.text('cache')} {cycle}"
    )

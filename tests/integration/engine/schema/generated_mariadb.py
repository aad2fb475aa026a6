"""MariaDB schemas made up at random, each with the ways to change it by hand and what must be said about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generated import Made
from hypothesis import strategies as st
from mutations import extra, missing, modified

import servers

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn

TYPES = {
    "int": "7", "bigint unsigned": "8", "varchar(20)": "'a:b %s ''x'''", "decimal(8,2)": "1.50", "date": "'2020-01-01'",
    "datetime": "current_timestamp()", "enum('a','it''s')": "'a'", "tinyint(1)": "1", "char(3)": "'abc'", "double": "2.5",
}  # fmt: skip
TEXTS = ("a:b %s", "x;%", "😀", "????", "it''s", r"\\n?", r"\\", r"\'", "\\%", "ü\\n")
WIDER = {
    "int": "bigint",
    "varchar(20)": "varchar(40)",
    "decimal(8,2)": "decimal(9,2)",
    "char(3)": "char(4)",
    "double": "float",
}


def quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def column(made: Made, table: str) -> str:
    name, kind = made.name(), made.pick(*TYPES)
    null, default = made.pick("", " NOT NULL"), made.pick("", f" DEFAULT {TYPES[kind]}")
    rest = f"{null}{default}"
    start, dotted = f"ALTER TABLE {quoted(table)} MODIFY {quoted(name)}", f"{table}.{name}"
    made.may(
        missing("drop a column", "column", dotted, f"ALTER TABLE {quoted(table)} DROP COLUMN {quoted(name)}"),
        modified("nullability", "column", dotted, "nullable", f"{start} {kind} {'NULL' if null else 'NOT NULL'}{default}"),
        modified("comment on a column", "column", dotted, "comment", f"{start} {kind}{rest} COMMENT 'a:b %s ''x'' \\\\'"),
        modified("default", "column", dotted, "default", f"{start} {kind}{null}{'' if default else ' DEFAULT ' + TYPES[kind]}"),
    )  # fmt: skip
    if kind in WIDER:
        made.may(modified("type", "column", dotted, "type", f"{start} {WIDER[kind]}{rest}"))
    return f"{quoted(name)} {kind}{rest}"


def table(made: Made) -> tuple[str, str, str]:
    """Make a table; return its name, and the names of a number and a text that others may use."""
    name, number, words = made.name(), made.name(), made.name()
    parts = [f"{quoted(number)} int NOT NULL PRIMARY KEY", f"{quoted(words)} varchar(30)"]
    parts += [column(made, name) for _ in range(made.draw(st.integers(1, 3)))]
    if made.chance():
        twice = made.name()
        parts.append(f"{quoted(twice)} int GENERATED ALWAYS AS ({quoted(number)} * 2) {made.pick('VIRTUAL', 'STORED')}")
    if made.chance():
        check = made.name()
        parts.append(f"CONSTRAINT {quoted(check)} CHECK ({quoted(words)} <> '{made.pick(*TEXTS)}')")
        made.may(
            missing(
                "drop a check",
                "constraint",
                f"{name}.{check}",
                f"ALTER TABLE {quoted(name)} DROP CONSTRAINT {quoted(check)}",
            )
        )
    made.run(f"CREATE TABLE {quoted(name)} ({', '.join(parts)})")
    start = f"ALTER TABLE {quoted(name)}"
    made.may(
        missing("drop a table", "table", name, f"DROP TABLE {quoted(name)}"),
        modified("comment on a table", "table", name, "comment", f"{start} COMMENT 'a:b %s ''x'''"),
        extra("add a column", "column", f"{name}.c d", f"{start} ADD COLUMN `c d` int DEFAULT 5 COMMENT '%'"),
        extra("add a check", "constraint", f"{name}.more", f"{start} ADD CONSTRAINT more CHECK ({quoted(number)} > 0)"),
    )
    return name, number, words


def index(made: Made, name: str, number: str, words: str) -> None:
    index = made.name()
    drop = f"ALTER TABLE {quoted(name)} DROP INDEX {quoted(index)}"
    what = made.pick(f"{quoted(words)}(5)", f"{quoted(number)} DESC, {quoted(words)}", quoted(words))
    made.run(f"CREATE {made.pick('', 'UNIQUE ')}INDEX {quoted(index)} ON {quoted(name)} ({what})")
    made.may(
        missing("drop an index", "index", f"{name}.{index}", drop),
        modified("comment on an index", "index", f"{name}.{index}", "comment", drop, f"CREATE INDEX {quoted(index)} ON {quoted(name)} ({what}) COMMENT 'a:b %s'"),
    )  # fmt: skip
    if not made.sql[-1].startswith("CREATE INDEX"):
        made.mutations.pop()


def key(made: Made, name: str, number: str, words: str) -> None:
    del words
    key, refers = made.name(), quoted(made.name())
    head = f"ADD CONSTRAINT {quoted(key)} FOREIGN KEY ({refers}) REFERENCES {quoted(name)} ({quoted(number)})"
    made.run(f"ALTER TABLE {quoted(name)} ADD COLUMN {refers} int, {head} ON DELETE CASCADE")
    drop = f"ALTER TABLE {quoted(name)} DROP FOREIGN KEY {quoted(key)}"
    made.may(
        missing("drop a foreign key", "constraint", f"{name}.{key}", drop),
        modified("change a foreign key", "constraint", f"{name}.{key}", "on_delete", drop, f"ALTER TABLE {quoted(name)} {head}"),
    )  # fmt: skip


def view(made: Made, name: str, number: str, words: str) -> None:
    view = made.name()
    body = f"VIEW {quoted(view)} AS SELECT {quoted(number)} AS a FROM {quoted(name)}"
    made.run(f"CREATE {body} WHERE {quoted(words)} <> '{made.pick(*TEXTS)}'", f"CREATE VIEW {quoted(view + ' over')} AS SELECT a FROM {quoted(view)}")  # fmt: skip
    made.may(modified("change a view", "view", view, "definition", f"CREATE OR REPLACE {body}"))


def trigger(made: Made, name: str, number: str, words: str) -> None:
    del number
    trigger = made.name()
    made.run(
        f"CREATE TRIGGER {quoted(trigger)} BEFORE INSERT ON {quoted(name)} FOR EACH ROW SET NEW.{quoted(words)} = '{made.pick(*TEXTS)}'"
    )
    made.may(missing("drop a trigger", "trigger", f"{name}.{trigger}", f"DROP TRIGGER {quoted(trigger)}"))


def routine(made: Made, *_: str) -> None:
    name, word = made.name(), quoted(made.name())
    made.run(
        f"CREATE FUNCTION {quoted(name)}(n int, {word} varchar(20)) RETURNS varchar(90) DETERMINISTIC RETURN concat(n, '{made.pick(*TEXTS)}', {word})",
        f"CREATE PROCEDURE {quoted(name)}(IN {word} int, OUT n int) SET n = {word} * 2",
    )
    made.may(
        missing("drop a function", "function", name, f"DROP FUNCTION {quoted(name)}"),
        missing("drop a procedure", "procedure", name, f"DROP PROCEDURE {quoted(name)}"),
    )


def sequence(made: Made, *_: str) -> None:
    name = made.name()
    made.run(f"CREATE SEQUENCE {quoted(name)} START WITH 5 INCREMENT BY 2")
    made.may(missing("drop a sequence", "sequence", name, f"DROP SEQUENCE {quoted(name)}"))


def event(made: Made, *_: str) -> None:
    name = made.name()
    made.run(
        f"CREATE EVENT {quoted(name)} ON SCHEDULE EVERY 1 DAY DISABLE COMMENT 'a:b %s' DO SET @a = '{made.pick(*TEXTS)}'"
    )
    made.may(missing("drop an event", "event", name, f"DROP EVENT {quoted(name)}"))


def partitions(made: Made, *_: str) -> None:
    name, column, first, second = made.name(), quoted(made.name()), quoted(made.name()), quoted(made.name())
    how, one, other = made.pick(
        (f"RANGE ({column})", "LESS THAN (10)", "LESS THAN MAXVALUE"), (f"LIST ({column})", "IN (1,2)", "IN (3)")
    )
    made.run(
        f"CREATE TABLE {quoted(name)} ({column} int) PARTITION BY {how} (PARTITION {first} VALUES {one}, PARTITION {second} VALUES {other})"
    )
    made.may(
        modified("drop a partition", "table", name, "partitions", f"ALTER TABLE {quoted(name)} DROP PARTITION {first}"),
        modified("no partitions", "table", name, "partition_key", f"ALTER TABLE {quoted(name)} REMOVE PARTITIONING", also=[("modified", "table", name, "partitions")]),
    )  # fmt: skip


FEATURES = (index, key, view, trigger, routine, event, partitions, *(() if servers.MYSQL else (sequence,)))


@st.composite
def schemas(draw: DrawFn) -> Made:
    """Make a schema of one or two tables with a few features each."""
    made = Made(draw)
    for found in [table(made) for _ in range(draw(st.integers(1, 2)))]:
        for feature in draw(
            st.lists(
                st.sampled_from(FEATURES),
                max_size=4,
                unique=True,
            )
        ):
            feature(made, *found)
    return made

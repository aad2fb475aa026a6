"""SQLite schemas made up at random, each with the ways to change it by hand and what must be said about them.

SQLite alters little in place: most mutations make a table again from its parts, one of them changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from generated import Made
from hypothesis import strategies as st
from mutations import extra, missing, modified

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn

TYPES = ("INTEGER", "TEXT", "VARCHAR(20)", "NUMERIC(8, 2)", "BLOB", "DOUBLE PRECISION", "")
DEFAULTS = ("7", "-1.5", "'a:b %s ''x'''", "CURRENT_TIMESTAMP", "(1 + 2)", "NULL", "x'00ff'")


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


class Table:
    """A table in parts.

    Attributes:
        name: its name.
        parts: the definitions inside its brackets, by what they define.
        tail: its options.
        number: the name of a column that others may use.
        after: the statements of its indexes and triggers.
    """

    def __init__(self, name: str, number: str) -> None:
        self.name = name
        self.parts: dict[str, str] = {}
        self.tail = ""
        self.number = number
        self.after: list[str] = []

    @property
    def sql(self) -> str:
        return quoted(self.name)

    def create(self, name: str | None = None, **parts: str) -> str:
        inside = ", ".join(text for text in {**self.parts, **parts}.values() if text)
        return f"CREATE TABLE {quoted(name or self.name)} ({inside}){self.tail}"

    def again(self, part: str, text: str) -> tuple[str, ...]:
        """Return the statements that make the table again with a part of it changed, or left out."""
        return (
            "PRAGMA legacy_alter_table=ON",
            self.create("hand made", **{part: text}),
            f"DROP TABLE {self.sql}",
            f'ALTER TABLE "hand made" RENAME TO {self.sql}',
            *self.after,
        )


def table(made: Made) -> Table:
    found = Table(made.name(), made.name())
    found.parts["key"] = f"{quoted(found.number)} INTEGER PRIMARY KEY"
    found.tail = made.pick("", "", " WITHOUT ROWID")
    names = []
    for _ in range(made.draw(st.integers(1, 4))):
        name = made.name()
        names.append(name)
        words = [quoted(name), made.pick(*TYPES), made.pick("", "NOT NULL"), made.pick("", f"DEFAULT {made.pick(*DEFAULTS)}"), made.pick("", "COLLATE NOCASE"), made.pick("", "UNIQUE")]  # fmt: skip
        found.parts[name] = " ".join(filter(None, words))
    if made.chance():
        name = made.name()
        found.parts[name] = (
            f"{quoted(name)} INTEGER GENERATED ALWAYS AS ({quoted(found.number)} * 2) {made.pick('STORED', 'VIRTUAL')}"
        )
    if made.chance():
        name = made.name()
        found.parts[name] = f"CONSTRAINT {quoted(name)} CHECK ({quoted(names[0])} <> 'a:b %s')"
    if made.chance():
        name = made.name()
        found.parts[name] = (
            f"CONSTRAINT {quoted(name)} FOREIGN KEY ({quoted(names[0])}) REFERENCES {found.sql} ({quoted(found.number)}) ON DELETE {made.pick('CASCADE', 'SET NULL')}"
        )
    if made.chance():
        name = made.name()
        what = made.pick(
            f"({quoted(names[0])} DESC)",
            f"(lower({quoted(names[0])}), {quoted(found.number)})",
            f"({quoted(names[-1])}) WHERE {quoted(found.number)} > 5",
        )
        found.after.append(f"CREATE {made.pick('', 'UNIQUE ')}INDEX {quoted(name)} ON {found.sql} {what}")
        made.may(
            missing("drop an index", "index", f"{found.name}.{name}", f"DROP INDEX {quoted(name)}"),
            modified("change an index", "index", f"{found.name}.{name}", "definition", f"DROP INDEX {quoted(name)}", f"CREATE INDEX {quoted(name)} ON {found.sql} ({quoted(found.number)}, {quoted(names[0])} COLLATE RTRIM)"),
        )  # fmt: skip
    if made.chance():
        name = made.name()
        found.after.append(
            f"CREATE TRIGGER {quoted(name)} AFTER UPDATE OF {quoted(names[0])} ON {found.sql} BEGIN\n  SELECT 'a:b %s'; END"
        )
        made.may(missing("drop a trigger", "trigger", f"{found.name}.{name}", f"DROP TRIGGER {quoted(name)}"))
    made.run(found.create(), *found.after)
    changes(made, found, names[-1])
    return found


def changes(made: Made, found: Table, name: str) -> None:
    column = f"{found.name}.{name}"
    made.may(
        missing("drop a table", "table", found.name, f"DROP TABLE {found.sql}"),
        extra("add a column", "column", f"{found.name}.c d", f'ALTER TABLE {found.sql} ADD COLUMN "c d" INTEGER DEFAULT 5'),
        extra("add a check", "constraint", f"{found.name}.more", *found.again("more", f"CONSTRAINT more CHECK ({quoted(found.number)} > 0)")),
        modified("change a type", "column", column, "type", *found.again(name, found.parts[name].replace(quoted(name), f"{quoted(name)} LONG", 1))),
    )  # fmt: skip
    if "NOT NULL" in found.parts[name]:
        without = found.parts[name].replace("NOT NULL", "")
        made.may(modified("allow NULL", "column", column, "nullable", *found.again(name, without)))
    if "NOCASE" in found.parts[name]:
        other = found.parts[name].replace("NOCASE", "RTRIM")
        made.may(modified("change a collation", "column", column, "collation", *found.again(name, other)))
    if "DEFAULT" not in found.parts[name]:
        default = f"{found.parts[name]} DEFAULT 'new: %s'"
        made.may(modified("set a default", "column", column, "default", *found.again(name, default)))


def view(made: Made, under: Table) -> None:
    name = made.name()
    body = f"SELECT {quoted(under.number)} AS a FROM {under.sql}"
    made.run(f"CREATE VIEW {quoted(name)} AS {body} WHERE a <> 'a:b %s'", f"CREATE VIEW {quoted(name + ' over')} AS SELECT a FROM {quoted(name)}")  # fmt: skip
    made.may(
        missing("drop a view", "view", name, f"DROP VIEW {quoted(name)}"),
        modified("change a view", "view", name, "definition", f"DROP VIEW {quoted(name)}", f"CREATE VIEW {quoted(name)} AS {body}"),
    )  # fmt: skip


@st.composite
def schemas(draw: DrawFn) -> Made:
    """Make a schema of one to three tables, with views over some of them."""
    made = Made(draw)
    for found in [table(made) for _ in range(draw(st.integers(1, 3)))]:
        if made.chance():
            view(made, found)
    return made

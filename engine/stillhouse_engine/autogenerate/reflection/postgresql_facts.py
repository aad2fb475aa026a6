"""The facts of PostgreSQL's tables, from two queries on its catalogue."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from stillhouse_engine.autogenerate.reflection.facts import Facts, ModelFacts, UnsaidError
from stillhouse_engine.dialects.comparing_postgresql import SEQUENCE, literal, log

if TYPE_CHECKING:
    from sqlalchemy import Column, Connection, ForeignKeyConstraint, Index, Inspector, UniqueConstraint

OLDEST = (12,)
"""The first version that has all columns of the catalogue that are asked for."""

WORDS = {
    "varchar": "character varying",
    "char": "character",
    "float": "double precision",
    "decimal": "numeric",
    "int": "integer",
}
SERIAL = frozenset({"integer", "bigint", "smallint"})

COLUMNS = r"""SELECT c.relname, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull,
    pg_catalog.pg_get_expr(d.adbin, d.adrelid), e.description, a.attidentity <> '' OR a.attgenerated <> ''
        OR (a.attcollation <> t.typcollation AND a.attcollation <> 0)
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
LEFT JOIN pg_catalog.pg_description e
    ON e.objoid = c.oid AND e.objsubid = a.attnum AND e.classoid = 'pg_catalog.pg_class'\:\:regclass
WHERE n.nspname = :schema AND c.relkind IN ('r', 'p')"""
REST = r"""WITH tables AS (SELECT c.oid, c.relname FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = :schema AND c.relkind IN ('r', 'p'))
SELECT c.relname, k.contype\:\:text, k.conname, pg_catalog.pg_get_constraintdef(k.oid)
FROM tables c JOIN pg_catalog.pg_constraint k ON k.conrelid = c.oid AND k.contype IN ('u', 'f')
UNION ALL SELECT c.relname, 'i', i.relname, pg_catalog.pg_get_indexdef(x.indexrelid)
FROM tables c JOIN pg_catalog.pg_index x ON x.indrelid = c.oid JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conindid = x.indexrelid AND k.contype IN ('p', 'u', 'x'))
UNION ALL SELECT c.relname, 'd', NULL, e.description FROM tables c JOIN pg_catalog.pg_description e
    ON e.objoid = c.oid AND e.objsubid = 0 AND e.classoid = 'pg_catalog.pg_class'\:\:regclass"""


class PostgreSQLModelFacts(ModelFacts):
    """Puts models into PostgreSQL's words."""

    def known_type(self, text: str) -> str:
        """Return a type as ``format_type`` writes it."""
        lowered = text.lower().replace(", ", ",")
        name, bracket, rest = lowered.partition("(")
        if name == "float" and bracket:
            raise UnsaidError
        return WORDS.get(name, name) + bracket + rest

    def default(self, column: Column[Any]) -> str | None:
        """Return a default; that of a counting key is left to the database."""
        if column.primary_key and column is column.table.autoincrement_column:
            return None
        return super().default(column)

    def text_default(self, text: str) -> str:
        """Return the value of a text."""
        return f"={text}"

    def sql_default(self, expression: Any) -> str:
        """Return an expression, or the value of a literal."""
        return default_word(super().sql_default(expression))

    def listed(self, columns: Any) -> str:
        """Return columns as they stand in parentheses."""
        return ", ".join(self.quote(str(column)) for column in columns)

    def unique(self, item: UniqueConstraint) -> Any:
        """Return name and definition."""
        columns = self.listed(column.name for column in item.columns)
        return (self.plain_name(item), f"UNIQUE ({columns})")

    def index(self, item: Index) -> Any:
        """Return name and definition."""
        if item.table is None:
            raise UnsaidError
        place = f"{self.quote(str(self.dialect.default_schema_name))}.{self.quote(item.table.name)}"
        kind = "CREATE UNIQUE INDEX" if item.unique else "CREATE INDEX"
        name = self.plain_name(item)
        columns = self.listed(self.index_columns(item))
        return (name, f"{kind} {self.quote(name)} ON {place} USING btree ({columns})")

    def key(self, item: ForeignKeyConstraint) -> Any:
        """Return the definition."""
        local, table, remote, updating, deleting = self.key_parts(item)
        definition = f"FOREIGN KEY ({self.listed(local)}) REFERENCES {self.quote(table)}({self.listed(remote)})"
        definition += f" ON UPDATE {updating}" if updating else ""
        return definition + (f" ON DELETE {deleting}" if deleting else "")


class PostgreSQLLiveFacts:
    """Puts PostgreSQL's tables into its own words.

    Args:
        connection: the connection.
        inspector: knows which sequences belong to columns.
        words: puts the models into words, and knows what is compared.
    """

    def __init__(self, connection: Connection, inspector: Inspector, words: ModelFacts) -> None:
        self.inspector = inspector
        self.words = words
        self.schema = str(inspector.default_schema_name)
        self.columns: defaultdict[str, list[Any]] = defaultdict(list)
        self.rest: defaultdict[tuple[str, str], list[Any]] = defaultdict(list)
        for table, *row in connection.execute(text(COLUMNS), {"schema": self.schema}):
            self.columns[table].append(row)
        for table, kind, *row in connection.execute(text(REST), {"schema": self.schema}):
            self.rest[table, kind].append(tuple(row))

    def facts(self, name: str) -> Facts | None:
        """Return a table's facts, None where it has more than they can tell."""
        try:
            columns, sequences = self.said(name)
        except UnsaidError:
            return None
        keys = frozenset(definition for _, definition in self.rest[name, "f"])
        if len(keys) != len(self.rest[name, "f"]):
            return None
        comment = self.rest[name, "d"][0][1] if self.rest[name, "d"] else None
        uniques, indexes = frozenset(self.rest[name, "u"]), frozenset(self.rest[name, "i"])
        self.sequences = sequences
        return Facts(frozenset(columns), uniques, indexes, keys, comment)

    def said(self, table: str) -> tuple[list[tuple[Any, ...]], list[tuple[str, str]]]:
        """Return the facts of the columns, and the sequences that belong to them."""
        found, sequences = [], []
        for name, type_, not_null, default, comment, special in self.columns[table]:
            if special:
                raise UnsaidError
            said = default
            if default and type_ in SERIAL and (sequence := self.owned(table, name, default)) is not None:
                sequences.append((sequence, name))
                said = None
            word = default_word(said) if said is not None and self.words.with_defaults else None
            found.append((name, type_ if self.words.with_types else None, not not_null, word, comment or None))
        return found, sequences

    def owned(self, table: str, column: str, default: str) -> str | None:
        """Return the sequence that makes a column SERIAL."""
        asked = SEQUENCE.fullmatch(default)
        if asked is None:
            return None
        owned = self.words.impl.owned_sequences(self.inspector)  # type: ignore[attr-defined]
        sequence: str | None = owned.get((self.schema, table, column, asked[1]))
        return sequence

    def taken(self, table: str) -> None:
        """Say what the comparators would have said of a table whose facts were taken last."""
        for sequence, column in self.sequences:
            log.info(
                "Detected sequence named '%s' as owned by integer column '%s(%s)', assuming SERIAL and omitting",
                sequence,
                table,
                column,
            )


def default_word(sql: str) -> str:
    """Return a default's value where it is a literal, else its SQL."""
    value = literal(sql)
    return sql if value is None else f"={value.replace(chr(39) * 2, chr(39))}"

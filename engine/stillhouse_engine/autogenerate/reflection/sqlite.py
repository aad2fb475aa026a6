"""Reading all tables of an SQLite database in a few statements.

SQLAlchemy asks a handful of PRAGMAs for each table, and for each of its indexes. Here joined table-valued pragma functions
read the same rows for all tables at once; SQLAlchemy's dialect then asks a stand-in for the connection, which answers
the PRAGMAs from those rows. What the stand-in does not know it asks the database: slower, never wrong.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from stillhouse_engine.autogenerate.reflection.inspectors import BulkReflection

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


PRAGMA = re.compile(r"PRAGMA (?:(?P<schema>\"(?:[^\"]|\"\")+\"|\w+)\.)?(?P<name>\w+)\(\"?(?P<table>.*?)\"?\)$")
TEXT = re.compile(
    r"SELECT sql FROM .*WHERE name = \? AND type (?:IN \('table', 'view'\)|= '(?P<index>index)')$", re.IGNORECASE
)

ORDINARY = 0
"""The value of ``hidden`` for a column that is neither hidden nor generated."""

SINGLE = {
    "get_multi_columns": "get_columns",
    "get_multi_pk_constraint": "get_pk_constraint",
    "get_multi_foreign_keys": "get_foreign_keys",
    "get_multi_indexes": "get_indexes",
    "get_multi_unique_constraints": "get_unique_constraints",
    "get_multi_check_constraints": "get_check_constraints",
    "get_multi_table_comment": "get_table_comment",
    "get_multi_table_options": "get_table_options",
}

TEMPORARY = "SELECT name FROM sqlite_temp_master"
TABLES = "SELECT name, sql FROM {catalogue}.sqlite_master WHERE type = 'table'"
COLUMNS = """SELECT m.name, c.cid, c.name, c.type, c."notnull", c.dflt_value, c.pk, c.hidden
FROM {catalogue}.sqlite_master m JOIN pragma_table_xinfo(m.name, '{schema}') c WHERE m.type = 'table' ORDER BY m.name, c.cid"""
FOREIGN_KEYS = """SELECT m.name, f.id, f.seq, f."table", f."from", f."to", f.on_update, f.on_delete, f.match
FROM {catalogue}.sqlite_master m JOIN pragma_foreign_key_list(m.name, '{schema}') f WHERE m.type = 'table'"""
INDEXES = """SELECT m.name, i.seq, i.name, i."unique", i.origin, i.partial
FROM {catalogue}.sqlite_master m JOIN pragma_index_list(m.name, '{schema}') i WHERE m.type = 'table' ORDER BY m.name, i.seq"""
INDEX_COLUMNS = """SELECT i.name, x.seqno, x.cid, x.name
FROM {catalogue}.sqlite_master m JOIN pragma_index_list(m.name, '{schema}') i JOIN pragma_index_info(i.name, '{schema}') x
WHERE m.type = 'table' ORDER BY i.name, x.seqno"""
INDEX_TEXTS = "SELECT name, sql FROM {catalogue}.sqlite_master WHERE type = 'index'"


class Rows:
    """The rows of one answer, as SQLAlchemy's dialect reads them."""

    _soft_closed = False

    def __init__(self, rows: Sequence[Sequence[Any]]) -> None:
        self.rows = list(rows)

    def fetchall(self) -> list[Any]:
        """Return all rows."""
        return self.rows

    def scalar(self) -> Any:
        """Return the first value of the first row."""
        return self.rows[0][0] if self.rows else None

    def __iter__(self) -> Iterator[Any]:
        return iter(self.rows)


class Catalogue:
    """What the PRAGMAs say of every table of one attached database."""

    def __init__(self, connection: Connection, schema: str | None) -> None:
        self.connection = connection
        self.schema = schema or "main"
        self.texts = dict(self._query(TABLES))
        self.temporary = {name for (name,) in self._query(TEMPORARY)}
        self.rows = {
            "table_xinfo": self._grouped(COLUMNS),
            "foreign_key_list": self._grouped(FOREIGN_KEYS),
            "index_list": self._grouped(INDEXES),
        }
        self.index_columns = self._grouped(INDEX_COLUMNS)
        self.index_texts = dict(self._query(INDEX_TEXTS))

    def _query(self, statement: str) -> Sequence[Any]:
        quoted = self.connection.dialect.identifier_preparer.quote_identifier(self.schema)
        words = {"catalogue": quoted, "schema": self.schema.replace("'", "''")}
        return self.connection.exec_driver_sql(statement.format(**words)).fetchall()

    def _grouped(self, statement: str) -> dict[str, list[tuple[Any, ...]]]:
        grouped: defaultdict[str, list[tuple[Any, ...]]] = defaultdict(list)
        for name, *rest in self._query(statement):
            grouped[name].append(tuple(rest))
        return dict(grouped)

    def pragma(self, schema: str | None, name: str, about: str) -> Rows | None:
        """Return the answer to a PRAGMA on a table or index, or None where it is not known."""
        if schema == "temp":
            return None if about in self.temporary else Rows([])
        if schema is not None and schema.strip('"') != self.schema:
            return None
        if name == "index_info":
            return Rows(self.index_columns[about]) if about in self.index_columns else None
        if name == "table_info" and about in self.texts:
            # The same without hidden and generated columns, and without the word that tells them apart.
            return Rows([row[:-1] for row in self.rows["table_xinfo"].get(about, []) if row[-1] == ORDINARY])
        if name in self.rows and about in self.texts:
            return Rows(self.rows[name].get(about, []))
        return None


class CatalogueConnection(Connection):
    """A connection that answers from a catalogue what the catalogue knows; SQLAlchemy insists on its own class."""

    def __init__(self, connection: Connection, catalogue: Catalogue) -> None:  # the wrapped one is initialised already
        self._connection = connection
        self._catalogue = catalogue

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def exec_driver_sql(self, statement: str, parameters: Any = None, execution_options: Any = None) -> Any:
        """Answer a PRAGMA or the question for a table's text; send anything else."""
        if not parameters and (asked := PRAGMA.match(statement)):
            table = asked["table"].replace('""', '"')
            known = self._catalogue.pragma(asked["schema"], asked["name"], table)
        else:
            known = self._text(statement, parameters)
        return self._connection.exec_driver_sql(statement, parameters, execution_options) if known is None else known

    def _text(self, statement: str, parameters: Any) -> Rows | None:
        asked = TEXT.match(" ".join(statement.split()))
        if asked is None or not isinstance(parameters, tuple) or len(parameters) != 1:
            return None
        texts = self._catalogue.index_texts if asked["index"] else self._catalogue.texts
        (name,) = parameters
        return Rows([(texts[name],)]) if name in texts else None


class SQLiteBulkReflection(BulkReflection):
    """Reads all tables of an SQLite database in a few statements."""

    _catalogues: dict[str | None, Catalogue]

    def read(self, method: str, schema: str | None, names: list[str] | None) -> dict[Any, Any]:
        """Let SQLAlchemy's dialect read a catalogue of all tables."""
        with self._operation_context() as connection:
            stand_in = CatalogueConnection(connection, self.catalogue(connection, schema))
            single = getattr(self.dialect, SINGLE[method])
            wanted = names if names is not None else sorted(self._wanted[schema][0])
            found = {(schema, name): single(stand_in, name, schema, info_cache={}) for name in wanted}
        if method == "get_multi_columns":
            self._instantiate_types(found.values())
        return found

    def catalogue(self, connection: Connection, schema: str | None) -> Catalogue:
        """Return what the PRAGMAs say of every table of an attached database; read once."""
        catalogues = self.__dict__.setdefault("_catalogues", {})
        if schema not in catalogues:
            catalogues[schema] = Catalogue(connection, schema)
        found: Catalogue = catalogues[schema]
        return found

"""The facts of SQLite's tables, from the rows of its PRAGMAs."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from stillhouse_engine.autogenerate.reflection.facts import Facts, ModelFacts, UnsaidError, rule
from stillhouse_engine.autogenerate.reflection.sqlite import ORDINARY
from stillhouse_engine.dialects.comparing_sqlite import bare

if TYPE_CHECKING:
    from sqlalchemy import ForeignKeyConstraint, Index, UniqueConstraint

    from stillhouse_engine.autogenerate.reflection.sqlite import Catalogue


class SQLiteModelFacts(ModelFacts):
    """Puts models into SQLite's words."""

    def known_type(self, text: str) -> str:
        """Return a type's SQL, which SQLite keeps as it was written; types unknown to SQLAlchemy have no facts."""
        if text.partition("(")[0].strip() not in getattr(self.dialect, "ischema_names", {}):
            raise UnsaidError
        return text

    def text_default(self, text: str) -> str:
        """Return a default without quotes."""
        return bare(text) or ""

    def sql_default(self, expression: Any) -> str:
        """Return a default without quotes and parentheses."""
        return bare(super().sql_default(expression)) or ""

    def unique(self, item: UniqueConstraint) -> Any:
        """Return name and columns."""
        return (self.plain_name(item), tuple(sorted(column.name for column in item.columns)))

    def index(self, item: Index) -> Any:
        """Return name, columns and uniqueness."""
        return (self.plain_name(item), self.index_columns(item), bool(item.unique))

    def key(self, item: ForeignKeyConstraint) -> Any:
        """Return columns, what they point to, and rules."""
        return self.key_parts(item)


class SQLiteLiveFacts:
    """Puts SQLite's tables into its own words.

    Args:
        catalogue: what the PRAGMAs say.
        words: puts the models into words, and knows what is compared.
    """

    def __init__(self, catalogue: Catalogue, words: ModelFacts) -> None:
        self.catalogue = catalogue
        self.words = words

    def facts(self, name: str) -> Facts | None:
        """Return a table's facts, None where it has more than they can tell."""
        text = self.catalogue.texts.get(name) or ""
        if "DEFERRABLE" in text.upper() or "MATCH" in text.upper():
            return None
        try:
            uniques, indexes = self.indexes(name, text)
            return Facts(frozenset(self.columns(name)), uniques, indexes, frozenset(self.keys(name)), None)
        except UnsaidError:
            return None

    def columns(self, table: str) -> list[tuple[Any, ...]]:
        """Return the facts of the columns."""
        found = []
        for _, name, type_, not_null, default, _, hidden in self.catalogue.rows["table_xinfo"].get(table, ()):
            if hidden != ORDINARY:
                raise UnsaidError
            said = bare(default) if self.words.with_defaults else None
            found.append((name, type_ if self.words.with_types else None, not not_null, said, None))
        return found

    def indexes(self, table: str, text: str) -> tuple[frozenset[Any], frozenset[Any]]:
        """Return the facts of unique constraints and of indexes."""
        uniques, indexes = [], []
        for _, name, unique, origin, partial in self.catalogue.rows["index_list"].get(table, ()):
            columns = tuple(column for _, _, column in self.catalogue.index_columns.get(name, ()))
            if origin == "u":
                uniques.append((self.unique_name(text, columns), tuple(sorted(columns))))
            elif origin == "c":
                sql = self.catalogue.index_texts.get(name) or ""
                if partial or None in columns or " DESC" in sql.upper() or " COLLATE" in sql.upper():
                    raise UnsaidError
                indexes.append((name, columns, bool(unique)))
        return frozenset(uniques), frozenset(indexes)

    def unique_name(self, text: str, columns: tuple[Any, ...]) -> str:
        """Return a unique constraint's name, which only the table's text tells."""
        listed = ", ".join(self.words.quote(column) for column in columns)
        head, found, _ = text.partition(f" UNIQUE ({listed})")
        name = head.rpartition("CONSTRAINT ")[2]
        if not found or not name or name.strip('"').replace("_", "").isalnum() is False:
            raise UnsaidError
        return name.strip('"')

    def keys(self, table: str) -> list[tuple[Any, ...]]:
        """Return the facts of the foreign keys."""
        grouped: defaultdict[int, list[tuple[Any, ...]]] = defaultdict(list)
        for row in sorted(self.catalogue.rows["foreign_key_list"].get(table, ())):
            grouped[row[0]].append(row)
        found = []
        for rows in grouped.values():
            remote = tuple(row[4] for row in rows)
            if None in remote:
                raise UnsaidError
            _, _, target, _, _, updating, deleting, _ = rows[0]
            found.append((tuple(row[3] for row in rows), target, remote, rule(updating), rule(deleting)))
        return found

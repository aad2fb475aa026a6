"""Views, functions, procedures and triggers as parts of models, next to the tables.

SQLAlchemy's metadata holds tables and sequences only. Declared here, the rest belongs to the metadata, too, and
autogenerate compares it with the database.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Dialect, MetaData, Select, Table

__all__ = ["Function", "MaterializedView", "Procedure", "Trigger", "View", "declared"]

KEY = "stillhouse_declared"


class Declared:
    """Something that belongs to a metadata by its name.

    Args:
        name: its name.
        metadata: the metadata that it belongs to.
        schema: its schema; the metadata's by default.

    Raises:
        ValueError: the metadata has one of this name already.
    """

    noun: ClassVar[str]

    def __init__(self, name: str, metadata: MetaData, schema: str | None) -> None:
        self.name = name
        self.metadata = metadata
        self.schema = metadata.schema if schema is None else schema
        there = metadata.info.setdefault(KEY, {})
        if (key := self.key) in there:
            raise ValueError(f"{self.noun.replace('_', ' ')} {self.full_name!r} is declared twice on one metadata")
        there[key] = self

    @property
    def key(self) -> tuple[str, ...]:
        """What tells it from others of the metadata."""
        return (self.noun, self.full_name)

    @property
    def full_name(self) -> str:
        """Its name, with its schema unless that is the default one."""
        return f"{self.schema}.{self.name}" if self.schema else self.name

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.full_name!r})"


class View(Declared):
    """A view.

    Args:
        name: its name.
        metadata: the metadata that it belongs to.
        definition: its query, as SQL or as ``select(…)``.
        schema: its schema; the metadata's by default.
    """

    noun = "view"

    def __init__(
        self, name: str, metadata: MetaData, definition: str | Select[Any], *, schema: str | None = None
    ) -> None:
        super().__init__(name, metadata, schema)
        self.definition = definition

    def query(self, dialect: Dialect) -> str:
        """Return its query as SQL of a dialect."""
        if isinstance(self.definition, str):
            return trimmed(self.definition)
        compiled = self.definition.compile(dialect=dialect, compile_kwargs={"literal_binds": True})
        doubled = getattr(compiled.preparer, "_double_percents", False)
        return str(compiled).replace("%%", "%") if doubled else str(compiled)


class MaterializedView(View):
    """A materialised view (PostgreSQL)."""

    noun = "materialized_view"


class Routine(Declared):
    """A function or a procedure.

    Args:
        signature: name and arguments: ``total(integer, tax numeric DEFAULT 0.2)``.
        metadata: the metadata that it belongs to.
        definition: what follows: ``RETURNS … LANGUAGE … AS $$ … $$``; on MySQL ``RETURNS … DETERMINISTIC RETURN …``.
        schema: its schema; the metadata's by default.
    """

    def __init__(self, signature: str, metadata: MetaData, definition: str, *, schema: str | None = None) -> None:
        super().__init__(trimmed(signature), metadata, schema)
        self.definition = trimmed(definition)


class Function(Routine):
    """A function (PostgreSQL, MySQL, MariaDB)."""

    noun = "function"


class Procedure(Routine):
    """A procedure (PostgreSQL, MySQL, MariaDB)."""

    noun = "procedure"


class Trigger(Declared):
    """A trigger.

    Args:
        name: its name.
        metadata: the metadata that it belongs to.
        on: its table or view; a name or the ``Table``.
        event: when it runs: ``BEFORE INSERT OR UPDATE``.
        action: what it does: ``FOR EACH ROW EXECUTE FUNCTION touch()``; on SQLite ``BEGIN … END``, on MySQL
            ``FOR EACH ROW BEGIN … END``.
        schema: the table's schema; the metadata's by default.
    """

    noun = "trigger"

    def __init__(
        self, name: str, metadata: MetaData, on: str | Table, event: str, action: str, *, schema: str | None = None
    ) -> None:
        self.table = on if isinstance(on, str) else str(on.name)
        super().__init__(name, metadata, schema if isinstance(on, str) else on.schema)
        self.event = trimmed(event)
        self.action = trimmed(action)

    @property
    def key(self) -> tuple[str, ...]:
        """What tells it from others: tables have triggers of the same name."""
        return (self.noun, self.table, self.full_name)


def trimmed(sql: str) -> str:
    """Return SQL without blanks around it and without a semicolon at its end."""
    return sql.strip().removesuffix(";").rstrip()


def declared(metadatas: Iterable[MetaData], *nouns: str) -> list[Any]:
    """Return what was declared on metadata, in the order in which it was."""
    return [item for metadata in metadatas for item in metadata.info.get(KEY, {}).values() if item.noun in nouns]

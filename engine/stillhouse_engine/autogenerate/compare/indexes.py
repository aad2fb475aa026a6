"""Indexes and unique constraints, which share their names and on some databases are the same thing."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.sql.elements import conv

from stillhouse_engine.autogenerate.compare.names import final_name
from stillhouse_engine.autogenerate.dispatch import PriorityDispatchResult
from stillhouse_engine.dialects.comparing_constraints import unique_signature
from stillhouse_engine.operations import ops

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Table

    from stillhouse_engine.autogenerate.context import AutogenContext

log = logging.getLogger("alembic.autogenerate.compare.constraints")

Item: TypeAlias = Index | UniqueConstraint


class Side:
    """The indexes and unique constraints of one table, live or in the models.

    Attributes:
        uniques: the unique constraints.
        indexes: the indexes.
    """

    def __init__(self, uniques: Iterable[UniqueConstraint], indexes: Iterable[Index]) -> None:
        self.uniques = set(uniques)
        self.indexes = set(indexes)

    def name_all(self, autogen_context: AutogenContext) -> None:
        """Sort everything by names, once the dialect has had its say."""
        dialect = autogen_context.dialect
        self.unique_named = {name: item for item in self.uniques if (name := final_name(item, dialect)) is not None}
        self.index_named = {name: item for item in self.indexes if (name := final_name(item, dialect)) is not None}
        self.named: dict[str, Item] = {**self.unique_named, **self.index_named}
        self.unnamed = [item for item in self.uniques if final_name(item, dialect) is None]

    def same_kind(self, name: str, model: Item) -> Item:
        """Return what has a name, of the model's kind where there are both."""
        kind: dict[str, Any] = self.index_named if isinstance(model, Index) else self.unique_named
        return kind.get(name, self.named[name])  # type: ignore[no-any-return]


class Comparison:
    """Compares the indexes and unique constraints of one table.

    Args:
        autogen_context: what is known.
        modify_table_ops: takes the operations.
    """

    def __init__(self, autogen_context: AutogenContext, modify_table_ops: ops.ModifyTableOps) -> None:
        self.context = autogen_context
        self.impl = autogen_context.migration_context.impl
        self.ops = modify_table_ops.ops
        schema, name = modify_table_ops.schema, modify_table_ops.table_name
        self.parents: dict[str, str | None] = {"table_name": name, "schema_name": schema}
        self.place = f"{schema}.{name}" if schema else name

    def live(self, table: Table | None, model: Table | None) -> tuple[Side, bool]:
        """Return what the database has, and whether it tells of unique constraints at all."""
        if table is None:
            return Side((), ()), True
        indexes = [
            self.adjusted_index(index, params, table)
            for params in self.context.inspector.get_indexes(table.name, schema=table.schema)
            if self.context.run_name_filters(params["name"], "index", self.parents)
            for index in list(table.indexes)
            if index.name == params["name"]
        ]
        if model is None:
            # A table that goes away takes its unique constraints with it.
            return Side((), indexes), True
        try:
            reflected = self.context.inspector.get_unique_constraints(table.name, schema=table.schema)
        except NotImplementedError:
            return Side((), indexes), False
        uniques = [
            self.live_unique(params, table)
            for params in reflected
            if self.context.run_name_filters(params["name"], "unique_constraint", self.parents)
        ]
        return Side(uniques, indexes), True

    def adjusted_index(self, index: Index, params: Any, table: Table) -> Index:
        """Return a reflected index without the options that the database adds itself."""
        options = self.impl.adjust_reflected_dialect_options(params, "index")
        if options == params.get("dialect_options", {}):
            return index
        table.indexes.discard(index)
        return Index(index.name, *index.expressions, unique=index.unique, _table=table, **options)

    def live_unique(self, params: Any, table: Table) -> UniqueConstraint:
        """Return a reflected unique constraint; made anew where SQLAlchemy took it for an index only."""
        name, columns = params["name"], list(params["column_names"])
        options = self.impl.adjust_reflected_dialect_options(params, "unique_constraint")
        for item in list(table.constraints):
            if isinstance(item, UniqueConstraint) and item.name == name and column_names(item) == columns:
                if options == params.get("dialect_options", {}):
                    return item
                table.constraints.discard(item)
        made = conv(name) if name else None
        return UniqueConstraint(*(table.c[column] for column in columns), name=made, **options)

    def run(self, live_table: Table | None, model_table: Table | None) -> None:
        """Compare both sides; a table that is new or goes away brings or takes its unique constraints itself."""
        live, reflects_uniques = self.live(live_table, model_table)
        model = self.model(model_table, with_uniques=live_table is not None and reflects_uniques)
        self.impl.correct_for_autogen_constraints(live.uniques, live.indexes, model.uniques, model.indexes)
        live.name_all(self.context)
        model.name_all(self.context)
        self.compare(live, model)

    @staticmethod
    def model(table: Table | None, *, with_uniques: bool) -> Side:
        """Return what the models have; a new table brings its unique constraints itself."""
        if table is None:
            return Side((), ())
        uniques = [item for item in table.constraints if isinstance(item, UniqueConstraint)]
        return Side(uniques if with_uniques else (), table.indexes)

    def compare(self, live: Side, model: Side) -> None:
        """Remove, change and add, each in the order of names; unnamed unique constraints last."""
        by_columns = {unique_signature(item): item for item in live.uniques}
        matched = {
            str(twin.name) for item in model.unnamed if (twin := by_columns.get(unique_signature(item))) is not None
        }
        for name in sorted(live.named.keys() - model.named.keys() - matched):
            self.remove(live.named[name])
        for name in sorted(live.named.keys() & model.named.keys()):
            self.change(live.same_kind(name, model.named[name]), model.named[name])
        for name in sorted(model.named.keys() - live.named.keys()):
            self.add(model.named[name])
        for item in sorted(model.unnamed, key=unique_signature):
            if unique_signature(item) not in by_columns:
                self.add(item)

    def change(self, live: Item, model: Item) -> None:
        """Compare two things of the same name."""
        if isinstance(live, Index) and isinstance(model, Index):
            result = self.impl.compare_indexes(model, live)
        elif isinstance(live, UniqueConstraint) and isinstance(model, UniqueConstraint):
            result = self.impl.compare_unique_constraint(model, live)
        else:
            self.remove(live, model)
            self.add(model, live)
            return
        if result.is_skip:
            log.warning(
                "Cannot compare %s %r, assuming equal and skipping. %s", kind(model), model.name, result.message
            )
        elif result.is_different and self.accepts(model, reflected=False, compare_to=live):
            log.info("Detected changed %s %r on %r: %s", kind(model), plain(model.name), self.place, result.message)
            self.drop(live)
            self.create(model)

    def accepts(self, item: Item, *, reflected: bool, compare_to: Item | None) -> bool:
        """Ask the project's filter."""
        type_ = "index" if isinstance(item, Index) else "unique_constraint"
        return self.context.run_object_filters(item, item.name, type_, reflected, compare_to)

    def remove(self, item: Item, compare_to: Item | None = None) -> None:
        """Drop what is in the database only."""
        if self.accepts(item, reflected=True, compare_to=compare_to):
            self.drop(item)
            log.info("Detected removed %s %r on %r", kind(item), plain(item.name), self.place)

    def add(self, item: Item, compare_to: Item | None = None) -> None:
        """Create what is in the models only."""
        if self.accepts(item, reflected=False, compare_to=compare_to):
            self.create(item)
            columns = tuple(str(each.name) for each in item.columns)
            log.info("Detected added %s %r on '%s'", kind(item), plain(item.name), columns)

    def drop(self, item: Item) -> None:
        """Append the operation that drops something."""
        self.ops.append(
            ops.DropIndexOp.from_index(item) if isinstance(item, Index) else ops.DropConstraintOp.from_constraint(item)
        )

    def create(self, item: Item) -> None:
        """Append the operation that creates something."""
        self.ops.append(
            ops.CreateIndexOp.from_index(item) if isinstance(item, Index) else ops.AddConstraintOp.from_constraint(item)
        )


def plain(name: Any) -> str | None:
    """Return a name as messages have it."""
    return str(name) if isinstance(name, str) else None


def kind(item: Item) -> str:
    """Return what something is, as messages have it."""
    return "index" if isinstance(item, Index) else "unique constraint"


def column_names(item: UniqueConstraint) -> list[str]:
    """Return the names of a unique constraint's columns."""
    return [column.name for column in item.columns]


def compare_indexes_and_uniques(  # noqa: PLR0917 - every comparator's signature
    autogen_context: AutogenContext,
    modify_table_ops: ops.ModifyTableOps,
    schema: str | None,  # noqa: ARG001 - one signature for all comparators
    tname: str,  # noqa: ARG001
    conn_table: Table | None,
    metadata_table: Table | None,
) -> PriorityDispatchResult:
    """Compare the indexes and unique constraints of a table."""
    Comparison(autogen_context, modify_table_ops).run(conn_table, metadata_table)
    return PriorityDispatchResult.CONTINUE

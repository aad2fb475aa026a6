"""Constraints that are compared by what they say: CHECKs and exclusion constraints."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, NamedTuple

from stillhouse_engine.autogenerate.compare.names import final_name
from stillhouse_engine.autogenerate.compare.objects import full_name, place_of, sql_name
from stillhouse_engine.autogenerate.reflection.server_words import STAND_IN, Question, server_words
from stillhouse_engine.autogenerate.render.expressions import undoubled
from stillhouse_engine.operations import ops

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from sqlalchemy import Constraint, Table

    from stillhouse_engine.autogenerate.context import AutogenContext
    from stillhouse_engine.schema.snapshot import SchemaObject

log = logging.getLogger("stillhouse.autogenerate.constraints")

ASK = (
    "SELECT to_jsonb(pg_get_constraintdef(k.oid)) FROM pg_catalog.pg_constraint k "
    f"WHERE k.conrelid = 'pg_temp.{STAND_IN}'::regclass AND k.contype = "
)


class Kind(NamedTuple):
    """One kind of constraint.

    Attributes:
        type_: as filters know it.
        live_type: as snapshots know it.
        words: as messages have it.
        code: PostgreSQL's letter.
    """

    type_: str
    live_type: str
    words: str
    code: str


def ask_server(
    autogen_context: AutogenContext,
    schemas: set[str | None],
    kind: Kind,
    constraints: Callable[[AutogenContext, Table], Iterable[Constraint]],
) -> None:
    """Ask PostgreSQL how it would write the constraints of the models' tables that are there already."""
    there = {place_of(autogen_context, item) for item in autogen_context.snapshot.of_kind("table")}
    compiler: Any = autogen_context.dialect.ddl_compiler(autogen_context.dialect, None)  # type: ignore[arg-type]
    questions: dict[Any, Question] = {}
    for table in autogen_context.sorted_tables:
        schema = autogen_context.home(table.schema)
        if schema not in schemas or (schema, table.name) not in there:
            continue
        stand_in = f"CREATE TEMP TABLE {STAND_IN} (LIKE {sql_name(autogen_context, schema, table.name)})"
        for item in constraints(autogen_context, table):
            alter = f"ALTER TABLE {STAND_IN} ADD {undoubled(compiler.process(item), autogen_context.dialect)}"
            questions[item] = Question((stand_in, alter), f"{ASK}'{kind.code}'")
    if autogen_context.connection is not None:
        autogen_context.asked.update(server_words(autogen_context.connection, questions))


def live_definitions(autogen_context: AutogenContext, schema: str | None, table: str, kind: Kind) -> dict[str, str]:
    """Return what a live table's constraints of a kind say, by their names."""
    parent = full_name(schema, table)
    items: Iterable[SchemaObject] = autogen_context.snapshot.by_parent.get(parent, ())
    parents: dict[str, str | None] = {"table_name": table, "schema_name": schema}
    found = {
        item.name.removeprefix(f"{parent}."): item.text("definition")
        for item in items
        if item.kind == "constraint" and item.get("type") == kind.live_type
    }
    return {name: text for name, text in found.items() if autogen_context.run_name_filters(name, kind.type_, parents)}


class TextComparison:
    """Compares the constraints of one table.

    Args:
        autogen_context: what is known.
        modify_table_ops: takes the operations.
        kind: the kind of constraint.
        live: the live ones by their names.
        definitions: what the live ones say.
    """

    def __init__(
        self,
        autogen_context: AutogenContext,
        modify_table_ops: ops.ModifyTableOps,
        kind: Kind,
        live: Mapping[str, Constraint],
        definitions: Mapping[str, str],
    ) -> None:
        self.context = autogen_context
        self.ops = modify_table_ops.ops
        self.place = full_name(modify_table_ops.schema, modify_table_ops.table_name)
        self.kind = kind
        self.live = live
        self.definitions = dict(definitions)

    def run(self, models: Mapping[Constraint, str | None]) -> None:
        """Remove, change and add.

        Args:
            models: what those of the models would say, None for one that cannot be made on the table as it is.
        """
        named = {name: item for item in models if (name := final_name(item, self.context.dialect)) is not None}
        texts = {text: name for name, text in self.definitions.items() if name not in named}
        nameless = [item for item in models if item not in named.values()]
        unnamed = {item: texts[text] for item in nameless if (text := str(models[item])) in texts}
        for name in sorted(self.definitions.keys() - named.keys() - set(unnamed.values())):
            self.drop(name)
        for name in sorted(self.definitions.keys() & named.keys()):
            if self.definitions[name] != models[named[name]]:
                self.change(name, named[name])
        for item in sorted(models, key=lambda each: str(each.name)):
            if item not in unnamed and final_name(item, self.context.dialect) not in self.definitions:
                self.add(item)

    def drop(self, name: str) -> None:
        """Drop a constraint that is in the database only."""
        if name not in self.live:
            return  # without a name it can be told, but not dropped
        if self.context.run_object_filters(self.live[name], name, self.kind.type_, True, None):
            self.ops.append(ops.DropConstraintOp.from_constraint(self.live[name]))
            log.info("Detected removed %s %r on table %r", self.kind.words, name, self.place)

    def change(self, name: str, model: Constraint) -> None:
        """Put a constraint in the place of one of the same name."""
        if name not in self.live:
            return  # it belongs to the definition of a column
        if self.context.run_object_filters(model, name, self.kind.type_, False, self.live[name]):
            self.ops.append(ops.DropConstraintOp.from_constraint(self.live[name]))
            self.ops.append(ops.AddConstraintOp.from_constraint(model))
            log.info("Detected changed %s %r on table %r", self.kind.words, name, self.place)

    def add(self, model: Constraint) -> None:
        """Add a constraint that is in the models only."""
        if self.context.dialect.name == "sqlite" and final_name(model, self.context.dialect) is None:
            log.warning("A %s of table %r has no name, and cannot be added without one", self.kind.words, self.place)
            return
        if self.context.run_object_filters(model, model.name, self.kind.type_, False, None):
            self.ops.append(ops.AddConstraintOp.from_constraint(model))
            name = str(model.name) if isinstance(model.name, str) else None
            log.info("Detected added %s %r on table %r", self.kind.words, name, self.place)

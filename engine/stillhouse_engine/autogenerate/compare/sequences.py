"""Sequences of the models (``sqlalchemy.Sequence``): added, removed, changed options. PostgreSQL and MariaDB."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from sqlalchemy.schema import CreateSequence, DropSequence

from stillhouse_engine.autogenerate.compare.objects import (
    SEQUENCES,
    accepts,
    arrange,
    full_name,
    is_mysql,
    live_objects,
    place_of,
    sql_name,
)
from stillhouse_engine.autogenerate.dispatch import DispatchPriority, PriorityDispatchResult
from stillhouse_engine.operations import ops
from stillhouse_engine.schema.mysql.definitions import sequence_options as mariadb_options
from stillhouse_engine.schema.postgresql.create import sequence_options

if TYPE_CHECKING:
    from sqlalchemy import Sequence

    from stillhouse_engine.autogenerate.context import AutogenContext
    from stillhouse_engine.autogenerate.plugins import Plugin
    from stillhouse_engine.schema.snapshot import SchemaObject

    Options = dict[str, Any]

log = logging.getLogger("stillhouse.autogenerate.sequences")

BITS = {"smallint": 15, "integer": 31, "bigint": 63}
LARGEST_ON_MARIADB = 2**63 - 2
CACHE_ON_MARIADB = 1000
WORDS = {
    "type": "AS",
    "increment": "INCREMENT BY",
    "minimum": "MINVALUE",
    "maximum": "MAXVALUE",
    "start": "START WITH",
    "cache": "CACHE",
}


def compare_sequences(
    autogen_context: AutogenContext, upgrade_ops: ops.UpgradeOps, schemas: set[str | None]
) -> PriorityDispatchResult:
    """Compare the sequences of the chosen schemas; those of SERIAL and identity columns belong to their columns.

    MySQL has none, so that there is nothing to compare, as SQLAlchemy creates none there.
    """
    if not autogen_context.dialect.supports_sequences:
        return PriorityDispatchResult.CONTINUE
    live = live_objects(autogen_context, schemas, "sequence")
    models = {
        (schema, item.name): item
        for item in model_sequences(autogen_context)
        if (schema := autogen_context.home(item.schema)) in schemas
        and not (item.optional and autogen_context.dialect.sequences_optional)
    }
    found = []
    for key, item in live.items():
        if key not in models and not item.text("owned_by") and accepts(autogen_context, key[1], "sequence", None, item):
            found.append(removed(autogen_context, item))
    for key, model in models.items():
        there = live.get(key)
        if not accepts(autogen_context, key[1], "sequence", model, there):
            continue
        if there is None:
            found.append(added(autogen_context, model))
        elif changed := difference(autogen_context, model, there):
            found.append(altered(autogen_context, model, there, changed))
    arrange(upgrade_ops, found)
    return PriorityDispatchResult.CONTINUE


def model_sequences(autogen_context: AutogenContext) -> list[Sequence]:
    """Return the sequences of the models in the order of their names."""
    found = [
        item
        for metadata in autogen_context.metadatas()
        for item in metadata._sequences.values()  # noqa: SLF001 - SQLAlchemy offers no other way to read them
    ]
    return sorted(found, key=lambda item: (item.schema or "", item.name))


def added(autogen_context: AutogenContext, model: Sequence) -> ops.SchemaObjectOp:
    """Create a sequence that is in the models only."""
    name = full_name(model.schema, model.name)
    log.info("Detected added sequence %r", name)
    dialect = autogen_context.dialect
    create, drop = (str(each(model).compile(dialect=dialect)) for each in (CreateSequence, DropSequence))
    return ops.SchemaObjectOp("sequence", name, None, model, statements=[create], undo=[drop], place=SEQUENCES)


def removed(autogen_context: AutogenContext, live: SchemaObject) -> ops.SchemaObjectOp:
    """Drop a sequence that is in the database only."""
    log.info("Detected removed sequence %r", live.name)
    name = sql_name(autogen_context, *place_of(autogen_context, live))
    options = mariadb_options(live) if is_mysql(autogen_context) else sequence_options(live)
    create, drop = f"CREATE SEQUENCE {name} {options}", f"DROP SEQUENCE {name}"
    return ops.SchemaObjectOp("sequence", live.name, live, None, statements=[drop], undo=[create], place=-SEQUENCES)


def altered(autogen_context: AutogenContext, model: Sequence, live: SchemaObject, changed: Options) -> Any:
    """Change the options of a sequence."""
    log.info("Detected changed sequence %r: %s", live.name, ", ".join(changed))
    start = f"ALTER SEQUENCE {sql_name(autogen_context, model.schema, model.name)}"
    before = {option: live.get(option) for option in changed}
    no_cycle = "NOCYCLE" if is_mysql(autogen_context) else "NO CYCLE"
    statements, undo = ([f"{start} {clauses(options, no_cycle)}"] for options in (changed, before))
    return ops.SchemaObjectOp("sequence", live.name, live, model, statements=statements, undo=undo, place=SEQUENCES)


def difference(autogen_context: AutogenContext, model: Sequence, live: SchemaObject) -> Options:
    """Return the options that differ, as the models have them."""
    wanted = mariadb_options_of(model) if is_mysql(autogen_context) else options_of(autogen_context, model)
    return {option: value for option, value in wanted.items() if value != live.get(option)}


def options_of(autogen_context: AutogenContext, model: Sequence) -> Options:
    """Return all options of a model's sequence, with PostgreSQL's defaults for those that it does not say."""
    kind = "bigint"
    if model.data_type is not None:
        kind = autogen_context.dialect.type_compiler_instance.process(model.data_type).lower()
    increment = model.increment or 1
    largest = 2 ** BITS.get(kind, BITS["bigint"])
    minimum, maximum = (1, largest - 1) if increment > 0 else (-largest, -1)
    minimum = minimum if model.minvalue is None else model.minvalue
    maximum = maximum if model.maxvalue is None else model.maxvalue
    start = (minimum if increment > 0 else maximum) if model.start is None else model.start
    return {
        "type": kind,
        "increment": increment,
        "minimum": minimum,
        "maximum": maximum,
        "start": start,
        "cache": model.cache or 1,
        "cycle": True if model.cycle else None,
    }


def mariadb_options_of(model: Sequence) -> Options:
    """Return all options of a model's sequence, with MariaDB's defaults for those that it does not say."""
    increment = 1 if model.increment is None else model.increment
    lowest, highest = (1, LARGEST_ON_MARIADB) if increment >= 0 else (-LARGEST_ON_MARIADB - 1, -1)
    minimum = lowest if model.minvalue is None else model.minvalue
    maximum = highest if model.maxvalue is None else model.maxvalue
    return {
        "increment": increment,
        "minimum": minimum,
        "maximum": maximum,
        "start": (minimum if increment >= 0 else maximum) if model.start is None else model.start,
        "cache": CACHE_ON_MARIADB if model.cache is None else model.cache,
        "cycle": int(bool(model.cycle)),
    }


def clauses(options: Options, no_cycle: str = "NO CYCLE") -> str:
    """Return options as SQL."""
    said = [f"{word} {options[option]}" for option, word in WORDS.items() if option in options]
    if "cycle" in options:
        said.append("CYCLE" if options["cycle"] else no_cycle)
    return " ".join(said)


def setup(plugin: Plugin) -> None:
    """Register the comparator."""
    for dialect in ("postgresql", "mysql", "mariadb"):
        plugin.add_autogenerate_comparator(
            compare_sequences, "schema", "sequences", qualifier=dialect, priority=DispatchPriority.LAST
        )

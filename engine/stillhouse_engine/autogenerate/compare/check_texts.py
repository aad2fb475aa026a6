"""CHECKs by what they say, in the words of the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint

from stillhouse_engine.autogenerate.compare.constraint_texts import Kind, TextComparison, ask_server, live_definitions
from stillhouse_engine.autogenerate.compare.objects import is_mysql, place_of, sql_name
from stillhouse_engine.autogenerate.dispatch import DispatchPriority, PriorityDispatchResult
from stillhouse_engine.autogenerate.reflection.mysql_words import server_words
from stillhouse_engine.autogenerate.render.expressions import undoubled
from stillhouse_engine.schema.mysql.statements import identifier
from stillhouse_engine.schema.sqlite.tokens import canonical, tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Constraint, Table

    from stillhouse_engine.autogenerate.context import AutogenContext
    from stillhouse_engine.autogenerate.plugins import Plugin
    from stillhouse_engine.operations import ops

KIND = Kind("check_constraint", "check", "check constraint", "c")


def ask_for_checks(
    autogen_context: AutogenContext,
    upgrade_ops: ops.UpgradeOps,  # noqa: ARG001 - one signature for all comparators
    schemas: set[str | None],
) -> PriorityDispatchResult:
    """Ask PostgreSQL how it would write the models' CHECKs, MySQL how it understands them."""
    if is_mysql(autogen_context):
        ask_mysql(autogen_context, schemas)
    else:
        ask_server(autogen_context, schemas, KIND, checks_of)
    return PriorityDispatchResult.CONTINUE


def ask_mysql(autogen_context: AutogenContext, schemas: set[str | None]) -> None:
    """Ask MySQL or MariaDB how it understands the CHECKs of tables that are in both, live ones and the models'."""
    questions: dict[Any, str] = {}
    there = {place_of(autogen_context, item) for item in autogen_context.snapshot.of_kind("table")}
    for table in autogen_context.sorted_tables:
        schema = autogen_context.home(table.schema)
        if schema not in schemas or (schema, table.name) not in there:
            continue
        ask = f"SELECT ({{}}\n) AS said FROM {sql_name(autogen_context, schema, table.name)}"
        for item in checks_of(autogen_context, table):
            questions[item] = ask.format(expression(autogen_context, item))
        for name, text in live_checks(autogen_context, schema, table.name).items():
            questions[schema, table.name, name] = ask.format(text)
    if autogen_context.connection is not None:
        autogen_context.asked.update(server_words(autogen_context.connection, questions, {}))


def live_checks(autogen_context: AutogenContext, schema: str | None, table: str) -> dict[str, str]:
    """Return the live CHECKs of a table of MySQL or MariaDB, without those that MariaDB gives to JSON columns."""
    found = {}
    definitions = live_definitions(autogen_context, schema, table, KIND)
    if getattr(autogen_context.dialect, "is_mariadb", False) and any("?" in text for text in definitions.values()):
        # What information_schema cannot write are question marks there.
        shown = autogen_context.inspector.get_check_constraints(table, schema)
        definitions |= {
            str(item["name"]): f"CHECK ({item['sqltext']})" for item in shown if item["name"] in definitions
        }
    for name, definition in definitions.items():
        text = definition.removeprefix("CHECK (").removesuffix(")")
        if text != f"json_valid({identifier(name)})":
            found[name] = text
    return found


def checks_of(autogen_context: AutogenContext, table: Table) -> Iterator[CheckConstraint]:
    """Yield a model's CHECKs, with those that its columns' types bring along on this database."""
    compiler = autogen_context.dialect.ddl_compiler(autogen_context.dialect, None)  # type: ignore[arg-type]
    for item in table.constraints:
        if isinstance(item, CheckConstraint):
            rule: Any = item._create_rule  # noqa: SLF001 - SQLAlchemy tells it nowhere else
            if rule is None or rule(compiler):
                yield item


def compare_check_texts(  # noqa: PLR0917 - every comparator's signature
    autogen_context: AutogenContext,
    modify_table_ops: ops.ModifyTableOps,
    schema: str | None,
    tname: str,
    conn_table: Table | None,
    metadata_table: Table | None,
) -> PriorityDispatchResult:
    """Compare the CHECKs of a table that is in both; whoever compares them by name only has nothing left to do."""
    if conn_table is None or metadata_table is None:
        return PriorityDispatchResult.CONTINUE
    models: dict[Constraint, str | None] = {
        item: words(autogen_context, item) for item in checks_of(autogen_context, metadata_table)
    }
    live = {str(item.name): item for item in conn_table.constraints if isinstance(item, CheckConstraint)}
    definitions = live_words(autogen_context, schema, tname)
    TextComparison(autogen_context, modify_table_ops, KIND, live, definitions).run(models)
    return PriorityDispatchResult.STOP


def live_words(autogen_context: AutogenContext, schema: str | None, table: str) -> dict[str, str]:
    """Return what the CHECKs of a live table say, by their names."""
    if is_mysql(autogen_context):
        found = live_checks(autogen_context, schema, table)
        return {name: autogen_context.asked.get((schema, table, name)) or text for name, text in found.items()}
    definitions = live_definitions(autogen_context, schema, table, KIND)
    if autogen_context.dialect.name == "postgresql":
        return definitions
    return {name: in_short(text) for name, text in definitions.items()}


def words(autogen_context: AutogenContext, item: CheckConstraint) -> str | None:
    """Return what a model's CHECK would say in the database."""
    if autogen_context.dialect.name == "postgresql" or is_mysql(autogen_context):
        answer = autogen_context.asked.get(item)
        return answer if isinstance(answer, str) else None
    return in_short(f"CHECK ({expression(autogen_context, item)})")


def expression(autogen_context: AutogenContext, item: CheckConstraint) -> str:
    """Return the expression of a model's CHECK as it stands in DDL."""
    text = autogen_context.migration_context.impl.render_ddl_sql_expr(item.sqltext)
    return undoubled(text, autogen_context.dialect)


def in_short(sql: str) -> str:
    """Return a CHECK without what is not meant: blanks, quotes, capitals, parentheses around all of it."""
    found = [token for token in tokens(sql) if token.keyword != "CHECK"]
    while enclosed([token.value for token in found]):
        found = found[1:-1]
    return canonical(found)


def enclosed(signs: list[str]) -> bool:
    """Tell whether the first and the last sign are parentheses around all the rest."""
    if len(signs) < 2 or signs[0] != "(" or signs[-1] != ")":  # noqa: PLR2004 - a pair
        return False
    depth = 0
    for place, sign in enumerate(signs):
        depth += (sign == "(") - (sign == ")")
        if depth == 0 and place < len(signs) - 1:
            return False
    return True


def setup(plugin: Plugin) -> None:
    """Register the comparators."""
    for dialect in ("postgresql", "mysql", "mariadb"):
        plugin.add_autogenerate_comparator(
            ask_for_checks, "schema", "check_texts", qualifier=dialect, priority=DispatchPriority.FIRST
        )
    plugin.add_autogenerate_comparator(
        compare_check_texts, "table", "checkconstraints", priority=DispatchPriority.FIRST
    )

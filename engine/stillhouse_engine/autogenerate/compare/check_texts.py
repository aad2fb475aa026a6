"""CHECKs by what they say, in the words of the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint

from stillhouse_engine.autogenerate.compare.constraint_texts import Kind, TextComparison, ask_server, live_definitions
from stillhouse_engine.autogenerate.dispatch import DispatchPriority, PriorityDispatchResult
from stillhouse_engine.autogenerate.render.expressions import undoubled
from stillhouse_engine.schema.sqlite.tokens import Token, canonical, tokens

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
    """Ask PostgreSQL how it would write the models' CHECKs."""
    ask_server(autogen_context, schemas, KIND, checks_of)
    return PriorityDispatchResult.CONTINUE


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
    definitions = live_definitions(autogen_context, schema, tname, KIND)
    if autogen_context.dialect.name != "postgresql":
        # MariaDB gives every JSON column a CHECK of its own.
        definitions = {name: in_short(autogen_context, text) for name, text in definitions.items()}
    definitions = {name: text for name, text in definitions.items() if text != f"json_valid {name}"}
    TextComparison(autogen_context, modify_table_ops, KIND, live, definitions).run(models)
    return PriorityDispatchResult.STOP


def words(autogen_context: AutogenContext, item: CheckConstraint) -> str | None:
    """Return what a model's CHECK would say in the database."""
    if autogen_context.dialect.name == "postgresql":
        answer = autogen_context.asked.get(item)
        return answer if isinstance(answer, str) else None
    text = autogen_context.migration_context.impl.render_ddl_sql_expr(item.sqltext)
    return in_short(autogen_context, f"CHECK ({undoubled(text, autogen_context.dialect)})")


def in_short(autogen_context: AutogenContext, sql: str) -> str:
    """Return a CHECK without what databases change: blanks, quotes and capitals; on MySQL parentheses, too."""
    found = [token for token in tokens(sql) if token.keyword != "CHECK"]
    if autogen_context.dialect.name in {"mysql", "mariadb"}:
        same = [Token("sign", "%") if token.keyword == "MOD" else token for token in found]
        return canonical([token for token in same if token.value not in {"(", ")"}])
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
    plugin.add_autogenerate_comparator(
        ask_for_checks, "schema", "check_texts", qualifier="postgresql", priority=DispatchPriority.FIRST
    )
    plugin.add_autogenerate_comparator(
        compare_check_texts, "table", "checkconstraints", priority=DispatchPriority.FIRST
    )

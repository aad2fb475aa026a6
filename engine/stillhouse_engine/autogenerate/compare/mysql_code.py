"""What views, triggers and routines of MySQL and MariaDB have in common.

Privileges hide them, they keep the sql_mode in which they were made, and they cannot be made while a column is missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stillhouse_engine.errors import CommandError
from stillhouse_engine.operations import ops

if TYPE_CHECKING:
    from stillhouse_engine.autogenerate.context import AutogenContext
    from stillhouse_engine.schema.snapshot import SchemaObject


def refuse_unseen(autogen_context: AutogenContext, kind: str) -> None:
    """Refuse to compare what the server leaves out of its catalogue for this user: it would seem to be missing.

    Raises:
        CommandError: this user does not see things of that kind.
    """
    reason = dict(autogen_context.snapshot.coverage.not_compared).get(kind)
    if reason is not None:
        raise CommandError(
            f"Can't compare {kind}s: they are {reason} on the database. Grant it, or leave the plug-in out of autogenerate_plugins."
        )


def refuse_hidden(live: SchemaObject) -> None:
    """Refuse to compare what this user may not read.

    Raises:
        CommandError: the server hides the body.
    """
    if live.hints.get("readable") != 0:
        return
    if live.kind == "view":
        raise CommandError(
            f"Can't compare the view {live.name!r}: the server hides its query from this user. Grant SHOW VIEW on the database, or leave "
            "it out with include_name."
        )
    raise CommandError(
        f"Can't compare the {live.kind} {live.name!r}: the server hides its body from this user, who has not made it. Migrate as "
        "its definer, grant SHOW CREATE ROUTINE (MariaDB 11.3 or later), SHOW_ROUTINE (MySQL 8) or SELECT on mysql.proc "
        "(MariaDB), or leave it out with include_name."
    )


def made_under(autogen_context: AutogenContext, live: SchemaObject) -> str:
    """Return what to say where something is made again under another sql_mode than it had: its body may mean something else."""
    if autogen_context.connection is None or live.get("sql_mode") is None:
        return ""
    key = "sql_mode"
    if key not in autogen_context.asked:
        autogen_context.asked[key] = autogen_context.connection.exec_driver_sql("SELECT @@sql_mode").scalar()
    if modes(live.text("sql_mode")) == modes(str(autogen_context.asked[key])):
        return ""
    return f"It was made with sql_mode = '{live.text('sql_mode')}', this session has another one: set that before."


def modes(said: str) -> set[str]:
    """Return the modes of an sql_mode."""
    return {mode for mode in said.upper().split(",") if mode}


def changed_tables(upgrade_ops: ops.UpgradeOps, *kinds: type[ops.MigrateOperation]) -> set[str]:
    """Return the names, in small letters, of tables that get some kinds of operations."""
    return {
        table.table_name.lower()
        for table in upgrade_ops.ops
        if isinstance(table, ops.ModifyTableOps) and any(isinstance(each, kinds) for each in table.ops)
    }


def lossy_tables(upgrade_ops: ops.UpgradeOps) -> frozenset[str]:
    """Return the names of tables that go or lose columns: what uses those cannot be made as it was before they are back."""
    gone = {each.table_name.lower() for each in upgrade_ops.ops if isinstance(each, ops.DropTableOp)}
    return frozenset(gone | changed_tables(upgrade_ops, ops.DropColumnOp))

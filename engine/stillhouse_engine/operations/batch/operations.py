"""A batch: gathers changes to one table, and carries them out when the block ends."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, NoReturn

from sqlalchemy import CheckConstraint, MetaData, Table, inspect
from sqlalchemy.sql.elements import conv

from stillhouse_engine.errors import CommandError
from stillhouse_engine.operations.batch.drafts import TableDraft
from stillhouse_engine.operations.batch.recreate import TableRecreation, temporary_name
from stillhouse_engine.operations.schema_objects import is_type_bound

if TYPE_CHECKING:
    from sqlalchemy import Column, Constraint, Dialect, Index, Inspector

    from stillhouse_engine.operations.batch.plan import BatchPlan


class BatchOperationsImpl:
    """Takes the place of a dialect's implementation inside a batch.

    Args:
        operations: the operations that the batch belongs to.
        plan: what ``batch_alter_table`` was given.
    """

    def __init__(self, operations: Any, plan: BatchPlan) -> None:
        self.operations = operations
        self.plan = plan
        self.batch: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []

    @property
    def table_name(self) -> str:
        """Name of the table."""
        return self.plan.table_name

    @property
    def schema(self) -> str | None:
        """Schema of the table."""
        return self.plan.schema

    @property
    def dialect(self) -> Dialect:
        """SQLAlchemy's dialect."""
        dialect: Dialect = self.impl.dialect
        return dialect

    @property
    def impl(self) -> Any:
        """The dialect's implementation."""
        return self.operations.impl

    def flush(self) -> None:
        """Carry out what was gathered."""
        if not self._should_recreate():
            self._refuse_places()
            for name, arguments, kw in self.batch:
                getattr(self.impl, name)(*arguments, **kw)
            return
        if self.operations.migration_context.as_sql and self.plan.copy_from is None:
            raise CommandError(
                f"This operation cannot proceed in --sql mode; batch mode with dialect {self.dialect.name} requires a "
                f'live database connection with which to reflect the table "{self.table_name}". To generate a batch SQL '
                'migration script using table "move and copy", a complete Table object should be passed to the '
                '"copy_from" argument of the batch_alter_table() method so that table reflection can be skipped.'
            )
        self._recreate()

    def _should_recreate(self) -> bool:
        if self.plan.recreate == "auto":
            return bool(self.impl.requires_recreate_in_batch(self))
        return self.plan.recreate == "always"

    def _refuse_places(self) -> None:
        """Refuse places for new columns before anything is altered: ALTER cannot choose them."""
        for name, _, kw in self.batch:
            if name == "add_column" and ("insert_before" in kw or "insert_after" in kw):
                raise CommandError(
                    "Can't specify insert_before or insert_after when using ALTER; please specify recreate='always'"
                )

    def _recreate(self) -> None:
        offline = self.operations.migration_context.as_sql
        if not offline:
            self._clean_leftover()
            self.impl.protect_referring_rows(self.table_name, self.schema)
        table = self.plan.copy_from if self.plan.copy_from is not None else self._reflect()
        as_written = {} if offline or self.plan.copy_from is not None else self.impl.indexes_as_written(table)
        draft = TableDraft(self.impl, table, reflected=self.plan.copy_from is None, as_written=as_written)
        self._warn_of_omitted(draft.omitted_checks)
        for name, arguments, kw in self.batch:
            getattr(draft, name)(*arguments, **kw)
        self.impl.prep_table_for_batch(draft, table)
        TableRecreation(self.impl, draft, self.plan).carry_out()

    def _reflect(self) -> Table:
        convention = self.plan.naming_convention
        metadata = MetaData(naming_convention=convention) if convention else MetaData()
        options = {"resolve_fks": False, **self.plan.reflect_kwargs}
        self.impl.sink.flush()
        inspector = inspect(self.operations.get_bind())
        given = {item: item.name for item in self.plan.reflect_args if isinstance(item, CheckConstraint)}
        table = Table(
            self.table_name,
            metadata,
            *self.plan.reflect_args,
            schema=self.schema,
            autoload_with=inspector,
            listeners=[("column_reflect", self.impl.autogen_column_reflect), *options.pop("listeners", ())],
            **options,
        )
        for check, name in given.items():
            check.name = name
        keep_names(table, inspector)
        return table

    def _warn_of_omitted(self, checks: list[CheckConstraint]) -> None:
        if any(isinstance(item, CheckConstraint) for item in self.plan.table_args):
            return
        for _ in checks:
            warnings.warn(
                f"Unnamed CHECK constraint on reflected table '{self.table_name}' is being omitted from the table recreate; "
                "pass the constraint explicitly using batch_alter_table.table_args.  Naming CHECK constraints avoids this "
                "going forward.",
                stacklevel=2,
            )

    def _clean_leftover(self) -> None:
        """Deal with the temporary table of an attempt that died: rename it where the table itself is gone, else drop it."""
        self.impl.sink.flush()
        inspector = inspect(self.operations.get_bind())
        name = temporary_name(self.table_name)
        if not inspector.has_table(name, schema=self.schema):
            return
        if inspector.has_table(self.table_name, schema=self.schema):
            self.impl.drop_table(Table(name, MetaData(), schema=self.schema))
        else:
            self.impl.rename_table(name, self.table_name, schema=self.schema)

    def alter_column(self, *arguments: Any, **kw: Any) -> None:
        """Gather a change of a column."""
        self.batch.append(("alter_column", arguments, kw))

    def add_column(self, *arguments: Any, **kw: Any) -> None:
        """Gather a new column."""
        self.batch.append(("add_column", arguments, kw))

    def drop_column(self, *arguments: Any, **kw: Any) -> None:
        """Gather the end of a column."""
        self.batch.append(("drop_column", arguments, kw))

    def add_constraint(self, const: Constraint) -> None:
        """Gather a new constraint."""
        self.batch.append(("add_constraint", (const,), {}))

    def drop_constraint(self, const: Constraint, **kw: Any) -> None:
        """Gather the end of a constraint."""
        self.batch.append(("drop_constraint", (const,), kw))

    def create_index(self, idx: Index, **kw: Any) -> None:
        """Gather a new index."""
        self.batch.append(("create_index", (idx,), kw))

    def drop_index(self, idx: Index, **kw: Any) -> None:
        """Gather the end of an index."""
        self.batch.append(("drop_index", (idx,), kw))

    def create_table_comment(self, table: Table) -> None:
        """Gather the table's comment."""
        self.batch.append(("create_table_comment", (table,), {}))

    def drop_table_comment(self, table: Table) -> None:
        """Gather the end of the table's comment."""
        self.batch.append(("drop_table_comment", (table,), {}))

    def create_column_comment(self, column: Column[Any]) -> None:
        """Gather a column's comment."""
        self.batch.append(("create_column_comment", (column,), {}))

    def rename_table(self, *arguments: Any, **kw: Any) -> None:
        """Gather a new name for the table."""
        self.batch.append(("rename_table", arguments, kw))

    def create_table(self, table: Table) -> NoReturn:
        """Refuse: a batch has its table.

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError("Can't create table in batch mode")

    def drop_table(self, table: Table) -> NoReturn:
        """Refuse: a batch keeps its table.

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError("Can't drop table in batch mode")


def keep_names(table: Table, inspector: Inspector) -> None:
    """Give reflected CHECKs the names back that a naming convention changed: it is for those without a name."""
    checks = [each for each in table.constraints if isinstance(each, CheckConstraint) and not is_type_bound(each)]
    renamed = [each for each in checks if isinstance(each.name, conv)]
    if not renamed:
        return
    named = [check for check in inspector.get_check_constraints(table.name, schema=table.schema) if check["name"]]
    for constraint in renamed:
        found = next((check for check in named if check["sqltext"] == str(constraint.sqltext)), None)
        if found is not None:
            named.remove(found)
            constraint.name = found["name"]

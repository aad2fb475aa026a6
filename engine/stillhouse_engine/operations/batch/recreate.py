"""Making a table anew: under a temporary name, with the data of the old one, whose name it then takes."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, MetaData, Table, select, text
from sqlalchemy.exc import SQLAlchemyError

from stillhouse_engine.operations.batch.rebuild import Rebuilder

if TYPE_CHECKING:
    from stillhouse_engine.operations.batch.drafts import TableDraft
    from stillhouse_engine.operations.batch.plan import BatchPlan

PREFIX = "_alembic_tmp_"
NAME_LENGTH = 50


def temporary_name(table_name: str) -> str:
    """Return the name that a table has while it is made."""
    return f"{PREFIX}{table_name}"[:NAME_LENGTH]


class TableRecreation:
    """Carries out what is drafted.

    Args:
        impl: the dialect's implementation.
        draft: the table as it is to be.
        plan: what ``batch_alter_table`` was given.
    """

    def __init__(self, impl: Any, draft: TableDraft, plan: BatchPlan) -> None:
        self.impl = impl
        self.draft = draft
        self.plan = plan

    def carry_out(self) -> None:
        """Create the new table, fill it, drop the old one, and take its name."""
        new = self._new_table()
        draft = self.draft
        rebuilder = Rebuilder(
            new,
            columns=draft.columns,
            renames=draft.renames,
            dropped=draft.dropped,
            old=draft.table,
            quote=self.impl.dialect.identifier_preparer.quote,
        )
        later = self._constrain(new, rebuilder)
        self.impl.create_table(new)
        try:
            self._transfer(new)
            self.impl.drop_table(self.draft.table)
        except Exception:
            self._clear_up(new)
            raise
        self.impl.take_name(new.name, self.draft.table)
        new.name = self.draft.table.name
        for check in later:
            new.append_constraint(check)
            self.impl.add_constraint(check)
        for name in sorted({*self.draft.indexes, *self.draft.as_written}):
            self._keep_index(name, rebuilder)
        for index, kw in self.draft.new_indexes.values():
            self.impl.create_index(rebuilder.index(index, existing=False), **kw)

    def _clear_up(self, new: Table) -> None:
        """Drop the temporary table after a failure, where the database does not roll it back itself."""
        if not self.impl.transactional_ddl and not self.impl.as_sql:
            with suppress(SQLAlchemyError):  # the failure itself is what the user needs to see
                self.impl.drop_table(new)

    def _ordered(self) -> list[str]:
        return self.draft.order.sorted(self.plan.partial_reordering)

    def _new_table(self) -> Table:
        options: dict[str, Any] = {**self.draft.table.kwargs, "comment": self.draft.comment, **self.plan.table_kwargs}
        columns = [self.draft.columns[name] for name in self._ordered()]
        return Table(
            temporary_name(self.draft.table.name),
            MetaData(),
            *columns,
            *self.plan.table_args,
            schema=self.draft.table.schema,
            **options,
        )

    def _constrain(self, new: Table, rebuilder: Rebuilder) -> list[CheckConstraint]:
        """Give the new table its constraints, and return those whose names the old table still holds."""
        later = []
        for drafted in (*self.draft.named_constraints.values(), *self.draft.unnamed_constraints):
            constraint = rebuilder.constraint(drafted, existing=drafted not in self.draft.added)
            if isinstance(constraint, CheckConstraint) and constraint.name and self._is_taken():
                later.append(constraint)
            elif constraint is not None:
                new.append_constraint(constraint)
        return later

    def _is_taken(self) -> bool:
        """Tell whether a CHECK's name belongs to the old table as long as that is there."""
        return self.impl.checks_share_names and not self.impl.as_sql

    def _transfer(self, new: Table) -> None:
        kept = {name: self.draft.transfers[name] for name in self._ordered() if name in self.draft.transfers}
        if not kept:
            return
        source = select(*(transfer["expr"] for transfer in kept.values()))
        names = [self.draft.columns[name].name for name in kept]
        self.impl._exec(new.insert().inline().from_select(names, source))  # noqa: SLF001 - Alembic's name for it

    def _keep_index(self, name: str, rebuilder: Rebuilder) -> None:
        if name in self.draft.as_written:
            if (written := rebuilder.index_text(self.draft.as_written[name])) is not None:
                self.impl._exec(text(written.replace(":", r"\:")))  # noqa: SLF001 - as above
        elif (index := rebuilder.index(self.draft.indexes[name], existing=True)) is not None:
            self.impl.create_index(index)

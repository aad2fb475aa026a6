"""Changes to existing columns as operations."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

from stillhouse_engine.operations.ops.base import AlterTableOp, BatchInvoker, Invoker

if TYPE_CHECKING:
    from sqlalchemy import Computed, Identity, TextClause
    from sqlalchemy.sql.elements import ColumnElement
    from sqlalchemy.types import TypeEngine

    ServerDefault = str | bool | Identity | Computed | TextClause | ColumnElement[Any] | None
    Type = TypeEngine[Any] | type[TypeEngine[Any]]


class AlterColumnOp(AlterTableOp):
    """Changes a column. What stays False (default, comment) or None (the rest) is left alone."""

    def __init__(
        self,
        table_name: str,
        column_name: str,
        *,
        schema: str | None = None,
        existing_type: Any | None = None,
        existing_server_default: Any = False,
        existing_nullable: bool | None = None,
        existing_comment: str | None = None,
        modify_nullable: bool | None = None,
        modify_comment: str | Literal[False] | None = False,
        modify_server_default: Any = False,
        modify_name: str | None = None,
        modify_type: Any | None = None,
        **kw: Any,
    ) -> None:
        super().__init__(table_name, schema=schema)
        self.column_name = column_name
        self.existing_type = existing_type
        self.existing_server_default = existing_server_default
        self.existing_nullable = existing_nullable
        self.existing_comment = existing_comment
        self.modify_nullable = modify_nullable
        self.modify_comment = modify_comment
        self.modify_server_default = modify_server_default
        self.modify_name = modify_name
        self.modify_type = modify_type
        self.kw = kw

    def _existing(self, *names: str) -> dict[str, Any]:
        return {f"existing_{name}": getattr(self, f"existing_{name}") for name in names}

    def to_diff_tuple(self) -> Any:
        """Return one tuple for each thing that changes."""
        place = (self.schema, self.table_name, self.column_name)
        diffs: list[tuple[Any, ...]] = []
        if self.modify_type is not None:
            kept = self._existing("nullable", "server_default", "comment")
            diffs.append(("modify_type", *place, kept, self.existing_type, self.modify_type))
        if self.modify_nullable is not None:
            kept = self._existing("type", "server_default", "comment")
            diffs.append(("modify_nullable", *place, kept, self.existing_nullable, self.modify_nullable))
        if self.modify_server_default is not False:
            kept = self._existing("nullable", "type", "comment")
            diffs.append(("modify_default", *place, kept, self.existing_server_default, self.modify_server_default))
        if self.modify_comment is not False:
            kept = self._existing("nullable", "type", "server_default")
            diffs.append(("modify_comment", *place, kept, self.existing_comment, self.modify_comment))
        return diffs

    def has_changes(self) -> bool:
        """Tell whether anything changes."""
        return (
            self.modify_nullable is not None
            or self.modify_server_default is not False
            or self.modify_type is not None
            or self.modify_comment is not False
            or any(re.match(r"modify_", name) for name in self.kw)
        )

    def reverse(self) -> AlterColumnOp:
        """Return the operation that brings the existing state back; a new name is not undone."""
        kw = self.kw.copy()
        for name in self.kw:
            if (attribute := name.removeprefix("modify_")) != name and f"existing_{attribute}" in kw:
                kw[name], kw[f"existing_{attribute}"] = kw[f"existing_{attribute}"], kw[name]
        reverse = AlterColumnOp(self.table_name, self.column_name, schema=self.schema, **self._existing_all(), **kw)
        if self.modify_type is not None:
            reverse.modify_type, reverse.existing_type = self.existing_type, self.modify_type
        if self.modify_nullable is not None:
            reverse.modify_nullable, reverse.existing_nullable = self.existing_nullable, self.modify_nullable
        if self.modify_server_default is not False:
            reverse.modify_server_default = self.existing_server_default
            reverse.existing_server_default = self.modify_server_default
        if self.modify_comment is not False:
            reverse.modify_comment, reverse.existing_comment = self.existing_comment, self.modify_comment
        return reverse

    def _existing_all(self) -> dict[str, Any]:
        return self._existing("type", "server_default", "nullable", "comment")

    @classmethod
    def alter_column(
        cls,
        operations: Invoker,
        /,
        table_name: str,
        column_name: str,
        *,
        nullable: bool | None = None,
        comment: str | Literal[False] | None = False,
        server_default: ServerDefault = False,
        new_column_name: str | None = None,
        type_: Type | None = None,
        existing_type: Type | None = None,
        existing_server_default: ServerDefault = False,
        existing_nullable: bool | None = None,
        existing_comment: str | None = None,
        schema: str | None = None,
        **kw: Any,
    ) -> None:
        """Change a column.

        Args:
            operations: filled in by ``op``.
            table_name: name of the table.
            column_name: name of the column, the present one when it is renamed.
            nullable: whether it takes NULL.
            comment: its comment; None removes it, False leaves it alone.
            server_default: its default; None removes it, False leaves it alone.
            new_column_name: its new name.
            type_: its new type.
            existing_type: its present type; MySQL and SQL Server need it for most changes.
            existing_server_default: its present default; MySQL loses it otherwise.
            existing_nullable: whether it takes NULL now; MySQL and SQL Server lose it otherwise.
            existing_comment: its present comment; MySQL loses it otherwise.
            schema: schema of the table.
            **kw: ``autoincrement`` and ``existing_autoincrement`` (MySQL), ``postgresql_using``.
        """
        operations.invoke(
            cls(
                table_name,
                column_name,
                schema=schema,
                existing_type=existing_type,
                existing_server_default=existing_server_default,
                existing_nullable=existing_nullable,
                existing_comment=existing_comment,
                modify_name=new_column_name,
                modify_type=type_,
                modify_server_default=server_default,
                modify_nullable=nullable,
                modify_comment=comment,
                **kw,
            )
        )

    @classmethod
    def batch_alter_column(
        cls,
        operations: BatchInvoker,
        /,
        column_name: str,
        *,
        nullable: bool | None = None,
        comment: str | Literal[False] | None = False,
        server_default: ServerDefault = False,
        new_column_name: str | None = None,
        type_: Type | None = None,
        existing_type: Type | None = None,
        existing_server_default: ServerDefault = False,
        existing_nullable: bool | None = None,
        existing_comment: str | None = None,
        insert_before: str | None = None,
        insert_after: str | None = None,
        **kw: Any,
    ) -> None:
        """Change a column of the batch's table.

        Args:
            operations: filled in by the batch.
            column_name: name of the column, the present one when it is renamed.
            nullable: whether it takes NULL.
            comment: its comment; None removes it, False leaves it alone.
            server_default: its default; None removes it, False leaves it alone.
            new_column_name: its new name.
            type_: its new type.
            existing_type: its present type.
            existing_server_default: its present default.
            existing_nullable: whether it takes NULL now.
            existing_comment: its present comment.
            insert_before: the column that it moves in front of, where the table is made anew.
            insert_after: the column that it moves behind, where the table is made anew.
            **kw: ``autoincrement`` and ``existing_autoincrement`` (MySQL), ``postgresql_using``.
        """
        operations.invoke(
            cls(
                operations.impl.table_name,
                column_name,
                schema=operations.impl.schema,
                existing_type=existing_type,
                existing_server_default=existing_server_default,
                existing_nullable=existing_nullable,
                existing_comment=existing_comment,
                modify_name=new_column_name,
                modify_type=type_,
                modify_server_default=server_default,
                modify_nullable=nullable,
                modify_comment=comment,
                insert_before=insert_before,
                insert_after=insert_after,
                **kw,
            )
        )

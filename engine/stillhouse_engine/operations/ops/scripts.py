"""Operations that hold other operations: those of one table, of a direction, of a revision file."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from stillhouse_engine.operations.ops.base import MigrateOperation, OpContainer

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Sequence

Ops = TypeVar("Ops", "UpgradeOps", "DowngradeOps")


class ModifyTableOps(OpContainer):
    """The operations on one table."""

    def __init__(self, table_name: str, ops: Sequence[MigrateOperation], *, schema: str | None = None) -> None:
        super().__init__(ops)
        self.table_name = table_name
        self.schema = schema

    def reverse(self) -> ModifyTableOps:
        """Undo each operation, the last one first."""
        undone = [operation.reverse() for operation in reversed(self.ops)]
        return ModifyTableOps(self.table_name, ops=undone, schema=self.schema)


class UpgradeOps(OpContainer):
    """The operations of an upgrade."""

    def __init__(self, ops: Sequence[MigrateOperation] = (), upgrade_token: str = "upgrades") -> None:  # noqa: S107 - a template's variable
        super().__init__(ops)
        self.upgrade_token = upgrade_token

    def reverse(self) -> DowngradeOps:
        """Return the downgrade that undoes this upgrade."""
        return self.reverse_into(DowngradeOps(ops=[]))

    def reverse_into(self, downgrade_ops: DowngradeOps) -> DowngradeOps:
        """Fill a downgrade with what undoes this upgrade, and return it."""
        downgrade_ops.ops[:] = [operation.reverse() for operation in reversed(self.ops)]
        return downgrade_ops


class DowngradeOps(OpContainer):
    """The operations of a downgrade."""

    def __init__(self, ops: Sequence[MigrateOperation] = (), downgrade_token: str = "downgrades") -> None:  # noqa: S107 - a template's variable
        super().__init__(ops)
        self.downgrade_token = downgrade_token

    def reverse(self) -> UpgradeOps:
        """Return the upgrade that undoes this downgrade."""
        return UpgradeOps(ops=[operation.reverse() for operation in reversed(self.ops)])


class MigrationScript(MigrateOperation):
    """A revision file that is about to be written."""

    def __init__(
        self,
        rev_id: str | None,
        upgrade_ops: UpgradeOps | Iterable[UpgradeOps],
        downgrade_ops: DowngradeOps | Iterable[DowngradeOps],
        *,
        message: str | None = None,
        imports: set[str] | None = None,
        head: str | None = None,
        splice: bool | None = None,
        branch_label: str | Iterable[str] | None = None,
        version_path: str | os.PathLike[str] | None = None,
        depends_on: str | Iterable[str] | None = None,
    ) -> None:
        self.rev_id = rev_id
        self.message = message
        self.imports: set[str] = set() if imports is None else imports
        self.head = head
        self.splice = splice
        self.branch_label = branch_label
        self.version_path = version_path
        self.depends_on = depends_on
        self.upgrade_ops = upgrade_ops
        self.downgrade_ops = downgrade_ops

    @property
    def upgrade_ops(self) -> UpgradeOps | None:
        """The upgrade, where there is one.

        Raises:
            ValueError: there are several, as with several databases.
        """
        return sole(self._upgrade_ops, "upgrade_ops")

    @upgrade_ops.setter
    def upgrade_ops(self, upgrade_ops: UpgradeOps | Iterable[UpgradeOps]) -> None:
        self._upgrade_ops = [upgrade_ops] if isinstance(upgrade_ops, UpgradeOps) else list(upgrade_ops)
        require(self._upgrade_ops, UpgradeOps)

    @property
    def downgrade_ops(self) -> DowngradeOps | None:
        """The downgrade, where there is one.

        Raises:
            ValueError: there are several, as with several databases.
        """
        return sole(self._downgrade_ops, "downgrade_ops")

    @downgrade_ops.setter
    def downgrade_ops(self, downgrade_ops: DowngradeOps | Iterable[DowngradeOps]) -> None:
        self._downgrade_ops = [downgrade_ops] if isinstance(downgrade_ops, DowngradeOps) else list(downgrade_ops)
        require(self._downgrade_ops, DowngradeOps)

    @property
    def upgrade_ops_list(self) -> list[UpgradeOps]:
        """Every upgrade, in the order of the databases."""
        return self._upgrade_ops

    @property
    def downgrade_ops_list(self) -> list[DowngradeOps]:
        """Every downgrade, in the order of the databases."""
        return self._downgrade_ops


def sole(entries: list[Ops], name: str) -> Ops | None:
    """Return the only entry, None when there is none.

    Raises:
        ValueError: there are several.
    """
    if len(entries) > 1:
        kind = type(entries[0]).__name__
        raise ValueError(
            f"This MigrationScript instance has a multiple-entry list for {kind}; please use the {name}_list attribute."
        )
    return entries[0] if entries else None


def require(entries: Sequence[object], kind: type[OpContainer]) -> None:
    """Insist that all entries are of one kind.

    Raises:
        TypeError: one is not.
    """
    for entry in entries:
        if not isinstance(entry, kind):
            raise TypeError(f"expected {kind.__name__}, got {entry!r}")

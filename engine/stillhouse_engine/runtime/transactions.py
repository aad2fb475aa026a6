"""Transactions of a migration: who begins one, what it is on each kind of database, and blocks outside of any."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, Protocol, Self

from stillhouse_engine.errors import CommandError
from stillhouse_engine.faults import fault
from stillhouse_engine.runtime.sqlite import LazyTransaction, OutsideTransactions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    from sqlalchemy import Connection
    from sqlalchemy.engine import Transaction

    class TextImpl(Protocol):
        """The part of an implementation that writes transactions as text."""

        transactional_ddl: bool

        def emit_begin(self) -> None:
            """Write BEGIN."""
            ...

        def emit_commit(self) -> None:
            """Write COMMIT."""
            ...


class OnlineTransactions:
    """The one transaction that a connection has open for its migrations, if any.

    Args:
        connection: the connection.
        flush: sends what is deferred; called before a transaction ends.
        began: called right after a SQLite transaction really began.
        ending: called before a commit in the middle of a revision.
        external: the connection came with a transaction that somebody else ends.
    """

    def __init__(
        self,
        connection: Connection,
        flush: Callable[[], None],
        began: Callable[[], None],
        ending: Callable[[], None] = lambda: None,
        *,
        external: bool,
    ) -> None:
        self.connection = connection
        self.flush = flush
        self.began = began
        self.ending = ending
        self.external = external
        self.open: Transaction | None = None
        self._lazy: LazyTransaction | None = None

    @property
    def holds_all(self) -> bool:
        """Whether everything that is sent now is undone by one rollback.

        In a transaction that began elsewhere, Python's sqlite3 commits DDL.
        """
        options = self.connection.get_execution_options()
        if options.get("isolation_level") == "AUTOCOMMIT":
            return False
        return self.open is not None or (self.external and self.connection.dialect.name != "sqlite")

    def begin(self) -> None:
        """Begin a transaction, or take over the one that the connection began by itself."""
        if self.connection.dialect.name == "sqlite" and self._lazy is None:
            self._lazy = LazyTransaction(self.connection, self.began, self.ending)
        self.open = self.connection.get_transaction() or self.connection.begin()

    def commit(self) -> None:
        """Send what is deferred, and commit."""
        self.flush()
        fault("before_commit")
        self._end("commit")
        fault("after_commit")

    def rollback(self) -> None:
        """Roll back."""
        self._end("rollback")

    def _end(self, how: str) -> None:
        transaction, self.open = self.open, None
        lazy, self._lazy = self._lazy, None
        if lazy is not None:
            lazy.close()
        if transaction is None:
            return
        if not transaction.is_active and how == "rollback":
            transaction.close()
        # A revision may have ended ours; the connection has begun another one with its next statement.
        current = transaction if transaction.is_active else self.connection.get_transaction()
        if current is not None:
            getattr(current, how)()

    @contextmanager
    def autocommit(self) -> Iterator[None]:
        """Run the block outside of transactions: commit what there is, and begin anew afterwards.

        Raises:
            CommandError: the transaction is not ours to commit.
        """
        if self.external:
            raise CommandError(
                "autocommit_block() cannot leave a transaction that began outside of the migrations; "
                "hand context.configure() a connection that is in none"
            )
        reopen = self.open is not None
        self.ending()
        if reopen:
            self.commit()
        elif self.connection.in_transaction():
            self.connection.commit()
        before = (
            self.connection.get_execution_options().get("isolation_level") or self.connection.default_isolation_level
        )
        self.connection.execution_options(isolation_level="AUTOCOMMIT")
        outside = OutsideTransactions(self.connection) if self.connection.dialect.name == "sqlite" else nullcontext()
        try:
            with outside:
                yield
                self.flush()
        finally:
            self._leave_autocommit(before)
            if reopen:
                self.begin()

    def _leave_autocommit(self, before: Any) -> None:
        if self.connection.in_transaction():
            self.connection.rollback()
        if not self.connection.invalidated:
            self.connection.execution_options(isolation_level=before or self.connection.get_isolation_level())


class MigrationTransaction:
    """What ``begin_transaction()`` returns online: ends whatever transaction the migrations have open by then.

    An autocommit block replaces the transaction meanwhile; so this is a handle, not the transaction.
    """

    def __init__(self, transactions: OnlineTransactions, ended: Callable[[], None]) -> None:
        self._transactions = transactions
        self._ended = ended

    @property
    def is_active(self) -> bool:
        """Whether a transaction is open."""
        return self._transactions.open is not None

    def commit(self) -> None:
        """Commit."""
        try:
            self._transactions.commit()
        finally:
            self._ended()

    def rollback(self) -> None:
        """Roll back."""
        try:
            self._transactions.rollback()
        finally:
            self._ended()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.rollback()
            return
        try:
            self._transactions.commit()
        except BaseException:
            self._transactions.rollback()
            raise
        finally:
            self._ended()


@contextmanager
def text_transaction(impl: TextImpl) -> Iterator[None]:
    """Write BEGIN before and COMMIT after the block."""
    impl.emit_begin()
    yield
    impl.emit_commit()


@contextmanager
def text_autocommit(impl: TextImpl) -> Iterator[None]:
    """Write COMMIT before and BEGIN after the block, where the text has transactions at all."""
    if not impl.transactional_ddl:
        yield
        return
    impl.emit_commit()
    yield
    impl.emit_begin()

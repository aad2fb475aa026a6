"""A job that holds its transaction open after its last statement, until the daemon says what becomes of it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from concurrent.futures import CancelledError, Future, InvalidStateError
from typing import TYPE_CHECKING

from stillhouse_engine.errors import HoldError, RolledBackError
from stillhouse_engine.worker.messages import Held

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from stillhouse_engine.worker.messages import Message

LONGEST_SECONDS = 3600.0


class Hold:
    """Where a job waits with its transaction open.

    Args:
        job: the job's id.
        send: tells the daemon.
        deadline: seconds from now after which nobody waits any longer.
    """

    def __init__(self, job: int, send: Callable[[Message], None], deadline: float | None) -> None:
        self._job = job
        self._send = send
        self._until = time.monotonic() + (deadline or LONGEST_SECONDS)
        self._told = False
        self._refusal: Future[str | None] = Future()  # why it must roll back; None to commit

    @property
    def commits(self) -> bool:
        """Whether the word was given to commit."""
        return self._refusal.done() and self._refusal.result() is None

    def commit(self) -> None:
        """Let the job commit; any thread may."""
        self._decide(None)

    def roll_back(self, reason: str) -> None:
        """Let the job roll back; any thread may."""
        self._decide(reason)

    def wait(self, connection: Connection) -> None:
        """Say that the transaction is held, and wait for the word.

        Raises:
            RolledBackError: the word is to roll back.
            HoldError: there is no transaction to hold, or nobody said anything before the deadline.
        """
        if not connection.in_transaction():
            raise HoldError("env.py ran the revisions outside of a transaction")
        if not self._told:  # a run that is tried again after the word was given knows it
            self._told = True
            self._send(Held(self._job))
        reason = self._word(connection)
        if reason is not None:
            raise RolledBackError(reason)

    def _word(self, connection: Connection) -> str | None:
        from stillhouse_engine.runtime.waiting import wait_for  # a worker without SQLAlchemy must be able to say so

        left = max(0.0, self._until - time.monotonic())
        try:
            if not connection.dialect.is_async:
                return self._refusal.result(left)
            found: str | None = wait_for(asyncio.wait_for(asyncio.wrap_future(self._refusal), left))
        except (TimeoutError, CancelledError):
            raise HoldError("nobody said before the deadline what becomes of the transaction") from None
        return found

    def _decide(self, reason: str | None) -> None:
        with contextlib.suppress(InvalidStateError):  # the first word holds
            self._refusal.set_result(reason)

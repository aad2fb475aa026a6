"""Answers to requests that carried an idempotency key, so that a repeated request gets the same one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select, update

from stillhouse_orchestrator.store.tables import answers

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What a request with a key was answered.

    Attributes:
        request_hash: of method, path, query and body; another request with the same key is a mistake.
        status: HTTP status; ``None`` while, or because nobody knows how, it was answered.
        body: the answer as it was sent.
    """

    request_hash: str
    status: int | None = None
    body: str | None = None


class Answers:
    """Repository of answers; a key belongs to the caller who made it up."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def get(self, caller: str, key: str) -> KeptAnswer | None:
        """Return what is kept under a key."""
        query = select(answers.c.request_hash, answers.c.status, answers.c.body)
        row = (
            await self._connection.execute(query.where(answers.c.caller == caller, answers.c.key == key))
        ).one_or_none()
        return None if row is None else KeptAnswer(row.request_hash, row.status, row.body)

    async def begin(self, caller: str, key: str, request_hash: str, at: datetime) -> None:
        """Note that a request is being answered; an earlier note under this key is replaced."""
        await self.forget(caller, key)
        row = {"caller": caller, "key": key, "request_hash": request_hash, "asked_at": at}
        await self._connection.execute(insert(answers), [row])

    async def finish(self, caller: str, key: str, status: int, body: str) -> None:
        """Keep the answer."""
        mine = (answers.c.caller == caller, answers.c.key == key)
        await self._connection.execute(update(answers).where(*mine).values(status=status, body=body))

    async def forget(self, caller: str, key: str) -> None:
        """Drop what is kept under a key: nothing was done, and it may be asked again."""
        await self._connection.execute(delete(answers).where(answers.c.caller == caller, answers.c.key == key))

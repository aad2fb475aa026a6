"""What comes while the same is being done for others is done for all of it at once, afterwards."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class Batches(Generic[Item, Answer]):
    """Handles items in batches: the first at once, and together those that come while a batch is on its way.

    Args:
        handle: handles a batch, and returns an answer for each of its items, in their order.
    """

    def __init__(self, handle: Callable[[Sequence[Item]], Awaitable[Sequence[Answer]]]) -> None:
        self._handle = handle
        self._busy = asyncio.Lock()
        self._waiting: list[tuple[Item, asyncio.Future[Answer]]] = []

    async def add(self, item: Item) -> Answer:
        """Handle an item, and return its answer; whoever is in a batch that fails gets its error."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, answer))
        async with self._busy:
            if not answer.done():
                await self._next()
        return await answer

    async def _next(self) -> None:
        batch, self._waiting = self._waiting, []
        try:
            answers = await self._handle([item for item, _ in batch])
        except asyncio.CancelledError:  # the task of this item ends; the next in line handles the others
            self._waiting = [*batch, *self._waiting]
            raise
        except Exception as error:
            for _, waiting in batch:
                if not waiting.done():
                    waiting.set_exception(error)
                    waiting.exception()  # whoever waited may be gone
            raise
        for (_, waiting), answer in zip(batch, answers, strict=True):
            if not waiting.done():
                waiting.set_result(answer)

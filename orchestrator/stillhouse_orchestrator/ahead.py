"""Does the next part of some work while the last one is being used."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable

Part = TypeVar("Part")
Result = TypeVar("Result")


async def ahead(
    parts: Iterable[Part], work: Callable[[Part], Coroutine[None, None, Result]]
) -> AsyncGenerator[Result, None]:
    """Yield what comes of each part, in order; close it (``contextlib.aclosing``), or what was begun goes on.

    Args:
        parts: what to work on.
        work: done with one part at a time.
    """
    running: asyncio.Task[Result] | None = None
    try:
        for part in parts:
            done = [] if running is None else [await running]
            running = asyncio.create_task(work(part))
            for result in done:
                yield result
        if running is not None:
            yield await running
    finally:
        if running is not None:
            running.cancel()
            await asyncio.wait([running])

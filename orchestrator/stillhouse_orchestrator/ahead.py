"""Fetches the next part of some work while the last one is being used."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

Part = TypeVar("Part")


async def ahead(parts: AsyncGenerator[Part, None]) -> AsyncGenerator[Part, None]:
    """Yield the same parts; close it (``contextlib.aclosing``), or what was begun goes on."""

    async def fetch() -> Part | None:
        return await anext(parts, None)

    fetching = asyncio.create_task(fetch())
    try:
        while (part := await fetching) is not None:
            fetching = asyncio.create_task(fetch())
            yield part
    finally:
        fetching.cancel()
        await asyncio.wait([fetching])
        await parts.aclose()

"""The daemon's HTTP server: it listens before the daemon says that it is ready, and stops after it has drained."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from stillhouse_orchestrator.api.app import create_app
from stillhouse_orchestrator.api.server import bind, make_server
from stillhouse_orchestrator.api.vitals import Vitals

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from stillhouse_config.quantities import Address

STARTING = Vitals("", ready=False, state="starting", targets=0, uptime=0.0, loop_lag=0.0, problem=None, checked={})


class Answering:
    """Knows whom to ask for the daemon's vitals; until there is somebody, the daemon is starting."""

    def __init__(self) -> None:
        self._ask: Callable[[], Vitals] | None = None

    def answer(self, ask: Callable[[], Vitals]) -> None:
        """Answer with these vitals from now on."""
        self._ask = ask

    def __call__(self) -> Vitals:
        """Return the vitals."""
        return self._ask() if self._ask else STARTING


@contextlib.asynccontextmanager
async def serve_http(address: Address) -> AsyncIterator[Answering]:
    """Answer HTTP until the block ends.

    Raises:
        ListenError: the address is in use or not ours.
    """
    answering = Answering()
    with contextlib.closing(bind(address.host, address.port)) as listening:
        server = make_server(create_app(answering))
        async with asyncio.TaskGroup() as group:
            group.create_task(server.serve(sockets=[listening]), name="http")
            try:
                yield answering
            finally:
                server.stop()

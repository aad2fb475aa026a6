"""The daemon's HTTP server: it listens before the daemon says that it is ready, and stops after it has drained."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING

from stillhouse_orchestrator.api.app import create_app
from stillhouse_orchestrator.api.desk import Desk
from stillhouse_orchestrator.api.server import bind, make_server
from stillhouse_orchestrator.api.vitals import Vitals
from stillhouse_orchestrator.daemon.announcing import announced

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from stillhouse_config.quantities import Address
    from stillhouse_orchestrator.application import Application

STARTING = Vitals("", ready=False, state="starting", targets=0, uptime=0.0, loop_lag=0.0, problem=None, checked={})


class Answering:
    """Knows whom to ask for the daemon's vitals; until there is somebody, the daemon is starting.

    Args:
        address: where it listens.

    Attributes:
        desk: where the API's routes find the application.
    """

    def __init__(self, address: Address) -> None:
        self._address = address
        self._ask: Callable[[], Vitals] | None = None
        self.desk = Desk()

    @contextlib.contextmanager
    def answer(self, ask: Callable[[], Vitals], application: Application) -> Iterator[None]:
        """Answer with these vitals, and let the API act on an application, until the block ends."""
        self._ask = ask
        with self.desk.open(application), announced(application.file, self._address, self.desk.token):
            yield

    def __call__(self) -> Vitals:
        """Return the vitals."""
        return self._ask() if self._ask else STARTING


@contextlib.asynccontextmanager
async def serve_http(address: Address) -> AsyncIterator[Answering]:
    """Answer HTTP until the block ends.

    Raises:
        ListenError: the address is in use or not ours.
    """
    with contextlib.closing(bind(address.host, address.port)) as listening:
        answering = Answering(replace(address, port=listening.getsockname()[1]))
        server = make_server(create_app(answering, answering.desk))
        async with asyncio.TaskGroup() as group:
            group.create_task(server.serve(sockets=[listening]), name="http")
            try:
                yield answering
            finally:
                server.stop()

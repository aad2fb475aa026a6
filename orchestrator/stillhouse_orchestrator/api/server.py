"""uvicorn inside the daemon's own event loop and task group; signals stay the daemon's business."""

from __future__ import annotations

import contextlib
import errno
import socket
from typing import TYPE_CHECKING

import uvicorn

from stillhouse_orchestrator.errors import StillhouseError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI

DRAIN_SECONDS = 5


class ListenError(StillhouseError):
    """The daemon cannot listen on its address.

    Attributes:
        address: ``host:port``.
        taken: whether somebody listens there.
    """

    hint = "stop what listens there, or choose another address under api.listen in the fleet file"

    def __init__(self, address: str, reason: str, *, taken: bool = False) -> None:
        self.address = address
        self.taken = taken
        super().__init__(f"cannot listen on {address}: {reason}")


class Server(uvicorn.Server):
    """A uvicorn server that leaves the process's signal handlers alone."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Do nothing: SIGTERM and SIGINT drain the whole daemon, this server included."""
        yield

    def stop(self) -> None:
        """Answer what is being answered, then return from ``serve``."""
        self.should_exit = True


def bind(host: str, port: int) -> socket.socket:
    """Open the listening socket, so that an address in use is an error before the daemon says it is ready.

    Raises:
        ListenError: the address is in use or not ours.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        raise ListenError(f"{host}:{port}", error.strerror or str(error), taken=taken) from error


def make_server(app: FastAPI) -> Server:
    """Make a server for an application; run it with ``serve(sockets=[…])``."""
    return Server(
        uvicorn.Config(
            app,
            log_config=None,
            log_level="warning",
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=DRAIN_SECONDS,
            server_header=False,
        )
    )

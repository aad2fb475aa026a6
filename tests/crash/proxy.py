"""A TCP proxy that cuts, stalls or ends connections before, during or after a COMMIT."""

from __future__ import annotations

import contextlib
import socket
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

When: TypeAlias = Literal["before", "during", "after"]
How: TypeAlias = Literal["drop", "stall", "terminate"]
WHEN: tuple[When, ...] = ("before", "during", "after")
HOW: tuple[How, ...] = ("drop", "stall", "terminate")
STALL_SECONDS = 2.0
COMMIT = b"COMMIT"


@dataclass(frozen=True)
class Spoil:
    """What becomes of a COMMIT.

    Attributes:
        when: before it reaches the server; during it, when the server has half of its bytes (``terminate``: all of
            them); or after it, when the server has answered and the client has not heard.
        how: drop the connection; say nothing for two seconds and drop it then; or let the server end its sessions.
        wait: how many COMMITs to let pass first.
    """

    when: When
    how: How
    wait: int = 0


class Proxy:
    """Passes bytes between clients and one server, until it is told to spoil a COMMIT.

    Args:
        server_port: where the server listens.
        terminate: ends the clients' sessions on the server.

    Attributes:
        port: where it listens.
        cuts: connections cut so far.
    """

    def __init__(self, server_port: int, terminate: Callable[[], object] = lambda: None) -> None:
        self.server_port = server_port
        self.terminate = terminate
        self.cuts = 0
        self._spoil: Spoil | None = None
        self._passed = 0
        self._turn = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()

    def spoil(self, spoil: Spoil | None) -> None:
        """Spoil a COMMIT that is to come, one only; ``None``: let all pass."""
        with self._turn:
            self._spoil, self._passed = spoil, 0

    def fate(self, said: bytes) -> Spoil | None:
        """Say whether what a client says is the COMMIT to be spoilt."""
        with self._turn:
            if self._spoil is None or COMMIT not in said:
                return None
            self._passed += 1
            if self._passed <= self._spoil.wait:
                return None
            spoil, self._spoil = self._spoil, None
            self.cuts += 1
            return spoil

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                try:
                    server = socket.create_connection(("127.0.0.1", self.server_port))
                except OSError:
                    client.close()
                    continue
                pair = Pair(self, client, server)
                threading.Thread(target=pair.upwards, daemon=True).start()
                threading.Thread(target=pair.downwards, daemon=True).start()


class Pair:
    """One client's connection and the one to the server."""

    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket) -> None:
        self.proxy, self.client, self.server = proxy, client, server
        self.withholds = threading.Event()
        self.answered = threading.Event()

    def upwards(self) -> None:
        """Pass on what the client says."""
        with contextlib.suppress(OSError):
            while said := self.client.recv(65536):
                spoil = self.proxy.fate(said)
                if spoil is not None:
                    self._carry_out(spoil, said)
                    break
                self.server.sendall(said)
        self._cut()

    def downwards(self) -> None:
        """Pass on what the server answers."""
        with contextlib.suppress(OSError):
            while answer := self.server.recv(65536):
                if self.withholds.is_set():
                    self.answered.set()
                else:
                    self.client.sendall(answer)
        if not self.withholds.is_set():
            self._cut()
        self.answered.set()

    def _carry_out(self, spoil: Spoil, said: bytes) -> None:
        """Bring a COMMIT as far as it is to come; the connection is cut after that."""
        self.withholds.set()
        if spoil.when == "during" and spoil.how != "terminate":
            self.server.sendall(said[: said.index(COMMIT) + len(COMMIT) // 2])
        elif spoil.when != "before":
            self.server.sendall(said)
        if spoil.when == "after":
            self.answered.wait(STALL_SECONDS)
        if spoil.how == "terminate":
            self.proxy.terminate()
        elif spoil.how == "stall":
            threading.Event().wait(STALL_SECONDS)

    def _cut(self) -> None:
        for end in (self.client, self.server):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

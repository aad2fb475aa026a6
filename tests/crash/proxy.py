"""A TCP proxy that cuts or stalls connections around COMMIT."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Literal, TypeAlias

Mode: TypeAlias = Literal["pass", "before", "during", "after", "stall"]
STALL_SECONDS = 2.0


class Proxy:
    """Passes bytes between clients and one server, until it is told to spoil a COMMIT.

    Attributes:
        port: where it listens.
        mode: what to do at the next COMMIT: cut before it reaches the server (``before``), right after it was passed on
            (``during``), when the server has answered and the client has not heard (``after``), or keep the answer for
            two seconds and cut then (``stall``).
        wait: how many COMMITs to let pass first.
        cuts: connections cut so far.
    """

    def __init__(self, server_port: int) -> None:
        self.server_port = server_port
        self.mode: Mode = "pass"
        self.wait = 0
        self.cuts = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()

    def spoil(self, mode: Mode, wait: int) -> None:
        """Cut a connection at a COMMIT that is to come."""
        self.mode, self.wait = mode, wait

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
        self.withhold = threading.Event()
        self.stalling = False
        self.stalled = threading.Event()

    def upwards(self) -> None:
        """Pass on what the client says."""
        with contextlib.suppress(OSError):
            while data := self.client.recv(65536):
                mode = self._mode_of(data)
                if mode == "before":
                    break
                if mode in {"after", "stall"}:
                    self.stalling = mode == "stall"
                    self.withhold.set()
                self.server.sendall(data)
                if mode == "during":
                    break
                if mode == "stall":
                    self.stalled.wait(STALL_SECONDS)
                    break
        self._cut()

    def downwards(self) -> None:
        """Pass on what the server answers."""
        with contextlib.suppress(OSError):
            while data := self.server.recv(65536):
                if self.withhold.is_set():
                    if not self.stalling:
                        break
                    continue
                self.client.sendall(data)
        self._cut()

    def _mode_of(self, data: bytes) -> Mode:
        if self.proxy.mode == "pass" or b"COMMIT" not in data:
            return "pass"
        if self.proxy.wait:
            self.proxy.wait -= 1
            return "pass"
        mode, self.proxy.mode = self.proxy.mode, "pass"
        self.proxy.cuts += 1
        return mode

    def _cut(self) -> None:
        for end in (self.client, self.server):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

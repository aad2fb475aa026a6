"""A server that can fall silent: it takes connections and answers nothing, as a host does whose storage hangs."""

from __future__ import annotations

import contextlib
import socket
import threading


class SilentServer:
    """Passes bytes to a real server, if there is one behind it, until it falls silent.

    Args:
        behind: the port of the real server on this machine; without one nothing is ever answered.

    Attributes:
        port: where it listens.
        taken: connections taken so far.
    """

    def __init__(self, behind: int | None = None) -> None:
        self.behind = behind
        self.taken = 0
        self._speaking = threading.Event()
        self._speaking.set()
        self._word = b""
        self._sockets: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.port = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def fall_silent(self, at: bytes = b"") -> None:
        """Answer nothing from now on, or from when a client says this."""
        self._word = at
        if not at:
            self._speaking.clear()

    def speak(self) -> None:
        self._speaking.set()

    def close(self) -> None:
        self._speaking.set()
        self._hang_up(self._listener)
        self._threads[0].join(10)
        for end in self._sockets:
            self._hang_up(end)
        for thread in self._threads:
            thread.join(10)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self.taken += 1
                self._sockets.append(client)
                if self.behind is not None:
                    server = socket.create_connection(("127.0.0.1", self.behind))
                    self._sockets.append(server)
                    self._start(client, server, held=False)
                    self._start(server, client, held=True)

    def _start(self, source: socket.socket, sink: socket.socket, *, held: bool) -> None:
        self._threads.append(threading.Thread(target=self._pass, args=(source, sink, held)))
        self._threads[-1].start()

    def _pass(self, source: socket.socket, sink: socket.socket, held: bool) -> None:
        with contextlib.suppress(OSError):
            while some := source.recv(65536):
                if held:
                    self._speaking.wait()
                elif self._word and self._word in some:
                    self._speaking.clear()
                sink.sendall(some)
        self._hang_up(sink)

    def _hang_up(self, end: socket.socket) -> None:
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()

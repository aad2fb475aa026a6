"""The worker's end of the pipes, out of user code's reach.

Descriptors 0 and 1 belong to user code: a ``print`` or a child process that reads stdin must not disturb the
conversation. So the pipes move to private descriptors that no child inherits, and stdout becomes stderr.

A thread reads, because a migration may keep the event loop busy for minutes, and the end of the daemon must be noticed
all the same.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING

from stillhouse_engine.worker.messages import from_line, to_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from stillhouse_engine.worker.messages import Message

CHUNK = 65_536


class Channel:
    """Messages in and out of a worker process."""

    def __init__(self, incoming: int, outgoing: int) -> None:
        self._incoming = incoming
        self._outgoing = outgoing
        self._writing = threading.Lock()

    @classmethod
    def take_over(cls) -> Channel:
        """Move the pipes to private descriptors, and give user code an empty stdin and stderr as its stdout."""
        channel = cls(os.dup(0), os.dup(1))
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        os.dup2(2, 1)
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(line_buffering=True, errors="backslashreplace")
        if hasattr(os, "register_at_fork"):  # a forked child would keep the pipes open after the worker's death
            os.register_at_fork(after_in_child=channel.close)
        return channel

    def send(self, message: Message) -> None:
        """Write a message; any thread may."""
        line = memoryview(to_line(message))
        with self._writing:
            while line:
                line = line[os.write(self._outgoing, line) :]

    def listen(self, received: Callable[[Message], None], ended: Callable[[], None]) -> threading.Thread:
        """Start the thread that reads: it calls ``received`` for each message and ``ended`` when the daemon is gone."""

        def read() -> None:
            rest = b""
            try:
                while chunk := os.read(self._incoming, CHUNK):
                    *lines, rest = (rest + chunk).split(b"\n")
                    for line in lines:
                        received(from_line(line))
            finally:
                ended()

        thread = threading.Thread(target=read, name="stillhouse-listen", daemon=True)
        thread.start()
        return thread

    def close(self) -> None:
        """Close both pipes."""
        os.close(self._incoming)
        os.close(self._outgoing)

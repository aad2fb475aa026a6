"""A child process whose end is noticed at once.

``asyncio.subprocess`` reports the end of a process only after its pipes have closed, and a grandchild may hold them open
for ever. Here a thread waits for the process itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import threading
from functools import partial
from typing import IO, TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Sequence

BUFFERED = 1024 * 1024  # bytes that are read ahead from each pipe


class Child:
    """A process in a session of its own, with pipes.

    Attributes:
        pid: its process id, and that of its process group.
        stdout: what it writes.
        stderr: what it complains about.
        exited: its exit status, once it has one; negative for a signal.
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        loop = asyncio.get_running_loop()
        self.pid = process.pid
        self.stdout = asyncio.StreamReader(BUFFERED)
        self.stderr = asyncio.StreamReader(BUFFERED)
        self.exited: asyncio.Future[int] = loop.create_future()
        self._process = process
        self._transports: list[asyncio.BaseTransport] = []
        self._stdin: asyncio.WriteTransport | None = None
        threading.Thread(target=self._wait, args=(loop,), name=f"stillhouse-wait-{self.pid}", daemon=True).start()

    @classmethod
    async def start(cls, command: Sequence[str], folder: str) -> Self:
        """Start a process.

        Args:
            command: the program and its arguments.
            folder: its working directory.

        Raises:
            OSError: the program or the folder does not exist, or may not be used.
        """
        pipe = subprocess.PIPE
        process = await asyncio.to_thread(
            subprocess.Popen,
            command,
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            cwd=folder,
            bufsize=0,
            start_new_session=True,  # a terminal's Ctrl-C reaches the daemon only, and a kill reaches the children
        )
        child = cls(process)
        await child._connect()
        return child

    def write(self, line: bytes) -> None:
        """Send a line to its stdin; when it is gone, nobody misses it."""
        if self._stdin is not None and not self._stdin.is_closing():
            self._stdin.write(line)

    def kill(self) -> None:
        """End it and what it has started, at once."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    def close(self) -> None:
        """Close the pipes."""
        for transport in self._transports:
            transport.close()

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        for reader, pipe in ((self.stdout, self._process.stdout), (self.stderr, self._process.stderr)):
            transport, _ = await loop.connect_read_pipe(partial(asyncio.StreamReaderProtocol, reader), _opened(pipe))
            self._transports.append(transport)
        writing, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, _opened(self._process.stdin))
        self._transports.append(writing)
        self._stdin = writing

    def _wait(self, loop: asyncio.AbstractEventLoop) -> None:
        status = self._process.wait()
        with contextlib.suppress(RuntimeError):  # the loop has just closed
            loop.call_soon_threadsafe(self._end, status)

    def _end(self, status: int) -> None:
        if not self.exited.done():
            self.exited.set_result(status)


def _opened(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None  # noqa: S101 - asked for above
    return pipe

"""Lines out of a pipe, with a bound: a worker that floods a pipe must not fill the daemon's memory."""

from __future__ import annotations


class LineTooLongError(ValueError):
    """A line is longer than its reader allows.

    Attributes:
        limit: the allowed number of bytes.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        super().__init__(f"a line of more than {limit} bytes")


class LineSplitter:
    """Cuts a stream of chunks into lines.

    Attributes:
        limit: the longest line in bytes.
        clip: cut longer lines short instead of raising.
    """

    def __init__(self, limit: int, *, clip: bool = False) -> None:
        self.limit = limit
        self.clip = clip
        self._parts: list[bytes] = []
        self._length = 0

    def feed(self, chunk: bytes) -> list[bytes]:
        """Take a chunk and return the lines that it completes, without their newlines.

        Raises:
            LineTooLongError: a line exceeds the limit, and lines are not clipped.
        """
        first, *others = chunk.split(b"\n")
        self._keep(first)
        lines = []
        for part in others:
            lines.append(self.rest())
            self._keep(part)
        return lines

    def rest(self) -> bytes:
        """Return what has come since the last newline, and forget it."""
        line = b"".join(self._parts)
        self._parts.clear()
        self._length = 0
        return line

    def _keep(self, part: bytes) -> None:
        room = self.limit - self._length
        if len(part) > room:
            if not self.clip:
                raise LineTooLongError(self.limit)
            part = part[:room]
        if part:
            self._parts.append(part)
            self._length += len(part)

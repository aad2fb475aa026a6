"""HTTP/1.1 over a socket: one request to a connection, JSON there and back, and server-sent events (RFC 9112, WHATWG HTML)."""

from __future__ import annotations

import contextlib
import json
import socket
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

from stillhouse_orchestrator.client.errors import DaemonGoneError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from io import BufferedReader

CONNECT_SECONDS = 3.0
ANSWER_SECONDS = 900.0  # a plan of ten thousand targets takes its time
SILENT_SECONDS = 45.0  # three heartbeats of a stream
LONGEST_LINE = 65536
UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


class Reply(NamedTuple):
    """How a request was answered."""

    status: int
    headers: Mapping[str, str]
    body: Any


class Message(NamedTuple):
    """One server-sent event."""

    name: str
    id: str | None
    data: Any


class Wire:
    """The way to one daemon.

    Args:
        url: ``http://HOST:PORT``.
        headers: sent with every request.
    """

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self.url = url
        host, _, port = url.removeprefix("http://").rpartition(":")
        self._address = (host.strip("[]"), int(port))
        self._headers = {"Host": f"{host}:{port}", "Connection": "close", **headers}

    def listens(self) -> bool:
        """Tell whether anybody listens there."""
        try:
            socket.create_connection(self._address, CONNECT_SECONDS).close()
        except OSError:
            return False
        return True

    def send(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Reply:
        """Send a request and return its answer.

        Raises:
            DaemonGoneError: there was none.
        """
        with self._asked(method, path, body, headers or {}, ANSWER_SECONDS) as file:
            status, found = _head(file)
            text = b"".join(_chunks(file, found))
        with contextlib.suppress(ValueError):
            return Reply(status, found, json.loads(text))
        return Reply(status, found, text.decode(errors="replace"))

    def stream(self, path: str, last_event_id: str | None = None) -> Iterator[Message | Reply]:
        """Yield the messages of a stream until it ends; a refusal is the only thing yielded.

        Raises:
            DaemonGoneError: it broke off, or was silent for too long.
        """
        headers = {"Accept": "text/event-stream"}
        if last_event_id is not None:
            headers["Last-Event-ID"] = last_event_id
        with self._asked("GET", path, None, headers, SILENT_SECONDS) as file:
            status, found = _head(file)
            if status != 200:  # noqa: PLR2004 - OK
                text = b"".join(_chunks(file, found))
                yield Reply(status, found, json.loads(text or b"{}"))
                return
            yield from _messages(_chunks(file, found))

    @contextlib.contextmanager
    def _asked(
        self, method: str, path: str, body: Any, headers: Mapping[str, str], patience: float
    ) -> Iterator[BufferedReader]:
        content = b"" if body is None else json.dumps(body).encode()
        lines = {**self._headers, **headers}
        if body is not None:
            lines |= {"Content-Type": "application/json"}
        if method != "GET":
            lines |= {"Content-Length": str(len(content))}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        connected = False
        try:
            with socket.create_connection(self._address, CONNECT_SECONDS) as connection:
                connected = True
                connection.settimeout(patience)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
                connection.sendall(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + content)
                with connection.makefile("rb") as file:
                    yield file
        except OSError as error:
            reason = "it is silent" if isinstance(error, TimeoutError) else error.strerror or str(error)
            raise DaemonGoneError(self.url, reason, connected=connected) from error


def quoted(text: str) -> str:
    """Percent-encode a text for a path or a query (RFC 3986)."""
    return "".join(chr(byte) if byte in UNRESERVED else f"%{byte:02X}" for byte in text.encode())


def _line(file: BufferedReader) -> bytes:
    line = file.readline(LONGEST_LINE)
    if not line.endswith(b"\n"):
        raise ConnectionResetError("the answer broke off")
    return line.rstrip(b"\r\n")


def _head(file: BufferedReader) -> tuple[int, dict[str, str]]:
    version, _, rest = _line(file).decode("latin-1").partition(" ")
    if not version.startswith("HTTP/1.") or not rest[:3].isdecimal():
        raise ConnectionResetError("what answers there does not speak HTTP")
    headers = {}
    while line := _line(file).decode("latin-1"):
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return int(rest[:3]), headers


def _chunks(file: BufferedReader, headers: Mapping[str, str]) -> Iterator[bytes]:
    """Yield the body as it arrives."""
    if headers.get("transfer-encoding", "").lower() == "chunked":
        while size := int(_line(file).split(b";")[0], 16):
            yield _exactly(file, size)
            _line(file)
    elif "content-length" in headers:
        yield _exactly(file, int(headers["content-length"]))
    else:
        yield file.read()


def _exactly(file: BufferedReader, size: int) -> bytes:
    found = file.read(size)
    if len(found) != size:
        raise ConnectionResetError("the answer broke off")
    return found


def _messages(chunks: Iterator[bytes]) -> Iterator[Message]:
    pending, fields = b"", dict[str, str]()
    for chunk in chunks:
        *lines, pending = (pending + chunk).split(b"\n")
        for line in lines:
            if line:
                name, _, value = line.decode().partition(":")
                fields[name] = value.removeprefix(" ")
                continue
            if "data" in fields:
                yield Message(sys.intern(fields.get("event", "message")), fields.get("id"), json.loads(fields["data"]))
            fields = {}

"""A proxy on loopback that adds a round-trip time to every connection: a child of ``latency.py``.

Usage: ``slow_proxy.py SERVER_PORT MILLISECONDS`` prints the port that it listens on, and serves until its stdin ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys

CHUNK = 65536


async def main() -> None:
    """Serve."""
    server_port, milliseconds = int(sys.argv[1]), float(sys.argv[2])

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", server_port)
        one_way = milliseconds / 2000
        await asyncio.gather(pump(reader, back, one_way), pump(there, writer, one_way))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await asyncio.to_thread(sys.stdin.read)


async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter, delay: float) -> None:
    """Pass bytes on, each chunk after a delay, in order."""
    loop = asyncio.get_running_loop()
    with contextlib.suppress(ConnectionError):
        while data := await source.read(CHUNK):
            loop.call_later(delay, write, sink, data)
    loop.call_later(delay, sink.close)


def write(sink: asyncio.StreamWriter, data: bytes) -> None:
    """Write, unless the other side is gone."""
    if not sink.is_closing():
        sink.write(data)


if __name__ == "__main__":
    asyncio.run(main())

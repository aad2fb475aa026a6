"""A TCP proxy that counts round trips: how often the client spoke again after the server had answered."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager


class CountingProxy:
    """Passes bytes between clients and one server.

    Attributes:
        port: where it listens.
        round_trips: turns of all connections together.
        connections: connections it has seen.
    """

    def __init__(self, server_port):
        self.server_port = server_port
        self.port = 0
        self.round_trips = 0
        self.connections = 0

    async def serve(self, reader, writer):
        self.connections += 1
        upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", self.server_port)
        turn = {"client": False}

        async def pump(source, sink, from_client):
            try:
                while data := await source.read(65536):
                    if from_client and not turn["client"]:
                        self.round_trips += 1
                    turn["client"] = from_client
                    sink.write(data)
                    await sink.drain()
            except ConnectionError:
                pass
            finally:
                sink.close()

        async with asyncio.TaskGroup() as group:
            group.create_task(pump(reader, upstream_writer, True))
            group.create_task(pump(upstream_reader, writer, False))


@asynccontextmanager
async def counting_proxy(server_port):
    proxy = CountingProxy(server_port)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    async with server:
        yield proxy

"""Finds out which daemon is there already, when this one finds its address taken."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
from typing import TYPE_CHECKING

from stillhouse_orchestrator.api.server import ListenError
from stillhouse_orchestrator.store import Store, StoreError

if TYPE_CHECKING:
    from stillhouse_config import FleetFile
    from stillhouse_orchestrator.errors import StillhouseError

ANSWER_SECONDS = 2.0
ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what to ask instead


async def explained(error: ListenError, file: FleetFile) -> StillhouseError:
    """Return the error that names the daemon behind an address in use: of the same store, of another fleet, or none at all."""
    with contextlib.suppress(StoreError):
        owner = await Store.owner_of(file.state_url.reveal())
        if owner is not None:
            return owner
    listen = file.model.api.listen
    fleet = await asyncio.to_thread(fleet_at, ANYWHERE.get(listen.host, listen.host), listen.port)
    if fleet is None:
        return error
    return ListenError(error.address, f"the daemon of the fleet {fleet!r} listens there", taken=True)


def fleet_at(host: str, port: int) -> str | None:
    """Return the fleet of the daemon that listens at an address; None where no daemon does."""
    connection = http.client.HTTPConnection(host, port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", "/healthz")
        return str(json.loads(connection.getresponse().read())["fleet"])
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return None
    finally:
        connection.close()

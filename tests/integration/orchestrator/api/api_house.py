"""The HTTP API with a real fleet on SQLite files behind it, served on a real socket from a thread."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
from typing import TYPE_CHECKING

import httpx

from stillhouse_config import load_fleet
from stillhouse_config.quantities import Address
from stillhouse_orchestrator import application
from stillhouse_orchestrator.api.vitals import Vitals
from stillhouse_orchestrator.client import announcement
from stillhouse_orchestrator.daemon.announcing import announcement_path
from stillhouse_orchestrator.daemon.serving import serve_http

if TYPE_CHECKING:
    from pathlib import Path

TOKENS = {role: f"{role}-token-0123456789" for role in ("viewer", "operator", "admin", "expired")}
FLEET = """\
fleet: api
databases:
  app_db: {{url: "sqlite+aiosqlite:///app.db", migrations: migrations, labels: {{ring: "0"}}}}
  other_db: {{url: "sqlite+aiosqlite:///other.db", migrations: migrations, labels: {{ring: "1"}}}}
strategies:
  asking:
    - wave: {{match: "ring=0"}}
    - approve: {{role: admin}}
    - wave: {{rest: true}}
alerts:
  channels: {{ops: {{webhook: "http://127.0.0.1:9/none"}}}}
api:
  max_request: 100kB
  tokens:
    - {{name: vera, role: viewer, token: "{viewer}"}}
    - {{name: olga, role: operator, token: "{operator}"}}
    - {{name: adam, role: admin, token: "{admin}"}}
    - {{name: erik, role: admin, token: "{expired}", until: 2026-01-31}}
"""
WINDOWED = (
    FLEET
    + """\
windows:
  nights: {{allow: "Mon-Sun 22:00-05:00", match: "ring=1"}}
"""
)
REVISION = '''\
"""Revision {n}."""

import sqlalchemy as sa
from alembic import op

revision = "r{n}"
down_revision = {down}


def upgrade():
    op.create_table("t{n}", sa.Column("id", sa.Integer, primary_key=True))


def downgrade():
    op.drop_table("t{n}")
'''
SERVING = Vitals("api", ready=True, state="serving", targets=2, uptime=0.0, loop_lag=0.0, problem=None, checked={})


class ApiHouse:
    """A folder with a fleet, served."""

    def __init__(self, folder: Path, fleet: str = FLEET) -> None:
        self.folder = folder
        (folder / "migrations" / "versions").mkdir(parents=True)
        self.revision(1)
        (folder / "fleet.yaml").write_text(fleet.format(**TOKENS))
        self.file = load_fleet(folder / "fleet.yaml")
        self.application: application.Application | None = None

    def revision(self, n: int) -> None:
        text = REVISION.format(n=n, down=repr(f"r{n - 1}") if n > 1 else None)
        (self.folder / "migrations" / "versions" / f"r{n}.py").write_text(text)

    @contextlib.contextmanager
    def serving(self):
        """Serve until the block ends."""
        ready = threading.Event()
        thread = threading.Thread(target=lambda: asyncio.run(self._serve(ready)), name="api")
        thread.start()
        try:
            assert ready.wait(60)
            assert thread.is_alive()
            said = announcement.read(announcement_path(self.file))
            self.url, self.local_token = said.url, said.token
            yield self
        finally:
            self.loop.call_soon_threadsafe(self.stop.set)
            thread.join(60)
        assert not thread.is_alive()

    async def _serve(self, ready: threading.Event) -> None:
        self.loop, self.stop = asyncio.get_running_loop(), asyncio.Event()
        try:
            async with (
                serve_http(Address("127.0.0.1", 0)) as http,
                application.opened(self.file) as opened,
                asyncio.TaskGroup() as group,
            ):
                self.application = opened
                self.desk = http.desk
                with http.answer(lambda: SERVING, opened):
                    group.create_task(opened.rollouts.serve())
                    ready.set()
                    await self.stop.wait()
                    await opened.rollouts.drain()
        finally:
            ready.set()

    def client(self, role: str | None = "admin", **headers: str) -> httpx.Client:
        token = {"Authorization": f"Bearer {TOKENS.get(role, role)}"} if role else {}
        return httpx.Client(base_url=f"{self.url}/api/v1", headers={**token, **headers}, timeout=60)

    def within(self, coroutine):
        """Run a coroutine on the served application's loop."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(60)

    def sql(self, file: str, *statements: str):
        with contextlib.closing(sqlite3.connect(self.folder / file)) as connection:
            for statement in statements:
                connection.execute(statement)
            connection.commit()


def messages(response: httpx.Response):
    """Yield (event, id, data) of a stream, as a reader of the standard would."""
    import json

    fields: dict[str, str] = {}
    for line in response.iter_lines():
        if not line:
            if "data" in fields:
                yield fields.get("event"), fields.get("id"), json.loads(fields["data"])
            fields = {}
        elif not line.startswith(":"):
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")


def started(client, **body):
    """Start a rollout and return its document."""
    answer = client.post("/rollouts", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()

"""The real command line and the real daemon, in processes of their own, as users run them."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import signal
    from pathlib import Path

STILLHOUSE = [sys.executable, "-m", "stillhouse_orchestrator"]
PATIENCE = 60  # seconds; reached by a broken build only


@dataclass(frozen=True)
class Result:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


def environment(extra=None) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("STILLHOUSE", "NOTIFY", "WATCHDOG"))}
    return {**kept, "NO_COLOR": "1", **(extra or {})}


class House:
    """A folder with a fleet, and the commands that run in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, *arguments: str, env=None, stdin=subprocess.DEVNULL) -> Result:
        done = subprocess.run(
            [*STILLHOUSE, *arguments],
            cwd=self.folder, env=environment(env), stdin=stdin, capture_output=True, text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
        assert "Traceback" not in done.stderr, done.stderr
        assert "a bug of Stillhouse" not in done.stderr, done.stderr
        return Result(done.returncode, done.stdout, done.stderr)

    def ok(self, *arguments: str, env=None) -> Result:
        result = self.run(*arguments, env=env)
        assert result.code == 0, f"{arguments}: {result.code}\n{result.out}\n{result.err}"
        return result

    def write(self, path: str, text: str) -> Path:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def sql(self, file: str, *statements: str) -> list:
        with contextlib.closing(sqlite3.connect(self.folder / file)) as connection:
            rows = [connection.execute(statement).fetchall() for statement in statements]
            connection.commit()
        return rows[-1]

    def revision(self, number: int, body: str = "pass", *, project: str = "migrations", **variables: str) -> Path:
        """Write one revision of a line: r1, r2, …"""
        settings = {"revision": repr(f"r{number}"), "down_revision": repr(f"r{number - 1}") if number > 1 else "None"}
        settings |= variables
        lines = [f"{key} = {value}" for key, value in settings.items()]
        text = "\n".join(['"""A revision."""', "import sqlalchemy as sa", "from alembic import op", *lines])
        text += f"\n\n\ndef upgrade():\n    {body}\n\n\ndef downgrade():\n    pass\n"
        return self.write(f"{project}/versions/r{number}.py", text)

    def fleet(self, databases: str, rest: str = "") -> None:
        self.write("fleet.yaml", f"fleet: test\ndatabases:\n{databases}\n{rest}\n")


class Daemon:
    """A running `stillhouse serve`, with a notification socket of its own as service managers have one."""

    def __init__(self, house: House, *arguments: str, env=None) -> None:
        self.house = house
        path = house.folder / "notify"
        path.unlink(missing_ok=True)
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.manager.bind(str(path))
        self.manager.settimeout(0.5)
        self.messages: list[dict[str, str]] = []
        self.log: list[str] = []
        self.process = subprocess.Popen(
            [*STILLHOUSE, "serve", "--log-format", "json", *arguments],
            cwd=house.folder, env=environment({"NOTIFY_SOCKET": str(path), **(env or {})}),
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._logged = threading.Condition()
        self._told = threading.Condition()
        self._unread: list[dict[str, str]] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        """Read what the service manager is told, as fast as a real one does."""
        while self.process.poll() is None:
            with contextlib.suppress(TimeoutError):
                message = dict(line.split("=", 1) for line in self.manager.recv(4096).decode().split("\n"))
                with self._told:
                    self._unread.append(message)
                    self._told.notify_all()

    def _read(self) -> None:
        for line in self.process.stderr:
            with self._logged:
                self.log.append(line)
                self._logged.notify_all()
        with self._logged:
            self._logged.notify_all()

    def told(self, key: str, value: str | None = None) -> dict[str, str]:
        """Wait until the service manager is told something."""
        deadline = time.monotonic() + PATIENCE
        with self._told:
            while (left := deadline - time.monotonic()) > 0:
                while self._unread:
                    message = self._unread.pop(0)
                    self.messages.append(message)
                    if key in message and value in (None, message[key]):
                        return message
                self._told.wait(min(left, 1))
        raise AssertionError(f"{key} was never told: {self.messages}\n{''.join(self.log)}")

    def logged(self, event: str) -> dict:
        """Wait for an event in the log."""
        deadline = time.monotonic() + PATIENCE
        with self._logged:
            while True:
                for line in self.log:
                    if line.startswith("{") and (found := json.loads(line)).get("event") == event:
                        return found
                left = deadline - time.monotonic()
                if left <= 0 or self.process.poll() is not None:
                    raise AssertionError(
                        f"{event} was never logged (exit code {self.process.poll()}):\n{''.join(self.log)}"
                    )
                self._logged.wait(min(left, 1))

    def ready(self) -> Daemon:
        self.told("READY", "1")
        return self

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def ended(self) -> int:
        code = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        self._listener.join(PATIENCE)
        return code

    def kill(self) -> None:
        self.process.kill()
        self.ended()

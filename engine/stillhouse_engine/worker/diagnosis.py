"""What a database's refusal means: a stable kind, a sentence, and what to do next.

Decided by SQLSTATE, by MySQL's and SQLite's error codes, and by the operating system's errors. A driver that gives no
code when a connection fails (psycopg) leaves only its text: it chooses the words here, and never whether to retry.
"""

from __future__ import annotations

import os
import re
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

FIRST_MYSQL_CLIENT_ERROR = 2000


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What is wrong with a database, as far as its error tells.

    Attributes:
        kind: a short stable word.
        message: the database's or driver's own words, on one line.
        hint: what to do next.
    """

    kind: str
    message: str
    hint: str | None


HINTS = {
    "unreachable": "check the host and port in the URL, and that the server runs and can be reached from here",
    "timeout": "the server did not answer in time: check that it is up, and whether a firewall drops the packets",
    "wrong_password": "check the user and the password in the URL (a ${env:…} or ${file:…} reference in the fleet file)",
    "unknown_database": "create the database, or correct its name in the URL",
    "missing_file": "check the path in the URL: the folder must exist and be accessible",
    "too_many_connections": "lower this server's max_connections in the fleet file, or raise the server's own limit",
    "locked": "another program holds a lock on the database: find it, wait until it has finished, then run again",
    "lock_timeout": "another session holds a lock on what the statement needs: let it finish, then run again",
    "deadlock": "two sessions waited for each other; nothing of this one was kept: run again",
    "statement_timeout": "the statement ran longer than allowed: raise statement_timeout for this target",
    "read_only": "point the URL at the primary server, or make the file and its folder writable",
    "permission": "grant the user in the URL the right that is missing",
    "connection_lost": "the server closed the connection: look into its log, then run again",
    "not_a_database": "the file is not an SQLite database: check the path in the URL",
    "disk_full": "free space on the server's disk, then run again",
    "missing_driver": "install the driver that the URL names into the project's environment",
    "missing_cryptography": "install 'cryptography' where the driver is ('stillhouse[mysql]' brings it along), or connect with TLS",
}
STATES = {
    "28P01": "wrong_password",
    "28000": "wrong_password",
    "3D000": "unknown_database",
    "53300": "too_many_connections",
    "53100": "disk_full",
    "55P03": "lock_timeout",
    "40P01": "deadlock",
    "57014": "statement_timeout",
    "25006": "read_only",
    "42501": "permission",
    "57P01": "connection_lost",
    "57P02": "connection_lost",
    "57P03": "unreachable",
}
MYSQL = {
    1040: "too_many_connections",
    1044: "permission",
    1045: "wrong_password",
    1049: "unknown_database",
    1142: "permission",
    1203: "too_many_connections",
    1205: "lock_timeout",
    1213: "deadlock",
    1227: "permission",
    1290: "read_only",
    1698: "wrong_password",
    1836: "read_only",
    1969: "statement_timeout",
    2002: "unreachable",
    2003: "unreachable",
    2005: "unreachable",
    2006: "connection_lost",
    2013: "connection_lost",
    3024: "statement_timeout",
}
SQLITE = {
    "SQLITE_BUSY": "locked",
    "SQLITE_LOCKED": "locked",
    "SQLITE_READONLY": "read_only",
    "SQLITE_CANTOPEN": "missing_file",
    "SQLITE_NOTADB": "not_a_database",
    "SQLITE_FULL": "disk_full",
    "SQLITE_PERM": "permission",
}
CONNECTING_TEXTS = (  # only where no code exists, see above
    (re.compile(r"password authentication failed|no password supplied|no pg_hba\.conf entry|role .* does not exist"), "wrong_password"),
    (re.compile(r"database .* does not exist"), "unknown_database"),
    (re.compile(r"too many (clients|connections)|remaining connection slots"), "too_many_connections"),
    (re.compile(r"timeout expired|timed out"), "timeout"),
    (re.compile(r"Connection refused|resolve host|could not translate host|Name or service not known|unreachable"), "unreachable"),
    (re.compile(r"server closed the connection|connection (is|was) (lost|closed)|terminating connection"), "connection_lost"),
)  # fmt: skip

CRYPTOGRAPHY = re.compile(r"'cryptography' package is required")
"""What the drivers of MySQL say when they cannot encrypt a password, as a RuntimeError without a code."""
CONNECTING = re.compile(r"Connect call failed \('(?P<host>[^']+)', (?P<port>\d+).*\)")
"""How asyncio words a refused connection."""


def diagnose(error: BaseException) -> Diagnosis | None:
    """Say what a database's or a driver's error means; ``None`` when it is not one of those."""
    chain = list(_chain(error))
    kind = next((found for each in chain if (found := _kind(each))), None)
    database_error = getattr(error, "orig", None) is not None
    if kind is None and database_error:
        text = str(chain[1] if len(chain) > 1 else error)
        kind = next((found for pattern, found in CONNECTING_TEXTS if pattern.search(text)), "sql")
    return Diagnosis(kind, _words(error, kind), HINTS.get(kind)) if kind else None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error, what SQLAlchemy wrapped in it, and what caused that."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        wrapped = getattr(current, "orig", None)
        current = wrapped if isinstance(wrapped, BaseException) else current.__cause__


def _kind(error: BaseException) -> str | None:
    """Find the kind of one error by its code."""
    state: Any = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)
    if isinstance(state, str) and (state in STATES or state.startswith("08")):
        return STATES.get(state, "connection_lost")
    name = getattr(error, "sqlite_errorname", None)
    if isinstance(name, str):
        return next((kind for prefix, kind in SQLITE.items() if name.startswith(prefix)), None)
    if type(error).__module__.partition(".")[0] in ("asyncmy", "pymysql", "MySQLdb", "mysql", "aiomysql"):
        code = error.args[0] if error.args else None
        return MYSQL.get(code) if isinstance(code, int) else None
    return _system_kind(error)


def _system_kind(error: BaseException) -> str | None:
    """Find the kind of an error without a code that a driver raised while it connected."""
    if isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error, ConnectionResetError | BrokenPipeError):
        return "connection_lost"
    if isinstance(error, RuntimeError) and CRYPTOGRAPHY.search(str(error)):
        return "missing_cryptography"
    return "unreachable" if isinstance(error, ConnectionError | socket.gaierror) else None


def _words(error: BaseException, kind: str) -> str:
    """Return the shortest text that still says it: the driver's own, on one line."""
    wrapped = getattr(error, "orig", None)
    source = wrapped if isinstance(wrapped, BaseException) else error
    args = source.args
    if isinstance(source, OSError) and (refused := CONNECTING.fullmatch(source.strerror or "")):
        return f"{refused['host']} port {refused['port']}: {os.strerror(source.errno or 0).lower()}"
    if len(args) > 1 and isinstance(args[0], int) and isinstance(args[1], str) and args[0] != 0:
        return f"{' '.join(args[1].split())} ({args[0]})" if args[0] < FIRST_MYSQL_CLIENT_ERROR else args[1]
    text = " ".join(str(source).split())
    return text or {"timeout": "no answer in time"}.get(kind, type(source).__name__)

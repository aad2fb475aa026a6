"""Time limits and the search path of a migrating session, and setting them back at its end."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from stillhouse_engine.runtime.settings import RunSettings


def postgres_limits(settings: RunSettings) -> dict[str, str]:
    """Return the PostgreSQL settings that a run asks for."""
    limits: dict[str, str] = {}
    if settings.lock_timeout is not None:
        limits["lock_timeout"] = f"{round(settings.lock_timeout * 1000)}ms"
    if settings.statement_timeout is not None:
        limits["statement_timeout"] = f"{round(settings.statement_timeout * 1000)}ms"
    if settings.schema is not None:
        # Nothing behind the schema: an unqualified name must never reach another tenant's or the shared tables.
        limits["search_path"] = '"{}"'.format(settings.schema.replace('"', '""'))
    return limits


def mysql_limits(settings: RunSettings, *, is_mariadb: bool) -> dict[str, str]:
    """Return the MySQL or MariaDB session variables that a run asks for; their lock timeouts are whole seconds."""
    limits: dict[str, str] = {}
    if settings.lock_timeout is not None:
        seconds = str(max(1, math.ceil(settings.lock_timeout)))
        limits |= {"lock_wait_timeout": seconds, "innodb_lock_wait_timeout": seconds}
    if settings.statement_timeout is not None:
        if is_mariadb:
            limits["max_statement_time"] = f"{settings.statement_timeout:g}"
        else:
            limits["max_execution_time"] = str(round(settings.statement_timeout * 1000))
    return limits


class SessionLimits:
    """Applies a run's limits to a session and puts back what was there."""

    def __init__(self, connection: Connection, settings: RunSettings) -> None:
        self.connection = connection
        self.family = {"postgresql": "postgresql", "mysql": "mysql", "mariadb": "mysql"}.get(connection.dialect.name)
        self.limits: dict[str, str] = {}
        if self.family == "postgresql":
            self.limits = postgres_limits(settings)
        elif self.family == "mysql":
            self.limits = mysql_limits(settings, is_mariadb=bool(getattr(connection.dialect, "is_mariadb", False)))
        self.before: dict[str, str] = {}

    def apply(self) -> None:
        """Set the limits, remembering what they were."""
        if self.limits:
            self.before = self._read()
            self._write(self.limits)

    def restore(self) -> None:
        """Set back what was there before."""
        if self.before:
            self._write(self.before)
            self.before = {}

    def _read(self) -> dict[str, str]:
        one = "current_setting('{}')" if self.family == "postgresql" else "@@SESSION.{}"
        row = self.connection.execute(text(f"SELECT {', '.join(one.format(name) for name in self.limits)}")).one()
        return {name: str(value) for name, value in zip(self.limits, row, strict=True)}

    def _write(self, values: dict[str, str]) -> None:
        if self.family == "postgresql":
            calls = ", ".join(f"set_config('{name}', :{name}, false)" for name in values)
            self.connection.execute(text(f"SELECT {calls}"), values)
        else:
            for name, value in values.items():
                self.connection.execute(text(f"SET SESSION {name} = {value}"))

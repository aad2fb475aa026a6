"""What two runs must have in common before one may send what the other recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping

    from sqlalchemy import Connection, Dialect

COMPARING = frozenset(
    {
        "alembic_module_prefix",
        "autogenerate_plugins",
        "compare_server_default",
        "compare_type",
        "downgrade_token",
        "include_name",
        "include_object",
        "include_schemas",
        "process_revision_directives",
        "render_item",
        "sqlalchemy_module_prefix",
        "template_args",
        "upgrade_token",
        "user_module_prefix",
    }
)
"""Options that say how models are compared and revisions written; they change no statement of a revision."""
RUNNING = frozenset({"fn", "on_version_apply", "output_buffer", "script"})
"""Options that belong to one run: its plan, which has its own place in the key, and hooks, which run every time."""
DRIVERS = {"pysqlite": "sqlite", "aiosqlite": "sqlite"}
"""Drivers that take the same text and parameters."""


class Same:
    """A value that equals only itself; holding it keeps another from taking its place in memory."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        """Compare identity."""
        return isinstance(other, Same) and other.value is self.value

    def __hash__(self) -> int:
        """Hash identity."""
        return id(self.value)


def frozen(value: Any) -> Hashable:
    """Return a value as part of a key: plain data by value, everything else by identity."""
    if value is None or isinstance(value, str | int | float | bytes):
        return (type(value).__name__, value)
    if isinstance(value, dict):
        return ("dict", tuple((frozen(name), frozen(each)) for name, each in value.items()))
    if type(value) in {list, tuple}:
        return (type(value).__name__, tuple(frozen(each) for each in value))
    return Same(value)


def dialect_key(dialect: Dialect) -> Hashable:
    """Return what a dialect's statements depend on: its class, its server's version and what it was made with."""
    plain = tuple(
        sorted(
            (name, frozen(value))
            for name, value in vars(dialect).items()
            if not name.startswith("_") and isinstance(value, str | int | float | tuple)
        )
    )
    return (
        dialect.name,
        DRIVERS.get(dialect.driver, dialect.driver),
        plain if dialect.name != "sqlite" else version(dialect),
    )


def version(dialect: Dialect) -> Hashable:
    """Return the server's version."""
    found: Hashable = getattr(dialect, "server_version_info", None)
    return found


def options_key(options: Mapping[str, Any]) -> Hashable:
    """Return the part of ``configure()``'s options that statements may depend on."""
    left_out = COMPARING | RUNNING
    return tuple((name, frozen(value)) for name, value in sorted(options.items()) if name not in left_out)


def connection_key(connection: Connection) -> Hashable:
    """Return the execution options of a connection: isolation level, schema translations and the like."""
    options = connection.get_execution_options()
    return tuple((str(name), frozen(value)) for name, value in sorted(options.items(), key=lambda item: str(item[0])))


def steps_key(heads: Iterable[str], steps: Iterable[Any]) -> Hashable:
    """Return where a run starts and what it does, in order."""
    return (tuple(sorted(heads)), tuple((step.is_upgrade, step.short_log) for step in steps))

"""Which implementation class serves which dialect.

Built-in classes and those of third parties come in the same way: a subclass of ``DefaultImpl`` that names its
``__dialect__`` is entered when it is defined. Built-in ones are defined when they are asked for first.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

IMPLEMENTATIONS: dict[str, Any] = {}
"""Implementation classes by dialect name."""

BUILT_IN = {
    "mariadb": "mysql",
    "mssql": "mssql",
    "mysql": "mysql",
    "oracle": "oracle",
    "postgresql": "postgresql",
    "sqlite": "sqlite",
}
"""Modules of this package by dialect name."""


def implementation_of(name: str) -> Any:
    """Return the implementation class of a dialect.

    Raises:
        KeyError: nobody implements it.
    """
    if name not in IMPLEMENTATIONS and name in BUILT_IN:
        import_module(f"stillhouse_engine.dialects.{BUILT_IN[name]}")
    return IMPLEMENTATIONS[name]

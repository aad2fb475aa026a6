"""Which implementation class serves which dialect.

Built-in classes and those of third parties come in the same way: a subclass of ``DefaultImpl`` that names its
``__dialect__`` is entered when it is defined. Built-in ones are defined when they are asked for first.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

BUILT_IN = {
    "mariadb": "mysql",
    "mssql": "mssql",
    "mysql": "mysql",
    "oracle": "oracle",
    "postgresql": "postgresql",
    "sqlite": "sqlite",
}
"""Modules of this package by dialect name."""


class Implementations(dict[str, Any]):
    """Implementation classes by dialect name."""

    def __missing__(self, name: str) -> Any:
        if name not in BUILT_IN:
            raise KeyError(name)
        import_module(f"stillhouse_engine.dialects.{BUILT_IN[name]}")
        return self[name]


IMPLEMENTATIONS = Implementations()

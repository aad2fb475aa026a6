"""The operations of the migration that this task or thread is running: what stands behind ``op``."""

from __future__ import annotations

from typing import Any

from stillhouse_engine.forwarding import Standing

CURRENT: Standing[Any] = Standing("stillhouse_operations")


def current(function: str = "") -> Any:
    """Return the current operations.

    Args:
        function: the function of ``op`` that asks.

    Raises:
        NameError: no migration is running here.
    """
    operations = CURRENT.get()
    if operations is None:
        raise NameError(
            f"Can't invoke function {function!r}, as the proxy object has not yet been established for the Alembic "
            "'Operations' class.  Try placing this code inside a callable."
        )
    return operations

"""Alembic's import names, served by Stillhouse's engine.

``install()`` makes ``import alembic…`` in this process mean the engine, whether or not Alembic is installed;
``python -m stillhouse_engine.as_alembic PROGRAM ARGS…`` runs any program that way.
"""

from __future__ import annotations

import logging
import sys
from importlib import import_module
from typing import TYPE_CHECKING

from stillhouse_engine.as_alembic.finder import ROOT, SERVED, AlembicFinder

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["install", "installed", "uninstall"]

LOGGERS = ("alembic.runtime.migration", "alembic.runtime.plugins", "alembic.util.messaging", "alembic.ddl.postgresql")
"""Loggers that are there as soon as Alembic is imported; a logging configuration that comes later may disable them."""

_finder = AlembicFinder()
_set_aside: dict[str, ModuleType] = {}


def installed() -> bool:
    """Tell whether the engine serves ``alembic`` in this process."""
    return _finder in sys.meta_path


def install() -> None:
    """Serve ``alembic`` from the engine, from now on; what was imported by that name before is set aside."""
    if installed():
        return
    _set_aside.update(_forget())
    for name in LOGGERS:
        logging.getLogger(name)
    sys.meta_path.insert(0, _finder)
    import_module(ROOT)


def uninstall() -> None:
    """Stop serving ``alembic``, and put back what was imported by that name before."""
    if not installed():
        return
    sys.meta_path.remove(_finder)
    _forget()
    sys.modules.update(_set_aside)
    _set_aside.clear()


def _forget() -> dict[str, ModuleType]:
    below = f"{ROOT}."
    names = [name for name in sys.modules if name == ROOT or name.startswith(below) or name in SERVED]
    return {name: sys.modules.pop(name) for name in names}

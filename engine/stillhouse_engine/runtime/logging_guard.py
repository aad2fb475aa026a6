"""Keeping a process's own logging alive while env.py configures logging for itself.

``fileConfig(config.config_file_name)`` in env.py switches off every logger that the file does not name, and takes the
handlers off the root logger. On a command line of its own that is what people expect; in a process that runs many
projects' migrations at once, it is not. While such a run lasts, ``logging.config.fileConfig`` keeps existing loggers
and handlers; for everybody else in the process it does what it always does.
"""

from __future__ import annotations

import logging
import logging.config
import threading
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_guarded: ContextVar[bool] = ContextVar("stillhouse_logging_guarded", default=False)
_original: Callable[..., None] = logging.config.fileConfig
_lock = threading.RLock()


def gentle_file_config(
    fname: Any,
    defaults: Any = None,
    disable_existing_loggers: bool = True,
    encoding: str | None = None,
) -> None:
    """Stand in for ``logging.config.fileConfig``."""
    if not _guarded.get():
        _original(fname, defaults=defaults, disable_existing_loggers=disable_existing_loggers, encoding=encoding)
        return
    root = logging.getLogger()
    with _lock:
        kept, level = list(root.handlers), root.level
        _original(fname, defaults=defaults, disable_existing_loggers=False, encoding=encoding)
        if kept:
            root.handlers[:] = kept
            root.setLevel(level)


@contextmanager
def guarded_logging() -> Iterator[None]:
    """Keep this process's loggers and root handlers as they are, whatever env.py configures in the block."""
    with _lock:
        if logging.config.fileConfig is not gentle_file_config:
            logging.config.fileConfig = gentle_file_config
    token = _guarded.set(True)
    try:
        yield
    finally:
        _guarded.reset(token)

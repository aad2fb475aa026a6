"""What env.py imports as ``context``: functions that forward to the environment of this task or thread."""

from __future__ import annotations

import sys
from typing import Any

from stillhouse_engine.forwarding import ForwardingModule
from stillhouse_engine.runtime.environment import CURRENT, EnvironmentContext

__all__ = [
    "EnvironmentContext",
    "begin_transaction",
    "configure",
    "execute",
    "get_bind",
    "get_context",
    "get_head_revision",
    "get_head_revisions",
    "get_impl",
    "get_revision_argument",
    "get_starting_revision_argument",
    "get_tag_argument",
    "get_x_argument",
    "is_offline_mode",
    "is_transactional_ddl",
    "requires_connection",
    "run_migrations",
    "static_output",
]


def _environment(name: str) -> EnvironmentContext:
    environment = CURRENT.get()
    if environment is None:
        raise NameError(
            f"Can't invoke function '{name}', as the proxy object has not yet been established for the Alembic "
            "'EnvironmentContext' class.  Try placing this code inside a callable."
        )
    return environment


def __getattr__(name: str) -> Any:
    """Serve ``config`` and ``script`` of the current environment, which exist only while there is one."""
    environment = CURRENT.get() if name in {"config", "script"} else None
    if environment is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(environment, name)


def begin_transaction(*args: Any, **kw: Any) -> Any:
    """Begin the transaction around all revisions, where there is one."""
    return _environment("begin_transaction").begin_transaction(*args, **kw)


def configure(*args: Any, **kw: Any) -> None:
    """Configure the migration context; see ``EnvironmentContext.configure()``."""
    _environment("configure").configure(*args, **kw)


def execute(*args: Any, **kw: Any) -> None:
    """Execute a statement on the configured connection, or write it offline."""
    _environment("execute").execute(*args, **kw)


def get_bind(*args: Any, **kw: Any) -> Any:
    """Return the connection."""
    return _environment("get_bind").get_bind(*args, **kw)


def get_context(*args: Any, **kw: Any) -> Any:
    """Return the configured migration context."""
    return _environment("get_context").get_context(*args, **kw)


def get_head_revision(*args: Any, **kw: Any) -> Any:
    """Return the only head of the script directory."""
    return _environment("get_head_revision").get_head_revision(*args, **kw)


def get_head_revisions(*args: Any, **kw: Any) -> Any:
    """Return all heads of the script directory."""
    return _environment("get_head_revisions").get_head_revisions(*args, **kw)


def get_impl(*args: Any, **kw: Any) -> Any:
    """Return the dialect's implementation."""
    return _environment("get_impl").get_impl(*args, **kw)


def get_revision_argument(*args: Any, **kw: Any) -> Any:
    """Return the revision that the run goes to."""
    return _environment("get_revision_argument").get_revision_argument(*args, **kw)


def get_starting_revision_argument(*args: Any, **kw: Any) -> Any:
    """Return the revision that the run starts from."""
    return _environment("get_starting_revision_argument").get_starting_revision_argument(*args, **kw)


def get_tag_argument(*args: Any, **kw: Any) -> Any:
    """Return the value of ``--tag``."""
    return _environment("get_tag_argument").get_tag_argument(*args, **kw)


def get_x_argument(*args: Any, **kw: Any) -> Any:
    """Return the values of ``-x``."""
    return _environment("get_x_argument").get_x_argument(*args, **kw)


def is_offline_mode(*args: Any, **kw: Any) -> bool:
    """Tell whether statements are to be written as text."""
    return _environment("is_offline_mode").is_offline_mode(*args, **kw)


def is_transactional_ddl(*args: Any, **kw: Any) -> bool:
    """Tell whether the configured database rolls DDL back."""
    return _environment("is_transactional_ddl").is_transactional_ddl(*args, **kw)


def requires_connection(*args: Any, **kw: Any) -> bool:
    """Tell whether ``configure()`` needs a connection."""
    return _environment("requires_connection").requires_connection(*args, **kw)


def run_migrations(*args: Any, **kw: Any) -> None:
    """Run the revisions that the command asks for."""
    _environment("run_migrations").run_migrations(*args, **kw)


def static_output(*args: Any, **kw: Any) -> None:
    """Write text to the offline output."""
    _environment("static_output").static_output(*args, **kw)


class _EnvironmentModule(ForwardingModule):
    standing = CURRENT


sys.modules[__name__].__class__ = _EnvironmentModule

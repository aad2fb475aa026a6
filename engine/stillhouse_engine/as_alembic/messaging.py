"""Messages to people, as ``alembic.util.messaging`` names them: the engine's own, and what extensions ask for besides."""

from __future__ import annotations

import shutil
import warnings
from typing import TYPE_CHECKING, Any

from sqlalchemy.engine import make_url

from stillhouse_engine import messaging
from stillhouse_engine.messaging import err, format_as_comma, msg, status

if TYPE_CHECKING:
    from typing import TextIO

__all__ = [
    "TERMWIDTH",
    "err",
    "format_as_comma",
    "msg",
    "obfuscate_url_pw",
    "status",
    "warn",
    "warn_deprecated",
    "write_outstream",
]

TERMWIDTH = shutil.get_terminal_size().columns


def write_outstream(stream: TextIO, *text: Any, quiet: bool = False) -> None:
    """Write to a stream, replacing characters that its encoding lacks."""
    if not quiet:
        messaging.write_outstream(stream, *text)


def warn(message: str, stacklevel: int = 2) -> None:
    """Warn the user."""
    warnings.warn(message, UserWarning, stacklevel=stacklevel + 1)


def warn_deprecated(message: str, stacklevel: int = 2) -> None:
    """Warn of something that will go."""
    warnings.warn(message, DeprecationWarning, stacklevel=stacklevel + 1)


def obfuscate_url_pw(input_url: Any) -> str:
    """Return a URL with its password hidden."""
    return make_url(input_url).render_as_string(hide_password=True)

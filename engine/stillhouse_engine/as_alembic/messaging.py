"""Messages to people, as ``alembic.util.messaging`` names them."""

from __future__ import annotations

import logging
import sys
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

from sqlalchemy.engine import make_url

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import TextIO

log = logging.getLogger("alembic.util.messaging")


def write_outstream(stream: TextIO, *text: str | bytes, quiet: bool = False) -> None:
    """Write to a stream, replacing characters that its encoding lacks."""
    if quiet:
        return
    encoding = getattr(stream, "encoding", None) or "ascii"
    for piece in text:
        words = piece.decode(encoding, "replace") if isinstance(piece, bytes) else piece
        stream.write(words.encode(encoding, "replace").decode(encoding))


@contextmanager
def status(message: str, newline: bool = False, quiet: bool = False) -> Iterator[None]:
    """Say what is being done, and how it went."""
    msg(f"{message} ...", newline, flush=True, quiet=quiet)
    try:
        yield
    except BaseException:
        write_outstream(sys.stdout, "  FAILED\n", quiet=quiet)
        raise
    write_outstream(sys.stdout, "  done\n", quiet=quiet)


def err(message: str, quiet: bool = False) -> NoReturn:
    """Say what failed, and leave the program."""
    log.error(message)
    msg(f"FAILED: {message}", quiet=quiet)
    sys.exit(-1)


def msg(message: str, newline: bool = True, flush: bool = False, quiet: bool = False) -> None:
    """Say something on stdout."""
    write_outstream(sys.stdout, f"  {message}" + ("\n" if newline else ""), quiet=quiet)
    if flush:
        sys.stdout.flush()


def warn(message: str, stacklevel: int = 2) -> None:
    """Warn the user."""
    warnings.warn(message, UserWarning, stacklevel=stacklevel + 1)


def warn_deprecated(message: str, stacklevel: int = 2) -> None:
    """Warn of something that will go."""
    warnings.warn(message, DeprecationWarning, stacklevel=stacklevel + 1)


def obfuscate_url_pw(input_url: Any) -> str:
    """Return a URL with its password hidden."""
    return make_url(input_url).render_as_string(hide_password=True)


def format_as_comma(value: str | Iterable[str] | None) -> str:
    """Return names separated by commas."""
    if value is None:
        return ""
    return value if isinstance(value, str) else ", ".join(value)

"""What commands say to the person at the terminal while they work."""

from __future__ import annotations

import contextlib
import logging
import shutil
import sys
import textwrap
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

log = logging.getLogger("alembic.util.messaging")


def write_outstream(stream: TextIO, *text: Any) -> None:
    """Write text to a stream, replacing what its encoding lacks; a reader that went away is no error."""
    encoding = getattr(stream, "encoding", "ascii") or "ascii"
    for part in text:
        safe = str(part).encode(encoding, "replace").decode(encoding)
        with contextlib.suppress(OSError):
            stream.write(safe)


def msg(msg: str, newline: bool = True, flush: bool = False, quiet: bool = False) -> None:  # noqa: RUF100 - Alembic's name
    """Print a message on standard output, folded to the width of a terminal."""
    if quiet:
        return
    out = sys.stdout
    if out is not None and out.isatty():
        width = shutil.get_terminal_size().columns
        text = textwrap.fill(msg, width, subsequent_indent="  ", break_on_hyphens=False)
    else:
        text = msg
    write_outstream(out, text, "\n" if newline else "")
    if flush:
        out.flush()


def err(message: str, quiet: bool = False) -> NoReturn:
    """Print a failure and leave the program.

    Raises:
        SystemExit: always, with code 255.
    """
    if log.hasHandlers():
        log.error(message)
    msg(f"FAILED: {message}", quiet=quiet)
    sys.exit(-1)


@contextlib.contextmanager
def status(status_msg: str, newline: bool = False, quiet: bool = False) -> Iterator[None]:
    """Print what is being done, and how it ended."""
    msg(status_msg + " ...", newline, flush=True, quiet=quiet)
    try:
        yield
    except BaseException:
        if not quiet:
            write_outstream(sys.stdout, "  FAILED\n")
        raise
    if not quiet:
        write_outstream(sys.stdout, "  done\n")


def format_as_comma(value: str | Iterable[str] | None) -> str:
    """Write nothing, a string or several strings as one, separated by commas."""
    if value is None:
        return ""
    return value if isinstance(value, str) else ", ".join(value)

"""Exceptions of user code, databases and the engine, turned into plain data without secrets."""

from __future__ import annotations

import os
import sysconfig
import traceback
from typing import TYPE_CHECKING

from stillhouse_engine import errors
from stillhouse_engine.worker.diagnosis import HINTS, diagnose
from stillhouse_engine.worker.messages import Problem
from stillhouse_engine.worker.scrub import scrub

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stillhouse_engine.worker.messages import FailedState

MERGE_HINT = "merge the heads into one revision, or name the one you mean"
KINDS: dict[type[BaseException], tuple[str, str | None]] = {
    errors.LockBusyError: ("busy", None),
    errors.VersionMovedError: ("version_moved", None),
    errors.UnexpectedRevisionsError: ("unexpected_revisions", None),
    errors.HoldError: ("unholdable", "take barrier: true away from the wave, or the revision out of the rollout"),
    errors.RolledBackError: ("rolled_back", None),
    errors.IndeterminateError: ("indeterminate", "look at the evidence, put the database right by hand, then stamp it"),
    errors.MigrationScriptError: ("script", None),
    errors.MultipleHeads: ("multiple_heads", MERGE_HINT),
    errors.ResolutionError: ("unknown_revision", "check the name, and that this is the script directory the target was migrated with"),
    errors.RangeNotAncestorError: ("range", None),
    errors.CycleDetected: ("cycle", "change down_revision or depends_on of one of them"),
    errors.RevisionError: ("revisions", None),
    errors.CommandError: ("command", None),
    SyntaxError: ("syntax", "correct the file"),
    ImportError: ("import", "check import_path, and that the project's environment has what the file imports"),
    SystemExit: ("exited", "a migration must return or raise, not exit"),
    KeyboardInterrupt: ("exited", "a migration must return or raise"),
    MemoryError: ("memory", "give the worker more memory, or migrate fewer rows at once"),
}  # fmt: skip
FOREIGN_PACKAGES = (
    "sqlalchemy",
    "greenlet",
    "asyncpg",
    "aiosqlite",
    "asyncmy",
    "psycopg",
    "psycopg2",
    "pymysql",
    "MySQLdb",
    "mako",
)
TRACEBACK_FRAMES = 12
STATEMENT_LENGTH = 2000
ENGINE_FOLDER = os.path.dirname(os.path.abspath(errors.__file__)) + os.sep  # noqa: PTH100, PTH120 - to compare with frames
STDLIB_FOLDERS = tuple({sysconfig.get_path(name) + os.sep for name in ("stdlib", "platstdlib")})


def state_of(error: BaseException) -> FailedState:
    """Say which state a job is left in by an error."""
    if isinstance(error, errors.LockBusyError):
        return "busy"
    return "indeterminate" if isinstance(error, errors.IndeterminateError) else "failed"


def problem_of(error: BaseException, *, revision: str | None = None, secrets: Iterable[str] = ()) -> Problem:
    """Describe an exception as data.

    Args:
        error: what was raised.
        revision: the revision that was running.
        secrets: values that must not appear.
    """
    secrets = tuple(secrets)
    kind, message, hint = _say(error)
    file, line = _place(error)
    statement = getattr(error, "statement", None) or getattr(error.__cause__, "statement", None)
    return Problem(
        kind=kind,
        message=scrub(message, secrets),
        revision=getattr(error, "revision", None) or revision,
        file=getattr(error, "file", None) or file,
        line=getattr(error, "line", None) or line,
        statement=scrub(str(statement).strip(), secrets)[:STATEMENT_LENGTH] if statement else None,
        hint=hint,
        traceback=scrub(_user_traceback(error), secrets) or None,
    )


def _say(error: BaseException) -> tuple[str, str, str | None]:
    """Return an error's kind, message and hint."""
    cause = error.__cause__
    if type(error) is errors.MigrationScriptError and cause is not None:
        kind, _, hint = _say(cause)
        return kind, error.reason, hint
    if type(error) is errors.CommandError and isinstance(cause, errors.RevisionError):
        kind, said, hint = _say(cause)
        return kind, str(error) if said in str(error) else f"{error}: {said}", hint
    if not _is_users_own(error) and not isinstance(error, errors.CommandError) and (found := diagnose(error)):
        return found.kind, found.message, found.hint
    kind, hint = next((said for base, said in KINDS.items() if isinstance(error, base)), ("raised", None))
    if kind == "import" and _is_driver(error):
        kind, hint = "missing_driver", HINTS["missing_driver"]
    return kind, _message(error), hint


def _is_users_own(error: BaseException) -> bool:
    """Tell whether user code raised an error by itself, rather than a database that it talked to."""
    frames = traceback.extract_tb(error.__traceback__)
    users = [number for number, frame in enumerate(frames) if _is_users(frame.filename)]
    below = frames[users[-1] + 1 :] if users else []
    return bool(users) and not any(_package(frame.filename) == "sqlalchemy" for frame in below)


def _message(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return f"the code called sys.exit({error.code!r})"
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__}: {error.msg}"
    if isinstance(error, errors.CommandError | errors.RevisionError):
        return str(error)
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _is_driver(error: BaseException) -> bool:
    """Tell whether SQLAlchemy failed to import a driver, rather than user code something else."""
    frames = traceback.extract_tb(error.__traceback__)
    return isinstance(error, ImportError) and bool(frames) and _package(frames[-1].filename) == "sqlalchemy"


def _place(error: BaseException) -> tuple[str | None, int | None]:
    """Find where in the user's files an error was raised."""
    if isinstance(error, SyntaxError) and error.filename:
        return error.filename, error.lineno
    if isinstance(error.__cause__, SyntaxError):
        return _place(error.__cause__)
    frames = _user_frames(error)
    return (frames[-1].filename, frames[-1].lineno) if frames else (None, None)


def _user_frames(error: BaseException) -> list[traceback.FrameSummary]:
    return [frame for frame in traceback.extract_tb(error.__traceback__) if _is_users(frame.filename)]


def _user_traceback(error: BaseException) -> str:
    """Format the user's frames of a traceback; the engine's and SQLAlchemy's say nothing to a user."""
    frames = _user_frames(error)[-TRACEBACK_FRAMES:]
    return "".join(traceback.format_list(frames)).rstrip()


def _is_users(filename: str) -> bool:
    if filename.startswith(("<", ENGINE_FOLDER)):
        return False
    if "site-packages" not in filename and filename.startswith(STDLIB_FOLDERS):
        return False
    return _package(filename) not in FOREIGN_PACKAGES


def _package(filename: str) -> str:
    """Return the installed package that a file belongs to, or an empty string."""
    _, _, inside = filename.replace(os.sep, "/").rpartition("/site-packages/")
    return inside.partition("/")[0]

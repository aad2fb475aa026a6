"""What the daemon and a worker say to each other: one JSON object a line, one dataclass a kind.

Both ends import this module, and the daemon gives the worker its own engine, so the versions agree; ``PROTOCOL`` is
checked all the same when a worker opens. Keys that a reader does not know are ignored.

The daemon sends ``Open`` once, then ``Start`` and ``Cancel`` with the ids of jobs, and ``Close``. The worker answers
``Ready`` or ``Refused`` once, then any number of ``Progress`` and exactly one ``Done`` or ``Failed`` per started job.
A job with the option ``hold`` answers ``Held`` when all but its COMMIT is done, and waits for ``Commit`` or ``Rollback``.
"""

from __future__ import annotations

import functools
import json
import types
import typing
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from typing import Any, Literal, TypeAlias, get_args, get_origin

from stillhouse_engine.runtime.specs import (  # get_type_hints() needs them when messages are read
    DatabaseSpec,  # noqa: TC001
    ProjectSpec,  # noqa: TC001
    RenderedRevision,  # noqa: TC001
    RevisionSummary,  # noqa: TC001
)

PROTOCOL = 3

Verb: TypeAlias = Literal[
    "upgrade", "downgrade", "stamp", "plan", "describe", "current", "replay", "models", "adopt", "squash"
]
FailedState: TypeAlias = Literal["failed", "busy", "indeterminate"]


class MessageError(ValueError):
    """A line is not a message of this protocol."""


@dataclass(frozen=True, slots=True)
class Problem:
    """An error as plain data, without secrets.

    Attributes:
        kind: a short stable word that programs may test, as ``wrong_password`` or ``syntax``.
        message: what happened.
        revision: the revision that was running, when one was.
        file: the user's file it happened in, when known.
        line: the line in that file.
        statement: the SQL statement that failed, when one did.
        hint: what to do next.
        traceback: the user's part of the traceback, for a log or a details view.
    """

    kind: str
    message: str
    revision: str | None = None
    file: str | None = None
    line: int | None = None
    statement: str | None = None
    hint: str | None = None
    traceback: str | None = None

    def __str__(self) -> str:
        """Say it for people: where, what, and what to do next."""
        place = f"{self.file}:{self.line}" if self.file and self.line else self.file
        where = [f"revision {self.revision}"] if self.revision and self.revision not in self.message else []
        where += [place] if place and place not in self.message else []
        lines = [f"{', '.join(where)}: {self.message}" if where else self.message]
        if self.statement and self.statement not in self.message:
            lines.append(f"  statement: {self.statement}")
        if self.hint:
            lines.append(f"  hint: {self.hint}")
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Open:
    """Make the process ready for the projects of one folder and import path.

    Attributes:
        drivers: what URLs begin with, ``postgresql+asyncpg``, of databases that will probably be asked for.
    """

    root: str
    import_path: tuple[str, ...]
    drivers: tuple[str, ...] = ()
    protocol: int = PROTOCOL


@dataclass(frozen=True, slots=True)
class Start:
    """Run one verb for one target.

    Attributes:
        revision: the destination, or what to stamp; ``None`` where the verb has none.
        deadline: seconds after which the job is cancelled.
    """

    id: int
    verb: Verb
    project: ProjectSpec
    database: DatabaseSpec
    revision: str | None = None
    deadline: float | None = None
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cancel:
    """Stop a job; its transaction is rolled back, and ``Failed`` follows."""

    id: int
    reason: str


@dataclass(frozen=True, slots=True)
class Commit:
    """Let a job that holds its transaction commit; ``Done`` follows, or ``Failed`` when the COMMIT fails."""

    id: int


@dataclass(frozen=True, slots=True)
class Rollback:
    """Let a job that holds its transaction roll back; ``Failed`` of the kind ``rolled_back`` follows."""

    id: int
    reason: str


@dataclass(frozen=True, slots=True)
class Close:
    """Finish what is running and exit."""


@dataclass(frozen=True, slots=True)
class Ready:
    """The worker serves."""

    pid: int
    python: str
    sqlalchemy: str
    greenlet: bool
    protocol: int = PROTOCOL


@dataclass(frozen=True, slots=True)
class Refused:
    """The worker cannot serve in this environment, and exits."""

    problem: Problem


@dataclass(frozen=True, slots=True)
class Progress:
    """A step of a job.

    Attributes:
        event: ``revision.started``, ``revision.finished``, ``revisions.replayed``, ``lock.waiting``, ``run.retried``…
        facts: what happened, as plain data; ``revision`` where the step belongs to one.
    """

    id: int
    event: str
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Held:
    """A job has run its last statement, and holds its transaction open. Not sent when there was nothing to run."""

    id: int


@dataclass(frozen=True, slots=True)
class Done:
    """A job has succeeded.

    Attributes:
        before: the revisions before the job.
        after: the revisions after it.
        applied: the revisions that ran, in order.
        seconds: how long it took in the worker.
        snapshot: the schema's JSON, taken under the lock.
        fingerprint: the snapshot's hash.
        plan: for ``plan``.
        heads: for ``describe`` and ``plan``: the heads of the script directory.
        revisions: for ``describe``: the graph, newest first.
        originals: for ``describe``: the revisions that squashed ones have replaced.
        checksums: of the files of the revisions that ran, by revision.
        written: for ``adopt``: the path of the revision file.
        squashed: for ``squash``: what came of it.
    """

    id: int
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    applied: tuple[str, ...] = ()
    seconds: float = 0.0
    snapshot: str | None = None
    fingerprint: str | None = None
    plan: tuple[RenderedRevision, ...] = ()
    heads: tuple[str, ...] = ()
    revisions: tuple[RevisionSummary, ...] = ()
    originals: tuple[RevisionSummary, ...] = ()
    checksums: dict[str, str] = field(default_factory=dict)
    written: str | None = None
    squashed: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failed:
    """A job has failed.

    Attributes:
        before: the revisions before the job, when they were read.
        after: the revisions it has left, when they are known.
    """

    id: int
    problem: Problem
    state: FailedState = "failed"
    before: tuple[str, ...] | None = None
    after: tuple[str, ...] | None = None
    seconds: float = 0.0


FromDaemon: TypeAlias = Open | Start | Cancel | Commit | Rollback | Close
FromWorker: TypeAlias = Ready | Refused | Progress | Held | Done | Failed
Message: TypeAlias = FromDaemon | FromWorker

_KINDS: dict[str, type[Message]] = {
    "open": Open,
    "start": Start,
    "cancel": Cancel,
    "commit": Commit,
    "rollback": Rollback,
    "close": Close,
    "ready": Ready,
    "refused": Refused,
    "progress": Progress,
    "held": Held,
    "done": Done,
    "failed": Failed,
}
_TAGS = {kind: tag for tag, kind in _KINDS.items()}


def to_line(message: Message) -> bytes:
    """Write a message as one line of JSON, with its newline."""
    return json.dumps({"type": _TAGS[type(message)], **_plain(message)}, separators=(",", ":")).encode() + b"\n"


def from_line(line: bytes) -> Message:
    """Read a message from one line.

    Raises:
        MessageError: the line is not a message.
    """
    try:
        found = json.loads(line)
        kind = _KINDS[found["type"]]
        message: Message = _build(kind, found)
    except (ValueError, KeyError, TypeError) as error:
        raise MessageError(f"not a message: {line[:200]!r}") from error
    return message


def _plain(value: Any) -> Any:
    """Turn dataclasses into dictionaries; unlike ``asdict``, without copying the rest."""
    if is_dataclass(value):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value


@functools.cache
def _shape(kind: type[Any]) -> tuple[tuple[str, Any, bool], ...]:
    """Return each field of a dataclass: its name, its type, and whether it must be there."""
    hints = typing.get_type_hints(kind)
    return tuple(
        (each.name, hints[each.name], each.default is MISSING and each.default_factory is MISSING)
        for each in fields(kind)
    )


def _build(kind: type[Any], found: dict[str, Any]) -> Any:
    shape = _shape(kind)  # type: ignore[arg-type]  # classes are hashable; typeshed asks for an instance's hash
    values = {name: _typed(hint, found[name]) for name, hint, required in shape if required or name in found}
    return kind(**values)


def _typed(hint: Any, value: Any) -> Any:
    """Give a JSON value the type that the field declares; only what JSON loses is rebuilt, and plain types checked."""
    if value is None:
        return None
    if get_origin(hint) in (typing.Union, types.UnionType):
        hint = next(each for each in get_args(hint) if each is not type(None))
    if get_origin(hint) is tuple:
        if not isinstance(value, list):
            raise TypeError(f"expected a list, found {value!r}")
        return tuple(_typed(get_args(hint)[0], item) for item in value)
    if is_dataclass(hint):
        return _build(typing.cast("type[Any]", hint), value)
    if hint in (int, str, bool) and not isinstance(value, hint):
        raise TypeError(f"expected {hint}, found {value!r}")
    return value

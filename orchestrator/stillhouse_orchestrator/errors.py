"""The orchestrator's error tree: every error says what happened, where, and what to do next.

::

    StillhouseError
    ├── WorkerError
    │   ├── WorkerStartError
    │   └── WorkerStoppedError
    ├── ConnectionFailedError
    ├── AnswerError
    ├── ChannelError
    ├── NotFoundError
    └── AmbiguousError

What user code did inside a worker is never an exception here: it comes back as an ``Outcome``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

SHOWN = 10  # candidates in a message


class StillhouseError(Exception):
    """Root of everything that the orchestrator raises on purpose.

    Attributes:
        hint: what to do next.
        usage: whether what was asked for makes no sense, rather than failed.
    """

    hint: str | None = None
    usage: bool = False


class WorkerError(StillhouseError):
    """Something about a worker process, not about one target."""


class WorkerStartError(WorkerError):
    """A worker process could not be started, or never became ready."""

    def __init__(self, command: str, reason: str, hint: str | None = None) -> None:
        self.command = command
        self.reason = reason
        self.hint = hint
        super().__init__(f"worker {command!r} did not start: {reason}")


class WorkerStoppedError(WorkerError):
    """A worker process is gone, so that nothing can be sent to it."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class ConnectionFailedError(StillhouseError):
    """The daemon could not connect to a database, or the database refused it.

    Attributes:
        kind: a short stable word, as ``unreachable`` or ``wrong_password``.
        where: the database's address without its password.
    """

    def __init__(self, kind: str, where: str, reason: str, hint: str | None = None) -> None:
        self.kind = kind
        self.where = where
        self.reason = reason
        self.hint = hint
        super().__init__(f"{where}: {reason}")


class AnswerError(StillhouseError):
    """An answer to drift that was not given, or did not do what it should.

    Attributes:
        target: whose drift it is.
    """

    def __init__(self, target: str, reason: str, hint: str | None = None) -> None:
        self.target = target
        self.hint = hint
        super().__init__(f"{target}: {reason}")


class ChannelError(StillhouseError):
    """A notification did not arrive, or nobody knows whether it did.

    Attributes:
        channel: its name in the fleet file.
        permanent: trying again cannot help.
    """

    def __init__(self, channel: str, reason: str, *, permanent: bool = False) -> None:
        self.channel = channel
        self.reason = reason
        self.permanent = permanent
        super().__init__(f"alerts.channels.{channel}: {reason}")


class NotFoundError(StillhouseError):
    """Nothing of its kind has this id or key, or one that begins like it.

    Attributes:
        noun: what was looked for.
        word: as it was written.
    """

    def __init__(self, noun: str, word: str, hint: str) -> None:
        self.noun = noun
        self.word = word
        self.hint = hint
        super().__init__(f"there is no {noun} {word!r}")


class AmbiguousError(StillhouseError):
    """Several ids or keys begin like the word.

    Attributes:
        noun: what was looked for.
        word: as it was written.
        candidates: all of them.
    """

    usage = True

    def __init__(self, noun: str, word: str, candidates: Sequence[str]) -> None:
        self.noun = noun
        self.word = word
        self.candidates = tuple(candidates)
        more = f" and {len(candidates) - SHOWN} more" if len(candidates) > SHOWN else ""
        self.hint = f"write more of the one that you mean: {', '.join(candidates[:SHOWN])}{more}"
        super().__init__(f"{word!r} is the beginning of {len(candidates)} {noun}s")

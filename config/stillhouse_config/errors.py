"""What can be wrong with a fleet file, and how it is said.

The tree::

    StillhouseConfigError
    ├── FleetFileError       every problem of one fleet file, at once
    └── FleetValueError      one value that cannot be read (also a ``ValueError``)
        ├── DurationError
        ├── QuantityError
        ├── SelectorError    knows the column
        ├── TemplateError
        ├── UrlError
        └── WindowError
"""

from __future__ import annotations

from dataclasses import dataclass


class StillhouseConfigError(Exception):
    """Root of the errors that this package raises."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong in a fleet file.

    Attributes:
        file: the file as the user named it.
        line: 1-based; 0 when the problem has no place in the file.
        column: 1-based; 0 when the problem has no place in the file.
        path: where in the file's structure, such as ``databases.users_db.url``.
        message: what is wrong.
        hint: what to do about it; may be empty.
    """

    file: str
    line: int
    column: int
    path: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        text = f"{place}: {self.path}: {self.message}" if self.path else f"{place}: {self.message}"
        return f"{text}\n    hint: {self.hint}" if self.hint else text


class FleetFileError(StillhouseConfigError):
    """A fleet file that cannot be used; carries every problem found in it, in file order."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__("\n".join(map(str, problems)))


class FleetValueError(StillhouseConfigError, ValueError):
    """A value that cannot be read.

    Attributes:
        hint: how to write it instead; may be empty.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        self.hint = hint
        super().__init__(message)


class DurationError(FleetValueError):
    """A duration that cannot be read."""


class QuantityError(FleetValueError):
    """A count, percentage, size, date or address that cannot be read."""


class SelectorError(FleetValueError):
    """A selector that cannot be parsed.

    Attributes:
        text: the selector.
        column: 1-based column of the first character that makes no sense.
    """

    def __init__(self, text: str, column: int, reason: str, hint: str = "") -> None:
        self.text = text
        self.column = column
        super().__init__(f"selector {text!r}, column {column}: {reason}", hint)


class TemplateError(FleetValueError):
    """A ``{field}`` template that cannot be read or filled."""


class UrlError(FleetValueError):
    """A database URL that cannot be read; its message never holds the URL."""


class WindowError(FleetValueError):
    """A maintenance period that cannot be read."""

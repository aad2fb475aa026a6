"""Text with values filled in: ``${env:NAME}``, ``${env:NAME:-default}``, ``${file:PATH}`` and templates' ``{field}``.

A filled text remembers which of its pieces were written and which were filled in, because a URL must encode the
second kind only, an error must not show it, and a value that happens to hold ``{`` is no template.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import FleetValueError, TemplateError
from .suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

REFERENCE = re.compile(r"\$(?P<escaped>\$\{)|\$\{(?P<kind>[A-Za-z]*)(?P<colon>:?)(?P<body>[^}]*)(?P<close>\}?)")
FIELD = re.compile(r"(?P<escaped>\{\{|\}\})|\{(?P<name>[^{}]*)\}|(?P<stray>[{}])")
FIELD_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
MAX_SECRET_BYTES = 1 << 20
SHORTEST_SECRET = 4


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a filled text.

    Attributes:
        text: what it says.
        source: what was written in its place, such as ``${env:X}``; None for text that was written as it is.
    """

    text: str
    source: str | None = None


class Filled(str):
    """A text with values filled in, which remembers its parts."""

    __slots__ = ("parts",)
    parts: tuple[Part, ...]

    @classmethod
    def of(cls, parts: Iterable[Part]) -> Filled:
        """Join parts into a text."""
        parts = tuple(parts)
        text = cls("".join(part.text for part in parts))
        text.parts = parts
        return text

    @property
    def template(self) -> str:
        """The text as it was written, fit to be shown."""
        return "".join(part.text if part.source is None else part.source for part in self.parts)


def parts_of(text: str) -> tuple[Part, ...]:
    """Return the parts of a text, filled or not."""
    return text.parts if isinstance(text, Filled) else (Part(text),)


def shown(text: str) -> str:
    """Return a text as it was written, without what was filled in."""
    return text.template if isinstance(text, Filled) else text


def concealed(message: str, text: str) -> str:
    """Return a message about ``text`` in which what was filled in stands as it was written."""
    if isinstance(text, Filled):
        message = message.replace(repr(str(text)), repr(text.template)).replace(str(text), text.template)
        for part in text.parts:
            if part.source is not None and part.text:
                message = message.replace(part.text, part.source)
    return message


@dataclass(frozen=True)
class Interpolator:
    """Fills in what ``${…}`` refers to.

    Attributes:
        environ: the environment's variables.
        folder: where relative paths of ``${file:…}`` start.
    """

    environ: Mapping[str, str]
    folder: Path
    _files: dict[str, str] = field(default_factory=dict, repr=False)
    _filled: dict[str, str] = field(default_factory=dict, repr=False)

    def fill(self, text: str) -> str:
        """Return the text with its references filled in.

        Raises:
            FleetValueError: a variable is not set, a file cannot be read, or a reference makes no sense.
        """
        if "${" not in text:
            return text
        parts, at = [], 0
        for match in REFERENCE.finditer(text):
            parts.append(Part(text[at : match.start()]))
            at = match.end()
            if match["escaped"]:
                parts.append(Part("${"))
                continue
            value = self._value(match)
            self._filled[value] = match[0]
            parts.append(Part(value, match[0]))
        parts.append(Part(text[at:]))
        return Filled.of(part for part in parts if part.text or part.source)

    def concealed(self, message: str) -> str:
        """Return a message in which values that were filled in stand as they were written, unless they are too short to be secret."""
        for value in sorted(self._filled, key=len, reverse=True):
            if len(value) >= SHORTEST_SECRET:
                message = message.replace(value, self._filled[value])
        return message

    def _value(self, match: re.Match[str]) -> str:
        if not match["close"]:
            raise FleetValueError("'${' is never closed", "close it with '}', or write '$${' for a literal '${'")
        body = match["body"].strip()
        if match["kind"] not in {"env", "file"} or not match["colon"] or not body:
            hint = (
                f"write ${{env:{match['kind']}}}"
                if match["kind"] and not match["colon"]
                else "write ${env:NAME} or ${file:PATH}"
            )
            raise FleetValueError(f"{match[0]!r} is no reference", f"{hint}, or '$${{' for a literal '${{'")
        return self._variable(body) if match["kind"] == "env" else self._file(body)

    def _variable(self, body: str) -> str:
        name, has_default, default = body.partition(":-")
        value = self.environ.get(name)
        if has_default:
            return value or default
        if value is None:
            hint = did_you_mean(name, self.environ) or f"set it, or give a default: ${{env:{name}:-value}}"
            raise FleetValueError(f"the environment variable {name} is not set", hint)
        return value

    def _file(self, name: str) -> str:
        if name not in self._files:
            self._files[name] = self._read(name)
        return self._files[name]

    def _read(self, name: str) -> str:
        path = self.folder / Path(name).expanduser()
        try:
            if path.is_file() and path.stat().st_size > MAX_SECRET_BYTES:
                raise FleetValueError(f"the file {name} is larger than a secret may be", "at most 1 MiB")
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            raise FleetValueError(f"the file {name} cannot be read: {reason}", f"looked at {path}") from error
        return text.removesuffix("\n").removesuffix("\r")


def fields_of(text: str) -> frozenset[str]:
    """Return the names of the ``{field}`` references in a template.

    Raises:
        TemplateError: a stray brace, or a field that is more than a name.
    """
    names: set[str] = set()
    for part in parts_of(text):
        for match in FIELD.finditer(part.text) if part.source is None else ():
            if match["stray"]:
                raise TemplateError(f"stray {match['stray']!r} in a template", "write {{ and }} for literal braces")
            if match["name"] is None:
                continue
            if not FIELD_NAME.fullmatch(match["name"]):
                raise TemplateError(
                    f"{match[0]!r} is not a field",
                    "between braces stands a field's name only; write {{ and }} for literal braces",
                )
            names.add(match["name"])
    return frozenset(names)


def fill_template(text: str, row: Mapping[str, str]) -> str:
    """Return a template with a row's values in place of its fields.

    Raises:
        TemplateError: the row lacks a field.
    """
    parts: list[Part] = []
    for part in parts_of(text):
        if part.source is not None:
            parts.append(part)
            continue
        at = 0
        for match in FIELD.finditer(part.text):
            parts.append(Part(part.text[at : match.start()]))
            at = match.end()
            parts.append(Part(match["escaped"][0]) if match["escaped"] else Part(_field(match["name"], row), match[0]))
        parts.append(Part(part.text[at:]))
    return Filled.of(part for part in parts if part.text or part.source)


def _field(name: str, row: Mapping[str, str]) -> str:
    if name in row:
        return row[name]
    known = ", ".join(sorted(row)) or "none"
    raise TemplateError(f"there is no field {name!r} to fill in", did_you_mean(name, row) or f"fields: {known}")

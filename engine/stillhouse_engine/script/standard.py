"""The header as ``revision`` writes it, read by one regular expression.

Nearly every revision file has its four variables as plain literals, one after the other, above its functions. Those are read
here, in a few microseconds each; whatever looks different in any way is left to ``headers``.
"""

from __future__ import annotations

import re
from typing import NamedTuple

TEXT = r"""(?:"[^"\\\n]*"|'[^'\\\n]*')"""
VALUE = rf"(None|{TEXT}|\(\s*(?:{TEXT}\s*,\s*)+(?:{TEXT}\s*)?\))"
REST = r"[ \t]*(?:\#[^\n]*)?(?=\n)"
BETWEEN = r"(?:[ \t]*(?:\#[^\n]*)?\n)+"


def _assignment(name: str, value: str) -> str:
    return rf"{name}(?:[ \t]*:[^=\n]*)?[ \t]*=[ \t]*{value}{REST}"


HEADER = re.compile(
    rf"\n{_assignment('revision', f'({TEXT})')}"
    rf"{BETWEEN}{_assignment('down_revision', VALUE)}"
    rf"(?:{BETWEEN}{_assignment('branch_labels', VALUE)})?"
    rf"(?:{BETWEEN}{_assignment('depends_on', VALUE)})?"
)
ONCE_MORE = re.compile(r"\n(?:revision|down_revision|branch_labels|depends_on)")
STRING = re.compile(TEXT)
MULTILINE = ('"""', "'''")


class Standard(NamedTuple):
    """What a revision file says of itself.

    Attributes:
        revision: its id.
        down: what it follows.
        depends_on: what it depends on.
        branch_labels: its branch labels.
        doc: the module's docstring, as it is written.
    """

    revision: str
    down: tuple[str, ...]
    depends_on: tuple[str, ...]
    branch_labels: tuple[str, ...]
    doc: str


def standard_header(source: str) -> Standard | None:
    """Read a header in the usual form; None when it may be in any other."""
    if not source.startswith('"""'):
        return None
    end = source.find('"""', 3)
    if end < 0 or source[end + 3 : end + 4] != "\n" or "\\" in source[3:end]:
        return None
    found = HEADER.search(source, end + 3)
    if found is None or ONCE_MORE.search(source, found.end()):
        return None
    above = source[end + 3 : found.start()]
    if MULTILINE[0] in above or MULTILINE[1] in above or ONCE_MORE.search(above):
        return None
    revision, down, labels, depends_on = found.groups()
    return Standard(revision[1:-1], _names(down), _names(depends_on), _names(labels), source[3:end])


def _names(text: str | None) -> tuple[str, ...]:
    if text is None or text == "None":
        return ()
    if text[0] != "(":
        return (text[1:-1],)
    return tuple(part[1:-1] for part in STRING.findall(text))

"""Splits MySQL's and MariaDB's SQL text into tokens.

Triggers and routines are kept as they were written, but clients leave out comments on the way, and offline SQL blanks. What
remains is what is compared.
"""

from __future__ import annotations

import re
from typing import NamedTuple

PATTERN = re.compile(
    r"""(?:\s+|\#[^\n]*|--(?=\s|\Z)[^\n]*|/\*(?!M?!).*?\*/)*+(?:
    (?P<text>'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*")
    |(?P<quoted>`(?:[^`]|``)*`)
    |(?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?(?![\w$])|\.\d+)
    |(?P<word>@{0,2}[\w$]+)
    |(?P<sign>/\*M?!\d*|\*/|<=>|<<|>>|<=|>=|<>|!=|:=|\|\||&&|->>|->|.)
    |(?P<end>\Z))""",
    re.VERBOSE | re.DOTALL,
)
"""One token and the blanks and comments before it; at the end of a text, only those. ``/*! … */`` is no comment."""


ESCAPES = {"0": "\0", "b": "\b", "n": "\n", "r": "\r", "t": "\t", "Z": "\x1a", "%": "\\%", "_": "\\_"}
ESCAPED = re.compile(r"\\(.)|(['\"])\2", re.DOTALL)


class Token(NamedTuple):
    """One token as it was written.

    Attributes:
        kind: the name of its group in PATTERN.
        value: its text.
        start: where it begins.
        end: where it ends.
    """

    kind: str
    value: str
    start: int
    end: int

    @property
    def keyword(self) -> str:
        """The word in capitals when this may be a keyword; a sign as it is; otherwise nothing."""
        return self.value.upper() if self.kind == "word" else self.value if self.kind == "sign" else ""

    @property
    def text(self) -> str:
        """The text that a literal stands for; servers keep it with other escapes than were written."""
        return ESCAPED.sub(lambda match: match[2] or ESCAPES.get(match[1], match[1]), self.value[1:-1])

    @property
    def name(self) -> str:
        """The name that it stands for; double quotes may be around one as well, where ``sql_mode`` has ANSI_QUOTES."""
        if self.value[0] == '"':
            return self.text
        return self.value[1:-1].replace("``", "`") if self.kind == "quoted" else self.value

    @property
    def is_name(self) -> bool:
        """Whether it may be a name."""
        return self.kind in {"word", "quoted"} or self.value[0] == '"'


def tokens(sql: str) -> list[Token]:
    """Return the tokens of a text, without blanks and comments."""
    return [
        Token(kind, match[kind], match.start(kind), match.end(kind))
        for match in PATTERN.finditer(sql)
        if (kind := match.lastgroup or "") != "end"
    ]


def words(sql: str) -> str:
    """Return a text with one blank between its tokens: what is compared of a body."""
    return " ".join(token.value for token in tokens(sql))


def names(sql: str) -> set[str]:
    """Return the names and other words of a text in small letters."""
    return {token.name.lower() for token in tokens(sql) if token.is_name}

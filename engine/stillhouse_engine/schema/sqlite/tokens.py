"""Splits SQLite's SQL text into tokens and writes it back in one canonical way.

SQLite keeps a schema as the text that created it, and edits that text when something is renamed. Two schemas are the same
when their tokens are, however they are spaced, quoted, commented or capitalised.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PATTERN = re.compile(
    r"""(?:\s+|--[^\n]*|/\*.*?\*/)*+(?:
    (?P<text>[xX]?'(?:[^']|'')*')
    |(?P<quoted>"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\])
    |(?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)
    |(?P<word>[^\W\d][\w$]*)
    |(?P<sign>\|\||<=|>=|<>|!=|==|<<|>>|->>|->|.)
    |(?P<end>\Z))""",
    re.VERBOSE | re.DOTALL,
)
"""One token and the space and comments before it; at the end of a text, only those."""
NAME = r"""(?:"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|'(?:[^']|'')*'|[^\W\d][\w$]*)"""
REGULAR = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
SPACED_BEFORE_BRACKET = frozenset(
    [
        "and",
        "or",
        "not",
        "in",
        "as",
        "on",
        "where",
        "from",
        "select",
        "join",
        "values",
        "using",
        "between",
        "like",
        "glob",
        "is",
        "when",
        "then",
        "else",
        "case",
        "by",
        "check",
        "key",
        "unique",
        "references",
        "over",
        "exists",
        "union",
        "all",
        "distinct",
        "default",
        "set",
        "into",
        "having",
        "returning",
    ]
)


class Token(NamedTuple):
    """One token as it was written.

    Attributes:
        kind: the name of its group in PATTERN.
        value: its text.
        keyword: the word in capitals when this may be a keyword; otherwise the sign, or nothing.
    """

    kind: str
    value: str
    keyword: str = ""


def tokens(sql: str) -> list[Token]:
    """Return the tokens of a text, without space and comments."""
    found = []
    for match in PATTERN.finditer(sql):
        kind = match.lastgroup or ""
        value = match[kind]
        if kind == "word":
            found.append(Token(kind, value, value.upper()))
        elif kind == "sign":
            found.append(Token(kind, value, value))
        elif kind != "end":
            found.append(Token(kind, value, ""))
    return found


def unquoted(token: Token) -> str:
    """Return the name that an identifier token stands for."""
    value = token.value
    if token.kind in {"quoted", "text"}:
        mark = value[-1]
        return value[1:-1] if mark == "]" else value[1:-1].replace(mark * 2, mark)
    return value


def quoted(name: str) -> str:
    """Write a name as an SQLite identifier, in double quotes."""
    return '"' + name.replace('"', '""') + '"'


def canonical(found: Sequence[Token]) -> str:
    """Write tokens in the one way that is compared."""
    return "".join(_pieces(found))


def _pieces(found: Sequence[Token]) -> Iterator[str]:
    before = ""
    for token in found:
        piece = _piece(token)
        if before and not _adjacent(before, piece):
            yield " "
        yield piece
        before = piece


def _adjacent(before: str, piece: str) -> bool:
    if before in {"(", "."} or piece in {")", ",", "."}:
        return True
    return piece == "(" and bool(REGULAR.match(before)) and before not in SPACED_BEFORE_BRACKET


def _piece(token: Token) -> str:
    if token.kind == "word":
        return token.value.lower()
    if token.kind == "quoted":
        name = unquoted(token).lower()
        return name if REGULAR.match(name) else quoted(name)
    return {"==": "=", "!=": "<>"}.get(token.value, token.value)

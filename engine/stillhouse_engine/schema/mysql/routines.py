"""Takes the declarations of MySQL's and MariaDB's functions and procedures apart."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from stillhouse_engine.schema.mysql.tokens import tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stillhouse_engine.schema.mysql.tokens import Token

MODES = frozenset({"IN", "OUT", "INOUT"})
TYPE_WORDS = frozenset(
    ["ASCII", "BINARY", "BYTE", "CHAR", "CHARACTER", "PRECISION", "SIGNED", "UNICODE", "UNSIGNED", "VARBINARY", "VARCHAR",
     "VARYING", "ZEROFILL"]
)  # fmt: skip
"""Words that may follow the first one of a type."""
NAMED_AFTER = frozenset({"SET", "CHARSET", "COLLATE"})
"""Words of a type that a name follows."""
CHARACTER_SETS = frozenset({"CHARSET", "COLLATE"})
CHARACTERISTICS = (
    ("NOT DETERMINISTIC", "deterministic", None),
    ("DETERMINISTIC", "deterministic", "YES"),
    ("LANGUAGE SQL", "language", None),
    ("CONTAINS SQL", "access", None),
    ("NO SQL", "access", "NO SQL"),
    ("READS SQL DATA", "access", "READS SQL DATA"),
    ("MODIFIES SQL DATA", "access", "MODIFIES SQL DATA"),
    ("SQL SECURITY DEFINER", "security", None),
    ("SQL SECURITY INVOKER", "security", "INVOKER"),
)
"""Words that may stand before a body, and what they say; None is what holds without them."""
CHARACTER_SET = re.compile(r"_[A-Za-z]\w*")


class Argument(NamedTuple):
    """One argument.

    Attributes:
        mode: ``IN``, ``OUT`` or ``INOUT``.
        name: its name.
        type: its type as it was written.
    """

    mode: str
    name: str
    type: str


class Routine(NamedTuple):
    """What a declaration says.

    Attributes:
        name: its name.
        arguments: its arguments.
        result: the type that it returns, as it was written; empty for a procedure.
        said: what its characteristics say, by the names of a snapshot's attributes.
        body: its body.
    """

    name: str
    arguments: tuple[Argument, ...]
    result: str
    said: dict[str, str | None]
    body: str


def parse(signature: str, definition: str) -> Routine:
    """Take a declaration apart.

    Raises:
        ValueError: it is none of MySQL's.
    """
    said = tokens(signature)
    if [token.value for token in (*said[1:2], *said[-1:])] != ["(", ")"]:
        raise ValueError("a name and its arguments in parentheses are expected")
    arguments = tuple(argument(signature, part) for part in separated(said[2:-1]))
    found = tokens(definition)
    result = ""
    if found and found[0].keyword == "RETURNS":
        end = type_end(found, 1)
        result = definition[found[1].start : found[end - 1].end] if end > 1 else ""
        found = found[end:]
    clauses, found = characteristics(found)
    if not found:
        raise ValueError("it has no body")
    return Routine(said[0].name, arguments, result, clauses, definition[found[0].start :])


def separated(found: Sequence[Token]) -> Iterator[list[Token]]:
    """Yield the tokens between the commas of a list."""
    part: list[Token] = []
    depth = 0
    for token in found:
        depth += (token.value == "(") - (token.value == ")")
        if token.value == "," and not depth:
            yield part
            part = []
        else:
            part.append(token)
    if part:
        yield part


def argument(signature: str, part: list[Token]) -> Argument:
    """Return an argument.

    Raises:
        ValueError: there is no type.
    """
    mode, rest = (part[0].keyword, part[1:]) if part and part[0].keyword in MODES and len(part) > 2 else ("IN", part)  # noqa: PLR2004 - a name and a type
    if len(rest) < 2:  # noqa: PLR2004 - a name and a type
        raise ValueError("every argument needs a name and a type")
    return Argument(mode, rest[0].name, signature[rest[1].start : rest[-1].end])


def type_end(found: Sequence[Token], start: int) -> int:
    """Return the place behind a type that begins at a place."""
    place = start + 1
    if place <= len(found) and found[start].keyword in {"LONG", "NATIONAL"}:
        place += place < len(found) and found[place].keyword in {"VARCHAR", "VARBINARY", "CHAR", "CHARACTER"}
    while place < len(found):
        token = found[place]
        if token.value == "(":
            place += next(number for number, each in enumerate(found[place:], 1) if each.value == ")")
        elif token.keyword in NAMED_AFTER:
            place += 2
        elif token.keyword in TYPE_WORDS:
            place += 1
        else:
            break
    return place


def characteristics(found: list[Token]) -> tuple[dict[str, str | None], list[Token]]:
    """Return what the words before a body say, and the tokens of the body."""
    said: dict[str, str | None] = {}
    while found:
        if found[0].keyword == "COMMENT" and len(found) > 1 and found[1].kind == "text":
            said["comment"] = found[1].text or None
            found = found[2:]
            continue
        for spelled, attribute, meaning in CHARACTERISTICS:
            count = spelled.count(" ") + 1
            if " ".join(token.keyword for token in found[:count]) == spelled:
                said[attribute] = meaning
                found = found[count:]
                break
        else:
            break
    said.pop("language", None)
    return said, found


def body_words(body: str) -> str:
    """Return what is compared of a body: servers leave out character sets before texts, and the marks of ``/*! … */``."""
    found = tokens(body.rstrip().removesuffix(";"))
    kept = [
        token.value[0] + repr(token.text) if token.kind == "text" else token.value
        for token, following in zip(found, [*found[1:], None], strict=False)
        if not is_character_set(token, following) and not (token.kind == "sign" and token.value[:2] in {"/*", "*/"})
    ]
    return " ".join(kept)


def is_character_set(token: Token, following: Token | None) -> bool:
    """Tell whether a token says the character set of the text behind it."""
    if following is None or token.kind != "word" or CHARACTER_SET.fullmatch(token.value) is None:
        return False
    return following.kind == "text" or following.keyword in {"X", "B"}


def plain_type(type_: str) -> str:
    """Return a type without its character set: in small letters but for the values of an ENUM, one blank between tokens."""
    kept: list[str] = []
    for token in tokens(type_):
        if token.keyword in CHARACTER_SETS or (token.keyword == "SET" and kept[-1:] == ["character"]):
            break
        kept.append(token.value if token.kind == "text" else token.value.lower())
    return " ".join(kept[:-1] if kept[1:] and kept[-1] == "character" else kept)

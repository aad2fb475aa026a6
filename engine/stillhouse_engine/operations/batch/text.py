"""Column names inside SQL text: conditions of CHECK constraints and partial indexes.

The database reports them as text. Where a batch renames or drops a column, the text has to follow.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

TOKEN = re.compile(
    r"""
    (?P<string>'(?:[^']|'')*')
    | "(?P<double>(?:[^"]|"")*)"
    | `(?P<backtick>(?:[^`]|``)*)`
    | \[(?P<bracket>[^\]]*)\]
    | (?P<word>(?<!\w)[^\W\d]\w*\b)(?!\s*\()
    """,
    re.VERBOSE,
)
"""A string literal, a quoted identifier, or a word that is not the name of a function."""

QUOTES = {"double": ('"', '"'), "backtick": ("`", "`"), "bracket": ("[", "]")}


def identifiers(sql: str) -> Iterator[str]:
    """Yield what may be names in SQL text."""
    for match in TOKEN.finditer(sql):
        name = name_of(match)
        if name is not None:
            yield name


def mentions(sql: str, names: set[str]) -> bool:
    """Tell whether SQL text names one of some columns."""
    folded = {name.casefold() for name in names}
    return any(name.casefold() in folded for name in identifiers(sql))


def renamed(sql: str, names: Mapping[str, str], quote: Callable[[str], str]) -> str:
    """Return SQL text with columns under their new names.

    Args:
        sql: the text.
        names: new names by old ones.
        quote: quotes a name where the database needs it; a name that is quoted already stays so, in its own way.
    """
    folded = {old.casefold(): new for old, new in names.items()}

    def replacement(match: re.Match[str]) -> str:
        name = name_of(match)
        new = folded.get(name.casefold()) if name is not None else None
        if new is None:
            return match.group()
        for kind, (opening, closing) in QUOTES.items():
            if match.group(kind) is not None:
                return opening + new.replace(closing, closing * 2) + closing
        return quote(new)

    return TOKEN.sub(replacement, sql)


def name_of(match: re.Match[str]) -> str | None:
    """Return the identifier that a token is; None for a string literal."""
    if (word := match.group("word")) is not None:
        return word
    for kind in QUOTES:
        if (name := match.group(kind)) is not None:
            return name
    return None

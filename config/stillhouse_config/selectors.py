"""Selectors pick targets by name and labels: ``env=prod,ring!=2,name~tenant-*``.

Terms are separated by commas and must all hold. The grammar is in ``docs/reference/selectors.md``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import TYPE_CHECKING

from .errors import SelectorError

if TYPE_CHECKING:
    from collections.abc import Mapping

SPACE = re.compile(r"\s*")
WORD = re.compile(r'[^\s,()=!~"\']+')
QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"|\'((?:[^\'\\]|\\.)*)\'')
OPERATOR = re.compile(r"!=|!~|==|=|~")
SET = re.compile(r"(in|notin)(?=[\s(])")
NAME = "name"
NEGATIONS = {"!=": "=", "!~": "~", "notin": "in", "!": ""}


@dataclass(frozen=True, slots=True)
class Term:
    """One condition.

    Attributes:
        key: a label's key, or ``name``; for a bare word the word itself.
        operator: ``=``, ``~`` or ``in``; empty for a bare word.
        values: what the operator compares with.
        negated: whether the condition must not hold.
    """

    key: str
    operator: str
    values: tuple[str, ...] = ()
    negated: bool = False

    def matches(self, name: str, labels: Mapping[str, str]) -> bool:
        """Tell whether a target with this name and these labels meets the condition."""
        return self._holds(name, labels) is not self.negated

    def _holds(self, name: str, labels: Mapping[str, str]) -> bool:
        if not self.operator:
            return self.key in labels or fnmatchcase(name, self.key)
        value = name if self.key == NAME else labels.get(self.key)
        if value is None:
            return False
        if self.operator == "~":
            return fnmatchcase(value, self.values[0])
        return value in self.values

    def __str__(self) -> str:
        key = quote(self.key)
        if not self.operator:
            return f"!{key}" if self.negated else key
        if self.operator == "in":
            values = ",".join(map(quote, self.values))
            return f"{key} {'notin' if self.negated else 'in'} ({values})"
        return f"{key}{'!' if self.negated else ''}{self.operator}{quote(self.values[0])}"


@dataclass(frozen=True, slots=True)
class Selector:
    """A conjunction of terms over a target's name and labels."""

    terms: tuple[Term, ...]

    @staticmethod
    def parse(text: str) -> Selector:
        """Parse a selector.

        Raises:
            SelectorError: the text is not a selector; says at which column.
        """
        return _parse(text)

    def matches(self, name: str, labels: Mapping[str, str]) -> bool:
        """Tell whether a target with this name and these labels is picked."""
        return all(term.matches(name, labels) for term in self.terms)

    def __str__(self) -> str:
        return ",".join(map(str, self.terms))


def quote(word: str) -> str:
    """Write a word so that the parser reads it back, in quotes where it must be."""
    if WORD.fullmatch(word):
        return word
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


@lru_cache(maxsize=512)
def _parse(text: str) -> Selector:
    return _Parser(text).selector()


class _Parser:
    """Recursive descent over one selector text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def selector(self) -> Selector:
        self._space()
        if self.at == len(self.text):
            raise self._error("it is empty", "write * to pick every target")
        terms = [self._term()]
        while self._take(","):
            terms.append(self._term())
        if self.at < len(self.text):
            raise self._error(
                f"unexpected {self.text[self.at]!r}", "separate terms with commas; quote values that hold spaces"
            )
        return Selector(tuple(terms))

    def _term(self) -> Term:
        self._space()
        negated = self.text.startswith("!", self.at)
        self.at += negated
        key = self._word("a label key or a target name")
        self._space()
        if negated:
            return Term(key, "", (), negated=True)
        if match := OPERATOR.match(self.text, self.at):
            self.at = match.end()
            written = "=" if match[0] == "==" else match[0]
            value = self._word(f"a value after {match[0]!r}")
            self._space()
            return Term(key, NEGATIONS.get(written, written), (value,), written in NEGATIONS)
        if match := SET.match(self.text, self.at):
            self.at = match.end()
            return Term(key, "in", self._values(), match[1] == "notin")
        return Term(key, "")

    def _values(self) -> tuple[str, ...]:
        self._space()
        if not self._take("("):
            raise self._error("expected '('", "write a set like env in (staging,production)")
        values = [self._word("a value")]
        self._space()
        while self._take(","):
            values.append(self._word("a value"))
            self._space()
        if not self._take(")"):
            raise self._error("expected ',' or ')'", "close the set, such as env in (staging,production)")
        self._space()
        return tuple(values)

    def _word(self, wanted: str) -> str:
        self._space()
        if match := QUOTED.match(self.text, self.at):
            self.at = match.end()
            return re.sub(r"\\(.)", r"\1", match[1] if match[1] is not None else match[2], flags=re.DOTALL)
        if match := WORD.match(self.text, self.at):
            self.at = match.end()
            return match[0]
        if self.text[self.at : self.at + 1] in {'"', "'"}:
            raise self._error("the quote is never closed", "close it")
        raise self._error(
            f"expected {wanted}", "terms look like key=value, key!=value, name~glob, key in (a,b), key or !key"
        )

    def _space(self) -> None:
        match = SPACE.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def _take(self, character: str) -> bool:
        found = self.text.startswith(character, self.at)
        self.at += found
        return found

    def _error(self, reason: str, hint: str) -> SelectorError:
        return SelectorError(self.text, self.at + 1, reason, hint)

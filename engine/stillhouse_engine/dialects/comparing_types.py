"""Comparing types by what their SQL says: name, arguments, options."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ARRAY = re.compile(r"(?:\s*\[\d*\])+")
"""However many dimensions a model says: databases do not keep them."""

PART = re.compile(r"\(([^()]*(?:\([^()]*\)[^()]*)*)\)|([^\s()]+)")


@dataclass(frozen=True, slots=True)
class TypeWords:
    """A type's SQL, taken apart.

    Attributes:
        name: its first word, in small letters.
        words: the words after it.
        arguments: what stands in parentheses.
        options: what the dialect's patterns found, by pattern.
    """

    name: str
    words: tuple[str, ...]
    arguments: tuple[str, ...]
    options: Mapping[str, str]

    @property
    def phrase(self) -> str:
        """All words."""
        return " ".join([self.name, *self.words])


@lru_cache(maxsize=4096)
def type_words(definition: str, patterns: tuple[str, ...]) -> TypeWords:
    """Take a type's SQL apart.

    Args:
        definition: the SQL.
        patterns: patterns of options, each with one group, its value.
    """
    text = definition.lower()
    text = ARRAY.sub(" []", text)
    options = {}
    for pattern in patterns:
        if found := re.search(pattern, text):
            options[pattern] = found[1]
            text = text.replace(found[0], " ", 1)
    words: list[str] = []
    arguments: list[str] = []
    for in_parentheses, word in PART.findall(text):
        if word:
            words.append(word)
        else:
            arguments += [argument.strip() for argument in in_parentheses.split(",")]
    name, *rest = words or [""]
    return TypeWords(name, tuple(rest), tuple(arguments), options)


def same_type(live: TypeWords, model: TypeWords, synonyms: Sequence[set[str]]) -> bool:
    """Tell whether two types are the same, as far as both say."""
    both_arrays = ("[]" in live.words) == ("[]" in model.words)
    return both_arrays and same_name(live, model, synonyms) and same_arguments(live, model)


def same_name(live: TypeWords, model: TypeWords, synonyms: Sequence[set[str]]) -> bool:
    """Tell whether two types have the same name, or names that the database takes for the same."""
    if live.name == model.name:
        return True
    for group in synonyms:
        names = {name.lower() for name in group}
        if {live.name, model.name} <= names or {live.phrase, model.phrase} <= names:
            return True
    return False


def same_arguments(live: TypeWords, model: TypeWords) -> bool:
    """Tell whether two types agree in whatever both of them say."""
    if len(live.words) == len(model.words) and live.words != model.words:
        return False
    if len(live.arguments) == len(model.arguments) and live.arguments != model.arguments:
        return False
    return all(live.options[name] == model.options[name] for name in live.options.keys() & model.options.keys())

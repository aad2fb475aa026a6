"""Did you mean…: the nearest of the names that would have been right."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def did_you_mean(word: str, known: Iterable[str], nearness: float = 0.7) -> str:
    """Return ``did you mean 'x'?``, or nothing when no known word is near (1: the same)."""
    by_folded = {name.casefold().replace("-", "_"): name for name in known}
    near = get_close_matches(word.casefold().replace("-", "_"), by_folded, n=1, cutoff=nearness)
    return f"did you mean {by_folded[near[0]]!r}?" if near else ""


def known_words(word: str, known: Iterable[str], noun: str) -> str:
    """Return a hint for an unknown word: the nearest one, or the first few that exist."""
    words = sorted(known)
    listed = ", ".join(words[:12]) + (", …" if len(words) > 12 else "")  # noqa: PLR2004 (a line's worth)
    return did_you_mean(word, words) or (f"{noun}: {listed}" if words else f"there are no {noun}")

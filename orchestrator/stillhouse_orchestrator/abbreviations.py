"""Which id or key a person means who wrote the beginning of one, as with git's commits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stillhouse_orchestrator.errors import AmbiguousError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterable


def meant(noun: str, word: str, known: Iterable[str], hint: str) -> str:
    """Return the one that is the word, or begins like it; what stands before the first colon of a key may be left out.

    Args:
        noun: what it names.
        word: as it was written.
        known: all that there are.
        hint: what to do when there is none.

    Raises:
        NotFoundError: none begins like that.
        AmbiguousError: several do.
    """
    names = set(known)
    if word in names:
        return word
    near = (
        sorted(name for name in names if name.startswith(word) or name.partition(":")[2].startswith(word))
        if word
        else []
    )
    if not near:
        raise NotFoundError(noun, word, hint)
    if len(near) > 1:
        raise AmbiguousError(noun, word, near)
    return near[0]

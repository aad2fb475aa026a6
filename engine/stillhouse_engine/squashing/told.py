"""What people are told of a squash. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stillhouse_engine.squashing.squashing import Squashed

SECRET = re.compile(r"(\bPASSWORD\b).*", re.IGNORECASE)
HIDDEN = r"\1 …"


def told(done: Squashed) -> Iterator[str]:
    """Yield what was done, what was proved and what was not, line by line."""
    count = len(done.replaces)
    yield f"Squashed {count} revisions into {done.revision}: {done.path}"
    yield f"Proved on {done.dialect}: an empty database gets the same schema and the same rows from it ({done.fingerprint[:12]})"
    if done.rows:
        yield f"Rows: {', '.join(f'{rows} in {table}' for table, rows in done.rows.items())}"
    if done.carried:
        yield "Taken over as they are, because snapshots do not show what they do:"
        yield from (f"  {SECRET.sub(HIDDEN, ' '.join(statement.split()))}" for statement in done.carried)
    yield f"Not compared: {', '.join(what for what, _ in done.not_compared)}"
    if not done.reversible:
        yield "There is no proved way down from it: downgrade to one of its originals instead"
    verb = "are" if done.written else "would be"
    yield f"The originals {verb} in {done.kept}; keep them until no database stands below {done.revision}"

"""What a user may not see: MySQL and MariaDB silently leave out of their catalogue what a user has no privilege for.

A schema that looks smaller than it is must not be taken for a schema that has lost something. Which privileges show what was
found out by trying each of them on MariaDB 10.11.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

GRANT = re.compile(r"GRANT (?P<privileges>.+) ON (?P<scope>\S+\.\*) TO ")
ROLE = re.compile(r"GRANT [`'][^`']*[`'](@[`'][^`']*[`'])? TO ")
ALL = "ALL PRIVILEGES"
ROUTINES = ("EXECUTE", "CREATE ROUTINE", "ALTER ROUTINE")
SHOWN_BY: Mapping[str, tuple[str, ...]] = {
    "trigger": ("TRIGGER",),
    "event": ("EVENT",),
    "function": ROUTINES,
    "procedure": ROUTINES,
}
TABLES_SHOWN_BY = frozenset({ALL, "SELECT"})


def held(grants: Iterable[str], schema: str) -> frozenset[str] | None:
    """Return the privileges that a user has on the whole of a database, from the lines of SHOW GRANTS.

    Returns:
        None when they depend on roles whose own grants are not among the lines.
    """
    lines = list(grants)
    found: set[str] = set()
    for line in lines:
        match = GRANT.match(line)
        if match and _covers(match["scope"], schema):
            found.update(privilege.strip() for privilege in match["privileges"].split(","))
    by_role = len({line.rpartition(" TO ")[2].partition(" ")[0] for line in lines if GRANT.match(line)}) > 1
    unseen = not by_role and any(ROLE.match(line) for line in lines)
    return None if unseen and not TABLES_SHOWN_BY & found else frozenset(found)


def _covers(scope: str, schema: str) -> bool:
    """Tell whether ``*.*`` or a LIKE pattern in backticks means a database."""
    if scope == "*.*":
        return True
    pattern = scope[1:-3].replace("``", "`")  # `pattern`.*
    regex = "".join(
        re.escape(part[1:])
        if part.startswith("\\") and len(part) > 1
        else {"%": ".*", "_": "."}.get(part, re.escape(part))
        for part in re.findall(r"\\.|.", pattern, re.DOTALL)
    )
    return re.fullmatch(regex, schema, re.DOTALL | re.IGNORECASE) is not None

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import mutations_dependants
import mutations_mariadb
import mutations_postgresql
import mutations_privileges
import mutations_sqlite

from stillhouse_engine.schema import PRIVILEGED_KINDS
from stillhouse_engine.schema.mysql.reader import COMPARED as MARIADB_KINDS
from stillhouse_engine.schema.mysql.reader import NOT_COMPARED as MARIADB_LEFT_OUT
from stillhouse_engine.schema.postgresql.reader import COMPARED as POSTGRESQL_KINDS
from stillhouse_engine.schema.postgresql.reader import NOT_COMPARED as POSTGRESQL_LEFT_OUT
from stillhouse_engine.schema.sqlite.reader import COMPARED as SQLITE_KINDS
from stillhouse_engine.schema.sqlite.reader import NOT_COMPARED as SQLITE_LEFT_OUT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mutations import Mutation

PAGE = Path(__file__).parents[4] / "docs" / "reference" / "drift-coverage.md"
POSTGRESQL = (*mutations_postgresql.MUTATIONS, *(each.mutation for each in mutations_dependants.DEPENDANTS))
SECTIONS = {
    "PostgreSQL": (POSTGRESQL, POSTGRESQL_KINDS, POSTGRESQL_LEFT_OUT),
    "PostgreSQL: owners and privileges": (
        mutations_privileges.MUTATIONS,
        PRIVILEGED_KINDS,
        (("grants of other roles than the owner", "found, and left to people"), ("roles", "belong to the server")),
    ),
    "SQLite": (mutations_sqlite.MUTATIONS, SQLITE_KINDS, SQLITE_LEFT_OUT),
    "MariaDB and MySQL": (mutations_mariadb.MUTATIONS, MARIADB_KINDS, MARIADB_LEFT_OUT),
}
TITLES = {name: f"## {name}" for name in SECTIONS}


def row(mutation: Mutation) -> str:
    if not mutation.found:
        return f"| {mutation.title} | not found: {mutation.reason} | | |"
    parts = (f"{op} {kind}" + (f", `{attribute}`" if attribute else "") for op, kind, _, attribute in mutation.found)
    answers = ("yes" if answered else "by hand" for answered in (mutation.repaired, mutation.adopted))
    return f"| {mutation.title} | {'; '.join(parts)} | {' | '.join(answers)} |"


def section(name: str) -> Iterator[str]:
    mutations, kinds, left_out = SECTIONS[name]
    found = sum(bool(mutation.found) for mutation in mutations)
    yield f"Compared: {', '.join(kind.replace('_', ' ') for kind in kinds)}."
    yield f"Not compared: {'; '.join(f'{what} ({why})' for what, why in left_out)}."
    yield f"{found} kinds of change are tested to be found:"
    yield "| somebody did this | reported as | repaired | adopted |"
    yield "|---|---|---|---|"
    yield from map(row, mutations)


def test_the_page_says_what_is_tested() -> None:
    text = PAGE.read_text()
    for name, title in TITLES.items():
        _, _, after = text.partition(f"{title}\n")
        lines = [line for line in after.partition("\n## ")[0].splitlines() if line]
        assert lines == list(section(name)), f"docs/reference/drift-coverage.md, section {name}, is not what is tested"

"""What PostgreSQL's catalogue tells of the few statements that cannot share a transaction with the journal."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqlalchemy import text

from stillhouse_engine.runtime.journal_verdicts import ABSENT, INVALID, NO_PROBE, PRESENT, Finding, Verdict

if TYPE_CHECKING:
    from sqlalchemy import Connection

BLANK = r"(?:\s|--[^\n]*\n|/\*.*?\*/)*"
UNIT = r'(?:"(?:[^"]|"")+"|[^\W\d][\w$]*)'
NAME = rf"{UNIT}(?:\.{UNIT})?"
CREATE_INDEX = re.compile(
    rf"{BLANK}CREATE\s+(?:UNIQUE\s+)?INDEX\s+CONCURRENTLY\s+(?:IF\s+NOT\s+EXISTS\s+)?(?!ON\b)(?P<index>{UNIT})"
    rf"\s+ON\s+(?:ONLY\s+)?(?P<table>{NAME})",
    re.IGNORECASE | re.DOTALL,
)
DROP_INDEX = re.compile(
    rf"{BLANK}DROP\s+INDEX\s+CONCURRENTLY\s+(?:IF\s+EXISTS\s+)?(?P<index>{NAME})\s*(?:CASCADE|RESTRICT)?\s*;?\s*$",
    re.IGNORECASE | re.DOTALL,
)
ADD_VALUE = re.compile(
    rf"{BLANK}ALTER\s+TYPE\s+(?P<type>{NAME})\s+ADD\s+VALUE\s+(?:IF\s+NOT\s+EXISTS\s+)?'(?P<value>(?:[^']|'')*)'",
    re.IGNORECASE | re.DOTALL,
)
LONGEST_NAME = 63  # bytes: NAMEDATALEN - 1
PART = re.compile(r'"(?:[^"]|"")+"|[^."\s]+')
# An index lives in its table's schema, whatever the search path says.
INDEX_OF_TABLE = text(
    "SELECT i.indisvalid, quote_ident(n.nspname) || '.' || quote_ident(c.relname) FROM pg_catalog.pg_index i "
    "JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "WHERE i.indrelid = to_regclass(:table) AND c.relname = :index"
)
INDEX = text(
    "SELECT i.indisvalid, i.indexrelid::regclass::text FROM pg_catalog.pg_index i WHERE i.indexrelid = to_regclass(:index)"
)
VALUE = text("SELECT 1 FROM pg_catalog.pg_enum WHERE enumtypid = to_regtype(:type) AND enumlabel = :value")
SAYS = {
    ABSENT: "does not exist",
    PRESENT: "exists",
    INVALID: "exists and is invalid: its making was interrupted",
}


class PostgresCatalogue:
    """Asks for indexes and enum values."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def state(self, sql: str) -> str | None:
        """Return whether what a statement makes or drops is there; None for other statements."""
        return self._look(sql)[0]

    def judge(self, sql: str, before: str | None) -> Finding:
        """Compare what is there with what the statement was to bring about."""
        now, what = self._look(sql)
        if now is None:
            return NO_PROBE
        evidence = f"{what} {SAYS[now]}"
        wanted = ABSENT if DROP_INDEX.match(sql) else PRESENT
        applied = now == wanted and before != now
        return Finding(Verdict.APPLIED if applied else Verdict.NOT_APPLIED, evidence)

    def prepare(self, sql: str) -> None:
        """Drop the invalid index that a failed CREATE INDEX CONCURRENTLY has left behind."""
        match = CREATE_INDEX.match(sql)
        if match is None:
            return
        row = self.connection.execute(
            INDEX_OF_TABLE, {"table": reference(match["table"]), "index": plain(match["index"])}
        ).one_or_none()
        if row is not None and not row[0]:
            self.connection.exec_driver_sql(f"DROP INDEX CONCURRENTLY IF EXISTS {row[1]}")

    def _look(self, sql: str) -> tuple[str | None, str]:
        if match := CREATE_INDEX.match(sql):
            values = {"table": reference(match["table"]), "index": plain(match["index"])}
            return self._index(INDEX_OF_TABLE, values, f"index {match['index']} on {match['table']}")
        if match := DROP_INDEX.match(sql):
            return self._index(INDEX, {"index": reference(match["index"])}, f"index {match['index']}")
        if match := ADD_VALUE.match(sql):
            value = match["value"].replace("''", "'")
            found = self.connection.execute(VALUE, {"type": reference(match["type"]), "value": value}).scalar()
            return PRESENT if found else ABSENT, f"value {value!r} of {match['type']}"
        return None, ""

    def _index(self, query: object, values: dict[str, str], what: str) -> tuple[str, str]:
        row = self.connection.execute(query, values).one_or_none()  # type: ignore[call-overload]
        return (ABSENT if row is None else PRESENT if row[0] else INVALID), what


def plain(name: str) -> str:
    """Return a name as the catalogue holds it: PostgreSQL cuts names in statements at 63 bytes, and look-ups refuse them."""
    written = name[1:-1].replace('""', '"') if name.startswith('"') else name.lower()
    return written.encode()[:LONGEST_NAME].decode(errors="ignore")


def reference(name: str) -> str:
    """Return a name, with its schema or without, as ``to_regclass`` takes it."""
    return ".".join('"' + plain(part).replace('"', '""') + '"' for part in PART.findall(name))

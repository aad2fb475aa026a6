"""What the catalogue of MySQL and MariaDB tells of a statement: its object's definition, before and after."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from stillhouse_engine.runtime.journal_statements import digest
from stillhouse_engine.runtime.journal_verdicts import ABSENT, AGAIN, NO_PROBE, PRESENT, Finding, Verdict

if TYPE_CHECKING:
    from sqlalchemy import Connection

BLANK = r"(?:\s|--[^\n]*\n|/\*.*?\*/)*"
UNIT = r"(?:`(?:[^`]|``)+`|[\w$]+)"
NAME = rf"{UNIT}(?:\s*\.\s*{UNIT})?"
IS, IS_NOT, REPLACE = r"(?:IF\s+EXISTS\s+)?", r"(?:IF\s+NOT\s+EXISTS\s+)?", r"(?:OR\s+REPLACE\s+)?"
DEFINED = r"(?:ALGORITHM\s*=\s*\w+\s+|DEFINER\s*=\s*\S+\s+|SQL\s+SECURITY\s+\w+\s+|AGGREGATE\s+)*"
AGAIN_WORDS = r"(?:GRANT|REVOKE|TRUNCATE|ALTER\s+SEQUENCE(?!.*\bRESTART\b))\b"
MOVES_ROWS = (
    r"\s*(?:(?:EXCHANGE|TRUNCATE|DISCARD|IMPORT)\s+(?:PARTITION|TABLESPACE))\b"  # the definition stays as it was
)
RULES = tuple(
    (re.compile(BLANK + pattern, re.IGNORECASE | re.DOTALL), kind, expect)
    for pattern, kind, expect in (
        (rf"CREATE\s+{REPLACE}(?:TABLE|SEQUENCE)\s+{IS_NOT}(?P<names>{NAME})", "relation", PRESENT),
        (rf"CREATE\s+{REPLACE}{DEFINED}VIEW\s+{IS_NOT}(?P<names>{NAME})", "relation", PRESENT),
        (rf"ALTER\s+{DEFINED}VIEW\s+(?P<names>{NAME})", "relation", PRESENT),
        (rf"DROP\s+(?:TABLE|VIEW|SEQUENCE)\s+{IS}(?P<names>{NAME}(?:\s*,\s*{NAME})*)", "relation", ABSENT),
        (rf"ALTER\s+(?:ONLINE\s+|IGNORE\s+)*TABLE\s+{IS}(?P<names>(?>{NAME}))(?!{MOVES_ROWS})", "relation", None),
        (rf"RENAME\s+TABLES?\s+(?P<names>{NAME}\s+TO\s+{NAME})\s*;?\s*$", "renamed", None),
        (rf"CREATE\s+{REPLACE}(?:\w+\s+)?INDEX\s+{IS_NOT}{UNIT}(?:\s+USING\s+\w+)?\s+ON\s+(?P<names>{NAME})", "relation", None),
        (rf"DROP\s+INDEX\s+{IS}{UNIT}\s+ON\s+(?P<names>{NAME})", "relation", None),
        (rf"CREATE\s+{REPLACE}{DEFINED}TRIGGER\s+{IS_NOT}(?P<names>{NAME})", "trigger", PRESENT),
        (rf"DROP\s+TRIGGER\s+{IS}(?P<names>{NAME})", "trigger", ABSENT),
        (rf"CREATE\s+{REPLACE}{DEFINED}(?:PROCEDURE|FUNCTION)\s+{IS_NOT}(?P<names>{NAME})", "routine", PRESENT),
        (rf"DROP\s+(?:PROCEDURE|FUNCTION)\s+{IS}(?P<names>{NAME})", "routine", ABSENT),
        (rf"CREATE\s+{REPLACE}{DEFINED}EVENT\s+{IS_NOT}(?P<names>{NAME})", "event", PRESENT),
        (rf"DROP\s+EVENT\s+{IS}(?P<names>{NAME})", "event", ABSENT),
        (rf"CREATE\s+{REPLACE}(?:DATABASE|SCHEMA)\s+{IS_NOT}(?P<names>{UNIT})", "database", PRESENT),
        (rf"DROP\s+(?:DATABASE|SCHEMA)\s+{IS}(?P<names>{UNIT})", "database", ABSENT),
        (rf"{AGAIN_WORDS}(?P<names>)", "again", None),
    )
)  # fmt: skip
PARTS = tuple(
    (re.compile(BLANK + pattern, re.IGNORECASE | re.DOTALL), line, there)
    for pattern, line, there in (
        (rf"ALTER\s+TABLE\s+{NAME}\s+ADD\s+COLUMN\s+{IS_NOT}(?P<part>{UNIT})\s", r"^\s*`{}` ", True),
        (rf"ALTER\s+TABLE\s+{NAME}\s+DROP\s+COLUMN\s+{IS}(?P<part>{UNIT})\s*;?\s*$", r"^\s*`{}` ", False),
        (rf"ALTER\s+TABLE\s+{NAME}\s+ADD\s+CONSTRAINT\s+{IS_NOT}(?P<part>{UNIT})\s", r"(?:CONSTRAINT|KEY) `{}`", True),
        (rf"ALTER\s+TABLE\s+{NAME}\s+DROP\s+(?:CONSTRAINT|FOREIGN\s+KEY|CHECK)\s+{IS}(?P<part>{UNIT})\s*;?\s*$", r"CONSTRAINT `{}`", False),
        (rf"CREATE\s+{REPLACE}(?:\w+\s+)?INDEX\s+{IS_NOT}(?P<part>{UNIT})\s", r"KEY `{}`", True),
        (rf"DROP\s+INDEX\s+{IS}(?P<part>{UNIT})\s", r"KEY `{}`", False),
    )
)  # fmt: skip
"""What a definition must show, or must not, once a statement of one clause has been carried out."""
AS_IT_IS = {"no_parameters": True}
"""Leave percent signs in names alone."""
COUNTER = re.compile(r" AUTO_INCREMENT=\d+")
MISSING = frozenset({1146, 1051, 1049, 4090, 4091})
"""What these servers say of an object that does not exist."""
COUNTS = {
    "trigger": "SELECT count(*) FROM information_schema.triggers WHERE trigger_schema = {schema} AND trigger_name = :name",
    "routine": "SELECT count(*) FROM information_schema.routines WHERE routine_schema = {schema} AND routine_name = :name",
    "event": "SELECT count(*) FROM information_schema.events WHERE event_schema = {schema} AND event_name = :name",
    "database": "SELECT count(*) FROM information_schema.schemata WHERE schema_name = :name",
}


@dataclass(frozen=True, slots=True)
class Question:
    """What to ask the catalogue about a statement.

    Attributes:
        kind: ``relation``, ``renamed``, ``again`` or a key of ``COUNTS``.
        names: the objects, as the statement writes them.
        expect: whether they are to be there afterwards; None when only their definition changes.
    """

    kind: str
    names: tuple[str, ...]
    expect: str | None

    def __str__(self) -> str:
        """Name the objects for people."""
        return ", ".join(self.names)


class MySQLCatalogue:
    """Asks for definitions, and for the existence of what has none."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def state(self, sql: str) -> str | None:
        """Return a hash of the definitions that a statement changes; None when it is of no kind that can be told."""
        question = question_of(sql)
        return None if question is None else self._state(question)

    def judge(self, sql: str, before: str | None) -> Finding:
        """Compare the definitions with those that were noted before the statement."""
        question = question_of(sql)
        if question is None or before is None:
            return NO_PROBE
        now = self._state(question)
        if now == before:
            return Finding(Verdict.NOT_APPLIED, f"{question} is as it was before the statement")
        if question.expect is None:
            return self._judge_change(sql, question)
        found = {name: self._exists(question.kind, name) for name in question.names}
        evidence = ", ".join(f"{name} {'exists' if there else 'does not exist'}" for name, there in found.items())
        if all(there is (question.expect == PRESENT) for there in found.values()):
            return Finding(Verdict.APPLIED, evidence)
        return Finding(Verdict.UNKNOWN, f"{evidence}, which is neither the state before the statement nor after it")

    def prepare(self, sql: str) -> None:
        """Do nothing: a failed statement leaves nothing behind."""

    def _judge_change(self, sql: str, question: Question) -> Finding:
        definition = self._definition(question.names[0])
        if definition is None and not re.search(r"\bRENAME\b", sql, re.IGNORECASE):
            return Finding(Verdict.UNKNOWN, f"{question} does not exist any more")
        for pattern, line, there in PARTS:
            if (match := pattern.match(sql)) is None:
                continue
            part = unquoted(match["part"])
            found = (
                re.search(line.format(re.escape(part.replace("`", "``"))), definition or "", re.MULTILINE) is not None
            )
            evidence = f"{question} has changed since, and has {'a' if found else 'no'} part {part}"
            return Finding(Verdict.APPLIED if found is there else Verdict.UNKNOWN, evidence)
        return Finding(Verdict.APPLIED, f"{question} has changed since the statement was to be sent")

    def _state(self, question: Question) -> str:
        if question.kind == "again":
            return AGAIN
        states = []
        for name in question.names:
            if question.kind in COUNTS:
                states.append(PRESENT if self._exists(question.kind, name) else ABSENT)
            else:
                definition = self._definition(name)
                states.append(ABSENT if definition is None else definition)
        return digest(*states)

    def _exists(self, kind: str, name: str) -> bool:
        if kind not in COUNTS:
            return self._definition(name) is not None
        schema, _, bare = name.rpartition(".")
        query = COUNTS[kind].format(schema=":schema" if schema else "DATABASE()")
        values = {"name": unquoted(bare), **({"schema": unquoted(schema)} if schema else {})}
        return bool(self.connection.execute(text(query), values).scalar())

    def _definition(self, name: str) -> str | None:
        try:
            row = self.connection.exec_driver_sql(f"SHOW CREATE TABLE {name}", execution_options=AS_IT_IS).one()
        except DBAPIError as error:
            if (getattr(error.orig, "args", None) or [None])[0] in MISSING:
                return None
            raise
        return COUNTER.sub("", str(row[1]))


def question_of(sql: str) -> Question | None:
    """Return what to ask about a statement; None when nothing would tell."""
    for pattern, kind, expect in RULES:
        if match := pattern.match(sql):
            found = re.findall(NAME, match["names"])
            names = tuple(name for name in found if kind != "renamed" or name.upper() != "TO")
            return Question(kind, names, expect)
    return None


def unquoted(name: str) -> str:
    """Return a name as the catalogue holds it."""
    name = name.strip()
    return name[1:-1].replace("``", "`") if name.startswith("`") else name

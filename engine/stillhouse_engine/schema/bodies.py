"""The difference between two schemas as the body of a revision. Pure.

The statements are those of a repair, each in an ``op.execute()``: they are exact for one kind of database, down to triggers
and functions, where directives would lose some of it.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import replace
from typing import TYPE_CHECKING

from stillhouse_engine.schema.changes import diff
from stillhouse_engine.schema.repairs import repair

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stillhouse_engine.schema.actions import RepairStep
    from stillhouse_engine.schema.snapshot import Snapshot

INDENT = "    "
LONGEST_LINE = 100
BIND = re.compile(r"(?<![:\w\\]):(?=\w+(?!:))")
"""What ``op.execute()`` takes for a bound parameter (SQLAlchemy's ``text()``); a backslash keeps it as it is."""
TAKEN = re.compile(r"\\(:[\w$]*)(?![:\w])")
"""What it takes for a colon that was kept so."""
KEPT = re.compile(rf"\\(?={TAKEN.pattern[2:]})")
"""The backslash of such a one."""


def between(before: Snapshot, after: Snapshot) -> tuple[RepairStep, ...]:
    """Return the steps that make of one schema another."""
    changes = diff(after, before)
    steps = repair(changes, after, before)
    return tuple(kept for step in steps if (kept := _anywhere(step)) is not None)


def _anywhere(step: RepairStep) -> RepairStep | None:
    """Leave out what says in which database or schema a session works: a migration knows that."""
    if step.change_ids:
        return step
    sql = tuple(each for each in step.sql if not each.startswith(("USE ", "SET search_path", "SET LOCAL search_path")))
    return replace(step, sql=sql) if sql else None


def body(steps: Sequence[RepairStep]) -> str:
    """Return steps as the body of ``upgrade()`` or ``downgrade()``, indented for the template."""
    lines: list[str] = []
    for step in steps:
        outside = not step.transactional and bool(step.change_ids)
        if outside:
            lines.append("with op.get_context().autocommit_block():")
        for statement in step.sql:
            lines += [f"{INDENT if outside else ''}{line}" if line else "" for line in call(statement)]
        if step.reason and not step.sql:
            lines.append(f"# {' '.join(step.reason.split())}")
    if all(line.startswith("#") for line in lines):
        lines.append("pass")
    return f"\n{INDENT}".join(lines)


def call(statement: str) -> list[str]:
    """Return the lines of one ``op.execute()``."""
    escaped = BIND.sub(r"\:", KEPT.sub(r"\\\\", statement))
    if TAKEN.sub(r"\1", escaped) != statement or BIND.search(escaped):  # ``text()`` has no way to say ``:this:``
        return [f"op.execute(sa.DDL({statement.replace('%', '%%')!r}))"]
    if "\n" not in escaped:
        line = f"op.execute({_quoted(escaped)})"
        return [line] if len(line) <= LONGEST_LINE else ["op.execute(", *_wrapped(escaped), ")"]
    return [f"op.execute({escaped!r})"] if _awkward(escaped) else _block(escaped)


def _wrapped(statement: str) -> list[str]:
    """Return a long line as several literals, which Python puts together again."""
    parts = textwrap.wrap(
        statement, LONGEST_LINE - 2 * len(INDENT) - 2, expand_tabs=False, replace_whitespace=False, drop_whitespace=False,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
    return [f"{INDENT}{_quoted(part)}" for part in parts]


def _block(statement: str) -> list[str]:
    """Return a statement of several lines as they are; the template's indentation must not get into it."""
    return ["op.execute(", *(f"{INDENT}{_quoted(line)}" for line in statement.splitlines(keepends=True)), ")"]


def _awkward(statement: str) -> bool:
    return "\r" in statement or len(statement.splitlines()) != statement.count("\n") + (not statement.endswith("\n"))


def _quoted(text: str) -> str:
    """Return a text as a literal in double quotes, where that needs no more backslashes than in single ones."""
    plain = repr(text)
    return f'"{plain[1:-1]}"' if plain.startswith("'") and '"' not in plain else plain

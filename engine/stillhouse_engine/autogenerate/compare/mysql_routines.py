"""Functions and procedures of MySQL and MariaDB: their bodies are kept as they were written, their types are not."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any

from stillhouse_engine.autogenerate.compare.mysql_code import made_under, refuse_hidden, refuse_unseen
from stillhouse_engine.autogenerate.compare.objects import FUNCTIONS, accepts, full_name, live_objects, sql_name
from stillhouse_engine.autogenerate.reflection.mysql_words import server_words
from stillhouse_engine.errors import CommandError
from stillhouse_engine.operations import ops
from stillhouse_engine.schema.mysql.definitions import text_literal
from stillhouse_engine.schema.mysql.normalise import INTEGER_WIDTH
from stillhouse_engine.schema.mysql.routines import body_words, parse, plain_type

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from stillhouse_engine.autogenerate.context import AutogenContext
    from stillhouse_engine.declared import Routine as Declared
    from stillhouse_engine.schema.mysql.routines import Routine
    from stillhouse_engine.schema.snapshot import SchemaObject

    Key = tuple[str | None, str]

log = logging.getLogger("stillhouse.autogenerate.routines")

SAID = ("deterministic", "access", "security", "comment")
ASK = "SELECT * FROM JSON_TABLE('[]', '$' COLUMNS (c {type} PATH '$')) AS j"
ANSWER = re.compile(r"columns \( `?c`? (.+?) path '\$'", re.IGNORECASE)
NEVER_ASKED = re.compile(r"enum|set|geometry|point|linestring|polygon|multi|uuid|inet|json|vector", re.IGNORECASE)
"""Types that the server takes for no column of JSON_TABLE, and calls as they are written."""


class RoutineComparison:
    """Compares functions, or procedures.

    Args:
        autogen_context: what is known.
        noun: ``function`` or ``procedure``.
        live: the live ones by schema and name.
        models: the declared ones in the same way.
        types: how the server calls the types of the declared ones.
    """

    def __init__(
        self,
        autogen_context: AutogenContext,
        noun: str,
        live: Mapping[Key, SchemaObject],
        models: Mapping[Key, tuple[Declared, Routine]],
        types: Mapping[str, str],
    ) -> None:
        self.context = autogen_context
        self.noun = noun
        self.live = live
        self.models = models
        self.types = types

    def run(self) -> list[ops.SchemaObjectOp]:
        """Return the operations."""
        found = []
        for key, (declared, routine) in self.models.items():
            live = self.live.get(key)
            if not accepts(self.context, routine.name, self.noun, declared, live):
                continue
            if live is None:
                log.info("Detected added %s %r", self.noun, full_name(key[0], routine.name))
                found.append(self.make(key, declared))
            elif self.facts(routine) != live_facts(live):
                refuse_hidden(live)
                log.info("Detected changed %s %r", self.noun, live.name)
                found.append(self.change(key, declared, live))
        for key, live in self.live.items():
            if key not in self.models and accepts(self.context, live.text("bare"), self.noun, None, live):
                refuse_hidden(live)
                log.info("Detected removed %s %r", self.noun, live.name)
                found.append(self.drop(key, live))
        return found

    def facts(self, routine: Routine) -> dict[str, Any]:
        """Return what is compared of a declared one."""
        return {
            "arguments": [(each.mode, each.name.lower(), self.types[each.type]) for each in routine.arguments],
            "result": self.types[routine.result] if routine.result else "",
            "body": body_words(routine.body),
            **{name: routine.said.get(name) for name in SAID},
        }

    def name(self, key: Key) -> str:
        """Return a name as SQL has it."""
        live = self.live.get(key)
        return sql_name(self.context, key[0], live.text("bare") if live is not None else self.models[key][1].name)

    def statement(self, key: Key, declared: Declared, *, replace: bool = False) -> str:
        """Return what makes a declared one."""
        schema = f"{self.context.dialect.identifier_preparer.quote(key[0])}." if key[0] else ""
        return f"{verb(replace=replace)} {self.noun.upper()} {schema}{declared.name}\n{declared.definition}"

    def again(self, key: Key, live: SchemaObject, *, replace: bool = False) -> str:
        """Return what makes a live one."""
        result = f" RETURNS {live.text('result')}" if self.noun == "function" else ""
        said = {
            "deterministic": "DETERMINISTIC",
            "access": live.text("access"),
            "security": f"SQL SECURITY {live.text('security')}",
            "comment": f"COMMENT {text_literal(live.text('comment'))}",
        }
        clauses = "".join(f" {text}" for name, text in said.items() if live.get(name))
        head = (
            f"{verb(replace=replace)} {self.noun.upper()} {self.name(key)}({live.text('arguments')}){result}{clauses}"
        )
        return f"{head}\n{live.text('body')}"

    def make(self, key: Key, declared: Declared) -> ops.SchemaObjectOp:
        """Make one that is in the models only."""
        undo = [f"DROP {self.noun.upper()} {self.name(key)}"]
        statements = [self.statement(key, declared)]
        return ops.SchemaObjectOp(
            self.noun, declared.full_name, None, declared, statements=statements, undo=undo, place=FUNCTIONS
        )

    def drop(self, key: Key, live: SchemaObject) -> ops.SchemaObjectOp:
        """Drop one that is in the database only."""
        statements, undo = [f"DROP {self.noun.upper()} {self.name(key)}"], [self.again(key, live)]
        remark = ("", made_under(self.context, live))
        return ops.SchemaObjectOp(
            self.noun, live.name, live, None, statements=statements, undo=undo, place=-FUNCTIONS, remark=remark
        )

    def change(self, key: Key, declared: Declared, live: SchemaObject) -> ops.SchemaObjectOp:
        """Put a declared one in the place of a live one; MySQL cannot replace."""
        replace = bool(getattr(self.context.dialect, "is_mariadb", False))
        statements = [self.statement(key, declared, replace=replace)]
        undo = [self.again(key, live, replace=replace)]
        if not replace:
            drop = f"DROP {self.noun.upper()} {self.name(key)}"
            statements, undo = [drop, *statements], [drop, *undo]
        remark = ("", made_under(self.context, live))
        return ops.SchemaObjectOp(
            self.noun, live.name, live, declared, statements=statements, undo=undo, place=FUNCTIONS, remark=remark
        )


def verb(*, replace: bool) -> str:
    """Return the verb of a statement."""
    return "CREATE OR REPLACE" if replace else "CREATE"


def live_facts(live: SchemaObject) -> dict[str, Any]:
    """Return what is compared of a live one."""
    arguments = parse(f"f({live.text('arguments')})", "SELECT 1").arguments
    return {
        "arguments": [(each.mode, each.name.lower(), without_width(plain_type(each.type))) for each in arguments],
        "result": without_width(plain_type(live.text("result"))),
        "body": body_words(live.text("body")),
        **{name: live.get(name) for name in SAID},
    }


def compare_as_written(
    autogen_context: AutogenContext, schemas: set[str | None], noun: str, models: Sequence[Declared]
) -> list[ops.SchemaObjectOp]:
    """Return what makes the live routines of the chosen schemas the declared ones."""
    refuse_unseen(autogen_context, noun)
    parsed = {}
    for item in models:
        routine = taken_apart(item)
        parsed[item.schema, routine.name.lower()] = (item, routine)
    live = {
        (schema, name.lower()): item for (schema, name), item in live_objects(autogen_context, schemas, noun).items()
    }
    common = [routine for key, (_, routine) in parsed.items() if key in live]
    written = {each.type for routine in common for each in routine.arguments} | {each.result for each in common} - {""}
    types = server_types(autogen_context, written)
    return RoutineComparison(autogen_context, noun, live, parsed, types).run()


def taken_apart(item: Declared) -> Routine:
    """Return the parts of a declaration.

    Raises:
        CommandError: it is none of MySQL's.
    """
    try:
        return parse(item.name, item.definition)
    except ValueError as error:
        raise CommandError(
            f"Can't read the {item.noun} {item.full_name!r} that the models declare: {error}. On MySQL and MariaDB it is declared as "
            'Function("total(a int)", metadata, "RETURNS int DETERMINISTIC RETURN a"); leave those of other databases out with '
            "include_object."
        ) from error


def server_types(autogen_context: AutogenContext, written: Iterable[str]) -> dict[str, str]:
    """Return how the server calls types; those that it cannot be asked about stay as they are written."""
    found = {type_: plain_type(type_) for type_ in written}
    questions: dict[Any, str] = {
        type_: ASK.format(type=type_) for type_ in sorted(found) if not NEVER_ASKED.match(type_)
    }
    if autogen_context.connection is not None:
        for type_, said in server_words(autogen_context.connection, questions, {}).items():
            match = ANSWER.search(said or "")
            if match is not None:
                found[str(type_)] = plain_type(match[1])
    if getattr(autogen_context.dialect, "is_mariadb", False):
        found |= {type_: "longtext" for type_, plain in found.items() if plain == "json"}
    return {type_: without_width(plain) for type_, plain in found.items()}


def without_width(type_: str) -> str:
    """Return a type as snapshots have it: without the width of integers, which says nothing."""
    joined = type_.replace(" ( ", "(").replace(" )", ")")
    return plain_type(INTEGER_WIDTH.sub(r"\1", joined))

"""Functions and procedures of PostgreSQL, compared as it would write the declared ones."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any

from stillhouse_engine.autogenerate.compare.objects import (
    FUNCTIONS,
    LATE_FUNCTIONS,
    accepts,
    full_name,
    live_objects,
)
from stillhouse_engine.autogenerate.reflection.server_words import REFUSED, Question, server_words
from stillhouse_engine.operations import ops
from stillhouse_engine.schema.postgresql.branches_more import FUNCTION
from stillhouse_engine.schema.postgresql.functions import function_statement

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stillhouse_engine.autogenerate.context import AutogenContext
    from stillhouse_engine.declared import Routine
    from stillhouse_engine.schema.snapshot import SchemaObject

    Key = tuple[str | None, str]

log = logging.getLogger("stillhouse.autogenerate.routines")

ATTRIBUTES = ("arguments", "result", "language", "body", "volatility", "options", "settings")
SIGNATURE = "p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')'"
ASK = (
    f"SELECT jsonb_build_object('signature', {SIGNATURE}, 'sql', quote_ident(p.proname) || '(' || "
    "pg_get_function_identity_arguments(p.oid) || ')', "
    + ", ".join(f"'{name}', {FUNCTION.attributes[name]}" for name in ATTRIBUTES)
    + ") FROM pg_catalog.pg_proc p WHERE p.pronamespace = pg_my_temp_schema() ORDER BY p.oid DESC LIMIT 1"
)


class RoutineComparison:
    """Compares functions, or procedures.

    Args:
        autogen_context: what is known.
        noun: ``function`` or ``procedure``.
        live: the live ones by schema and signature.
        models: the declared ones, each with what it would be in the database.
    """

    def __init__(
        self,
        autogen_context: AutogenContext,
        noun: str,
        live: Mapping[Key, SchemaObject],
        models: Mapping[Routine, Mapping[str, str]],
    ) -> None:
        self.context = autogen_context
        self.noun = noun
        self.live = live
        self.models = models
        names = {table.name for table in autogen_context.sorted_tables}
        self.relations = names | {item.name for item in autogen_context.snapshot.of_kind("table", "view")}

    def run(self) -> list[ops.SchemaObjectOp]:
        """Return the operations."""
        found, kept = [], set()
        for model, words in self.models.items():
            key = self.key(model, words)
            live = self.live.get(key)
            kept.add(key)
            if not accepts(self.context, key[1], self.noun, model, live):
                continue
            if live is None:
                log.info("Detected added %s %r", self.noun, full_name(*key))
                found.append(self.make(model, words))
            elif REFUSED in words or any(words.get(name) != live.get(name) for name in ATTRIBUTES):
                log.info("Detected changed %s %r", self.noun, full_name(*key))
                found += self.change(model, words, live)
        for key, live in self.live.items():
            if key not in kept and accepts(self.context, key[1], self.noun, None, live):
                log.info("Detected removed %s %r", self.noun, full_name(*key))
                found.append(self.drop(live))
        return found

    def key(self, model: Routine, words: Mapping[str, str]) -> Key:
        """Return schema and signature; of what cannot be made as the database is, the signature as it was declared."""
        return (model.schema, words.get("signature", model.name))

    def place(self, language: str, signature: str) -> int:
        """Return when to make a function: those that name tables or views, or may read them at once, after these."""
        names = set(re.findall(r"\w+", signature))
        return LATE_FUNCTIONS if language in {"sql", ""} or names & self.relations else FUNCTIONS

    def make(self, model: Routine, words: Mapping[str, str]) -> ops.SchemaObjectOp:
        """Make a function that is in the models only."""
        place = self.place(words.get("language", ""), f"{words.get('arguments')} {words.get('result')}")
        statement, undo = declaration(self.context, model, "CREATE"), self.drop_statement(model, words)
        return ops.SchemaObjectOp(
            self.noun, model.full_name, None, model, statements=[statement], undo=[undo], place=place
        )

    def drop_statement(self, model: Routine, words: Mapping[str, str]) -> str:
        """Return what drops a declared one."""
        schema = f"{self.context.dialect.identifier_preparer.quote(model.schema)}." if model.schema else ""
        return f"DROP {self.noun.upper()} {schema}{words.get('sql') or model.name.partition('(')[0]}"

    def drop(self, live: SchemaObject) -> ops.SchemaObjectOp:
        """Drop a function that is in the database only."""
        place = self.place(live.text("language"), f"{live.text('arguments')} {live.text('result')}")
        statement, undo = f"DROP {self.noun.upper()} {live.text('sql')}", again(live, "CREATE")
        return ops.SchemaObjectOp(self.noun, live.name, live, None, statements=[statement], undo=[undo], place=-place)

    def change(self, model: Routine, words: Mapping[str, str], live: SchemaObject) -> list[ops.SchemaObjectOp]:
        """Replace a function; drop and make it where it is called or answers in another way."""
        if any(words.get(name) != live.get(name) for name in ("arguments", "result")):
            return [self.drop(live), self.make(model, words)]
        statement, undo = declaration(self.context, model, "CREATE OR REPLACE"), again(live, "CREATE OR REPLACE")
        place = self.place(words.get("language", ""), f"{words.get('arguments')} {words.get('result')}")
        return [
            ops.SchemaObjectOp(
                self.noun, model.full_name, live, model, statements=[statement], undo=[undo], place=place
            )
        ]


def declaration(autogen_context: AutogenContext, model: Routine, verb: str) -> str:
    """Return what makes a declared function."""
    schema = f"{autogen_context.dialect.identifier_preparer.quote(model.schema)}." if model.schema else ""
    return f"{verb} {model.noun.upper()} {schema}{model.name} {model.definition}"


def again(live: SchemaObject, verb: str) -> str:
    """Return what makes a live function."""
    return function_statement(live).replace("CREATE OR REPLACE", verb, 1)


def compare_in_words(
    autogen_context: AutogenContext, schemas: set[str | None], noun: str, models: Sequence[Routine]
) -> list[ops.SchemaObjectOp]:
    """Return what makes the live routines of the chosen schemas the declared ones."""
    questions: dict[Any, Question] = {
        item: Question((f"CREATE {noun.upper()} pg_temp.{item.name} {item.definition}",), ASK) for item in models
    }
    answers: dict[Any, Any] = {}
    if autogen_context.connection is not None:
        answers = server_words(autogen_context.connection, questions)
    return RoutineComparison(autogen_context, noun, live_objects(autogen_context, schemas, noun), answers).run()

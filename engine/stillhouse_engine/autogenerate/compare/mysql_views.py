"""Views of MySQL and MariaDB: compared as the server understands their queries."""

from __future__ import annotations

import re
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from stillhouse_engine.autogenerate.compare.mysql_code import changed_tables, lossy_tables, refuse_hidden
from stillhouse_engine.autogenerate.compare.objects import accepts
from stillhouse_engine.autogenerate.compare.view_comparison import ViewComparison
from stillhouse_engine.autogenerate.reflection.mysql_words import AS_IT_IS, server_words
from stillhouse_engine.autogenerate.reflection.server_words import REFUSED
from stillhouse_engine.errors import CommandError
from stillhouse_engine.operations import ops
from stillhouse_engine.schema.mysql.originals import literals, original, restored
from stillhouse_engine.schema.mysql.statements import identifier, literal
from stillhouse_engine.schema.mysql.tokens import names, tokens

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stillhouse_engine.autogenerate.context import AutogenContext
    from stillhouse_engine.declared import View
    from stillhouse_engine.schema.snapshot import SchemaObject

    Key = tuple[str, str | None, str]

QUERIES = (
    "SELECT TABLE_SCHEMA, TABLE_NAME, VIEW_DEFINITION, "
    "COALESCE(NULL /*M!100104 , NULLIF(ALGORITHM, 'UNDEFINED') */) FROM information_schema.VIEWS WHERE TABLE_SCHEMA IN "
)
NAME = r"`(?:[^`]|``)*`"
ALGORITHM = re.compile(r"ALGORITHM=(\w+)")
CHECK_OPTION = re.compile(r"WITH (?:(CASCADED|LOCAL) )?CHECK OPTION")


class MySQLViewComparison(ViewComparison):
    """Compares views that are never refused a change, but cannot be made while what they use is not there.

    A view is replaced, whatever its columns. Only where that could not be undone step by step, because what it uses changes
    as well, it is dropped first and made again in the end.
    """

    lossy: frozenset[str] = frozenset()
    """Names of tables that lose something, or go."""

    @cached_property
    def mentioned(self) -> dict[Key, set[str]]:
        """The names that each live view mentions, in small letters."""
        return {key: names(item.text("query")) for key, item in self.live.items()}

    @cached_property
    def depths(self) -> dict[Key, int]:
        """How many live views stand below each, known so far."""
        return {}

    def is_replaceable(self, key: Key) -> bool:
        """Tell whether nothing changes above or below a view in a way that would get into its way."""
        return not self.mentioned[key] & self.lossy and not any(
            self.stands_on(other, key) or self.stands_on(key, other) for other in self.changed
        )

    def stands_on(self, key: Key, below: Key) -> bool:
        """Tell whether a live view mentions another one."""
        return key != below and below[2].lower() in self.mentioned[key]

    def depth(self, key: Key) -> int:
        """Return how many live views stand below one."""
        if key not in self.depths:
            self.depths[key] = 1  # where two views of one name in two databases mention each other's, one is enough
            below = (self.depth(other) for other in self.live if self.stands_on(key, other))
            self.depths[key] = 1 + max(below, default=0)
        return self.depths[key]

    def options(self, key: Key) -> str:
        """Return what a live view has besides its query, which no model says; it is kept."""
        live = self.live.get(key)
        if live is None:
            return ""
        said = {"ALGORITHM = ": live.text("algorithm") or self.algorithm(live), "SQL SECURITY ": live.text("security")}
        return "".join(f"{words}{value} " for words, value in said.items() if value)

    def algorithm(self, live: SchemaObject) -> str:
        """Return a view's algorithm where only its statement tells it, which is so on MySQL."""
        connection, asked = self.context.connection, self.context.asked
        if connection is None or getattr(self.context.dialect, "is_mariadb", False):
            return ""
        question = "algorithm", live.name
        if question not in asked:
            said = ALGORITHM.search(original(connection, "view", live.text("schema"), live.text("bare")) or "")
            asked[question] = said[1] if said is not None and said[1] != "UNDEFINED" else ""
        return str(asked[question])

    def live_statement(self, key: Key, *, replace: bool = False) -> str:
        """Return what makes the live view again."""
        option = self.live[key].text("check_option")
        tail = f"\nWITH {option} CHECK OPTION" if option else ""
        verb = "CREATE OR REPLACE" if replace else "CREATE"
        return f"{verb} {self.options(key)}VIEW {self.name(key)} AS\n{self.live[key].text('again')}{tail}"


def mysql_comparison(
    autogen_context: AutogenContext,
    upgrade_ops: ops.UpgradeOps,
    live: Mapping[Key, SchemaObject],
    models: Mapping[Key, View],
) -> ViewComparison:
    """Return the comparison in the words of the server.

    Raises:
        CommandError: a materialised view is declared.
    """
    for key, model in models.items():
        if key[0] != "view" and accepts(autogen_context, key[2], key[0], model, None):
            raise CommandError(
                f"MySQL and MariaDB have no materialised views, but {model.full_name!r} is declared as one: declare a View, or "
                "leave it out of the comparison with include_object."
            )
    queries = {key: model.query(autogen_context.dialect) for key, model in models.items() if key[0] == "view"}
    found, words = understood(autogen_context, live, queries)
    mark_stars(upgrade_ops, found, queries, words)
    comparison = MySQLViewComparison(autogen_context, found, models, words, set())
    comparison.lossy = lossy_tables(upgrade_ops)
    return comparison


def understood(
    autogen_context: AutogenContext, live: Mapping[Key, SchemaObject], queries: Mapping[Key, str]
) -> tuple[dict[Key, SchemaObject], dict[Key, dict[str, Any]]]:
    """Return the live views and the declared ones as the server understands their queries."""
    here = live_queries(autogen_context)
    home = autogen_context.snapshot.schemas[0]
    views = {place[1]: item["query"] for place, item in here.items() if place[0] is None}
    questions: dict[Any, str] = {}
    for key, item in live.items():
        refuse_hidden(item)
        query = here[key[1:]]["query"]
        questions["live", key] = query
        questions["again", key] = query.replace(f"{identifier(home)}.", "")
    for key in live.keys() & queries.keys():
        questions["model", key] = without_check_option(queries[key])[0]
    said: dict[Any, str | None] = {}
    if autogen_context.connection is not None:
        said = server_words(autogen_context.connection, questions, views)
    found, words = {}, {}
    for key, item in live.items():
        meant = said["live", key]
        again = "again" if meant is not None and said["again", key] == meant else "live"
        hints = {**item.hints, **here[key[1:]], "again": questions[again, key]}
        attributes = {name: value for name, value in item.attributes.items() if name != "definition"}
        found[key] = item._replace(attributes={**attributes, "definition": meant}, hints=hints)
    for key, query in queries.items():
        words[key] = {"definition": said.get(("model", key)), "check_option": without_check_option(query)[1]}
        if key in live and not same_databases(autogen_context, found[key].text("query"), query):
            words[key]["definition"] = None
        if words[key]["definition"] is None:
            words[key][REFUSED] = "not understood"
    return found, words


def live_queries(autogen_context: AutogenContext) -> dict[tuple[str | None, str], dict[str, Any]]:
    """Return what the live views say, fully qualified but for views of the connection's own database, and how they are made."""
    connection, snapshot = autogen_context.connection, autogen_context.snapshot
    if connection is None:
        return {}
    databases = ", ".join(literal(name) for name in snapshot.schemas)
    rows = connection.exec_driver_sql(f"{QUERIES}({databases})", execution_options=AS_IT_IS).all()
    home = snapshot.schemas[0]
    own = {identifier(row[1]) for row in rows if row[0] == home}
    qualified = re.compile(rf"{re.escape(identifier(home))}\.({NAME})")

    def bare(match: re.Match[str]) -> str:
        return match[1] if match[1] in own else match[0]

    found = {}
    for schema, name, query, algorithm in rows:
        place = (None if schema == home else schema, name)
        exact = snapshot.by_key["view", name if schema == home else f"{schema}.{name}"].text("definition")
        said = qualified.sub(bare, restored(query, literals(tokens(exact))))
        found[place] = {"query": said, "algorithm": algorithm}
    return found


def without_check_option(query: str) -> tuple[str, str | None]:
    """Return a declared query and its check option, which stands behind it."""
    last = tokens(query)[-4:]
    for count in (4, 3):
        said = CHECK_OPTION.fullmatch(" ".join(token.keyword for token in last[-count:]))
        if said is not None:
            return query[: last[-count].start].rstrip(), said[1] or "CASCADED"
    return query, None


def same_databases(autogen_context: AutogenContext, live: str, model: str) -> bool:
    """Tell whether a declared query reads from the databases that the live one does: the server's words leave them out."""
    home = autogen_context.snapshot.schemas[0]
    there, here = read_databases(live) - {home}, read_databases(model) - {home}
    if not {name.lower() for name in there} <= names(model):
        return False
    return not here - there or not (here - there).intersection(autogen_context.inspector.get_schema_names())


def read_databases(query: str) -> set[str]:
    """Return the databases that a query names behind FROM and JOIN."""
    found = [token for token in tokens(query) if token.value != "("]
    return {
        name.name
        for before, name, dot in zip(found, found[1:], found[2:], strict=False)
        if dot.value == "." and name.is_name and before.keyword in {"FROM", "JOIN"}
    }


def mark_stars(
    upgrade_ops: ops.UpgradeOps,
    live: Mapping[Key, SchemaObject],
    queries: Mapping[Key, str],
    words: Mapping[Key, dict[str, Any]],
) -> None:
    """Mark the views that select all columns of what gets other columns only now: the server still sees the old ones."""
    restless = changed_tables(upgrade_ops, ops.AddColumnOp, ops.DropColumnOp)
    for key, query in queries.items():
        if key in live and has_star(query) and names(query) & restless:
            words[key][REFUSED] = "its columns change"
        if key not in live or REFUSED in words[key] or words[key]["definition"] != live[key].get("definition"):
            restless.add(key[2].lower())


def has_star(query: str) -> bool:
    """Tell whether a query selects all columns of something."""
    found = tokens(query)
    return any(
        star.value == "*" and before.keyword in {"SELECT", "DISTINCT", "ALL", ",", "."}
        for before, star in pairwise(found)
    )

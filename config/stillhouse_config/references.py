"""What a fleet file refers to by name: databases, strategies, channels; and who waits for whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .dialects import DRIVERS
from .strategies import BUILT_IN
from .suggestions import known_words
from .urls import SecretUrl

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from .document import Location
    from .fleet_file import FleetModel


STORES = ("postgresql", "sqlite")


class Finding(NamedTuple):
    """Something wrong at a location."""

    location: Location
    message: str
    hint: str


def check_references(
    model: FleetModel, databases: Collection[str], strategies: Collection[str], channels: Collection[str]
) -> list[Finding]:
    """Return what the names in a fleet file refer to in vain.

    Args:
        model: the file, as far as it is valid.
        databases: the databases that the file names, valid or not.
        strategies: so for strategies.
        channels: so for channels.
    """
    return [
        *_dialects(model),
        *_dependencies(model, databases),
        *_cycles(model),
        *_sources(model, databases),
        *_labels(model),
        *_strategies(model, databases, strategies),
        *_channels(model, channels),
        *_tokens(model),
    ]


def _dialects(model: FleetModel) -> Iterator[Finding]:
    """Find URLs of no database that Stillhouse knows."""
    for name, database in model.databases.items():
        if (
            isinstance(database.url, SecretUrl)
            and (dialect := database.url.drivername.partition("+")[0]) not in DRIVERS
        ):
            hint = known_words(dialect, DRIVERS, "known")
            yield Finding(("databases", name, "url"), f"{dialect!r} is no database that Stillhouse knows", hint)
    if model.state_url.dialect not in STORES:
        hint = "write sqlite+aiosqlite:///PATH or postgresql+asyncpg://USER@HOST/DATABASE"
        yield Finding(("state_url",), f"the store runs on SQLite or PostgreSQL, not on {model.state_url.dialect}", hint)


def _dependencies(model: FleetModel, known: Collection[str]) -> Iterator[Finding]:
    for name, database in model.databases.items():
        for index, dependency in enumerate(database.depends_on):
            location = ("databases", name, "depends_on", index, "database")
            if dependency.database not in known:
                hint = known_words(dependency.database, known, "databases")
                yield Finding(location, f"there is no database {dependency.database!r}", hint)
            if dependency.database == name:
                yield Finding(location, "a database cannot depend on itself", "remove it")


def _cycles(model: FleetModel) -> Iterator[Finding]:
    """Find each cycle once, at the edge that closes it. Edges between revisions may form circles; the engine sorts those out."""
    edges = {
        name: {
            one.database: index
            for index, one in enumerate(database.depends_on)
            if one.revision is None and one.database != name
        }
        for name, database in model.databases.items()
    }
    done: set[str] = set()
    for root in edges:
        path: list[str] = []
        stack: list[tuple[str, Iterator[str]]] = [("", iter((root,)))]
        while stack:
            name = next(stack[-1][1], None)
            if name is None:
                stack.pop()
                if path:
                    done.add(path.pop())
            elif name in path:
                circle = [*path[path.index(name) :], name]
                location = ("databases", path[-1], "depends_on", edges[path[-1]][name])
                yield Finding(
                    location,
                    f"the databases wait for each other: {' → '.join(circle)}",
                    "remove one of these dependencies",
                )
            elif name not in done and name in edges:
                path.append(name)
                stack.append((name, iter(edges[name])))


def _sources(model: FleetModel, known: Collection[str]) -> Iterator[Finding]:
    for name, database in model.databases.items():
        source = database.for_each.source if database.for_each else None
        if source is None or source.database is None:
            continue
        location = (
            "databases",
            name,
            "for_each",
            "sql" if database.for_each and database.for_each.sql else "schemas",
            "database",
        )
        asked = model.databases.get(source.database)
        if source.database not in known:
            hint = known_words(source.database, known, "databases")
            yield Finding(location, f"there is no database {source.database!r}", hint)
        elif asked is not None and asked.for_each is not None:
            yield Finding(
                location, f"{source.database!r} is many databases", "name one without for_each, or give its url"
            )


def _labels(model: FleetModel) -> Iterator[Finding]:
    for name, database in model.databases.items():
        if "name" in database.labels:
            yield Finding(
                ("databases", name, "labels", "name"),
                "the label 'name' is taken by the target's name",
                "choose another key",
            )


def _strategies(model: FleetModel, databases: Collection[str], known: Collection[str]) -> Iterator[Finding]:
    if model.default_strategy not in {*known, BUILT_IN}:
        hint = known_words(model.default_strategy, {*known, BUILT_IN}, "strategies")
        yield Finding(("default_strategy",), f"there is no strategy {model.default_strategy!r}", hint)
    if BUILT_IN in model.strategies:
        yield Finding(("strategies", BUILT_IN), f"the strategy {BUILT_IN!r} is built in", "give yours another name")
    for name, steps in model.strategies.items():
        for index, step in enumerate(steps):
            if step.verify and step.verify.on not in {*databases, "each"}:
                hint = known_words(step.verify.on, {*databases, "each"}, "databases")
                yield Finding(
                    ("strategies", name, index, "verify", "on"), f"there is no database {step.verify.on!r}", hint
                )


def _channels(model: FleetModel, known: Collection[str]) -> Iterator[Finding]:
    for index, route in enumerate(model.alerts.routes):
        for place, channel in enumerate(route.channels):
            if channel not in known:
                location = ("alerts", "routes", index, "channels", place)
                yield Finding(location, f"there is no channel {channel!r}", known_words(channel, known, "channels"))


def _tokens(model: FleetModel) -> Iterator[Finding]:
    names = [token.name for token in model.api.tokens]
    for index, name in enumerate(names):
        if name in names[:index]:
            yield Finding(
                ("api", "tokens", index, "name"),
                f"two tokens are called {name!r}",
                "the history tells people apart by this name",
            )

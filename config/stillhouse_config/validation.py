"""Holds a document against the models, and gets as far as possible with one that is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from .fleet_file import Defaults, FleetModel
from .messages import problem_of
from .schema import model_schema

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic_core import ErrorDetails

    from .document import Document

NAMED = frozenset({"databases", "strategies", "windows", "servers"})
EXCLUSIVE = {"migrations": "alembic_ini", "alembic_ini": "migrations"}
NAMELESS = "nameless"


def validated(document: Document) -> FleetModel | None:
    """Validate a document; its problems go to the document.

    Returns:
        The model; of a file with problems, as much of it as is valid by itself, so that the rest can be checked as well;
        None when there is too little.
    """
    content = dict(document.content)
    if isinstance(content.get("defaults"), dict):
        content["defaults"] = _valid_defaults(document, content["defaults"])
    content["databases"] = _with_defaults(content.get("databases"), content.get("defaults"))
    if content["databases"] is None:
        del content["databases"]
    try:
        return FleetModel.model_validate(content)
    except ValidationError as error:
        errors = error.errors(include_url=False)
    _report(document, errors)
    _report(document, _broken_rules(content, errors))
    try:
        return FleetModel.model_validate(_pruned(content, errors))
    except ValidationError:
        return None


def _valid_defaults(document: Document, defaults: dict[str, Any]) -> dict[str, Any]:
    """Return the defaults without what is wrong in them, which is reported here and not again for every database."""
    try:
        Defaults.model_validate(defaults)
    except ValidationError as error:
        errors = error.errors(include_url=False)
        for one in errors:
            one["loc"] = ("defaults", *one["loc"])
        _report(document, errors)
        wrong = {one["loc"][1] for one in errors if len(one["loc"]) > 1}
        return {key: value for key, value in defaults.items() if key not in wrong}
    return defaults


def _with_defaults(databases: Any, defaults: Any) -> Any:
    if not isinstance(databases, dict) or not isinstance(defaults, dict) or not defaults:
        return databases
    return {
        name: _with_own(defaults, database) if isinstance(database, dict) else database
        for name, database in databases.items()
    }


def _with_own(defaults: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """Return a database's settings over the defaults; its own ``migrations`` drops a default ``alembic_ini``, and the reverse."""
    merged = _merged(defaults, own)
    for given, other in EXCLUSIVE.items():
        if given in own and other not in own:
            merged.pop(other, None)
    return merged


def _merged(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    merged = {**under, **over}
    for key in under.keys() & over.keys():
        if isinstance(under[key], dict) and isinstance(over[key], dict):
            merged[key] = _merged(under[key], over[key])
    return merged


def _report(document: Document, errors: Iterable[ErrorDetails]) -> None:
    """Add pydantic's errors to the document's problems, except where a worse problem was found already."""
    schema = model_schema()
    seen = {problem.path for problem in document.problems}
    found = [problem_of(document, error, schema) for error in errors]
    document.problems += [problem for problem in found if problem.path not in seen]


def _broken_rules(content: dict[str, Any], errors: Iterable[ErrorDetails]) -> list[ErrorDetails]:
    """Return errors of the rules between keys, which pydantic does not look at where one of the keys is wrong.

    They are found without the wrong keys. A rule that speaks of one of those is left for the next time.
    """
    rest = _copied(content)
    dropped = [error["loc"] for error in errors if _drop(rest, error["loc"])]
    try:
        FleetModel.model_validate(rest)
    except ValidationError as error:
        found = [one for one in error.errors(include_url=False) if one["type"] == "one_of"]
    else:
        return []
    below: dict[tuple[str | int, ...], set[str]] = {}
    for location in dropped:
        below.setdefault(location[:-1], set()).add(str(location[-1]))
    return [
        one
        for one in found
        if not any(key in f"{one['msg']} {one.get('ctx', {})}" for key in below.get(one["loc"], ()))
    ]


def _copied(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {key: _copied(value) for key, value in tree.items()}
    return [_copied(item) for item in tree] if isinstance(tree, list) else tree


def _drop(tree: Any, location: tuple[str | int, ...]) -> bool:
    """Remove a key from a tree; items of lists stay, lest the others change their places."""
    *steps, key = location
    for step in steps:
        known = (isinstance(tree, dict) and step in tree) or (
            isinstance(tree, list) and isinstance(step, int) and step < len(tree)
        )
        tree = tree[step] if known else None
    if isinstance(tree, dict) and key in tree:
        del tree[key]
        return True
    return False


def _pruned(content: dict[str, Any], errors: Iterable[ErrorDetails]) -> dict[str, Any]:
    """Return the content without the databases, strategies and so on, or whole sections, that have errors."""
    pruned = {key: dict(value) if key in NAMED and isinstance(value, dict) else value for key, value in content.items()}
    for error in errors:
        section, *rest = error["loc"] or ("",)
        if section in NAMED and rest and isinstance(pruned.get(str(section)), dict):
            pruned[str(section)].pop(rest[0], None)
        else:
            pruned.pop(str(section), None)
    pruned.setdefault("fleet", NAMELESS)
    return pruned

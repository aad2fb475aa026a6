"""Pydantic's errors in the fleet file's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .suggestions import did_you_mean, known_words

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from .document import Document, Location
    from .errors import Problem

WORDS = {
    "missing": "required key {key!r} is missing",
    "extra_forbidden": "unknown key {key!r}",
    "model_type": "must be a mapping",
    "model_attributes_type": "must be a mapping",
    "dict_type": "must be a mapping",
    "tuple_type": "must be a list",
    "string_type": "must be text",
    "too_short": "must not be empty",
    "string_too_short": "must not be empty",
    "greater_than_equal": "must be {ge} or more",
}
HINTS = {
    "model_type": "write its keys below it, indented",
    "dict_type": "write its keys below it, indented",
    "tuple_type": "write its items below it, each after '- ', or as [a, b]",
    "string_type": "write one value; quote it if it holds ': ' or begins with a bracket",
}


def problem_of(document: Document, error: ErrorDetails, schema: dict[str, Any]) -> Problem:
    """Turn one of pydantic's errors into a problem with a place and a hint.

    Args:
        document: where the value was read from.
        error: pydantic's error.
        schema: the fleet file's JSON Schema, asked for the keys that would have been right.
    """
    location: Location = tuple(step for step in error["loc"] if step != "[key]")
    key = location[-1] if location else ""
    kind = error["type"]
    context = error.get("ctx", {})
    if kind == "unreadable":
        return document.problem(location, context["reason"], context["hint"], at_key="[key]" in error["loc"])
    message = error["msg"][:1].lower() + error["msg"][1:]
    if kind in WORDS:
        message = WORDS[kind].format_map({**context, "key": key})
    hint = str(context.get("hint", HINTS.get(kind, "")))
    if kind == "extra_forbidden":
        hint = known_words(str(key), keys_at(schema, location[:-1]), "known keys")
    elif kind == "missing" and document.has(location):
        message, hint = "must not be empty", "write its keys below it, indented"
    elif kind == "missing":
        location, hint = location[:-1], f"add {key}:"
    elif kind == "literal_error":
        message = f"must be one of {context['expected']}"
        hint = did_you_mean(
            str(error["input"]),
            [word.strip("'") for word in str(context["expected"]).replace(" or ", ", ").split(", ")],
        )
    return document.problem(location, message, hint, at_key=kind == "extra_forbidden")


def keys_at(schema: dict[str, Any], location: Location) -> list[str]:
    """Return the keys that a JSON Schema knows for the mapping at a location."""
    branches = _branches(schema, schema)
    for step in location:
        branches = [deeper for branch in branches for deeper in _step(branch, step, schema)]
    return [key for branch in branches for key in branch.get("properties", {})]


def _step(branch: dict[str, Any], step: str | int, root: dict[str, Any]) -> list[dict[str, Any]]:
    if isinstance(step, int):
        below = branch.get("items")
    else:
        below = branch.get("properties", {}).get(step, branch.get("additionalProperties"))
    return _branches(below, root) if isinstance(below, dict) else []


def _branches(schema: dict[str, Any], root: dict[str, Any]) -> list[dict[str, Any]]:
    if "$ref" in schema:
        return _branches(root["$defs"][schema["$ref"].rpartition("/")[2]], root)
    found = [schema]
    for choice in schema.get("anyOf", ()):
        found += _branches(choice, root)
    return found

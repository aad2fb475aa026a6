"""The statements that give objects their owners and privileges on PostgreSQL."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stillhouse_engine.schema.actions import Action, Answer
from stillhouse_engine.schema.postgresql.phases import Phase
from stillhouse_engine.schema.privileges import ATTRIBUTES, has_privileges

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stillhouse_engine.schema.snapshot import SchemaObject, Snapshot

LINE = re.compile(
    r"""(?P<grantee>"(?:[^"]|"")*"|[^:"]+):[ ](?P<lacks>no[ ])?(?P<privilege>[A-Z ]+?)(?P<columns>[ ]\(.*?\))?"""
    r"""(?P<option>[ ]with[ ]grant[ ]option)?(?:[ ]by[ ](?P<grantor>.+))?""",
    re.VERBOSE | re.DOTALL,
)
OWN, REVOKE, GRANT = 10, 11, 12
"""The order of what is settled about an object: an owner's privileges change hands with it."""

EVERYWHERE = " everywhere"

TYPES = frozenset({"enum", "composite", "range", "domain"})
FUTURE = {
    "table": "tables", "view": "tables", "materialized_view": "tables", "sequence": "sequences", "function": "functions",
    "procedure": "functions", "aggregate": "functions", "schema": "schemas", **dict.fromkeys(TYPES, "types"),
}  # fmt: skip
"""What default privileges call an object that is made."""


@dataclass(frozen=True)
class Privilege:
    """One line of an object's privileges; see the module that reads them."""

    grantee: str
    privilege: str
    lacks: bool = False
    option: bool = False
    grantor: str | None = None

    @classmethod
    def of(cls, line: str) -> Privilege:
        """Read a line."""
        match = LINE.fullmatch(line)
        if match is None:
            raise ValueError(f"{line!r} is no privilege")
        privilege = match["privilege"] + (match["columns"] or "")
        return cls(match["grantee"], privilege, bool(match["lacks"]), bool(match["option"]), match["grantor"])


def ownership(expected: SchemaObject) -> Answer:
    """Return what gives an object its owner back."""
    if not _owner(expected):
        return Answer(reason="who is to own it is not known; give it an owner by hand")
    return Answer((_owned(expected),))


def access(expected: SchemaObject, actual: SchemaObject) -> Answer:
    """Return what gives an object its privileges back."""
    old, new = (set(map(Privilege.of, item.words("privileges"))) for item in (actual, expected))
    foreign = sorted({each.grantor for each in old ^ new if each.grantor})
    if foreign:
        return Answer(reason=f"{', '.join(foreign)} granted it, who is not the owner; only that role can take it back")
    owner = _owner(expected) or _owner(actual)
    undone = [_said(each, expected, owner, REVOKE, undo=True) for each in sorted(old - new, key=str)]
    hit = {each.grantee for each in old - new}  # a privilege on a table that is taken takes those on columns along
    given = [each for each in sorted(new, key=str) if each not in old or each.grantee in hit]
    return Answer((*undone, *(_said(each, expected, owner, GRANT) for each in given)))


def granted(item: SchemaObject, schema: Snapshot) -> Iterator[Action]:
    """Return what gives an object that is made its owner and its privileges, and undoes what it got by default."""
    if not has_privileges(schema.coverage) and not ATTRIBUTES & item.attributes.keys():
        return
    owner = _owner(item)
    if owner:
        yield _owned(item)
    for each in _by_default(item, schema):
        yield _said(each, item, owner, REVOKE, undo=True)
    for each in map(Privilege.of, item.words("privileges")):
        if each.grantor is None and (owner or each.grantee != "OWNER"):
            yield _said(each, item, owner, GRANT)


def withdrawn(item: SchemaObject) -> Iterator[Action]:
    """Return what takes default privileges away."""
    for each in map(Privilege.of, item.words("privileges")):
        yield _said(each, item, "", REVOKE, undo=True)


def _by_default(item: SchemaObject, schema: Snapshot) -> Iterator[Privilege]:
    """Return what default privileges may give on an object that is made, whoever makes it."""
    end = f".{FUTURE.get(item.kind)}"
    for each in schema.of_kind("default_privileges"):
        if each.name.removesuffix(EVERYWHERE).endswith(end):
            yield from (line for line in map(Privilege.of, each.words("privileges")) if line.grantee != "OWNER")


def _owner(item: SchemaObject) -> str:
    """Return the role that owns an object; a sequence's hint of the same name is the column that owns it."""
    return str(item.attributes.get("owner") or "")


def _owned(item: SchemaObject) -> Action:
    return Action(Phase.SETTLE, OWN, f"ALTER {_kind(item)} {item.text('sql')} OWNER TO {_owner(item)}", "locks")


def _said(each: Privilege, item: SchemaObject, owner: str, order: int, *, undo: bool = False) -> Action:
    role = owner if each.grantee == "OWNER" else each.grantee
    start = f"ALTER DEFAULT PRIVILEGES FOR ROLE {item.text('sql')} " if item.kind == "default_privileges" else ""
    target = f"{each.privilege} ON {_object(item)}"
    if each.lacks == undo:
        option = " WITH GRANT OPTION" if each.option else ""
        return Action(Phase.SETTLE, order, f"{start}GRANT {target} TO {role}{option}")
    return Action(Phase.SETTLE, order, f"{start}REVOKE {target} FROM {role}")


def _object(item: SchemaObject) -> str:
    """Return how GRANT names an object."""
    if item.kind == "default_privileges":
        return item.name.removesuffix(EVERYWHERE).rpartition(".")[2].upper()
    if item.kind in {"table", "view", "materialized_view"}:
        return f"TABLE {item.text('sql')}"
    return f"{_kind(item)} {item.text('sql')}"


def _kind(item: SchemaObject) -> str:
    if item.kind in TYPES:
        return "TYPE"
    if item.kind == "table" and item.get("form") == "foreign":
        return "FOREIGN TABLE"
    if item.kind == "aggregate":
        return "FUNCTION"
    return item.kind.replace("_", " ").upper()

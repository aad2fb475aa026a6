"""A YAML file read strictly: text, lists and mappings, and where each of them stands.

Every scalar stays the text that was written, and the field that reads it decides what it means. So ``no`` is no
boolean, ``12:30:00`` no number and ``007`` no octal unless a field says so. Positions are looked up in libyaml's node
tree only when something is wrong: building them all would double the time of a large file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from .errors import FleetValueError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .interpolation import Interpolator

Location: TypeAlias = "tuple[str | int, ...]"
STR, MAP, SEQ = "tag:yaml.org,2002:str", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"
MERGE = "<<"
MAX_NODES = 5_000_000
MAX_DEPTH = 50
NESTING_HINT = "a fleet file is some ten levels deep at most"
NULLS = {"", "~", "null", "Null", "NULL"}


class _Loader(yaml.CSafeLoader):
    """libyaml's composer without YAML 1.1's guesses at types; explicit tags are kept, to be refused."""

    def resolve(self, kind: type[Node], value: Any, implicit: Any) -> str:  # noqa: ARG002 (PyYAML's signature)
        return STR if kind is ScalarNode else MAP if kind is MappingNode else SEQ

    def descend_resolver(self, current_node: Any, current_index: Any) -> None:
        """Skip path resolvers: there are none."""

    def ascend_resolver(self) -> None:
        """Skip path resolvers: there are none."""


@dataclass(slots=True)
class Document:
    """A composed YAML file.

    Attributes:
        file: the file as the user named it, for messages.
        root: libyaml's node tree; None when the text is no YAML.
        content: the plain tree, with references filled in.
        problems: what was wrong on the way.
    """

    file: str
    root: Node | None = None
    content: Any = None
    problems: list[Problem] = field(default_factory=list)
    _index: dict[int, dict[str | int, tuple[Node, Node]]] = field(default_factory=dict, repr=False)

    def problem(self, location: Location, message: str, hint: str = "", *, at_key: bool = False) -> Problem:
        """Make a problem about what stands at a location, or about the nearest thing around it that was written."""
        line, column, found = self.position(location, at_key=at_key)
        return Problem(self.file, line, column, path_of(found), message, hint)

    def position(self, location: Location, *, at_key: bool = False) -> tuple[int, int, Location]:
        """Return 1-based line and column of the value at a location or of its key, and as much of it as was written."""
        node = self.root
        mark = node.start_mark if node else None
        found: list[str | int] = []
        for step in location:
            key, child = self._children(node).get(step, (None, None))
            if key is None or child is None:
                continue
            mark = key.start_mark if at_key else _mark(key, child)
            node = child
            found.append(step)
        return (mark.line + 1, mark.column + 1, tuple(found)) if mark else (0, 0, ())

    def keys(self, location: Location) -> dict[str | int, tuple[int, int]]:
        """Return line and column of each value of the mapping or list at a location."""
        node = self.root
        for step in location:
            node = self._children(node).get(step, (None, None))[1]
        marks = {step: _mark(key, child) for step, (key, child) in self._children(node).items()}
        return {step: (mark.line + 1, mark.column + 1) for step, mark in marks.items()}

    def _children(self, node: Node | None) -> Mapping[str | int, tuple[Node, Node]]:
        """Return keys and values of a node by name; an item of a list is its own key."""
        if not isinstance(node, MappingNode | SequenceNode):
            return {}
        if id(node) not in self._index:
            self._index[id(node)] = {}
            self._index[id(node)] = dict(self._indexed(node))
        return self._index[id(node)]

    def _indexed(self, node: Node) -> Iterator[tuple[str | int, tuple[Node, Node]]]:
        if isinstance(node, SequenceNode):
            yield from ((number, (item, item)) for number, item in enumerate(node.value))
            return
        for key, value in node.value:
            if _is_merge(key):
                for parent in reversed(value.value) if isinstance(value, SequenceNode) else (value,):
                    yield from self._children(parent).items()
        yield from ((key.value, (key, value)) for key, value in reversed(node.value) if isinstance(key, ScalarNode))

    def has(self, location: Location) -> bool:
        """Tell whether something was written at a location."""
        return len(self.position(location)[2]) == len(location)


def path_of(location: Location) -> str:
    """Write a location as ``databases.users_db.import_path[0]``."""
    text = ""
    for step in location:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def _mark(key: Node, child: Node) -> Any:
    """Return where a reader looks for a value: at its key when it only begins on a later line."""
    return (child if child.start_mark.line == key.start_mark.line else key).start_mark


def _is_merge(key: Node) -> bool:
    return isinstance(key, ScalarNode) and key.value == MERGE and not key.style


def read_document(text: str, file: str, interpolator: Interpolator) -> Document:
    """Read YAML text; whatever is wrong with it is in the document's problems."""
    document = Document(file)
    loader = None
    try:
        loader = _Loader(text)
        document.root = loader.get_single_node()
    except yaml.YAMLError as error:
        document.problems.append(_syntax_problem(file, error))
    except RecursionError:
        document.problems.append(Problem(file, 0, 0, "", "not valid YAML: nested too deeply", NESTING_HINT))
    finally:
        if loader is not None:
            loader.dispose()
    if document.root is not None:
        builder = _Builder(document, interpolator)
        document.content = builder.build(document.root, ())
    return document


def _syntax_problem(file: str, error: yaml.YAMLError) -> Problem:
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        reason = ", ".join(filter(None, (error.context, error.problem)))
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        hint = (
            "give each file one document"
            if "single document" in reason
            else "check indentation, quotes and brackets here and on the line above"
        )
        if "character that cannot start any token" in reason or "found unexpected ':'" in reason:
            hint = "put the value in quotes; where it begins with a tab, indent with spaces"
        return Problem(file, line, column, "", f"not valid YAML: {reason}", hint)
    reason = str(error).partition("\n")[0]
    return Problem(
        file, 0, 0, "", f"not valid YAML: {reason}", "save the file as UTF-8 text without control characters"
    )


class _Builder:
    """Turns nodes into plain values: duplicates and tags refused, merges done, references filled in."""

    def __init__(self, document: Document, interpolator: Interpolator) -> None:
        self.document = document
        self.fill = interpolator.fill
        self.open: set[int] = set()
        self.count = 0

    def build(self, node: Node, location: Location) -> Any:
        if isinstance(node, ScalarNode):
            return self._scalar(node, location)
        if not self._enter(node, location):
            return None
        try:
            if isinstance(node, MappingNode):
                return self._mapping(node, location)
            return [self.build(child, (*location, index)) for index, child in enumerate(node.value)]
        finally:
            self.open.discard(id(node))

    def _enter(self, node: Node, location: Location) -> bool:
        self.count += len(node.value)
        if node.tag not in {MAP, SEQ}:
            self._report(node, location, f"tags such as {node.tag!r} are not supported", "remove the tag")
        elif id(node) in self.open:
            self._report(
                node, location, "the alias leads back to itself", "an alias must not stand inside its own anchor"
            )
            return False
        elif len(location) > MAX_DEPTH:
            self._report(node, location, "nested too deeply", NESTING_HINT)
            return False
        elif self.count > MAX_NODES:
            if self.count < 2 * MAX_NODES:
                self._report(
                    node, location, f"aliases expand to more than {MAX_NODES:,} values", "use fewer nested aliases"
                )
                self.count = 2 * MAX_NODES
            return False
        self.open.add(id(node))
        return True

    def _scalar(self, node: ScalarNode, location: Location) -> str | None:
        value: str = node.value
        if node.tag != STR:
            self._report(
                node,
                location,
                f"tags such as {node.tag!r} are not supported",
                "remove the tag; quote the value to keep it text",
            )
            return value
        if value in NULLS and not node.style:
            return None
        if "${" not in value:
            return value
        try:
            return self.fill(value)
        except FleetValueError as error:
            self._report(node, location, str(error), error.hint)
            return value

    def _mapping(self, node: MappingNode, location: Location) -> dict[str, Any]:
        values: dict[str, Any] = {}
        merged: list[Any] = []
        lines: dict[str, int] = {}
        for key, child in node.value:
            name = key.value
            if not isinstance(key, ScalarNode) or key.tag != STR:
                self._report(key, location, "a key must be plain text", "write it as a word, in quotes if need be")
            elif _is_merge(key):
                merged += self._merged(child, location)
            elif name in lines:
                self._report(
                    key,
                    (*location, name),
                    f"duplicate key {name!r}",
                    f"it is first given on line {lines[name]}; keep one",
                )
            else:
                lines[name] = key.start_mark.line + 1
                values[name] = self.build(child, (*location, name))
        for parent in merged:
            for name, value in parent.items():
                values.setdefault(name, value)
        return values

    def _merged(self, node: Node, location: Location) -> list[dict[str, Any]]:
        nodes = node.value if isinstance(node, SequenceNode) else [node]
        parents = [self.build(child, location) for child in nodes if isinstance(child, MappingNode)]
        if len(parents) != len(nodes):
            self._report(
                node,
                (*location, MERGE),
                "'<<' merges mappings only",
                "give it an alias of a mapping, or a list of such aliases",
            )
        return [parent for parent in parents if parent is not None]

    def _report(self, node: Node, location: Location, message: str, hint: str) -> None:
        mark = node.start_mark
        problem = Problem(self.document.file, mark.line + 1, mark.column + 1, path_of(location), message, hint)
        self.document.problems.append(problem)

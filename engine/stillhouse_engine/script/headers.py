"""What a revision file says of itself, read without importing it.

The four variables are nearly always literals at the top of the file, so a regular expression and ``ast.literal_eval`` read
thousands of files in the time it takes to import a few dozen. Whatever is not a plain literal is left to an import of that one file.
"""

from __future__ import annotations

import ast
import inspect
import os
import re
import sys
import tokenize
from dataclasses import dataclass
from typing import Any

from stillhouse_engine.errors import MigrationScriptError

SMALL = 1 << 16
VARIABLES = ("revision", "down_revision", "branch_labels", "depends_on")
ASSIGNMENT = re.compile(
    r"^(revision|down_revision|branch_labels|depends_on)[ \t]*(?::[^=\n]*)?=[ \t]*([^=\n].*)$", re.MULTILINE
)
DOCSTRING = re.compile(r"\A\ufeff?(?:[ \t]*(?:#[^\n]*)?\r?\n)*[rRuU]?(\"\"\"|'''|\"|')")
SIMPLE = re.compile(r"""(?:"([^"\\\n]*)"|'([^'\\\n]*)'|(None))[ \t]*;?[ \t]*(?:#.*)?$""")
CODING = re.compile(r"\A(?:.*\n)?[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
DEDENTS_DOCSTRINGS = sys.version_info >= (3, 13)


@dataclass(frozen=True, slots=True)
class Header:
    """The variables of a revision file.

    Attributes:
        values: each variable that the file assigns.
        doc: the module's docstring.
    """

    values: dict[str, Any]
    doc: str | None

    @property
    def is_complete(self) -> bool:
        """Tell whether it says all that a node of the graph needs."""
        return isinstance(self.values.get("revision"), str) and "down_revision" in self.values


class NotLiteralError(ValueError):
    """A header that only an import can tell."""


def read_source(path: str, size: int = 0) -> str:
    """Read a Python file in the encoding that it declares.

    Args:
        path: the file.
        size: its size in bytes, where that is known.

    Raises:
        MigrationScriptError: it cannot be read or decoded.
    """
    try:
        raw = _read(path, size)
        if b"coding" in raw[:200]:
            with tokenize.open(path) as decoded:
                return decoded.read()
        return raw.decode("utf-8").replace("\r\n", "\n")
    except (OSError, SyntaxError, UnicodeDecodeError) as error:
        raise MigrationScriptError(f"cannot read this file: {error}", file=path) from error


def _read(path: str, size: int) -> bytes:
    """Read a file with three system calls where its size is known; there are thousands of them."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    try:
        raw = os.read(descriptor, size + 1)
        while len(raw) != size and (more := os.read(descriptor, SMALL)):
            raw += more
    finally:
        os.close(descriptor)
    return raw


def parse_header(source: str) -> Header:
    """Read the header of a revision file's source.

    Raises:
        NotLiteralError: a variable is not a literal, or is assigned in a way that only running the file tells.
    """
    doc, start = _docstring(source)
    body = source[start:]
    found: dict[str, Any] = {}
    head = body.find("\ndef ") + 1 or len(body)
    if any(body.find(f"\n{name}", head) >= 0 for name in VARIABLES):
        head = len(body)
    doubtful = _first_multiline_string(body, head)
    for match in ASSIGNMENT.finditer(body, 0, head):
        name, text = match.groups()
        if name in found or match.start() > doubtful:
            return _parse_slowly(source)
        simple = SIMPLE.match(text)
        if simple:
            double, single, nothing = simple.groups()
            found[name] = None if nothing else single if double is None else double
        else:
            found[name] = _literal(body, match.start(2))
    if "revision" not in found and re.search(r"\brevision\b", body):
        return _parse_slowly(source)
    return Header(found, doc)


def _docstring(source: str) -> tuple[str | None, int]:
    """Return the module's docstring and where it ends."""
    match = DOCSTRING.match(source)
    if not match:
        return None, 0
    quote = match.group(1)
    literal = source.rfind("\n", 0, match.start(1)) + 1
    end = source.find(quote, match.end())
    while end > 0 and _escaped(source, end):
        end = source.find(quote, end + 1)
    if end < 0:
        return None, 0
    text = source[match.end() : end]
    if "\\" in text:
        try:
            text = ast.literal_eval(source[literal : end + len(quote)].lstrip("\ufeff \t"))
        except (SyntaxError, ValueError):
            return None, 0
    return (inspect.cleandoc(text) if DEDENTS_DOCSTRINGS else text), end + len(quote)


def _escaped(source: str, at: int) -> bool:
    slashes = 0
    while source[at - slashes - 1] == "\\":
        slashes += 1
    return slashes % 2 == 1


def _first_multiline_string(body: str, end: int) -> int:
    """Return where a multi-line string may begin; the end when there is none before it."""
    double, single = body.find('"""', 0, end), body.find("'''", 0, end)
    return min(double if double >= 0 else end, single if single >= 0 else end)


def _literal(body: str, start: int) -> Any:
    """Evaluate a literal that may go on over several lines."""
    end = body.find("\n", start)
    while True:
        text = body[start:] if end < 0 else body[start:end]
        try:
            return ast.literal_eval(text.strip().removesuffix(";"))
        except SyntaxError:
            if end < 0 or text.count("(") + text.count("[") + text.count("{") == 0:
                raise NotLiteralError(text) from None
        except ValueError as error:
            raise NotLiteralError(text) from error
        end = body.find("\n", end + 1)


def _parse_slowly(source: str) -> Header:
    """Read a header with Python's own parser: exact, and twenty times slower."""
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        raise NotLiteralError(str(error)) from error
    found: dict[str, Any] = {}
    for node in tree.body:
        for name, value in _assigned(node):
            try:
                found[name] = ast.literal_eval(value)
            except ValueError as error:
                raise NotLiteralError(name) from error
    hidden = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    if "revision" not in found and ("revision" in hidden or _imports_everything(tree)):
        raise NotLiteralError("revision")
    return Header(found, ast.get_docstring(tree, clean=DEDENTS_DOCSTRINGS))


def _assigned(node: ast.stmt) -> list[tuple[str, ast.expr]]:
    """Return the header variables that a statement assigns, with their values."""
    if isinstance(node, ast.Assign):
        targets, value = node.targets, node.value
    elif isinstance(node, ast.AnnAssign) and node.value is not None:
        targets, value = [node.target], node.value
    else:
        return []
    names = [target.id for target in targets if isinstance(target, ast.Name)]
    return [(name, value) for name in names if name in VARIABLES]


def _imports_everything(tree: ast.Module) -> bool:
    return any(isinstance(node, ast.ImportFrom) and node.names[0].name == "*" for node in tree.body)

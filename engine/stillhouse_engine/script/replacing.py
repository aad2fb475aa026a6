"""What a squashed revision says of the revisions whose place it takes: ``replaces = ("ae1027a6acf", …)``.

Plain Alembic takes it for any variable of the file.
"""

from __future__ import annotations

import ast
from typing import Any

DECLARED = "\nreplaces"


def replaced_by(source: str, revision: str) -> tuple[str, ...]:
    """Return the ids in a file's variable ``replaces``; none where it is something of the project's own.

    Args:
        source: the file's source.
        revision: its revision, which is among them: a squashed revision keeps the id of the newest one.
    """
    try:
        tree = ast.parse(source)
    except SyntaxError:  # it fails when it is imported, with the line
        return ()
    for node in tree.body:
        if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if any(isinstance(target, ast.Name) and target.id == "replaces" for target in targets):
            try:
                return checked(ast.literal_eval(node.value), revision)
            except ValueError:
                return ()
    return ()


def checked(value: Any, revision: str) -> tuple[str, ...]:
    """Return the value of ``replaces`` where it is that of a squashed revision, else nothing."""
    if isinstance(value, list | tuple) and revision in value and all(isinstance(each, str) for each in value):
        return tuple(value)
    return ()

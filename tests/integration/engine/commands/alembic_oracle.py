"""Alembic as a black box in a process of its own: asked by lines of JSON, so that nothing here imports it.

Run as a program it is the answering side.
"""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import tempfile
import types
import warnings
from pathlib import Path


class Oracle:
    """Asks Alembic about revision graphs."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).resolve())], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, what: str, revisions: list, *arguments: object, **options: object) -> object:
        request = json.dumps([what, revisions, arguments, options])
        self.process.stdin.write(request + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait(30)
        self.process.stdout.close()


def tuples(value: object) -> object:
    """Undo what JSON does to tuples."""
    return tuple(tuples(part) for part in value) if isinstance(value, list) else value


def failure(error: BaseException) -> list:
    """Return an error as data: class, message, attributes."""
    facts = {name: value for name, value in vars(error).items() if isinstance(value, str | tuple | list)}
    return ["error", type(error).__name__, str(error), facts]


def answer(what: str, revisions: list, arguments: list, options: dict) -> object:
    """Answer one question with Alembic's public objects."""
    from alembic.script.revision import Revision, RevisionMap

    nodes = [Revision(*tuples(revision)) for revision in revisions]
    revision_map = RevisionMap(lambda: nodes)
    if what in {"upgrade", "downgrade", "stamp"}:
        return steps(what, nodes, revision_map, tuples(arguments))
    if what == "properties":
        return properties(revision_map, nodes)
    found = getattr(revision_map, what)(*tuples(arguments), **options)
    return names(found)


def properties(revision_map: object, nodes: list) -> object:
    heads = list(revision_map.heads)
    return {
        "heads": heads,
        "bases": list(revision_map.bases),
        "labels": {node.revision: sorted(node.branch_labels) for node in nodes},
        "branch_points": [node.revision for node in nodes if node.is_branch_point],
        "merge_points": [node.revision for node in nodes if node.is_merge_point],
        "is_head": [node.revision for node in nodes if node.is_head],
        "is_base": [node.revision for node in nodes if node.is_base],
    }


def names(found: object) -> object:
    if found is None or isinstance(found, str):
        return found
    return [revision.revision for revision in found] if not hasattr(found, "revision") else found.revision


def steps(what: str, nodes: list, revision_map: object, arguments: tuple) -> object:
    """Return the steps of a run, each with its log line, its row changes and the rows afterwards."""
    from alembic.runtime.migration import HeadMaintainer, MigrationContext
    from alembic.script import ScriptDirectory

    for node in nodes:
        node.module = types.SimpleNamespace(upgrade=upgrade, downgrade=downgrade)
        node.doc = f"doc of {node.revision}"
    with tempfile.TemporaryDirectory() as folder:
        script = ScriptDirectory(folder)
    script.revision_map = revision_map
    buffer = io.StringIO()
    context = MigrationContext.configure(dialect_name="sqlite", opts={"as_sql": True, "output_buffer": buffer})
    keeper = HeadMaintainer(context, arguments[1])
    answered = []
    for step in getattr(script, f"_{what}_revs")(*arguments):
        buffer.seek(0)
        buffer.truncate()
        asked = questions_of(step, set(keeper.heads))
        keeper.update_to_step(step)
        lines = [line for line in buffer.getvalue().splitlines() if line.strip()]
        answered.append([str(step), len(lines), sorted(keeper.heads), asked])
    return answered


def questions_of(step: object, heads: set[str]) -> list:
    """Return what a step answers of the version table; which of several rows is replaced is its own affair."""
    names = ("should_delete_branch", "should_create_branch", "should_merge_branches", "should_unmerge_branches")
    kind = next((name for name in names if getattr(step, name)(heads)), None)
    if kind == "should_delete_branch":
        return [kind, step.delete_version_num]
    if kind == "should_create_branch":
        return [kind, step.insert_version_num]
    if kind == "should_merge_branches":
        gone, replaced, by = step.merge_branch_idents(heads)
        return [kind, sorted([*gone, replaced]), by]
    if kind == "should_unmerge_branches":
        replaced, by, new = step.unmerge_branch_idents(heads)
        return [kind, replaced, sorted([by, *new])]
    return [kind, *step.update_version_num(heads)]


def upgrade() -> None:
    """Stand for a revision's function."""


def downgrade() -> None:
    """Stand for a revision's function."""


def main() -> None:
    for line in sys.stdin:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                found = answer(*json.loads(line))
            except BaseException as error:  # noqa: BLE001 - the error is the answer
                found = failure(error)
        said = [re.sub(r"\s+", " ", str(warning.message)) for warning in caught]
        print(json.dumps([found, said]), flush=True)  # noqa: T201 - the protocol


if __name__ == "__main__":
    main()

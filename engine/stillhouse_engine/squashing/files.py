"""The file of a squashed revision, and the moving of the files whose place it takes."""

from __future__ import annotations

import ast
import shutil
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stillhouse_engine.errors import MigrationScriptError
from stillhouse_engine.script import write_hooks
from stillhouse_engine.script.headers import VARIABLES
from stillhouse_engine.script.nodes import scalar
from stillhouse_engine.script.originals import FOLDER, folder_of_originals
from stillhouse_engine.script.writing import render_file, revision_file_name
from stillhouse_engine.squashing.errors import SquashError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stillhouse_engine.config import Config
    from stillhouse_engine.script import ScriptDirectory
    from stillhouse_engine.squashing.ranges import Range

WIDTH = 100


@dataclass(frozen=True, slots=True)
class Draft:
    """The content of a squashed revision.

    Attributes:
        message: its message.
        upgrades: the body of ``upgrade()``.
        downgrades: the body of ``downgrade()``.
    """

    message: str
    upgrades: str
    downgrades: str


class SquashedFile:
    """The file that takes the place of a range.

    Args:
        script: the script directory.
        config: its configuration, for templates that ask for it.
        found: the range.
        message: the message that its name is made of.

    Raises:
        SquashError: the files are not of a kind that can be moved.
    """

    def __init__(self, script: ScriptDirectory, config: Config, found: Range, message: str) -> None:
        self.script = script
        self.config = config
        self.found = found
        self.created = script._generate_create_date()  # noqa: SLF001 - same engine
        name = revision_file_name(
            script.file_template, found.newest, message, self.created, script.truncate_slug_length
        )
        self.path = self._location(Path(found.members[-1].path)) / name
        self.kept = folder_of_originals(script.dir, found.newest)
        self._check()

    def _location(self, newest: Path) -> Path:
        places = self.script._version_locations  # noqa: SLF001 - same engine
        return next((place for place in places if newest.is_relative_to(place)), newest.parent)

    def _check(self) -> None:
        script = self.script
        compiled = [each.path for each in self.found.members if not each.path.endswith(".py")]
        if compiled:
            raise SquashError("Compiled revisions cannot be squashed:", compiled)
        inside = [place for place in script._version_locations if self.kept.is_relative_to(place)]  # noqa: SLF001 - same engine
        if inside and script.recursive_version_locations:
            raise SquashError(
                f"The originals would go to {self.kept}, which belongs to the version location {inside[0]}",
                hint="give the revisions a folder of their own",
            )
        if self.kept.exists():
            raise SquashError(
                f"{self.kept} exists already, from a squash that was interrupted or taken back; move it away"
            )

    def write(self, path: Path, draft: Draft) -> None:
        """Write the file to some place."""
        variables: dict[str, Any] = {
            "message": draft.message,
            "up_revision": self.found.newest,
            "down_revision": scalar(self.found.down),
            "branch_labels": scalar(self.found.labels),
            "depends_on": scalar(self.found.depends_on),
            "create_date": self.created,
            "imports": self._imports(draft),
            "upgrades": draft.upgrades,
            "downgrades": draft.downgrades,
            "config": self.config,
        }
        encoding = self.script.output_encoding
        render_file(Path(self.script.dir, "script.py.mako"), path, encoding, variables)
        source = with_replaces(self.read(path), self.found.replaces, self.found.newest)
        path.write_text(source, encoding=encoding)

    def _imports(self, draft: Draft) -> str:
        """Return what the bodies need and the template does not import by itself."""
        needed = "import sqlalchemy as sa"
        template = Path(self.script.dir, "script.py.mako")
        uses = "sa." in draft.upgrades or "sa." in draft.downgrades
        return needed if uses and template.is_file() and needed not in template.read_text(encoding="utf-8") else ""

    def read(self, path: Path) -> str:
        """Return the source of a written file."""
        return path.read_text(encoding=self.script.output_encoding)

    def put_in_place(self, written: Path) -> None:
        """Keep the originals in a folder of their own, and put a written file into their place.

        The originals are copied before any of them is removed: whatever interrupts this, every file is still there.
        """
        originals = [Path(each.path) for each in self.found.members]
        self.kept.mkdir(parents=True)
        for original, name in zip(originals, names_for(originals), strict=True):
            shutil.copy2(original, self.kept / name)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_name(f"{self.path.name}.new")
        shutil.copyfile(written, fresh)
        for original in originals:
            original.unlink()
        fresh.replace(self.path)
        if self.script.hooks:
            write_hooks._run_hooks(self.path, self.script.hooks)  # noqa: SLF001 - same engine


def names_for(files: Sequence[Path]) -> list[str]:
    """Return the names that files get in one folder: their own, with those of their folders where two are alike."""
    names = [file.name for file in files]
    return [
        name if names.count(name) == 1 else f"{file.parent.name}_{name}"
        for file, name in zip(files, names, strict=True)
    ]


def with_replaces(source: str, replaces: Sequence[str], newest: str) -> str:
    """Add the variable ``replaces`` to the header of a revision's source.

    Raises:
        MigrationScriptError: the template wrote no header.
    """
    ends = [
        node.end_lineno or 0
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name) and target.id in VARIABLES
    ]
    if not ends:
        raise MigrationScriptError("script.py.mako wrote a file without a header: no `revision`, no `down_revision`")
    listed = textwrap.fill(", ".join(f'"{key}"' for key in replaces), WIDTH - 4, break_on_hyphens=False)
    text = f"\n# In the place of these, which are kept in {FOLDER}/{newest}/ for databases that stand between them.\n"
    text += f"replaces = (\n{textwrap.indent(listed, '    ')},\n)\n"
    lines = source.splitlines(keepends=True)
    return "".join((*lines[: max(ends)], text, *lines[max(ends) :]))

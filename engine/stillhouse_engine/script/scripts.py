"""One revision file: a node of the graph whose module is imported when it is needed, and not before."""

from __future__ import annotations

import inspect
import os
import re
from functools import cached_property
from typing import TYPE_CHECKING

from stillhouse_engine.messaging import format_as_comma
from stillhouse_engine.script.headers import DEDENTS_DOCSTRINGS
from stillhouse_engine.script.loading import load_revision
from stillhouse_engine.script.nodes import Revision, scalar
from stillhouse_engine.script.replacing import checked

if TYPE_CHECKING:
    from types import ModuleType

    from stillhouse_engine.script.records import Record


class Script(Revision):
    """A revision with its file.

    Args:
        module: the imported file; use ``from_record()`` where it is not imported.
        rev_id: the revision's id.
        path: the file.

    Attributes:
        path: the file.
        squashed_into: of an original that a squashed revision has replaced, the id of that one.
    """

    _header_doc: str | None = None
    _db_current_indicator: bool | None = None
    squashed_into: str | None = None

    def __init__(self, module: ModuleType, rev_id: str, path: str | os.PathLike[str]) -> None:
        self.path: str = os.fspath(path)
        self.__dict__["module"] = module
        super().__init__(
            rev_id,
            module.down_revision,
            branch_labels=getattr(module, "branch_labels", None),
            dependencies=getattr(module, "depends_on", None),
        )
        if replaces := checked(getattr(module, "replaces", None), rev_id):
            self.replaces = replaces

    @classmethod
    def from_record(cls, record: Record, path: str) -> Script:
        """Make a script from what is known of its file, without importing it.

        There are thousands of these, so only what the file says goes into each; the rest is the class's.
        """
        script = cls.__new__(cls)
        _, _, revision, down, depends_on, labels, doc, replaces = record
        script.path = path
        script._header_doc = doc  # noqa: SLF001 - its own class
        script.revision = revision
        script._down = down  # noqa: SLF001 - its own class
        script.down_revision = down[0] if len(down) == 1 else down or None
        if depends_on:
            script.dependencies = scalar(depends_on) or None
        if labels:
            script._orig_branch_labels = labels  # noqa: SLF001 - its own class
        if replaces:
            script.replaces = replaces
        return script

    @cached_property
    def module(self) -> ModuleType:
        """The file as a module, imported on first use."""
        return load_revision(self.path, self.revision)

    @property
    def _script_path(self) -> str:
        return self.path

    @property
    def _docstring(self) -> str:
        if self._header_doc is not None:
            return inspect.cleandoc(self._header_doc) if DEDENTS_DOCSTRINGS else self._header_doc
        return self.module.__doc__ or ""

    @property
    def doc(self) -> str:
        """The first paragraph of the file's docstring."""
        return re.split("\n\n", self.longdoc)[0]

    @property
    def longdoc(self) -> str:
        """The file's docstring."""
        return self._docstring.strip()

    @property
    def log_entry(self) -> str:
        """All that ``history --verbose`` prints of it."""
        lines = [f"Rev: {self.revision}{self._indicators(verbose=True)}"]
        if self.is_merge_point:
            lines.append(f"Merges: {self._format_down_revision()}")
        else:
            lines.append(f"Parent: {self._format_down_revision()}")
        if self.dependencies:
            lines.append(f"Also depends on: {format_as_comma(self.dependencies)}")
        if self.is_branch_point:
            lines.append(f"Branches into: {format_as_comma(sorted(self.nextrev))}")
        if self.replaces:
            lines.append(f"Replaces: {len(self.replaces)} revisions")
        if self.branch_labels:
            lines.append(f"Branch names: {format_as_comma(sorted(self.branch_labels))}")
        lines.append(f"Path: {self.path}")
        body = "".join(f"    {line}\n" for line in self.longdoc.split("\n")) if self.longdoc else "\n"
        return "\n".join(lines) + "\n\n" + body

    def _format_down_revision(self) -> str:
        return format_as_comma(self._down) if self._down else "<base>"

    def _indicators(self, *, verbose: bool = False, tree: bool = True, head: bool = True) -> str:
        text = ""
        if head and self.is_head:
            text += " (head)" if self._is_real_head or verbose else " (effective head)"
        if self._db_current_indicator:
            text += " (current)"
        if tree and self.is_branch_point:
            text += " (branchpoint)"
        if tree and self.is_merge_point:
            text += " (mergepoint)"
        if self.replaces:
            text += f" (squashed, replaces {len(self.replaces)})"
        if self.squashed_into is not None:
            text += f" (squashed into {self.squashed_into})"
        return text

    def _head_only(
        self,
        include_branches: bool = False,
        include_doc: bool = False,
        include_parents: bool = False,
        tree_indicators: bool = True,
        head_indicators: bool = True,
    ) -> str:
        text = self.revision
        if include_parents:
            needs = f" ({format_as_comma(self.dependencies)})" if self.dependencies else ""
            text = f"{self._format_down_revision()}{needs} -> {text}"
        if include_branches and self.branch_labels:
            text += f" ({format_as_comma(sorted(self.branch_labels))})"
        text += self._indicators(tree=tree_indicators, head=head_indicators)
        return f"{text}, {self.doc}" if include_doc else text

    def cmd_format(
        self,
        verbose: bool,
        include_branches: bool = False,
        include_doc: bool = False,
        include_parents: bool = False,
        tree_indicators: bool = True,
    ) -> str:
        """Return what commands print of it.

        Args:
            verbose: everything, over several lines.
            include_branches: with its branch labels.
            include_doc: with its message.
            include_parents: with what it follows.
            tree_indicators: with branch point and merge point.
        """
        if verbose:
            return self.log_entry
        return self._head_only(include_branches, include_doc, include_parents, tree_indicators)

    def __str__(self) -> str:
        return f"{self._format_down_revision()} -> {self.revision}{self._indicators(verbose=True)}, {self.doc}"

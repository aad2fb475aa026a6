"""The script directory: a project's env.py, its template, and its revisions."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stillhouse_engine.errors import (
    CommandError,
    MultipleHeads,
    RangeNotAncestorError,
    ResolutionError,
    RevisionError,
)
from stillhouse_engine.messaging import status
from stillhouse_engine.script import write_hooks
from stillhouse_engine.script.generation import (
    MULTIPLE_HEADS,
    NewRevision,
    PlannedRevision,
    plan_revision,
    rev_id,
    revisions_below,
)
from stillhouse_engine.script.loading import load_file, prepend_paths
from stillhouse_engine.script.locations import folder_of, read_file, read_scripts
from stillhouse_engine.script.originals import History
from stillhouse_engine.script.planning import downgrade_steps, stamp_steps, upgrade_steps
from stillhouse_engine.script.revision import RevisionMap
from stillhouse_engine.script.scripts import Script
from stillhouse_engine.script.writing import append_to, now_in, render_file, revision_file_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from stillhouse_engine.config import Config
    from stillhouse_engine.script.steps import RevisionStep, StampStep

__all__ = ["Script", "ScriptDirectory"]

DEFAULT_FILE_TEMPLATE = "%(rev)s_%(slug)s"
DEFAULT_SLUG_LENGTH = 40


class ScriptDirectory:
    """A folder with env.py and revisions.

    Args:
        dir: the folder.
        file_template: how revision files are named.
        truncate_slug_length: how long the message may be in a file's name.
        version_locations: folders of revisions; by default ``versions`` inside the folder.
        sourceless: whether compiled files count.
        output_encoding: of files that are written.
        timezone: of dates that are written.
        hooks: programs to run on new revision files.
        recursive_version_locations: whether sub-folders count.
        messaging_opts: ``{"quiet": True}`` for silence.

    Raises:
        CommandError: there is no such folder.
    """

    def __init__(  # noqa: PLR0917 - Alembic's signature
        self,
        dir: str | os.PathLike[str],  # noqa: A002 - Alembic's name
        file_template: str = DEFAULT_FILE_TEMPLATE,
        truncate_slug_length: int | None = DEFAULT_SLUG_LENGTH,
        version_locations: Sequence[str | os.PathLike[str]] | None = None,
        sourceless: bool = False,
        output_encoding: str = "utf-8",
        timezone: str | None = None,
        hooks: list[dict[str, Any]] | None = None,
        recursive_version_locations: bool = False,
        messaging_opts: Mapping[str, Any] | None = None,
    ) -> None:
        self.dir = os.fspath(dir)
        self.version_locations = version_locations or []
        self.file_template = file_template
        self.truncate_slug_length = truncate_slug_length or DEFAULT_SLUG_LENGTH
        self.sourceless = sourceless
        self.output_encoding = output_encoding
        self.revision_map = RevisionMap(self._load_revisions)
        self._history = History(self.dir, self.revision_map, sourceless=sourceless)
        self.timezone = timezone
        self.hooks = hooks or []
        self.recursive_version_locations = recursive_version_locations
        self.messaging_opts = messaging_opts or {}
        if not Path(self.dir).exists():
            raise CommandError(
                f"Path doesn't exist: {self.dir}.  Please use the 'init' command to create a new scripts folder."
            )

    @classmethod
    def from_config(cls, config: Config) -> ScriptDirectory:
        """Make the script directory that a configuration describes, and put its folders on the import path.

        Raises:
            CommandError: the configuration has no ``script_location``, or an unusable setting.
        """
        location = config.get_alembic_option("script_location")
        if location is None:
            raise CommandError("No 'script_location' key found in configuration.")
        if paths := config.get_prepend_sys_paths_list():
            prepend_paths(paths)
        longest = config.get_alembic_option("truncate_slug_length")
        try:
            longest = None if longest in {None, ""} else int(longest)
        except ValueError as error:
            raise CommandError(f"truncate_slug_length must be a number, not {longest!r}") from error
        locations = config.get_version_locations_list()
        return cls(
            folder_of(location),
            file_template=config.get_alembic_option("file_template", DEFAULT_FILE_TEMPLATE),
            truncate_slug_length=longest,
            sourceless=config.get_alembic_boolean_option("sourceless"),
            output_encoding=config.get_alembic_option("output_encoding", "utf-8"),
            version_locations=[folder_of(place) for place in locations] if locations else None,
            timezone=config.get_alembic_option("timezone"),
            hooks=config.get_hooks_list(),
            recursive_version_locations=config.get_alembic_boolean_option("recursive_version_locations"),
            messaging_opts=config.messaging_opts,
        )

    @cached_property
    def _version_locations(self) -> Sequence[Path]:
        if self.version_locations:
            return [Path(place).absolute() for place in self.version_locations]
        return [Path(self.dir, "versions").absolute()]

    @property
    def _singular_version_location(self) -> Path:
        if len(self._version_locations) > 1:
            raise CommandError("Multiple version locations present, please specify --version-path")
        return self._version_locations[0]

    @property
    def versions(self) -> str:
        """The folder of revisions, where there is only one."""
        return str(self._singular_version_location)

    @property
    def env_py_location(self) -> str:
        """The path of env.py."""
        return str(Path(self.dir, "env.py"))

    def _load_revisions(self) -> list[Script]:
        return read_scripts(
            list(self._version_locations), recursive=self.recursive_version_locations, sourceless=self.sourceless
        )

    @contextmanager
    def _catch_revision_errors(
        self,
        ancestor: str | None = None,
        multiple_heads: str | None = None,
        start: str | None = None,
        end: str | None = None,
        resolution: str | None = None,
    ) -> Iterator[None]:
        """Turn errors of the graph into errors of a command."""
        try:
            yield
        except RangeNotAncestorError as error:
            text = (
                ancestor
                or "Requested range {start}:{end} does not refer to ancestor/descendant revisions along the same branch"
            )
            lower = start if start is not None else error.lower
            upper = end if end is not None else error.upper
            raise CommandError(text.format(start=lower, end=upper)) from error
        except MultipleHeads as error:
            text = multiple_heads or (
                "Multiple head revisions are present for given argument '{head_arg}'; please specify a specific target "
                "revision, '<branchname>@{head_arg}' to narrow to a specific head, or 'heads' for all heads"
            )
            raise CommandError(text.format(head_arg=end or error.argument)) from error
        except ResolutionError as error:
            raise CommandError(resolution or f"Can't locate revision identified by '{error.argument}'") from error
        except RevisionError as error:
            raise CommandError(str(error)) from error

    def walk_revisions(self, base: str = "base", head: str = "heads") -> Iterator[Script]:
        """List revisions from ``head`` down to ``base``, both included.

        Raises:
            CommandError: a symbol is unknown, or ``base`` is not below ``head``.
        """
        with self._catch_revision_errors(start=base, end=head):
            yield from self.iterate_revisions(head, base, inclusive=True, assert_relative_length=False)

    def get_revisions(self, id_: Any) -> tuple[Script, ...]:
        """Return all revisions that a symbol, or a sequence of symbols, stands for.

        Raises:
            CommandError: there is none.
        """
        with self._catch_revision_errors():
            return self._history.ask(lambda known: known.get_revisions(id_))  # type: ignore[arg-type,return-value]

    def get_revision(self, id_: Any) -> Script:
        """Return the one revision that a symbol stands for.

        Raises:
            CommandError: there is none, or several.
        """
        with self._catch_revision_errors():
            return self._history.ask(lambda known: known.get_revision(id_))  # type: ignore[return-value]

    def get_all_current(self, id_: Any) -> set[Script]:
        """Return the newest revisions that applied ones, or those of symbols, bring with them, dependencies included."""
        with self._catch_revision_errors():
            return self._history.ask(lambda known: known._get_all_current(id_))  # type: ignore[arg-type,return-value] # noqa: SLF001 - same package

    def as_revision_number(self, id_: Any) -> str | tuple[str, ...] | None:
        """Turn a symbol into id(s): None for ``base``, several ids for ``heads``.

        Raises:
            CommandError: the symbol is unknown.
        """
        with self._catch_revision_errors():
            numbers, _ = self.revision_map._resolve_revision_number(id_)  # noqa: SLF001 - same package
        if not numbers:
            return None
        return numbers if id_ == "heads" else numbers[0]

    def iterate_revisions(self, upper: Any, lower: Any, **kw: Any) -> Iterator[Script]:
        """List revisions from ``upper`` down to ``lower``; see ``RevisionMap.iterate_revisions()``."""
        return self._history.ask(lambda known: known.iterate_revisions(upper, lower, **kw))  # type: ignore[arg-type,return-value]

    def get_current_head(self) -> str | None:
        """Return the only head; None when there are no revisions.

        Raises:
            CommandError: there are several.
        """
        with self._catch_revision_errors(
            multiple_heads=(
                "The script directory has multiple heads (due to branching).Please use get_heads(), or merge the branches "
                "using alembic merge."
            )
        ):
            return self.revision_map.get_current_head()

    def get_heads(self, consider_depends_on: bool = False) -> list[str]:
        """Return the ids of all heads.

        Args:
            consider_depends_on: leave out heads that something depends on.
        """
        with self._catch_revision_errors():
            return list(self.revision_map._real_heads if consider_depends_on else self.revision_map.heads)  # noqa: SLF001 - same package

    def get_base(self) -> str | None:
        """Return the only base; None when there are no revisions.

        Raises:
            CommandError: there are several.
        """
        bases = self.get_bases()
        if len(bases) > 1:
            raise CommandError("The script directory has multiple bases. Please use get_bases().")
        return bases[0] if bases else None

    def get_bases(self) -> list[str]:
        """Return the ids of all bases."""
        with self._catch_revision_errors():
            return list(self.revision_map.bases)

    def _upgrade_revs(self, destination: Any, current_rev: Any) -> list[RevisionStep]:
        with self._catch_revision_errors(
            ancestor="Destination {end} is not a valid upgrade target from current head(s)", end=destination
        ):
            return self._history.upgrade(lambda known: upgrade_steps(known, destination, current_rev), current_rev)

    def _downgrade_revs(self, destination: Any, current_rev: Any) -> list[RevisionStep]:
        with self._catch_revision_errors(
            ancestor="Destination {end} is not a valid downgrade target from current head(s)", end=destination
        ):
            return self._history.ask(lambda known: downgrade_steps(known, destination, current_rev))

    def _stamp_revs(self, revision: Any, heads: Any) -> list[StampStep]:
        with self._catch_revision_errors(
            multiple_heads="Multiple heads are present; please specify a single target revision"
        ):
            return self._history.ask(lambda known: stamp_steps(known, revision, heads))

    def run_env(self) -> None:
        """Run env.py.

        Raises:
            MigrationScriptError: it is not there, or is no valid Python. What it raises itself comes through.
        """
        load_file(self.env_py_location)

    def _rev_path(self, path: str | os.PathLike[str], rev_id: str, message: str | None, create_date: datetime) -> Path:
        name = revision_file_name(self.file_template, rev_id, message, create_date, self.truncate_slug_length)
        return Path(path, name)

    def _generate_create_date(self) -> datetime:
        return now_in(self.timezone)

    def _ensure_directory(self, path: Path) -> None:
        path = path.absolute()
        if not path.exists():
            with status(f"Creating directory {path}", **self.messaging_opts):
                path.mkdir(parents=True)

    def _generate_template(self, src: Path, dest: Path, **kw: Any) -> None:
        with status(f"Generating {Path(dest).absolute()}", **self.messaging_opts):
            render_file(Path(src), Path(dest), self.output_encoding, kw)

    def _append_template(self, src: Path, dest: Path, **kw: Any) -> None:
        with status(f"Appending to existing {Path(dest).absolute()}", **self.messaging_opts):
            append_to(Path(src), Path(dest), self.output_encoding, kw)

    def _copy_file(self, src: Path, dest: Path) -> None:
        with status(f"Generating {Path(dest).absolute()}", **self.messaging_opts):
            shutil.copy(src, dest)

    def generate_revision(  # noqa: PLR0917 - Alembic's signature
        self,
        revid: str,
        message: str | None,
        head: Any = None,
        splice: bool | None = False,
        branch_labels: Any = None,
        version_path: str | os.PathLike[str] | None = None,
        file_template: str | None = None,
        depends_on: Any = None,
        **kw: Any,
    ) -> Script | None:
        """Write a revision file from the template ``script.py.mako``, and run the post-write hooks on it.

        Args:
            revid: its id; a new one by default.
            message: its message.
            head: what it follows; the only head by default.
            splice: whether that may be something other than a head.
            branch_labels: its branch labels.
            version_path: the folder it goes to, where there are several.
            file_template: how the file is named.
            depends_on: what else must be applied before it.
            **kw: further variables for the template.

        Raises:
            CommandError: the graph would not allow it, or the template is not there or fails.
        """
        revid = revid or rev_id()
        wanted = NewRevision(
            revid, "head" if head is None else head, bool(splice), branch_labels, version_path, depends_on
        )
        with self._catch_revision_errors(multiple_heads=MULTIPLE_HEADS):
            below = revisions_below(self.revision_map, wanted)
        with self._catch_revision_errors():
            planned = plan_revision(self.revision_map, self._version_locations, wanted, below)
        date = self._generate_create_date()
        template = file_template or self.file_template
        path = planned.folder / revision_file_name(template, revid, message, date, self.truncate_slug_length)
        self._ensure_directory(path.parent)
        self._generate_template(
            Path(self.dir, "script.py.mako"),
            path,
            **{
                **planned.variables(revid),
                "create_date": date,
                "message": "empty message" if message is None else message,
                **kw,
            },
        )
        if self.hooks:
            write_hooks._run_hooks(path, self.hooks)  # noqa: SLF001 - same package
        return self._adopt(path, planned)

    def _adopt(self, path: Path, planned: PlannedRevision) -> Script:
        """Read a revision file that was just written, and add it to the graph."""
        script = read_file(path)
        if planned.branch_labels and not script.branch_labels:
            raise CommandError(
                f"Version {script.revision} specified branch_labels {', '.join(planned.branch_labels)}, however the migration "
                f"file {path} does not have them; have you upgraded your script.py.mako to include the 'branch_labels' section?"
            )
        with self._catch_revision_errors():
            self.revision_map.add_revision(script)
        self._history.grown()
        return script

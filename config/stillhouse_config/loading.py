"""Loads a fleet file: reads it, validates it, and says everything that is wrong with it at once."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from .document import Document, Location, read_document
from .errors import FleetFileError, Problem
from .expansion import NO_ROWS, discoveries, expanded
from .interpolation import Interpolator
from .places import Places, gather
from .projects import check_project, project_of
from .references import Finding, check_references
from .urls import anchored
from .validation import validated

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from .fleet import Discovery, Fleet, ProjectDeclaration
    from .fleet_file import FleetModel
    from .urls import SecretUrl


@dataclass(frozen=True, slots=True, eq=False)
class FleetFile:
    """A fleet file that holds no mistake that can be found without asking a database.

    Attributes:
        path: the file, absolute.
        model: its validated content.
        places: where things stand in it.
        fleet: what it declares, as far as no database has to be asked.
    """

    path: Path
    model: FleetModel
    places: Places
    fleet: Fleet

    @property
    def name(self) -> str:
        """The fleet's name."""
        return self.model.fleet

    @property
    def state_url(self) -> SecretUrl:
        """Where the store lives; a relative SQLite file made absolute."""
        return self.model.state_url

    @property
    def discoveries(self) -> tuple[Discovery, ...]:
        """The questions to databases whose answers :func:`expand` wants."""
        return discoveries(self.model, str(self.path.parent))

    def expand(self, rows_by_discovery: Mapping[str, Sequence[Mapping[str, object]]] = NO_ROWS) -> Fleet:
        """Expand to targets; see :func:`expand`."""
        return expand(self, rows_by_discovery)


def expand(fleet_file: FleetFile, rows_by_discovery: Mapping[str, Sequence[Mapping[str, object]]] = NO_ROWS) -> Fleet:
    """Expand a fleet file's declarations to targets.

    Args:
        fleet_file: what :func:`load_fleet` returned.
        rows_by_discovery: for each discovery's ``declaration`` the rows it found. A discovery without an entry stays in
            the fleet's ``pending``; an empty list says that there is nothing.

    Raises:
        FleetFileError: a row lacks a field, makes a bad URL or name, or two targets have one name.
    """
    return expanded(fleet_file.model, fleet_file.places, rows_by_discovery)


def load_fleet(
    path: str | os.PathLike[str], environ: Mapping[str, str] = os.environ, *, check_paths: bool = True
) -> FleetFile:
    """Load and validate a fleet file.

    Args:
        path: the file.
        environ: what ``${env:…}`` looks in.
        check_paths: whether script directories, import paths, ini files and interpreters must be there.

    Raises:
        FleetFileError: with every problem that was found.
    """
    file = Path(path).absolute()
    return parse_fleet(_read(file, os.fspath(path)), file, environ, label=os.fspath(path), check_paths=check_paths)


def _read(file: Path, label: str) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        hint = "make one with: stillhouse init; or name it with -f FILE or $STILLHOUSE_FLEET"
        raise FleetFileError((Problem(label, 0, 0, "", "there is no such file", hint),)) from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise FleetFileError((Problem(label, line, 1, "", "not UTF-8 text", "save the file as UTF-8"),)) from None
    except OSError as error:
        raise FleetFileError(
            (Problem(label, 0, 0, "", f"cannot be read: {error.strerror}", "name a file that you may read"),)
        ) from None


def parse_fleet(
    text: str,
    path: Path,
    environ: Mapping[str, str] = os.environ,
    *,
    label: str | None = None,
    check_paths: bool = True,
) -> FleetFile:
    """Validate the text of a fleet file that lies, or will lie, at a path; see :func:`load_fleet`."""
    interpolator = Interpolator(environ, path.parent)
    document = read_document(text, label or str(path), interpolator)
    problems = document.problems
    if not isinstance(document.content, dict):
        if not problems:
            problems.append(
                Problem(document.file, 1, 1, "", "a fleet file is a mapping", "begin with fleet: NAME and databases:")
            )
        raise FleetFileError(tuple(problems))
    model = validated(document)
    if model is not None:
        model = model.model_copy(update={"state_url": anchored(model.state_url, str(path.parent))})
        places = gather(document, model, path)
        is_whole = not problems
        problems += _cross_checked(document, model, places, check_paths)
        try:
            fleet = expanded(model, places)
        except FleetFileError as error:
            problems += error.problems
        else:
            if is_whole and not _globs(model):
                problems += fleet.warnings
            if not problems:
                return FleetFile(path, model, places, fleet)
    concealed = {
        replace(one, message=interpolator.concealed(one.message), hint=interpolator.concealed(one.hint))
        for one in problems
    }
    raise FleetFileError(tuple(sorted(concealed)))


def _cross_checked(document: Document, model: FleetModel, places: Places, check_paths: bool) -> Iterator[Problem]:
    """Yield what is wrong between the parts of a file that are valid by themselves."""
    names = (document.keys(section) for section in (("databases",), ("strategies",), ("alerts", "channels")))
    for finding in check_references(model, *(set(map(str, keys)) for keys in names)):
        yield document.problem(*finding)
    if check_paths:
        for finding in _path_findings(document, model, str(places.path.parent)):
            yield document.problem(*finding)


def _globs(model: FleetModel) -> bool:
    return any(database.for_each and database.for_each.glob for database in model.databases.values())


def _path_findings(document: Document, model: FleetModel, folder: str) -> Iterator[Finding]:
    """Yield what is not on disk, each place of the file once."""
    by_project: dict[ProjectDeclaration, list[Finding]] = {}
    seen: set[Location] = set()
    for name, database in model.databases.items():
        project = project_of(database, folder)
        if project not in by_project:
            by_project[project] = list(check_project(project))
        for location, message, hint in by_project[project]:
            own: Location = ("databases", name, *location)
            place = own if document.has(own[:3]) else ("defaults", *location)
            if place not in seen:
                seen.add(place)
                yield Finding(place, message, hint)

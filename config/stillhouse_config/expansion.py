"""Expands a fleet file's declarations to targets."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from .blueprints import Blueprint, RowError
from .errors import FleetFileError, Problem
from .fleet import Discovery, Fleet, Origin, TargetDeclaration
from .rows import discovered_rows, known_rows
from .unmatched import unmatched
from .urls import SecretUrl, anchored

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from .databases import Database
    from .document import Location
    from .fleet_file import FleetModel
    from .for_each import SchemasSource, SqlSource
    from .places import Places

NO_ROWS: Mapping[str, Any] = MappingProxyType({})


@dataclass(slots=True)
class Expansion:
    """One expansion at work.

    Attributes:
        targets: what came of it so far.
        pending: declarations whose rows nobody has asked for yet.
        findings: what went wrong: the first of its kind, and in how many rows.
        kept_in: the first target of each version table.
    """

    model: FleetModel
    folder: str
    places: Places
    targets: dict[str, TargetDeclaration] = field(default_factory=dict)
    pending: list[Discovery] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    findings: dict[tuple[Location, str], tuple[RowError, int, int]] = field(default_factory=dict)
    kept_in: dict[Hashable, str] = field(default_factory=dict)

    def run(self, rows: Mapping[str, Sequence[Mapping[str, object]]]) -> None:
        """Expand every declaration, those of ``for_each`` with the rows that were discovered."""
        questions = {question.declaration: question for question in discoveries(self.model, self.folder)}
        for name, database in self.model.databases.items():
            blueprint = Blueprint(name, database, self.folder, self._asked(database))
            if database.for_each is None:
                self._add(blueprint, None, 0)
            elif database.for_each.source is None:
                self._add_all(blueprint, known_rows(database.for_each, self.folder))
            elif name in rows:
                self._add_all(blueprint, discovered_rows(database.for_each, rows[name]))
            elif name in questions:
                self.pending.append(questions[name])

    def _asked(self, database: Database) -> SecretUrl | None:
        return (
            asked_url(self.model, database.for_each.source, self.folder)
            if database.for_each and database.for_each.source
            else None
        )

    def _add_all(self, blueprint: Blueprint, rows: Sequence[Mapping[str, str]]) -> None:
        for number, row in enumerate(rows, 1):
            self._add(blueprint, row, number)
        if not rows:
            location = ("databases", blueprint.key, "for_each")
            self.warnings.append(self.places.problem(location, "makes no target", "check the pattern, list or query"))

    def _add(self, blueprint: Blueprint, row: Mapping[str, str] | None, number: int) -> None:
        origin = Origin(blueprint.key, self.places.line(("databases", blueprint.key)), number)
        try:
            target = blueprint.make(row, origin)
            self._refuse_twin(target)
        except RowError as error:
            key = (("databases", blueprint.key, *error.location), error.kind)
            first, first_number, count = self.findings.get(key, (error, number, 0))
            self.findings[key] = (first, first_number, count + 1)
        else:
            self.targets[target.name] = target
            self._warn_of_sharing(target)

    def _warn_of_sharing(self, target: TargetDeclaration) -> None:
        """Warn where two targets are one: the same version table of the same database, as far as the fleet file tells."""
        schema = target.version_table_schema or target.schema
        place = (target.url.reveal(), schema, target.version_table or target.project, target.x_arguments)
        first = self.kept_in.setdefault(place, target.name)
        if first != target.name:
            self.warnings.append(
                self.places.problem(
                    ("databases", target.origin.database),
                    f"the targets {first!r} and {target.name!r} are one: the same database and version table",
                    "remove one of them, or give it a schema or a version_table of its own",
                )
            )

    def _refuse_twin(self, target: TargetDeclaration) -> None:
        twin = self.targets.get(target.name)
        if twin is not None:
            message = f"the target {target.name!r} is declared twice: by {twin.origin} and by {target.origin}"
            hint = (
                "names are unique in a fleet; put another field into the name"
                if target.origin.row
                else "rename one of them"
            )
            raise RowError(("name",) if target.origin.row else (), message, hint, "twice")

    def problems(self) -> list[Problem]:
        """Return what went wrong, each kind once for each place."""
        found = []
        for (location, _), (error, number, count) in self.findings.items():
            row = f"row {number}: " if number and error.kind != "twice" else ""
            more = f" (and {count - 1:,} more rows)" if count > 1 else ""
            found.append(self.places.problem(location, f"{row}{error.message}{more}", error.hint))
        return found


def discoveries(model: FleetModel, folder: str) -> tuple[Discovery, ...]:
    """Return the questions that a fleet file wants asked of databases."""
    found = []
    for name, database in model.databases.items():
        source = database.for_each.source if database.for_each else None
        url = asked_url(model, source, folder) if source else None
        if database.for_each and source and url:
            found.append(Discovery(name, url, source, database.for_each.every, database.for_each.timeout))
    return tuple(found)


def asked_url(model: FleetModel, source: SqlSource | SchemasSource, folder: str) -> SecretUrl | None:
    """Return the URL of the database that a source names; None when that database is not valid itself."""
    asked = model.databases.get(source.database) if source.database else None
    url = asked.url if asked else source.url
    return anchored(url, folder) if isinstance(url, SecretUrl) else None


def expanded(model: FleetModel, places: Places, rows: Mapping[str, Sequence[Mapping[str, object]]] = NO_ROWS) -> Fleet:
    """Expand a validated fleet file.

    Raises:
        FleetFileError: a row lacks a field, makes a bad URL or name, or two targets have one name.
    """
    expansion = Expansion(model, str(places.path.parent), places)
    expansion.run(rows)
    if problems := expansion.problems():
        raise FleetFileError(tuple(sorted(problems)))
    fleet = Fleet(
        model.fleet,
        places.path,
        MappingProxyType(expansion.targets),
        tuple(expansion.pending),
        model,
        tuple(expansion.warnings),
    )
    if not fleet.is_complete:
        return fleet
    warnings = tuple(sorted([*fleet.warnings, *(places.problem(*finding) for finding in unmatched(fleet))]))
    return Fleet(fleet.name, fleet.path, fleet.targets, (), model, warnings)

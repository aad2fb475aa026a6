"""Makes the targets of one declaration, row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .databases import UrlTemplate
from .errors import FleetValueError
from .fields import parse_name
from .fleet import Dependency, Origin, TargetDeclaration
from .interpolation import concealed, fill_template
from .projects import project_of
from .urls import SecretUrl, anchored, parse_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .databases import Database
    from .document import Location

GLOB_URL = "sqlite+aiosqlite:///{path}"


class RowError(FleetValueError):
    """A row that makes no target.

    Attributes:
        location: where its template stands, below the declaration.
        kind: what errors are counted together.
    """

    def __init__(self, location: Location, message: str, hint: str, kind: str = "") -> None:
        self.location = location
        self.message = message
        self.kind = kind or type(self).__name__
        super().__init__(message, hint)


class Blueprint:
    """A declaration prepared for its rows: what is the same for all of them is computed once.

    Args:
        key: the key under ``databases``.
        database: the declaration.
        folder: the fleet file's folder.
        asked: the database that ``for_each`` asks, whose URL the schemas share.
    """

    def __init__(self, key: str, database: Database, folder: str, asked: SecretUrl | None) -> None:
        self.key = key
        self.database = database
        self.folder = folder
        self.project = project_of(database, folder)
        self.dependencies = tuple(Dependency(one.database, one.revision, one.needed_by) for one in database.depends_on)
        self.url, self.schema = database.url, database.db_schema
        if database.for_each and self.url is None:
            self.url = UrlTemplate(GLOB_URL) if database.for_each.glob else asked
        if database.for_each and database.for_each.schemas and self.schema is None:
            self.schema = "{schema}"

    def make(self, row: Mapping[str, str] | None, origin: Origin) -> TargetDeclaration:
        """Make the target of a row; of the declaration itself when there is no row.

        Raises:
            RowError: the row lacks a field, or makes no URL or name.
        """
        database = self.database
        return TargetDeclaration(
            name=self.key if row is None else self._name(row),
            database=self.key,
            url=self._url(row),
            project=self.project,
            schema=_optional(("schema",), self.schema, row),
            labels={key: filled(("labels", key), value, row) for key, value in database.labels.items()},
            metadata=database.metadata,
            version_table=_optional(("version_table",), database.version_table, row),
            version_table_schema=_optional(("version_table_schema",), database.version_table_schema, row),
            x_arguments=tuple(filled(("x_arguments", n), value, row) for n, value in enumerate(database.x_arguments)),
            lock_timeout=database.lock_timeout,
            statement_timeout=database.statement_timeout,
            deadline=database.deadline,
            migrate=database.migrate,
            replay=database.replay,
            census_every=database.census.every,
            census_timeout=database.census.timeout,
            drift=database.drift,
            depends_on=self.dependencies,
            origin=origin,
        )

    def _name(self, row: Mapping[str, str]) -> str:
        template = self.database.name or ""
        name = filled(("name",), template, row)
        try:
            return parse_name(name)
        except FleetValueError as error:
            raise RowError(("name",), str(error), error.hint) from None

    def _url(self, row: Mapping[str, str] | None) -> SecretUrl:
        if isinstance(self.url, SecretUrl):
            return anchored(self.url, self.folder)
        if self.url is None:
            raise RowError(("for_each",), "the database to ask is not valid", "see its own problems")
        try:
            text = fill_template(self.url.text, row or {})
        except FleetValueError as error:
            raise RowError(("url",), str(error), error.hint) from None
        try:
            return anchored(parse_url(text), self.folder)
        except FleetValueError as error:
            raise RowError(("url",), concealed(str(error), text), error.hint) from None


def _optional(location: Location, text: str | None, row: Mapping[str, str] | None) -> str | None:
    return None if text is None else filled(location, text, row)


def filled(location: Location, text: str, row: Mapping[str, str] | None) -> str:
    """Return a template filled with a row, or a text as it is when there is no row.

    Raises:
        RowError: the template is none, or the row lacks a field.
    """
    if row is None or ("{" not in text and "}" not in text):
        return str(text)
    try:
        return str(fill_template(text, row))
    except FleetValueError as error:
        raise RowError(location, str(error), error.hint, kind=str(error)) from None

"""The few positions of a fleet file that are needed after it was read.

A document's node tree is large and is let go; what expansion may yet complain about is looked up before that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .document import Document, Location, path_of
from .errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from .fleet_file import FleetModel

SELECTED = ("windows", "strategies", "alerts", "drift", "servers")


@dataclass(frozen=True, slots=True)
class Places:
    """Positions by location.

    Attributes:
        file: the file as the user named it.
        path: the file, absolute.
        known: 1-based line and column.
    """

    file: str
    path: Path
    known: Mapping[Location, tuple[int, int]]

    def line(self, location: Location) -> int:
        """Return the 1-based line of a location; 0 when it is not known."""
        return self.known.get(location, (0, 0))[0]

    def problem(self, location: Location, message: str, hint: str = "") -> Problem:
        """Make a problem at a location, or at the nearest thing around it whose position is known."""
        while location and location not in self.known:
            location = location[:-1]
        line, column = self.known.get(location, (0, 0))
        return Problem(self.file, line, column, path_of(location), message, hint)


def gather(document: Document, model: FleetModel, path: Path) -> Places:
    """Look up the positions that expansion may need."""
    known: dict[Location, tuple[int, int]] = {}
    for section in ("databases", *SELECTED):
        for key, place in document.keys((section,)).items():
            known[section, key] = place
            if section != "databases" or _is_template(model, key):
                known.update(_below(document, (section, key)))
    return Places(document.file, path, known)


def _is_template(model: FleetModel, key: str | int) -> bool:
    database = model.databases.get(str(key))
    return database is not None and database.for_each is not None


def _below(document: Document, location: Location) -> Iterator[tuple[Location, tuple[int, int]]]:
    """Yield positions below a location, but not those of the items of ``for_each``: there may be thousands."""
    if location[-1] in {"for_each", "items"}:
        return
    for step, place in document.keys(location).items():
        yield (*location, step), place
        yield from _below(document, (*location, step))

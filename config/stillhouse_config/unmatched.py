"""Finds selectors and servers of a fleet file that match none of its targets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .references import Finding
from .suggestions import known_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .document import Location
    from .fleet import Fleet
    from .fleet_file import FleetModel
    from .selectors import Selector


def unmatched(fleet: Fleet) -> list[Finding]:
    """Return the selectors that pick nothing, and the servers that hold nothing."""
    targets = fleet.targets.values()
    found = [
        Finding(location, f"the selector {str(selector)!r} matches no target", _hint(fleet, selector))
        for location, selector in selectors(fleet.settings)
        if not any(target.matches(selector) for target in targets)
    ]
    servers = {target.server for target in targets}
    for server in fleet.settings.servers:
        if server not in servers:
            hint = known_words(server, {name for name in servers if name}, "servers of this fleet")
            found.append(Finding(("servers", server), f"no target is on the server {server!r}", hint))
    return found


def selectors(model: FleetModel) -> Iterator[tuple[Location, Selector]]:
    """Yield every selector of a fleet file and where it stands."""
    for name, window in model.windows.items():
        if window.match:
            yield ("windows", name, "match"), window.match
    for name, steps in model.strategies.items():
        for index, step in enumerate(steps):
            if step.wave and step.wave.match:
                yield ("strategies", name, index, "wave", "match"), step.wave.match
    for index, route in enumerate(model.alerts.routes):
        if route.match:
            yield ("alerts", "routes", index, "match"), route.match
    for index, rule in enumerate(model.drift.ignore):
        if rule.match:
            yield ("drift", "ignore", index, "match"), rule.match


def _hint(fleet: Fleet, selector: Selector) -> str:
    """Name the labels, or the values of a label, that do exist."""
    targets = fleet.targets.values()
    for term in selector.terms:
        if any(term.matches(target.name, target.labels) for target in targets):
            continue
        if term.key == "name" or not term.operator:
            return known_words(term.values[0] if term.values else term.key, fleet.targets, "targets")
        values = {target.labels[term.key] for target in targets if term.key in target.labels}
        if values:
            return known_words(term.values[0], values, f"values of {term.key}")
        return known_words(term.key, {key for target in targets for key in target.labels}, "labels")
    return "no target meets all of its terms at once"

"""Maintenance windows: which targets may not start at a moment, and why."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from stillhouse_orchestrator.rollouts.errors import NoWindowError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    from stillhouse_config import Fleet, TargetDeclaration
    from stillhouse_config.windows import Window

SOON = timedelta(days=31)
MINUTE = timedelta(minutes=1)


def closed(windows: Mapping[str, Window], at: datetime) -> dict[str, Window]:
    """Return the windows that are shut at a moment; each is asked once, however many targets it is for."""
    return {name: window for name, window in windows.items() if not window.is_open(at)}


def held(
    windows: Mapping[str, Window], targets: Mapping[str, TargetDeclaration], names: Iterable[str], at: datetime
) -> dict[str, str]:
    """Return which of some targets a window holds back, with its name as the reason."""
    return {
        name: f"the window {label} is shut"
        for label, window in closed(windows, at).items()
        for name in names
        if name in targets and (window.match is None or targets[name].matches(window.match))
    }


class Shut:
    """Remembers what shut windows hold back, as long as neither they, the fleet nor the members are others."""

    def __init__(self) -> None:
        self._asked: tuple[Fleet, list[str], int] | None = None
        self._held: Mapping[str, str] = {}

    def held(self, fleet: Fleet, names: Collection[str], at: datetime) -> Mapping[str, str]:
        """Return which of a rollout's members a window holds back, with its name as the reason.

        Args:
            fleet: declares the windows and the targets; another one is another object.
            names: the members; more of them may join, and none leaves.
            at: the moment.
        """
        shut = list(closed(fleet.settings.windows, at))
        asked = (fleet, shut, len(names))
        if self._asked is None or self._asked[0] is not fleet or self._asked[1:] != asked[1:]:
            self._asked, self._held = asked, held(fleet.settings.windows, fleet.targets, names, at)
        return self._held


def next_opening(
    windows: Mapping[str, Window], targets: Mapping[str, TargetDeclaration], names: Iterable[str], at: datetime
) -> datetime | None:
    """Return when the first target of some may start; ``None`` when one may now. Periods begin on whole minutes.

    Raises:
        NoWindowError: no window is for any of them, or all stay shut for a month.
    """
    chosen = [targets[name] for name in names if name in targets]
    ours = [
        [window for window in windows.values() if window.match is None or each.matches(window.match)] for each in chosen
    ]
    kinds = {tuple(map(id, each)): each for each in ours}.values()
    if not any(kinds):
        raise NoWindowError("no window is declared for these targets", "declare one under windows in the fleet file")
    moment, end = at.replace(second=0, microsecond=0), at + SOON
    while moment < end:
        if any(all(window.is_open(moment) for window in kind) for kind in kinds if kind):
            return moment if moment > at else None
        moment += MINUTE
    raise NoWindowError(f"none opens within {SOON.days} days", "name a moment instead: --not-before")

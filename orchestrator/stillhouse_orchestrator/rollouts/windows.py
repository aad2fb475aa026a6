"""Maintenance windows: which targets may not start at a moment, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from stillhouse_config import TargetDeclaration
    from stillhouse_config.windows import Window


def closed(windows: Mapping[str, Window], at: datetime) -> dict[str, Window]:
    """Return the windows that are shut at a moment; each is asked once, however many targets it is for."""
    return {name: window for name, window in windows.items() if not window.is_open(at)}


def held(windows: Mapping[str, Window], targets: Iterable[TargetDeclaration], at: datetime) -> dict[str, str]:
    """Return the targets that a window holds back, with its name as the reason."""
    shut = closed(windows, at)
    return {
        target.name: f"the window {name} is shut"
        for name, window in shut.items()
        for target in targets
        if window.match is None or target.matches(window.match)
    }

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

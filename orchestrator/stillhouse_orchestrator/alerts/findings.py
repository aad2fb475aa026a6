"""Findings: one thing that is wrong with one target, as looks at it bring them. Findings with one key are one alert."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from stillhouse_config.durations import format_duration
from stillhouse_orchestrator.values import DriftStatus, Health, Severity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime, timedelta

    from stillhouse_orchestrator.values import Change, DriftReport, TargetState, VersionTrouble

Kind: TypeAlias = str
"""``drift``, ``version``, ``rollout``, ``stuck``, ``unreachable`` or ``unchecked``, as the fleet file's routes name them."""

SHOWN_CHANGES = 20
_RANKS = (Severity.INFO, Severity.WARNING, Severity.CRITICAL)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        key: findings with one key are one alert, whatever their targets.
        title: one line, the same for all targets.
        summary: what to do about it.
        facts: what a message may show besides, as plain JSON data.
    """

    key: str
    kind: Kind
    severity: Severity
    title: str
    summary: str
    drift_id: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at a target says about some kinds of alert, and about no others.

    Attributes:
        kinds: the kinds that this look can judge. A kind that is not among them keeps its alerts: a look that
            failed clears nothing.
    """

    target: str
    at: datetime
    kinds: frozenset[Kind]
    findings: tuple[Finding, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Limits:
    """What is tolerated for how long; ``None`` for ever.

    Attributes:
        watching_since: when this process began to watch: before that, nobody was to check anything.
    """

    unreachable_after: timedelta
    unchecked_after: timedelta | None
    behind_after: timedelta | None = None
    watching_since: datetime | None = None


def worst(severities: Sequence[Severity]) -> Severity:
    """Return the gravest of some severities."""
    return max(severities, key=_RANKS.index, default=Severity.INFO)


def at_least(severity: Severity, least: str) -> bool:
    """Tell whether a severity is as grave as another."""
    return _RANKS.index(severity) >= _RANKS.index(Severity(least))


def look_for_drift(report: DriftReport, at: datetime, labels: Mapping[str, str]) -> Look:
    """Return what a drift check says; an unknown verdict says nothing about drift."""
    if report.status is DriftStatus.UNKNOWN:
        return Look(report.target, at, frozenset(), (), labels)
    found = (_drift(report, report.drift_id),) if report.drift_id else ()
    return Look(report.target, at, frozenset({"drift"}), found, labels)


def look_at_source(declaration: str, error: str | None, at: datetime) -> Look:
    """Return what a discovery says about the database that a ``for_each`` asks for its targets.

    Args:
        declaration: the name under ``databases``.
        error: why it could not be asked; None when it answered.
        at: now.
    """
    finding = Finding(
        key=f"undiscovered:{declaration}",
        kind="unreachable",
        severity=Severity.CRITICAL,
        title=f"targets of {declaration} cannot be discovered",
        summary="targets that this process has not met before are not looked at until their database answers again",
        facts={"error": error},
    )
    return Look(declaration, at, frozenset({"unreachable"}), (finding,) if error else ())


def _drift(report: DriftReport, identity: str) -> Finding:
    changes = report.counted
    return Finding(
        key=f"drift:{identity}",
        kind="drift",
        severity=worst([change.severity for change in changes]),
        title=f"schema drift: {_named(changes)}",
        summary="`stillhouse drift show TARGET` explains it; answer with `drift repair`, `drift adopt` or `drift ignore`",
        drift_id=identity,
        facts={"applied": list(report.applied), "changes": [describe(change) for change in changes[:SHOWN_CHANGES]]},
    )


def _named(changes: Sequence[Change]) -> str:
    first = describe(changes[0])
    return first if len(changes) == 1 else f"{first}, and {len(changes) - 1} more"


def describe(change: Change) -> str:
    """Say in a few words what one change is."""
    attribute = f" ({change.attribute})" if change.attribute else ""
    return f"{change.op.value} {change.kind.replace('_', ' ')} {change.object}{attribute}"


def look_at_state(
    state: TargetState, at: datetime, limits: Limits, *, awaited: bool = False, every: timedelta | None = None
) -> Look:
    """Return what a version census says about reachability, versions, and the age of the last verdict about drift.

    Args:
        state: the target after the census.
        at: now.
        limits: what is tolerated for how long.
        awaited: whether a rollout has it, that will bring the revisions which it lacks.
        every: how often it is checked for drift; None for never.
    """
    kinds, found = {"unchecked"}, []
    if state.health is not Health.UNREACHABLE:
        kinds |= {"unreachable", "version"} if state.health is not Health.UNSEEN else set()
    elif state.reached_at is None or at - state.reached_at >= limits.unreachable_after:
        kinds.add("unreachable")
        found.append(_unreachable(state))
    if state.health is Health.BROKEN and not state.troubles:
        found.append(_version(state))
    if "version" in kinds:
        found += [_trouble(state, trouble) for trouble in state.troubles]
        if _is_behind(state, at, limits) and not awaited:
            found.append(_behind(state))
    overdue, verified = (
        limits.unchecked_after,
        max(filter(None, (state.verified_at, limits.watching_since)), default=at),
    )
    if every and overdue and at - verified >= every + overdue:
        found.append(_unchecked(state, overdue))
    return Look(state.target, at, frozenset(kinds), tuple(found), state.labels)


def _unreachable(state: TargetState) -> Finding:
    server = state.server or state.target
    return Finding(
        key=f"unreachable:{server}",
        kind="unreachable",
        severity=Severity.CRITICAL,
        title=f"targets out of reach on {server}" if state.server else f"unreachable: {server}",
        summary="nothing is known about these targets until they answer again",
        facts={"server": server, "error": state.error},
    )


def _version(state: TargetState) -> Finding:
    error = state.error or "its revisions cannot be read"
    return Finding(
        key=f"version:{hashlib.sha256(error.encode()).hexdigest()[:16]}",
        kind="version",
        severity=Severity.WARNING,
        title=f"revision trouble: {error}",
        summary="`stillhouse status` shows the revisions of each target",
        facts={"current": list(state.current), "head": list(state.head)},
    )


def _trouble(state: TargetState, trouble: VersionTrouble) -> Finding:
    identity = hashlib.sha256(f"{trouble.sort}\n{trouble.message}".encode()).hexdigest()[:16]
    return Finding(
        key=f"version:{identity}",
        kind="version",
        severity=Severity.WARNING,
        title=f"revision trouble: {trouble.message}",
        summary="`stillhouse status` shows the revisions of each target",
        facts={"trouble": trouble.sort, "current": list(state.current), "head": list(state.head)},
    )


def _is_behind(state: TargetState, at: datetime, limits: Limits) -> bool:
    since = state.pending_since
    return (
        bool(state.pending)
        and since is not None
        and limits.behind_after is not None
        and at - since >= limits.behind_after
    )


def _behind(state: TargetState) -> Finding:
    head = ", ".join(state.head)
    return Finding(
        key=f"version:behind:{hashlib.sha256(head.encode()).hexdigest()[:16]}",
        kind="version",
        severity=Severity.WARNING,
        title=f"still behind {head}, and no rollout is under way",
        summary="`stillhouse up` brings these targets to their heads; `stillhouse plan` shows how",
        facts={"trouble": "behind", "current": list(state.current), "head": list(state.head), "pending": state.pending},
    )


def _unchecked(state: TargetState, after: timedelta) -> Finding:
    where = state.server or state.target
    return Finding(
        key=f"unchecked:{where}",
        kind="unchecked",
        severity=Severity.WARNING,
        title=f"no verdict about drift, overdue by {format_duration(after)}: {where}",
        summary="`stillhouse drift check` says why; `drift accept` takes a schema as right of which nothing else is known",
        facts={"verified_at": state.verified_at.isoformat() if state.verified_at else None},
    )

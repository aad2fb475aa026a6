"""What the store knows before a drift check, and which of its baselines fit."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stillhouse_engine.schema import NORMALISER
from stillhouse_orchestrator.drift.looking import Held
from stillhouse_orchestrator.values import DriftStatus

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from stillhouse_config import TargetDeclaration
    from stillhouse_orchestrator.values import Baseline, DriftReport, IgnoreRule, TargetState

SETTLED = frozenset({DriftStatus.IN_SYNC, DriftStatus.DRIFTED, DriftStatus.PENDING_ONLY})
BY_PEOPLE = frozenset({"accepted", "adopted"})
FITTING: Mapping[str, Collection[str]] = {
    "auto": {"migration", "replayed", "models"} | BY_PEOPLE,
    "recorded": {"migration", "replayed"} | BY_PEOPLE,
    "replay": {"replayed"} | BY_PEOPLE,
    "models": {"models"} | BY_PEOPLE,
}
"""The sources that each ``drift.baseline`` takes; `recorded` takes a replay where it is a recorded one derived again."""


def fits(baseline: Baseline, policy: str) -> bool:
    """Tell whether a baseline is one to compare with."""
    return baseline.source in FITTING[policy] and baseline.normaliser == str(NORMALISER)


@dataclass(slots=True)
class Known:
    """What is known before a check.

    Attributes:
        states: by target.
        reports: the last ones, by target.
        baselines: without their snapshots, by target and revisions; those that a check derives join them.
        newest: the newest baseline of each target, of whatever revisions.
    """

    states: Mapping[str, TargetState]
    reports: Mapping[str, DriftReport]
    baselines: dict[tuple[str, tuple[str, ...]], Baseline]
    rules: Sequence[IgnoreRule]
    newest: dict[str, Baseline] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        states: Iterable[TargetState],
        reports: Iterable[DriftReport],
        baselines: Iterable[Baseline],
        rules: Sequence[IgnoreRule],
    ) -> Known:
        """Arrange what the store has; its baselines come oldest first."""
        kept = list(baselines)
        return cls(
            {state.target: state for state in states},
            {report.target: report for report in reports},
            {(each.target, each.applied): each for each in kept},
            rules,
            {each.target: each for each in kept},
        )

    def baseline(self, target: TargetDeclaration, applied: Iterable[str]) -> Baseline | None:
        """Return the baseline to compare a target with, if there is one that fits."""
        found = self.baselines.get((target.name, tuple(sorted(applied))))
        return found if found is not None and fits(found, target.drift.baseline) else None

    def expected(self, targets: Iterable[TargetDeclaration]) -> dict[tuple[str, tuple[str, ...]], str]:
        """Return the fingerprints of the baselines that fit, by target and revisions."""
        policies = {target.name: target.drift.baseline for target in targets}
        return {
            key: baseline.fingerprint
            for key, baseline in self.baselines.items()
            if key[0] in policies and fits(baseline, policies[key[0]])
        }

    def held(self, targets: Iterable[TargetDeclaration]) -> dict[str, Held]:
        """Return the verdicts that hold while neither the schema nor the baseline changes."""
        found = {}
        for target in targets:
            report = self.reports.get(target.name)
            if report is None or report.status not in SETTLED:
                continue
            baseline = self.baseline(target, report.applied)
            if baseline is not None and baseline.fingerprint == report.expected_fingerprint:
                found[target.name] = Held(report.applied, report.catalogue_hash, report.catalogue_mark)
        return found

    def add(self, baselines: Iterable[Baseline]) -> None:
        """Take baselines that were derived."""
        for baseline in baselines:
            self.baselines[baseline.target, baseline.applied] = baseline
            self.newest[baseline.target] = baseline

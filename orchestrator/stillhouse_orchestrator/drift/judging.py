"""One round of verdicts: each target's own baseline first, then what can be derived, then its siblings."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from stillhouse_engine.schema import NORMALISER
from stillhouse_orchestrator.census import state_of
from stillhouse_orchestrator.drift.baselines import baseline_of
from stillhouse_orchestrator.drift.expecting import Wanted
from stillhouse_orchestrator.drift.known import BY_PEOPLE
from stillhouse_orchestrator.drift.rules import rules_of
from stillhouse_orchestrator.drift.siblings import Comparison, Member, compare, group_of
from stillhouse_orchestrator.drift.verdict import Seen, again, against_siblings, decide
from stillhouse_orchestrator.values import DriftStatus, Health

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from stillhouse_config import Fleet, ProjectDeclaration, TargetDeclaration
    from stillhouse_engine.schema import Snapshot
    from stillhouse_orchestrator.drift.expecting import Derived
    from stillhouse_orchestrator.drift.known import Known
    from stillhouse_orchestrator.drift.looking import Look
    from stillhouse_orchestrator.projects import Description
    from stillhouse_orchestrator.values import Baseline, DriftReport, Sighting, TargetState


WITHOUT_A_BREAK = 50  # verdicts; one takes some 50 µs when nothing has changed


class Sources(Protocol):
    """What a round may ask for besides, when it needs it."""

    async def recorded(self, target: str, applied: Sequence[str]) -> Baseline | None:
        """Return a baseline with its snapshot."""

    async def fetch(self, target: TargetDeclaration) -> Snapshot | None:
        """Take the snapshot of a sibling; None when it cannot be had."""

    async def sightings(self) -> Mapping[str, Sighting]:
        """Return which schema every target had when it was last looked at."""


class Round:
    """The verdicts on some targets.

    Args of the constructor:
        fleet: for its rules, and for the siblings of the targets.
        known: what the store knows.
        looks: what was seen, by target.
        projects: the projects of all targets.
        at: the time of the check.

    Attributes:
        at: the time of the check.
        labels: of the targets, by name.
        states: what the looks say about each target's revisions and health, by target.
        derived: baselines that were derived, to be kept.
    """

    def __init__(
        self,
        fleet: Fleet,
        known: Known,
        looks: Mapping[str, Look],
        projects: Mapping[ProjectDeclaration, Description],
        at: datetime,
    ) -> None:
        self._fleet = fleet
        self._known = known
        self._looks = looks
        self._projects = projects
        self.at = at
        self._targets = [fleet.targets[name] for name in looks if name in fleet.targets]
        self._hints: dict[str, str] = {}
        self.labels = {target.name: target.labels for target in self._targets}
        self.derived: list[Baseline] = []
        self.states: dict[str, TargetState] = {
            target.name: state_of(
                target,
                looks[target.name].reading,
                projects[target.project],
                known.states.get(target.name),
                at,
            )
            for target in self._targets
        }

    def wanted(self) -> list[Wanted]:
        """Return the targets whose expected schema is not known, and may be found out."""
        return [
            Wanted(target, look.reading.revisions or (), at_head=set(look.reading.revisions or ()) == heads)
            for target, look in self._without_baseline()
            if self._may_derive(target, look)
            for heads in [set(self.states[target.name].head)]
        ]

    def take(self, found: Mapping[str, Derived]) -> None:
        """Take what was found out."""
        for target, look in self._without_baseline():
            derived = found.get(target.name)
            if derived is None:
                continue
            if derived.snapshot is None:
                way = "creating its models" if derived.source == "models" else "replaying its revisions"
                self._hints[target.name] = f"{way} on a scratch database failed: {derived.problem}"
                continue
            applied = look.reading.revisions or ()
            made = baseline_of(target.name, applied, derived.snapshot, source=derived.source, at=self.at)
            self.derived.append(made)
        self._known.add(replace(each, snapshot="") for each in self.derived)

    async def reports(self, sources: Sources) -> list[DriftReport]:
        """Come to the verdicts."""
        comparisons = await self._comparisons(sources)
        made = {each.target: each for each in self.derived}
        found = []
        for number, target in enumerate(self._targets):
            if number % WITHOUT_A_BREAK == 0:
                await asyncio.sleep(0)  # the event loop has other work too
            own = made.get(target.name) or await self._baseline(sources, target)
            seen = self._seen(target, comparisons.get(target.name) if own is None else None)
            report = self._judge(target, seen, own or self._explaining(target, seen))
            if report.status is DriftStatus.UNKNOWN and (comparison := comparisons.get(target.name)) and own is None:
                report = await self._among_siblings(target, seen, comparison, sources) or report
            look, before = self._looks[target.name], self._known.reports.get(target.name)
            report = replace(report, catalogue_hash=look.catalogue_hash, catalogue_mark=look.mark)
            if report.status is DriftStatus.UNKNOWN and before is not None:
                report = replace(report, last_drift_id=before.standing)
            state = self.states[target.name]
            verified_at = state.verified_at if report.status is DriftStatus.UNKNOWN else self.at
            self.states[target.name] = replace(state, drift=report.status, verified_at=verified_at)
            found.append(report)
        return found

    def _without_baseline(self) -> Iterator[tuple[TargetDeclaration, Look]]:
        for target in self._targets:
            look = self._looks[target.name]
            readable = look.snapshot is not None and look.snapshot.coverage.complete and not look.error
            if (
                readable
                and look.reading.revisions is not None
                and not self._known.baseline(target, look.reading.revisions)
            ):
                yield target, look

    def _may_derive(self, target: TargetDeclaration, look: Look) -> bool:
        state = self.states[target.name]
        project = self._projects[target.project]
        if state.health is not Health.HEALTHY or project.graph is None or self._never_migrated(look):
            return False
        recorded = self._known.baselines.get((target.name, tuple(sorted(look.reading.revisions or ()))))
        if recorded is not None and recorded.source == "accepted":
            return False  # a person has decided about this schema: nothing else may stand in for it
        return target.drift.baseline != "recorded" or (recorded is not None and recorded.source not in BY_PEOPLE)

    def _never_migrated(self, look: Look) -> bool:
        """Tell whether a database has tables, though no version table: whose they are nobody knows."""
        tables = look.snapshot is not None and any(item.kind == "table" for item in look.snapshot.objects)
        return look.reading.table_missing and tables

    def _seen(self, target: TargetDeclaration, comparison: Comparison | None) -> Seen:
        look, state = self._looks[target.name], self.states[target.name]
        if self._never_migrated(look):
            hint: str | None = "it has tables, and no version table: `stillhouse alembic stamp` says where it stands"
        else:
            hint = self._hints.get(target.name)
        if comparison is not None and not comparison.differs:
            hint = "; ".join(filter(None, (hint, str(comparison))))
        return Seen(
            target=target.name,
            at=self.at,
            applied=look.reading.revisions,
            head=state.head,
            pending=state.pending,
            snapshot=look.snapshot,
            fingerprint=look.fingerprint,
            coverage=look.coverage,
            error=look.reading.error or look.error,
            hint=hint,
        )

    def _judge(self, target: TargetDeclaration, seen: Seen, baseline: Baseline | None) -> DriftReport:
        before = self._known.reports.get(target.name)
        rules = [*rules_of(self._fleet, target), *self._known.rules]
        if seen.error is None and seen.found is None and before is not None:
            return again(seen, before, rules)
        return decide(seen, baseline, rules, before)

    def _explaining(self, target: TargetDeclaration, seen: Seen) -> Baseline | None:
        """Return the baseline that tells why nothing is known: of other revisions, or by other rules."""
        newest = self._known.newest.get(target.name)
        if newest is None or (set(newest.applied) == set(seen.applied or ()) and newest.normaliser == str(NORMALISER)):
            return None
        return newest

    async def _baseline(self, sources: Sources, target: TargetDeclaration) -> Baseline | None:
        """Return the baseline that fits, with its snapshot only where the live schema is another."""
        look = self._looks[target.name]
        found = self._known.baseline(target, look.reading.revisions) if look.reading.revisions is not None else None
        if found is None or look.snapshot is None or look.snapshot.fingerprint == found.fingerprint:
            return found
        return await sources.recorded(target.name, found.applied)

    async def _comparisons(self, sources: Sources) -> Mapping[str, Comparison]:
        """Compare the targets of this round, and what is known of their siblings, with one another."""
        wanted = {group_of(target, look.reading.revisions or ()) for target, look in self._without_baseline()}
        if not wanted:
            return {}
        sightings = await sources.sightings()
        members = (self._member(target, sightings) for target in self._fleet.targets.values())
        return compare(member for member in members if member is not None and member.group in wanted)

    def _member(self, target: TargetDeclaration, sightings: Mapping[str, Sighting]) -> Member | None:
        look, sighting = self._looks.get(target.name), sightings.get(target.name)
        if look is not None and look.fingerprint is not None and look.reading.revisions is not None:
            return Member(target.name, group_of(target, look.reading.revisions), look.fingerprint)
        if sighting is not None:
            return Member(target.name, group_of(target, sighting.applied), sighting.fingerprint)
        return None

    async def _among_siblings(
        self,
        target: TargetDeclaration,
        seen: Seen,
        comparison: Comparison,
        sources: Sources,
    ) -> DriftReport | None:
        """Return what the siblings say about a target that is the odd one out."""
        if not comparison.differs or comparison.majority is None or seen.snapshot is None or seen.error:
            return None
        look = self._looks.get(comparison.majority)
        expected = look.snapshot if look is not None else None
        expected = expected or await sources.fetch(self._fleet.targets[comparison.majority])
        if expected is None:
            return None
        before = self._known.reports.get(target.name)
        rules = [*rules_of(self._fleet, target), *self._known.rules]
        return against_siblings(seen, expected, str(comparison), rules, before)

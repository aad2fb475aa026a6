"""Drift: check now, the last reports, and the answers."""

from typing import Annotated

from fastapi import APIRouter, Path

from stillhouse_config import TargetDeclaration
from stillhouse_orchestrator.api import bodies, shapes
from stillhouse_orchestrator.api.answers import Answer
from stillhouse_orchestrator.api.permits import Admin, House, Operator, Viewer
from stillhouse_orchestrator.api.problems import ProblemError
from stillhouse_orchestrator.api.routes.common import Select, TargetName, problems
from stillhouse_orchestrator.application import Application
from stillhouse_orchestrator.documents import adoption_document, drift_document, listed, repair_document
from stillhouse_orchestrator.events import now
from stillhouse_orchestrator.values import DriftReport, DriftStatus, IgnoreRule

router = APIRouter(prefix="/drift", tags=["drift"])
RuleId = Annotated[str, Path(pattern=r"^[0-9A-Za-z_-]{1,64}$")]


@router.get("", response_model=shapes.Reports, responses=problems())
async def last_reports(_: Viewer, house: House, select: Select = None) -> Answer:
    """Show the last report of every target that was checked."""
    chosen = {target.name for target in house.select(select)}
    async with house.store.read() as session:
        reports = [report for report in await session.drift_reports.all() if report.target in chosen]
    return Answer(drift_document(reports))


@router.post("/check", response_model=shapes.Reports, responses=problems())
async def check(_: Operator, house: House, body: bodies.Check) -> Answer:
    """Compare live schemas with what they should be, now."""
    return Answer(drift_document(await house.drift.run(house.fleet, house.select(body.select))))


@router.get("/rules", response_model=shapes.IgnoreRules, responses=problems())
async def list_rules(_: Viewer, house: House) -> Answer:
    """List the rules that people made and that have not expired; the fleet file has others."""
    async with house.store.read() as session:
        return Answer({"rules": listed(await session.ignore_rules.live(now()))})


@router.post("/rules", status_code=201, response_model=shapes.IgnoreRules, responses=problems(404))
async def ignore(caller: Operator, house: House, body: bodies.Ignore) -> Answer:
    """Keep differences from counting as drift, from the next check on."""
    if not any((body.kind, body.name, body.schema_, body.attribute)):
        raise ProblemError(422, "the rule has no pattern", "give at least one of kind, name, schema, attribute")
    if body.target is not None:
        _target(house, body.target)
    rule = IgnoreRule(
        "", body.owner or caller.name, body.reason, body.until, body.kind, body.schema_, body.name, body.attribute, body.target
    )  # fmt: skip
    return Answer({"rules": listed([await house.answers.ignore(rule, caller.name)])}, 201)


@router.delete("/rules/{rule_id}", response_model=shapes.Done, responses=problems(404))
async def forget_rule(caller: Operator, house: House, rule_id: RuleId) -> Answer:
    """End a rule."""
    return Answer({"done": f"{await house.answers.unignore(rule_id, caller.name)} is ended"})


@router.get("/targets/{name}", response_model=shapes.Reports, responses=problems(404))
async def show(_: Viewer, house: House, name: TargetName) -> Answer:
    """Show the last report of one target."""
    _target(house, name)
    async with house.store.read() as session:
        report = await session.drift_reports.get(name)
    if report is None:
        raise ProblemError(404, f"{name} was not checked yet", f"POST /api/v1/drift/targets/{name}/check")
    return Answer(drift_document([report]))


@router.post("/targets/{name}/check", response_model=shapes.Reports, responses=problems(404))
async def check_one(_: Operator, house: House, name: TargetName) -> Answer:
    """Check one target now."""
    return Answer(drift_document([await _checked(house, _target(house, name))]))


@router.post("/targets/{name}/accept", response_model=shapes.Reports, responses=problems(404, 424))
async def accept(caller: Operator, house: House, name: TargetName, body: bodies.Reason) -> Answer:
    """Take the live schema as the one that the target should have at its applied revision."""
    del body
    target = _target(house, name)
    await house.answers.accept(target, caller.name)
    return Answer(drift_document([await _checked(house, target)]))


@router.post("/targets/{name}/repair/plan", response_model=shapes.RepairPlan, responses=problems(404, 409, 424))
async def plan_repair(_: Operator, house: House, name: TargetName) -> Answer:
    """Check one target, and show the SQL that undoes its drift. Nothing is changed."""
    target = _target(house, name)
    report = await _checked(house, target)
    planned = await house.answers.plan_repair(target, report) if report.status is DriftStatus.DRIFTED else None
    return Answer(repair_document(report, planned))


@router.post("/targets/{name}/repair", response_model=shapes.Reports, responses=problems(404, 409, 424))
async def repair(caller: Admin, house: House, name: TargetName, body: bodies.Confirm) -> Answer:
    """Run the SQL that undoes the drift under the migration lock, and check the target again."""
    target = _target(house, name)
    planned = await house.answers.plan_repair(target, await _confirmed(house, target, body.confirm))
    if not planned.sql:
        raise ProblemError(409, f"{name}: no statement repairs this", "the report says why, change by change")
    await house.answers.repair(target, planned, caller.name)
    return Answer(drift_document([await _checked(house, target)]))


@router.post("/targets/{name}/adopt/plan", response_model=shapes.AdoptionPlan, responses=problems(404, 409, 424))
async def plan_adoption(_: Operator, house: House, name: TargetName) -> Answer:
    """Check one target, and show the revision that would adopt its drift. Nothing is written."""
    target = _target(house, name)
    report = await _checked(house, target)
    drifted = report.status is DriftStatus.DRIFTED
    planned = await house.answers.plan_adoption(house.fleet, target, report) if drifted else None
    return Answer(adoption_document(report, planned))


@router.post("/targets/{name}/adopt", response_model=shapes.Adopted, responses=problems(404, 409, 424))
async def adopt(caller: Admin, house: House, name: TargetName, body: bodies.Adopt) -> Answer:
    """Write the revision into the project's script directory, and record it where its schema is already."""
    target = _target(house, name)
    planned = await house.answers.plan_adoption(house.fleet, target, await _confirmed(house, target, body.confirm))
    file = await house.answers.adopt(house.fleet, planned, body.message, caller.name)
    targets = [house.fleet.targets[each] for each in (name, *planned.also)]
    return Answer({"file": file, **drift_document(await house.drift.run(house.fleet, targets))})


async def _confirmed(house: Application, target: TargetDeclaration, drift_id: str) -> DriftReport:
    """Check a target, and refuse where its drift is not the one that somebody has looked at."""
    report = await _checked(house, target)
    if report.status is not DriftStatus.DRIFTED or report.drift_id != drift_id:
        is_now = f"drift {report.drift_id}" if report.status is DriftStatus.DRIFTED else report.status.value
        reason = f"{target.name}: what was confirmed is not what there is: it is {is_now}"
        raise ProblemError(409, reason, "look at it again")
    return report


async def _checked(house: Application, target: TargetDeclaration) -> DriftReport:
    (report,) = await house.drift.run(house.fleet, [target])
    return report


def _target(house: Application, name: str) -> TargetDeclaration:
    if name not in house.fleet.targets:
        raise ProblemError(404, f"the fleet has no target {name!r}", "`stillhouse status` lists them")
    return house.fleet.targets[name]

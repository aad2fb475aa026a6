"""Plain frozen values: what the services decide on, the store keeps, and the command line and the API show."""

from stillhouse_orchestrator.values.alert import Alert, AlertState, Delivery, Message, Notice, Silence
from stillhouse_orchestrator.values.codec import from_json, to_json
from stillhouse_orchestrator.values.drift import (
    Baseline,
    Change,
    ChangeOp,
    Coverage,
    DriftReport,
    DriftStatus,
    DriftSummary,
    IgnoreRule,
    RepairRisk,
    Severity,
    Sighting,
    drift_id,
)
from stillhouse_orchestrator.values.members import Members, Standing, Turn
from stillhouse_orchestrator.values.plan import Hazard, Plan, PlanGroup
from stillhouse_orchestrator.values.rollout import CheckState, Decision, Membership, Rollout, RolloutLine, RolloutState
from stillhouse_orchestrator.values.rollout_target import Barrier, MemberState, RolloutTarget
from stillhouse_orchestrator.values.strategy import Approve, Budget, Pause, Step, Verify, Wave
from stillhouse_orchestrator.values.target import Health, TargetState, VersionTrouble

__all__ = [
    "Alert",
    "AlertState",
    "Approve",
    "Barrier",
    "Baseline",
    "Budget",
    "Change",
    "ChangeOp",
    "CheckState",
    "Coverage",
    "Decision",
    "Delivery",
    "DriftReport",
    "DriftStatus",
    "DriftSummary",
    "Hazard",
    "Health",
    "IgnoreRule",
    "MemberState",
    "Members",
    "Membership",
    "Message",
    "Notice",
    "Pause",
    "Plan",
    "PlanGroup",
    "RepairRisk",
    "Rollout",
    "RolloutLine",
    "RolloutState",
    "RolloutTarget",
    "Severity",
    "Sighting",
    "Silence",
    "Standing",
    "Step",
    "TargetState",
    "Turn",
    "Verify",
    "VersionTrouble",
    "Wave",
    "drift_id",
    "from_json",
    "to_json",
]

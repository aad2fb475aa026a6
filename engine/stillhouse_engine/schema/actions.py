"""What a repair is made of: statements with a place in the order and a risk, and the steps that callers see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

Risk: TypeAlias = Literal["safe", "locks", "data_loss"]

RISKS: tuple[Risk, ...] = ("safe", "locks", "data_loss")


@dataclass(frozen=True, order=True)
class Action:
    """One statement of a repair.

    Attributes:
        phase: its place among all statements; see each dialect's phases.
        order: its place within the phase.
        sql: the statement.
        risk: ``safe``, ``locks`` (others wait while it runs), ``data_loss``.
    """

    phase: int
    order: int
    sql: str
    risk: Risk = "safe"


@dataclass(frozen=True)
class RepairStep:
    """Statements to run one after the other; steps are in the order to run them.

    Attributes:
        change_ids: the changes that it answers; empty for a step that only prepares the session.
        sql: the statements.
        risk: the worst of its statements.
        reason: why it cannot be repaired automatically (``sql`` is empty then), or what to know before running it.
        transactional: False when it must run outside a transaction.
    """

    change_ids: tuple[str, ...]
    sql: tuple[str, ...]
    risk: Risk = "safe"
    reason: str | None = None
    transactional: bool = True


@dataclass(frozen=True)
class Answer:
    """What repairs one change: its statements, or the reason why there are none."""

    actions: tuple[Action, ...] = ()
    reason: str | None = None


def worst(risks: Iterable[Risk]) -> Risk:
    """Return the worst of some risks."""
    return max(risks, key=RISKS.index, default="safe")


def in_order(answers: Iterable[tuple[str, Answer]]) -> tuple[RepairStep, ...]:
    """Put the statements for all changes in their order, one step each; what cannot be repaired comes last.

    A statement that answers several changes is run once, for all of them.
    """
    owners: dict[tuple[int, int, str], list[str]] = {}
    risks: dict[tuple[int, int, str], list[Risk]] = {}
    refused = []
    for change_id, answer in answers:
        if answer.reason is not None and not answer.actions:
            refused.append(RepairStep((change_id,), (), reason=answer.reason))
        for action in answer.actions:
            place = (action.phase, action.order, action.sql)
            owners.setdefault(place, []).append(change_id)
            risks.setdefault(place, []).append(action.risk)
    steps = [
        RepairStep(tuple(dict.fromkeys(owners[place])), (place[2],), worst(risks[place])) for place in sorted(owners)
    ]
    return (*steps, *refused)

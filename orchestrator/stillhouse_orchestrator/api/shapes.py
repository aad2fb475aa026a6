"""Models of the answers for the API's description, made of the values themselves so that the two cannot disagree.

Answers are written from the values directly; a model describes them and validates nothing.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, create_model

from stillhouse_orchestrator import values
from stillhouse_orchestrator.documents import HEAD_KEYS, MEMBER_KEYS
from stillhouse_orchestrator.events import Event
from stillhouse_orchestrator.values.codec import key_of


class Model(BaseModel):
    """Keys are only added, never renamed: readers skip what they do not know."""

    model_config = ConfigDict(populate_by_name=True, extra="allow")


class Document(Model):
    """An answer."""

    schema_version: int = 1


class Problem(Model):
    """What went wrong (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str = Field(description="What happened, and where.")
    hint: str | None = Field(description="What to do next.")
    usage: bool = Field(default=False, description="Whether what was asked for makes no sense, rather than failed.")


@cache
def model_of(shape: type[Any]) -> type[Model]:
    """Return the model of a dataclass of ours as JSON."""
    hints = typing.get_type_hints(shape)
    fields = {field.name: _field(field, hints[field.name]) for field in dataclasses.fields(shape)}
    if isinstance(tag := getattr(shape, "kind", None), str):
        fields["kind"] = (typing.Literal[tag], ...)
    return _model(shape.__name__, (shape.__doc__ or "").split("\n", 1)[0], fields)


def _field(field: dataclasses.Field[Any], hint: Any) -> tuple[Any, Any]:
    name = key_of(field.name)
    return _modelled(hint), Field(alias=name if name != field.name else None)


def _model(name: str, doc: str, fields: Mapping[str, tuple[Any, Any]]) -> type[Model]:
    shadowing = {key: f"{key}_" for key in fields if hasattr(BaseModel, key)}
    renamed = {
        shadowing.get(key, key): _aliased(key, item) if key in shadowing else item for key, item in fields.items()
    }
    made: type[Model] = create_model(name, __base__=Model, __doc__=doc, **renamed)  # type: ignore[call-overload]
    return made


def _aliased(key: str, item: tuple[Any, Any]) -> tuple[Any, Any]:
    return item[0], Field(alias=key)


def _modelled(hint: Any) -> Any:
    """Replace dataclasses in a type by their models, and what JSON writes as a list by one."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return model_of(hint)
    if origin in (typing.Union, types.UnionType):
        return typing.Union[tuple(_modelled(item) for item in arguments)]  # noqa: UP007 - made while running
    if origin in (tuple, frozenset):
        return list[_modelled(arguments[0])]  # type: ignore[misc]
    if origin is Mapping:
        return dict[str, _modelled(arguments[1])]  # type: ignore[misc]
    return hint


def _chosen(name: str, doc: str, shape: type[Any], keys: tuple[str, ...], **more: tuple[Any, Any]) -> type[Model]:
    """Return the model of some fields of a dataclass."""
    hints = typing.get_type_hints(shape)
    found = {key_of(field.name): _field(field, hints[field.name]) for field in dataclasses.fields(shape)}
    named = {field.name: found[key_of(field.name)] for field in dataclasses.fields(shape) if key_of(field.name) in keys}
    return _model(name, doc, {**named, **more})


def document(name: str, doc: str, example: Mapping[str, Any] | None = None, **fields: Any) -> type[Document]:
    """Return the model of an answer."""
    entries: dict[str, Any] = {key: (kind, ...) for key, kind in fields.items()}
    made: type[Document] = create_model(name, __base__=Document, __doc__=doc, **entries)
    if example is not None:
        made.model_config["json_schema_extra"] = {"examples": [{"schema_version": 1, **example}]}
        made.model_rebuild(force=True)
    return made


Target = model_of(values.TargetState)
Head = _chosen(
    "RolloutHead", "A rollout without its targets.", values.Rollout, HEAD_KEYS, wave=(int, ...), waves=(int, ...)
)
Member = _chosen("RolloutMember", "One target of a rollout.", values.RolloutTarget, MEMBER_KEYS)
Report = model_of(values.DriftReport)


class RepairStep(Model):
    """Statements of a repair."""

    changes: list[str]
    sql: list[str]
    risk: str
    reason: str | None


class Repair(Model):
    """The SQL that undoes a target's drift."""

    drift_id: str | None = Field(description="Say it in `confirm` to run the repair.")
    risk: str
    steps: list[RepairStep]
    sql: list[str]
    by_hand: list[str] = Field(description="Changes that no statement undoes.")


class Adoption(Model):
    """The revision that adopts a target's drift."""

    drift_id: str = Field(description="Say it in `confirm` to write the revision.")
    head: str = Field(description="The revision that it stands on.")
    also: list[str] = Field(description="Other targets with the very same drift, on which it is recorded as well.")
    sql: list[str]
    upgrades: str = Field(description="The body of `upgrade()`.")
    downgrades: str = Field(description="The body of `downgrade()`.")


class Reversal(Model):
    """Targets that go back the same way."""

    wave: int
    targets: list[str]
    from_: list[str] = Field(alias="from")
    to: list[str]
    revisions: list[str] = Field(description="The revisions that are taken back, in order.")
    sql: list[str]


_TARGET = {
    "target": "users_db", "labels": {"env": "production", "ring": "0"}, "current": ["u002"], "head": ["u003"], "pending": 1,
    "drift": "in_sync", "checked_at": "2026-11-23T12:00:00+00:00", "health": "healthy", "error": None, "server": "db1:5432",
    "failures": 0, "reached_at": "2026-11-23T12:00:00+00:00",
}  # fmt: skip
_EVENT = {
    "name": "rollout.paused", "at": "2026-11-23T12:00:00+00:00", "actor": "ann", "target": None, "rollout_id": "5f2c11aa",
    "facts": {"why": "the canary is slow"}, "id": 4711,
}  # fmt: skip
Targets = document(
    "Targets", "What is known about the targets, and the declarations whose source could not be asked for theirs.",
    {"targets": [_TARGET], "undiscovered": []}, targets=list[Target], undiscovered=list[str],  # type: ignore[valid-type]
)  # fmt: skip
Plan = _chosen(
    "PlanDocument", "What a rollout would do.", values.Plan, tuple(field.name for field in dataclasses.fields(values.Plan)),
    schema_version=(int, ...),
)  # fmt: skip
RolloutLines = document("Rollouts", "Rollouts, the newest first.", rollouts=list[model_of(values.RolloutLine)])  # type: ignore[misc]
Rollout = document("Rollout", "A rollout and its targets.", rollout=Head, targets=list[Member], unmatched=list[str])  # type: ignore[valid-type]
Started = document(
    "Started", "The plan, and the rollout that follows it; no rollout where there is nothing to do.",
    plan=model_of(values.Plan), rollout=Head | None, targets=list[Member],  # type: ignore[valid-type]
)  # fmt: skip
WayBack = document(
    "WayBack", "What a rollback would do, in its order.", rollout=str, groups=list[Reversal], refused=dict[str, str]
)
Reports = document("Reports", "What drift checks found.", summary=model_of(values.DriftSummary), targets=list[Report])  # type: ignore[valid-type]
RepairPlan = document("RepairPlan", "A target's drift and its repair.", report=Report, repair=Repair | None)
AdoptionPlan = document("AdoptionPlan", "A target's drift and its adoption.", report=Report, adoption=Adoption | None)
Adopted = document(
    "Adopted", "A drift that was adopted.", file=str, summary=model_of(values.DriftSummary), targets=list[Report],  # type: ignore[valid-type]
)  # fmt: skip
_Rule, _Alert, _Silence, _Event = map(model_of, (values.IgnoreRule, values.Alert, values.Silence, Event))
IgnoreRules = document("IgnoreRules", "Rules that keep differences from counting.", rules=list[_Rule])  # type: ignore[valid-type]
Alerts = document("Alerts", "Alerts, the oldest first.", alerts=list[_Alert])  # type: ignore[valid-type]
Silences = document("Silences", "Silences that have not expired.", silences=list[_Silence])  # type: ignore[valid-type]
Events = document(
    "Events", "A page of the history.", {"events": [_EVENT], "next": 4711},
    events=list[_Event], next=int | None,  # type: ignore[valid-type]
)  # fmt: skip
Done = document("Done", "It is done.", done=str)

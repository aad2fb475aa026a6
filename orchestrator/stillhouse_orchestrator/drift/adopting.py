"""Adopting drift: the revision that makes of the expected schema what was found, so that siblings get it by upgrade. Pure.

The statements are those of a repair in the other direction.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from stillhouse_engine.schema.bodies import body
from stillhouse_orchestrator.errors import AnswerError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from stillhouse_engine.schema import Change, RepairStep, SchemaObject, Snapshot


@dataclass(frozen=True, slots=True)
class Adoption:
    """What would be written and recorded.

    Attributes:
        target: whose drift it is.
        also: other targets of the project with the very same drift; the revision is recorded on them as well.
        drift_id: of the drift.
        applied: where they stand, which is the head of the script directory.
        revision: the id of the new revision.
        actual: the live schema.
        adopted: the schema that the new revision leads to: the live one without what rules ignore.
        steps: the statements that lead there.
        back: the statements of its downgrade.
    """

    target: str
    also: tuple[str, ...]
    drift_id: str
    applied: str
    revision: str
    actual: Snapshot
    adopted: Snapshot
    steps: tuple[RepairStep, ...]
    back: tuple[RepairStep, ...]

    @property
    def sql(self) -> tuple[str, ...]:
        """The statements of the upgrade."""
        return tuple(statement for step in self.steps for statement in step.sql)

    @property
    def upgrades(self) -> str:
        """The body of ``upgrade()``."""
        return body(self.steps)

    @property
    def downgrades(self) -> str:
        """The body of ``downgrade()``."""
        return body(self.back)


def without(actual: Snapshot, expected: Snapshot, ignored: Iterable[Change]) -> Snapshot:
    """Return a schema with some of its changes undone."""
    objects = dict(actual.by_key)
    for change in ignored:
        key = (change.kind, change.object)
        if change.op == "modified" and change.attribute is not None:
            objects[key] = _as_before(objects[key], expected.by_key[key], change.attribute)
            continue
        source = actual if change.op == "extra" else expected
        for item in _whole(source, source.by_key[key]):
            if change.op == "extra":
                objects.pop(item.key, None)
            else:
                objects[item.key] = item
    return replace(actual, objects=tuple(objects[key] for key in sorted(objects)))


def _as_before(item: SchemaObject, before: SchemaObject, attribute: str) -> SchemaObject:
    kept = {name: value for name, value in item.attributes.items() if name != attribute}
    if attribute in before.attributes:
        kept[attribute] = before.attributes[attribute]
    return item._replace(attributes=kept)


def _whole(source: Snapshot, item: SchemaObject) -> Iterator[SchemaObject]:
    """Yield an object and, of a table or view, what belongs to it."""
    yield item
    if source.relations.get(item.name) == item.key:
        yield from source.by_parent.get(item.name, ())


def adoptable(target: str, steps: Sequence[RepairStep], changes: Collection[Change]) -> None:
    """Make sure that statements lead to a schema.

    Raises:
        AnswerError: nothing leads there, or some of it has no statement.
    """
    by_id = {change.id: change for change in changes}
    missing = [f"{by_id[ident].kind} {by_id[ident].object}: {step.reason}" for step in steps if step.change_ids and not step.sql for ident in step.change_ids if ident in by_id]  # fmt: skip
    if missing:
        raise AnswerError(target, f"no statement makes this: {'; '.join(missing)}", "write that revision by hand")
    if not any(step.sql for step in steps):
        raise AnswerError(target, "there is nothing to adopt: rules ignore all of it")

"""Asks databases for the targets that ``for_each`` declares."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from stillhouse_orchestrator.connections import Priority
from stillhouse_orchestrator.errors import ConnectionFailedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stillhouse_config import Discovery
    from stillhouse_orchestrator.connections import Connections


@dataclass(frozen=True, slots=True)
class Discovered:
    """What the databases answered.

    Attributes:
        rows: declaration → the rows that become targets.
        failed: declaration → why its database could not be asked. Its targets are unknown, not absent.
    """

    rows: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    def to(self, declarations: Iterable[str]) -> Discovered:
        """Return the answers to some of the questions."""
        wanted = set(declarations)
        return Discovered(
            {name: rows for name, rows in self.rows.items() if name in wanted},
            {name: reason for name, reason in self.failed.items() if name in wanted},
        )


async def discover(connections: Connections, questions: Iterable[Discovery]) -> Discovered:
    """Ask all databases at once."""
    answers = Discovered()

    async def ask(question: Discovery) -> None:
        try:
            answers.rows[question.declaration] = await _rows(connections, question)
        except ConnectionFailedError as error:
            answers.failed[question.declaration] = str(error)
        except TimeoutError:
            answers.failed[question.declaration] = f"no answer within {question.timeout.total_seconds():g} seconds"

    async with asyncio.TaskGroup() as group:
        for question in questions:
            group.create_task(ask(question))
    return answers


async def _rows(connections: Connections, question: Discovery) -> list[Mapping[str, Any]]:
    seconds = question.timeout.total_seconds()
    async with connections.connect(question.url.reveal(), priority=Priority.COMMAND, seconds=seconds) as connection:
        if question.query is None:
            names = await connection.run_sync(lambda sync: sa.inspect(sync).get_schema_names())
            return [{"schema": name} for name in names]
        result = await connection.exec_driver_sql(question.query)
        return [dict(row) for row in result.mappings()]

"""A daemon frozen past its lease while another takes over: when it wakes up it does nothing any more."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections import Counter
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from crash.fleet import BrokenPromiseError
from crash.processes import STOPPED, Watched, stat

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crash.blows import Blows
    from crash.fleet import Fleet

LEASE_SECONDS = 30.0
LOST = "another process"


@contextlib.contextmanager
def shared_store(fleet: Fleet) -> Iterator[None]:
    """Let a fleet keep its state in PostgreSQL until the block ends."""
    before, fleet.state_url = fleet.state_url, fleet.postgres.url("state")
    fleet.write()
    fleet.reset()
    try:
        yield
    finally:
        fleet.state_url = before
        fleet.write()
        fleet.reset()


def freeze(blows: Blows, fault: str, *, waits: bool = True) -> bool:
    """Freeze an ``up`` at a fault point, let another take over and finish, and wake it up.

    Args:
        blows: counts.
        fault: where to freeze, as ``point:nth``.
        waits: wait until the lease is over; else make its last heartbeat an old one.

    Returns:
        Whether it came by the fault point.

    Raises:
        BrokenPromiseError: it went on as if nothing had happened.
    """
    fleet = blows.fleet
    frozen = Watched(fleet.start("up", fault=f"{fault}:SIGSTOP"))
    if not frozen.runs_until(lambda: stat(frozen.process.pid)[:1] == [STOPPED]):
        frozen.ended()
        return False
    try:
        if waits:
            time.sleep(LEASE_SECONDS + 3)
        else:
            ask(fleet, "UPDATE owner SET heartbeat_at = heartbeat_at - interval '1 hour'")
        fleet.finish()
        before = record(fleet)
    finally:
        os.kill(frozen.process.pid, signal.SIGCONT)
    if frozen.ended() == 0 or LOST not in fleet.log():
        raise BrokenPromiseError(f"a daemon that lost its store ended as if it had not:\n{fleet.log()}")
    if (after := record(fleet)) != before:
        raise BrokenPromiseError(f"a daemon that lost its store went on: {before} became {after}")
    check_history(fleet)
    blows.counts[f"frozen past the lease at {fault.partition(':')[0]}"] += 1
    return True


def record(fleet: Fleet) -> dict[str, object]:
    """Return all that a daemon can change: each database, and the whole state store but the heartbeat."""
    found: dict[str, object] = {
        target.name: (fleet.applied(target), fleet.query(target, "SELECT id, said FROM applied ORDER BY id"))
        for target in fleet.targets
    }
    found["events"] = ask(fleet, "SELECT id, name, target, rollout_id, facts::text FROM events ORDER BY id")
    found["rollouts"] = ask(fleet, "SELECT id, state, version, body::text FROM rollouts ORDER BY id")
    found["members"] = ask(fleet, "SELECT target, state, body::text FROM rollout_targets ORDER BY rollout_id, target")
    found["owner"] = ask(fleet, "SELECT token, holder FROM owner")
    return found


def check_history(fleet: Fleet) -> None:
    """Make sure that each target was brought to its goal once, says the history.

    Raises:
        BrokenPromiseError: one was not.
    """
    rows = ask(fleet, "SELECT target FROM events WHERE name = 'member.finished'")
    times = Counter(target for (target,) in rows)
    if wrong := {target.name: times[target.name] for target in fleet.targets if times[target.name] > 1}:
        raise BrokenPromiseError(f"these were finished more than once, says the history: {wrong}")


def ask(fleet: Fleet, sql: str) -> list[tuple]:
    """Ask a store that is in PostgreSQL."""
    engine = sa.create_engine(fleet.postgres.url("state", "psycopg"), poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        result = connection.exec_driver_sql(sql)
        return [tuple(row) for row in result] if result.returns_rows else []

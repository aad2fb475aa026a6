"""When the daemon looks: ticks derived from the fleet file, fired by APScheduler, which only enqueues."""

from __future__ import annotations

from stillhouse_orchestrator.scheduling.queue import WorkQueue
from stillhouse_orchestrator.scheduling.ticker import Ticker
from stillhouse_orchestrator.scheduling.ticks import Tick, Work, first_run

__all__ = ["Tick", "Ticker", "Work", "WorkQueue", "first_run"]

"""The state store: what Stillhouse knows, what happened, and who may act."""

from stillhouse_orchestrator.store.errors import (
    OwnerBusyError,
    OwnershipLostError,
    StaleWriteError,
    StoreError,
    StoreOutdatedError,
    StoreUnavailableError,
)
from stillhouse_orchestrator.store.history import HistoryQuery
from stillhouse_orchestrator.store.retention import Retention
from stillhouse_orchestrator.store.session import Session
from stillhouse_orchestrator.store.store import Store

__all__ = [
    "HistoryQuery",
    "OwnerBusyError",
    "OwnershipLostError",
    "Retention",
    "Session",
    "StaleWriteError",
    "Store",
    "StoreError",
    "StoreOutdatedError",
    "StoreUnavailableError",
]

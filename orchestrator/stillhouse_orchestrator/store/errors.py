"""What can go wrong with the state store.

::

    StillhouseError
    └── StoreError
        ├── StoreUnavailableError
        ├── StoreOutdatedError
        ├── OwnerBusyError
        ├── OwnershipLostError
        └── StaleWriteError
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from stillhouse_orchestrator.errors import StillhouseError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


Loss: TypeAlias = Literal["taken", "moved", "silent"]
LOSSES: Mapping[Loss, tuple[str, str]] = {
    "taken": (
        "was taken over by another process while this one was frozen or cut off",
        "stop this process; the new owner goes on from the store",
    ),
    "moved": (
        "was deleted or replaced while it was in use",
        "restore it from a backup and start again, or start with an empty one: every target is looked at anew",
    ),
    "silent": (
        "did not answer for so long that another process may own it by now",
        "look after its server and start again: it goes on from the store",
    ),
}
"""How an owner loses a store: what has happened, and what to do."""


class StoreError(StillhouseError):
    """Something about the state store."""


class StoreUnavailableError(StoreError):
    """The store cannot be opened, read or written."""

    def __init__(self, where: str, reason: str, hint: str | None = None) -> None:
        self.where = where
        self.reason = reason
        self.hint = hint
        super().__init__(f"the state store {where} cannot be used: {reason}")


class StoreOutdatedError(StoreError):
    """The store's own schema is not the one that this version needs.

    A reader may not upgrade an older one; a newer one was written by a newer version, and nobody may.
    """

    def __init__(self, where: str, found: tuple[str, ...], wanted: str, *, newer: bool = False) -> None:
        self.where = where
        self.found = found
        self.wanted = wanted
        self.hint = (
            "a newer Stillhouse has written it: install that version, or restore a backup of the store"
            if newer
            else "run `stillhouse up` or `stillhouse serve` once: they upgrade it"
        )
        has = ", ".join(found) or "nothing"
        super().__init__(f"the state store {where} is at revision {has}, and this version needs {wanted}")


class OwnerBusyError(StoreError):
    """Another daemon or command owns the store."""

    def __init__(self, where: str, holder: str, heartbeat_at: datetime | None = None) -> None:
        self.where = where
        self.holder = holder
        self.heartbeat_at = heartbeat_at
        self.hint = (
            "there is one owner at a time: talk to its API (commands beside it do), or wait until it ends, or stop it"
        )
        seen = f", last seen {heartbeat_at.isoformat(timespec='seconds')}" if heartbeat_at else ""
        super().__init__(f"the state store {where} is owned by {holder}{seen}")


class OwnershipLostError(StoreError):
    """This process owns the store no longer, or cannot be sure of it; nothing of it is written any more.

    Attributes:
        token: what it wrote with.
    """

    def __init__(self, where: str, token: int, loss: Loss = "taken") -> None:
        self.where = where
        self.token = token
        reason, self.hint = LOSSES[loss]
        super().__init__(f"the state store {where} {reason}")


class StaleWriteError(StoreError):
    """A compare-and-set found another version than the one the change was made from."""

    def __init__(self, noun: str, key: str, version: int) -> None:
        self.noun = noun
        self.key = key
        self.version = version
        self.hint = "read it again, and decide again"
        super().__init__(f"{noun} {key} is no longer at version {version}")

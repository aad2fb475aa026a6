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

from typing import TYPE_CHECKING

from stillhouse_orchestrator.errors import StillhouseError

if TYPE_CHECKING:
    from datetime import datetime


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
    """This process owns the store no longer; nothing of it is written any more.

    Another owner took over while this one was frozen or cut off, or the store's file was deleted or replaced.
    """

    def __init__(self, where: str, token: int, *, moved: bool = False) -> None:
        self.where = where
        self.token = token
        self.moved = moved
        if moved:
            self.hint = (
                "restore it from a backup and start again, or start with an empty one: every target is looked at anew"
            )
            super().__init__(f"the file of the state store {where} was deleted or replaced while it was in use")
        else:
            self.hint = "stop this process; the new owner goes on from the store"
            super().__init__(f"another process took over the state store {where} (our token was {token})")


class StaleWriteError(StoreError):
    """A compare-and-set found another version than the one the change was made from."""

    def __init__(self, noun: str, key: str, version: int) -> None:
        self.noun = noun
        self.key = key
        self.version = version
        self.hint = "read it again, and decide again"
        super().__init__(f"{noun} {key} is no longer at version {version}")

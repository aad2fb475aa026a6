"""Who asks, and what they may: bearer tokens (RFC 6750) with three roles, kept as SHA-256 only and compared in constant time."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Self

from stillhouse_orchestrator.errors import StillhouseError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from stillhouse_config.api import Api, Token

SCHEME = "bearer "


class Role(IntEnum):
    """What a caller may do; each role may all that the ones below it may."""

    VIEWER = 1
    OPERATOR = 2
    ADMIN = 3


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who asks.

    Attributes:
        name: stands in the history as the actor.
    """

    name: str
    role: Role


class AccessDeniedError(StillhouseError):
    """A request is refused.

    Attributes:
        status: HTTP status: 401 when nobody is known to ask, 403 when somebody may not.
    """

    def __init__(self, status: int, reason: str, hint: str) -> None:
        self.status = status
        self.hint = hint
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Key:
    """A token that is good until the end of a day, or for ever."""

    caller: Caller
    until: date | None


class Access:
    """Recognises callers.

    Args:
        keys: by the hexadecimal SHA-256 of their tokens.
        loopback: what a request from this machine may do without a token; None for nothing.
    """

    def __init__(self, keys: Mapping[str, Key], loopback: Role | None) -> None:
        self._keys = dict(keys)
        self._loopback = loopback

    @classmethod
    def of(cls, declared: Api, others: Mapping[str, Key] | None = None) -> Self:
        """Read what the fleet file declares; tokens are hashed here and forgotten.

        Args:
            declared: the fleet file's ``api``.
            others: further keys by their tokens.
        """
        keys = {
            _digest(token): Key(Caller(token.name, Role[token.role.upper()]), token.until) for token in declared.tokens
        }
        keys |= {hashlib.sha256(token.encode()).hexdigest(): key for token, key in (others or {}).items()}
        return cls(keys, Role[declared.loopback_role.upper()] if declared.loopback_role else None)

    def identify(self, authorization: str | None, host: str | None, today: date) -> Caller:
        """Say who asks.

        Args:
            authorization: the request's ``Authorization`` header.
            host: the address that the request came from.
            today: expired tokens are refused.

        Raises:
            AccessDeniedError: nobody that is known.
        """
        if authorization is None:
            if self._loopback is not None and _is_loopback(host):
                return Caller("loopback", self._loopback)
            raise AccessDeniedError(401, "no token was sent", "send the header `Authorization: Bearer TOKEN`")
        if not authorization.lower().startswith(SCHEME):
            raise AccessDeniedError(401, "the Authorization header is not a bearer token", "write `Bearer TOKEN`")
        key = self._find(hashlib.sha256(authorization[len(SCHEME) :].strip().encode()).hexdigest())
        if key is None:
            raise AccessDeniedError(
                401, "the token is not known", "tokens are declared under api.tokens in the fleet file"
            )
        if key.until is not None and today > key.until:
            raise AccessDeniedError(401, f"the token {key.caller.name} expired on {key.until}", "declare a new one")
        return key.caller

    def _find(self, digest: str) -> Key | None:
        """Compare with every key, whatever matches, so that the time taken tells nothing."""
        found = None
        for known, key in self._keys.items():
            if hmac.compare_digest(known, digest):
                found = key
        return found


def require(caller: Caller, role: Role) -> None:
    """Refuse a caller whose role is too low.

    Raises:
        AccessDeniedError: it is.
    """
    if caller.role < role:
        needed = role.name.lower()
        raise AccessDeniedError(
            403,
            f"{caller.name} is {caller.role.name.lower()}; this needs {needed}",
            f"use a token with the role {needed}",
        )


def _digest(token: Token) -> str:
    if token.hash is not None:
        return token.hash.removeprefix("sha256:")
    return hashlib.sha256(token.token.get_secret_value().encode() if token.token else b"").hexdigest()


def _is_loopback(host: str | None) -> bool:
    try:
        return host is not None and ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

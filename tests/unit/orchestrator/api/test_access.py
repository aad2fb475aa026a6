"""Tokens open exactly the doors of their role, while they are good."""

from __future__ import annotations

import hashlib
from datetime import date

import pytest

from stillhouse_config.api import Api
from stillhouse_orchestrator.api.access import Access, AccessDeniedError, Caller, Role, require

TODAY = date(2026, 11, 23)
SECRET = "0123456789abcdef-bot"
HASHED = "fedcba9876543210-ann"
ACCESS = Access.of(
    Api.model_validate(
        {
            "tokens": [
                {"name": "bot", "role": "operator", "token": SECRET, "until": "2026-11-23"},
                {"name": "ann", "role": "admin", "hash": "sha256:" + hashlib.sha256(HASHED.encode()).hexdigest()},
            ],
            "loopback_role": "viewer",
        }
    )
)


def test_a_token_names_its_owner_in_either_form():
    assert ACCESS.identify(f"Bearer {SECRET}", "10.0.0.1", TODAY) == Caller("bot", Role.OPERATOR)
    assert ACCESS.identify(f"bearer {HASHED}", "10.0.0.1", TODAY) == Caller("ann", Role.ADMIN)


@pytest.mark.parametrize(
    ("header", "host", "day"),
    [
        (None, "10.0.0.1", TODAY),
        (None, "testclient", TODAY),
        ("Bearer nonsense-nonsense", "127.0.0.1", TODAY),
        ("Basic abc", "127.0.0.1", TODAY),
        ("Bearer ", "127.0.0.1", TODAY),
        (f"Bearer {SECRET}", "127.0.0.1", date(2026, 11, 24)),
    ],
)
def test_wrong_missing_and_expired_tokens_are_refused(header, host, day):
    with pytest.raises(AccessDeniedError) as raised:
        ACCESS.identify(header, host, day)

    assert raised.value.status == 401
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1"])
def test_this_machine_gets_the_configured_role_and_no_more(host):
    caller = ACCESS.identify(None, host, TODAY)

    require(caller, Role.VIEWER)
    with pytest.raises(AccessDeniedError) as raised:
        require(caller, Role.OPERATOR)
    assert raised.value.status == 403


def test_nobody_comes_in_where_nothing_is_configured():
    with pytest.raises(AccessDeniedError):
        Access.of(Api()).identify(None, "127.0.0.1", TODAY)

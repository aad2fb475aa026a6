"""What the fleet file says about replay reaches the worker."""

from __future__ import annotations

from pathlib import Path

import pytest

from stillhouse_config import expand, parse_fleet
from stillhouse_orchestrator.jobs import database_spec

FLEET = """
fleet: shop
{defaults}
databases:
  users: {{url: "postgresql+asyncpg://db1/users", migrations: migrations{replay}}}
"""


@pytest.mark.parametrize(
    ("defaults", "replay", "expected"),
    [
        ("", "", True),
        ("", ", replay: false", False),
        ("defaults: {replay: false}", "", False),
        ("defaults: {replay: false}", ", replay: true", True),
    ],
)
def test_a_database_may_opt_out(defaults: str, replay: str, expected: bool) -> None:
    text = FLEET.format(defaults=defaults, replay=replay)
    fleet = expand(parse_fleet(text, Path("fleet.yaml"), check_paths=False))
    assert database_spec(fleet.targets["users"]).replay is expected

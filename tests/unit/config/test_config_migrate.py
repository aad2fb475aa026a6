"""``migrate``: who brings a target to its head."""

from __future__ import annotations

from pathlib import Path

import pytest

from stillhouse_config import FleetFileError, parse_fleet

FILE = """
fleet: shop
defaults: {{migrate: {default}}}
databases:
  users_db: {{url: "sqlite+aiosqlite:///users.db", migrations: m}}
  logs_db: {{url: "sqlite+aiosqlite:///logs.db", migrations: m, migrate: manual}}
"""


def load(default: str):
    return parse_fleet(FILE.format(default=default), Path("/nowhere/fleet.yaml"), {}, check_paths=False).expand()


def test_a_person_migrates_unless_the_file_leaves_it_to_the_daemon():
    assert [target.migrate for target in load("auto").targets.values()] == ["auto", "manual"]
    assert {target.migrate for target in load("manual").targets.values()} == {"manual"}


def test_another_word_is_refused_with_its_place():
    with pytest.raises(FleetFileError) as caught:
        load("sometimes")
    assert "defaults.migrate" in str(caught.value)

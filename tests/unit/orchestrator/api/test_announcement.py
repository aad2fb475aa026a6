"""The file by which a daemon announces itself to commands of its user."""

from __future__ import annotations

import contextlib
import stat
import subprocess
import sys

import pytest

from stillhouse_orchestrator.client import announcement
from stillhouse_orchestrator.client.announcement import Announcement
from stillhouse_orchestrator.client.wire import quoted

SAID = Announcement("http://127.0.0.1:8470", "secret", 7)


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ("", ".stillhouse/state.db.daemon"),
        ("state_url: sqlite+aiosqlite:///deep/state.db  # here", "deep/state.db.daemon"),
        ("state_url: 'sqlite:////var/lib/s/state.db'", "/var/lib/s/state.db.daemon"),
        ("state_url: postgresql+asyncpg://db1/state", ".stillhouse/fleet.yaml.daemon"),
        ("state_url: ${env:STATE}", ".stillhouse/fleet.yaml.daemon"),
    ],
)
def test_its_place_is_told_by_a_glance_at_the_fleet_file(tmp_path, line, place):
    file = tmp_path / "fleet.yaml"
    file.write_text(f"fleet: x\n{line}\n")
    assert announcement.likely_path(str(file)) == str(tmp_path / place)


def test_only_its_user_reads_it_and_only_its_writer_removes_it(tmp_path):
    path = tmp_path / "new" / "state.db.daemon"
    with announcement.kept(str(path), SAID):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert announcement.read(str(path)) == SAID
        other = SAID._replace(token="another")
        with announcement.kept(str(path), other):  # a daemon that took over
            assert announcement.read(str(path)) == other
    assert not path.exists()


def test_another_daemons_stays(tmp_path):
    path, other = str(tmp_path / "state.db.daemon"), SAID._replace(token="another")
    with contextlib.ExitStack() as stack:
        with announcement.kept(path, SAID):
            stack.enter_context(announcement.kept(path, other))
        assert announcement.read(path) == other


def test_what_a_killed_daemon_left_behind_is_none(tmp_path):
    path = tmp_path / "state.db.daemon"
    program = (
        "import os, sys\nfrom stillhouse_orchestrator.client import announcement as a\n"
        "with a.kept(sys.argv[1], a.Announcement('http://127.0.0.1:1', 'secret', 7)):\n    os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", program, str(path)], check=False)
    assert path.exists()
    assert announcement.read(str(path)) is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"url": 1, "token": "x", "pid": "no"}'])
def test_what_is_none_is_no_announcement(tmp_path, text):
    (tmp_path / "f").write_text(text)
    assert announcement.read(str(tmp_path / "f")) is None


def test_paths_and_queries_are_quoted():
    assert quoted("ring=0,name~té/x") == "ring%3D0%2Cname~t%C3%A9%2Fx"

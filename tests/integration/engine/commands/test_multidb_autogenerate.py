"""Promise: several databases in one env.py are compared, written and migrated as Alembic does it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from command_runner import run_commands

if TYPE_CHECKING:
    from pathlib import Path

MODELS = """
import sqlalchemy as sa

one, two = sa.MetaData(), sa.MetaData()
sa.Table("a", one, sa.Column("id", sa.Integer, primary_key=True))
sa.Table("b", two, sa.Column("id", sa.Integer, primary_key=True), sa.Column("n", sa.String(5), index=True))
metadatas = {"engine1": one, "engine2": two}
"""
COMMANDS = [
    ["check"],
    ["revision", "--autogenerate", "-m", "first", "--rev-id", "r1"],
    ["upgrade", "head"],
    ["check"],
    ["revision", "--autogenerate", "-m", "nothing left", "--rev-id", "r2"],
    ["upgrade", "head"],
    ["downgrade", "base"],
    ["check"],
]


def outcome(side: str, folder: Path) -> tuple[list[dict], dict[str, str]]:
    folder.mkdir()
    (folder / "models.py").write_text(MODELS)
    run_commands(side, folder, [["init", "-t", "multidb", "m"]])
    ini = folder / "alembic.ini"
    text = ini.read_text()
    for name in ("engine1", "engine2"):
        text = re.sub(rf"\[{name}\]\nsqlalchemy.url = .*", f"[{name}]\nsqlalchemy.url = sqlite:///{name}.db", text)
    ini.write_text(text)
    env = folder / "m" / "env.py"
    text = env.read_text()
    assert "target_metadata = {}" in text
    env.write_text(text.replace("target_metadata = {}", "from models import metadatas as target_metadata"))
    results = run_commands(side, folder, COMMANDS)
    for result in results:
        result["out"] = result["out"].replace(str(folder), "FOLDER")
    scripts = {path.name: path.read_text() for path in sorted((folder / "m" / "versions").glob("*.py"))}
    return results, {name: re.sub(r"Create Date: .*", "", script) for name, script in scripts.items()}


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    folder = tmp_path_factory.mktemp("multidb")
    return [outcome(side, folder / side) for side in ("alembic", "stillhouse")]


def test_the_commands_say_the_same(both):
    (theirs, _), (ours, _) = both
    assert [(result["code"], result["out"]) for result in ours] == [
        (result["code"], result["out"]) for result in theirs
    ]


def test_the_revisions_are_the_same(both):
    (_, theirs), (_, ours) = both
    assert ours == theirs
    assert "def upgrade_engine2()" in ours["r1_first.py"]

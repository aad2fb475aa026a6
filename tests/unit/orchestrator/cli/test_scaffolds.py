"""What ``init`` and ``demo`` write."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import yaml

from stillhouse_orchestrator import scaffolds


@pytest.mark.parametrize("name", ["init", "demo"])
def test_everything_that_is_written_can_be_read(name, tmp_path):
    written = scaffolds.write(name, tmp_path)
    assert Path("fleet.yaml") in written
    for path in written:
        text = (tmp_path / path).read_text()
        if path.suffix == ".py":
            ast.parse(text)
        if path.suffix == ".yaml":
            assert yaml.safe_load(text)["databases"]


def test_a_file_in_the_way_stops_everything_before_anything_is_written(tmp_path):
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "env.py").write_text("mine")
    with pytest.raises(scaffolds.FolderInUseError) as caught:
        scaffolds.write("init", tmp_path)
    assert caught.value.path == tmp_path / "migrations" / "env.py"
    assert not (tmp_path / "fleet.yaml").exists()


def test_hidden_files_get_their_dot_back(tmp_path):
    assert Path(".gitignore") in scaffolds.write("init", tmp_path)

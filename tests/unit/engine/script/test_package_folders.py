"""Folders named by a package: ``package:path`` and ``package:folder:folder``."""

from __future__ import annotations

from pathlib import Path

import pytest

import stillhouse_engine
from stillhouse_engine.errors import CommandError
from stillhouse_engine.script.locations import folder_of

ENGINE = Path(stillhouse_engine.__file__).parent


@pytest.mark.parametrize(
    "location", ["stillhouse_engine:script/deep", "stillhouse_engine:script:deep", "stillhouse_engine.script:deep"]
)
def test_slashes_and_colons_both_go_down(location):
    assert folder_of(location) == str(ENGINE / "script" / "deep")


def test_a_package_that_is_not_there_is_a_clear_error():
    with pytest.raises(CommandError, match="no_such_package"):
        folder_of("no_such_package:migrations")

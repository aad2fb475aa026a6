from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stillhouse_engine import as_alembic

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def served_alembic() -> Iterator[None]:
    """Let ``from alembic import op`` of the projects mean the engine."""
    as_alembic.install()
    yield
    as_alembic.uninstall()

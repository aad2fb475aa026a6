"""``python -m stillhouse_engine.as_alembic PROGRAM ARGS…``: run a program with its ``import alembic`` served by us."""

from __future__ import annotations

import sys

from stillhouse_engine.as_alembic import install
from stillhouse_engine.as_alembic.children import alembic_on_path
from stillhouse_engine.as_alembic.program import run_program

if __name__ == "__main__":
    install()
    with alembic_on_path():
        sys.exit(run_program(sys.argv[1:]))

"""Upgrade databases with Alembic inside one process: a child of ``fleet_upgrade.py``.

Usage: ``alembic_loop.py INI…`` prints the seconds that the upgrades took, imports excluded.
"""

from __future__ import annotations

import sys
import time

from alembic import command
from alembic.config import Config


def main() -> None:
    """Upgrade the database of each ini file in turn."""
    began = time.perf_counter()
    for ini in sys.argv[1:]:
        command.upgrade(Config(ini), "head")
    print(time.perf_counter() - began)


if __name__ == "__main__":
    main()

"""The command line: ``stillhouse``.

One file per command group; a group is imported when one of its commands runs, so that ``stillhouse --help`` starts at once.
"""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line of this process and exit with its code."""
    arguments = sys.argv[1:]
    if arguments[:1] == ["alembic"]:  # a drop-in replacement starts as fast as it can
        from stillhouse_orchestrator.cli.alembic import run_alembic

        sys.exit(run_alembic(arguments[1:]))
    from stillhouse_orchestrator.cli.root import run

    sys.exit(run(arguments))

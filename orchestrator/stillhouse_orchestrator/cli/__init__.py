"""The command line: ``stillhouse``.

One file per command group; a group is imported when one of its commands runs, so that ``stillhouse --help`` starts at once.
"""

from __future__ import annotations

import gc
import os
import sys

__all__ = ["main"]

CLOSED_PIPE = 141  # 128 + SIGPIPE, as a shell reports it
FEWER_LOOKS = 200_000, 10, 10  # a tenth of a command's start goes into looking for garbage among what it imports


def main() -> None:
    """Run the command line of this process and exit with its code."""
    gc.set_threshold(*FEWER_LOOKS)
    try:
        _run(sys.argv[1:])
    except BrokenPipeError:  # who read the output has seen enough, as in `stillhouse history | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains once more when it flushes
        sys.exit(CLOSED_PIPE)


def _run(arguments: list[str]) -> None:
    if arguments[:1] == ["alembic"]:  # a drop-in replacement starts as fast as it can
        from stillhouse_orchestrator.cli.alembic import run_alembic

        sys.exit(run_alembic(arguments[1:]))
    from stillhouse_orchestrator.cli.root import run

    sys.exit(run(arguments))

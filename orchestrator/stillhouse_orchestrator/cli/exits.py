"""What the exit codes mean. Scripts rely on them: they never change."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """How a command ended."""

    FINE = 0
    FAILED = 1
    USAGE = 2  # the command line or the fleet file is wrong: nothing was started
    DRIFT = 3  # drift, or with --exit-code pending revisions, found
    UNKNOWN = 4  # some targets could not be looked at, and none of the others drifted
    INTERRUPTED = 130  # as shells report a SIGINT

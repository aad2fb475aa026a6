"""Who runs a command, for the audit trail."""

from __future__ import annotations

import getpass
import os


def actor() -> str:
    """Return the user's name; behind sudo the one who asked."""
    if name := os.environ.get("SUDO_USER"):
        return name
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return f"uid {os.getuid()}"

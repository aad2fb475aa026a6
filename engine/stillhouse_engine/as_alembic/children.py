"""The ``alembic`` that a bridged program starts as a process of its own."""

from __future__ import annotations

import os
import shlex
import sys
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

SCRIPT = """\
#!/bin/sh
PYTHONPATH={engine}"${{PYTHONPATH:+:$PYTHONPATH}}" exec {python} -m stillhouse_engine.cli "$@"
"""


@contextmanager
def alembic_on_path() -> Iterator[None]:
    """Put an ``alembic`` that is served by the engine first on ``PATH``, as long as the block lasts.

    Programs that run ``alembic upgrade head`` with :mod:`subprocess` would find another, or none. Where there is no
    POSIX shell, nothing is put anywhere.
    """
    if os.name != "posix":
        yield
        return
    before = os.environ.get("PATH", os.defpath)
    with TemporaryDirectory(prefix="stillhouse-") as folder:
        script = Path(folder, "alembic")
        words = {"python": shlex.quote(sys.executable), "engine": shlex.quote(str(Path(__file__).parents[2]))}
        script.write_text(SCRIPT.format(**words), encoding="utf-8")
        script.chmod(0o755)
        os.environ["PATH"] = os.pathsep.join((folder, before))
        try:
            yield
        finally:
            os.environ["PATH"] = before

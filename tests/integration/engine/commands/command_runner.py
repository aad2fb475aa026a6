"""Runs command lines of one side, Alembic's or ours, in a process of its own, and tells what each printed.

Run as a program it is that process: it gets ``alembic`` or ``stillhouse``, a JSON list of argument lists, and ``logs`` where
it is to tell what was logged, too.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import subprocess
import sys
from pathlib import Path

ENGINE = Path(__file__).resolve().parents[4] / "engine"


def run_commands(side: str, folder: Path, commands: list[list[str]], *, logs: bool = False) -> list[dict]:
    """Run commands in a folder; return the exit code, standard output and the last line of errors for each."""
    environment = {**os.environ, "COLUMNS": "100"}
    done = subprocess.run(
        [sys.executable, str(Path(__file__).resolve()), side, json.dumps(commands), "logs" if logs else ""],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


class Captured(io.TextIOWrapper):
    """Stands in for standard output from before the side is imported: Alembic binds it then."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", write_through=True)

    def take(self) -> str:
        """Return what was written since the last time."""
        self.flush()
        text = self.buffer.getvalue().decode()
        self.buffer.seek(0)
        self.buffer.truncate()
        return text


class Records(logging.Handler):
    """Keeps what Alembic's loggers say."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        log = logging.getLogger("alembic")
        log.setLevel(logging.DEBUG)
        log.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.levelname} {record.name} {record.getMessage()}")


def run_one(run, arguments: list[str], out: Captured) -> dict:
    errors = io.StringIO()
    code: object = 0
    with contextlib.redirect_stderr(errors):
        try:
            run(argv=arguments, prog="alembic")
        except SystemExit as leaving:
            code = leaving.code
        except Exception as error:  # noqa: BLE001 - what a user would see as a traceback
            code = f"{type(error).__name__}: {error}"
    usage = [line for line in errors.getvalue().splitlines() if "error:" in line]
    return {"code": code, "out": out.take(), "usage": usage}


def main() -> None:
    side, commands = sys.argv[1], json.loads(sys.argv[2])
    real, sys.stdout = sys.stdout, Captured()
    if side == "alembic":
        from alembic.config import main as run
    else:
        sys.path.insert(0, str(ENGINE))
        from stillhouse_engine.cli import main as run
    results = []
    for arguments in commands:
        records = Records() if sys.argv[3] else None
        results.append(run_one(run, arguments, sys.stdout))
        if records is not None:
            results[-1]["log"] = records.lines
            logging.getLogger("alembic").removeHandler(records)
    real.write(json.dumps(results) + "\n")


if __name__ == "__main__":
    main()

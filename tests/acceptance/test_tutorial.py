"""The tutorial does what it says: its commands run in order, and print what it shows."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from houses import PATIENCE, environment

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial" / "first-fleet.md"
FOREGROUND = "stillhouse serve"


def steps():
    """Yield each command with the lines that it is said to print."""
    for block in re.findall(r"```console\n(.*?)```", TUTORIAL.read_text(), re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, *output = part.rstrip("\n").split("\n")
            yield command, [line for line in output if line]


def test_every_command_works_and_prints_what_is_shown(tmp_path):
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    program = bin_folder / "stillhouse"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m stillhouse_orchestrator "$@"\n')
    program.chmod(0o755)
    env = environment({"PATH": f"{bin_folder}:/usr/bin:/bin"})
    folder = tmp_path
    ran = 0
    for command, output in steps():
        if command == FOREGROUND:
            continue
        if command.startswith("cd "):
            folder /= command.removeprefix("cd ")
            continue
        line = command.replace("python3", f'"{sys.executable}"', 1) if command.startswith("python3") else command
        done = subprocess.run(
            ["/bin/sh", "-c", line], cwd=folder, env=env, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"
        for expected in output:
            assert expected in done.stdout, f"{command} did not print {expected!r}:\n{done.stdout}"
        ran += 1
    assert ran > 10

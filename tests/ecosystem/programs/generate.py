"""Generate a revision in a copy of the script directory and write its lines to the output: ``generate.py INI [X=VALUE...]``.

The lines are sorted: Alembic compares removed tables and columns in the order of a set. A package that leaves its template
out takes that of the working folder.
"""

import shutil
import sys
from argparse import Namespace
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

if __name__ == "__main__":
    config = Config(sys.argv[1], cmd_opts=Namespace(x=sys.argv[2:], autogenerate=True))
    copy = Path("generated").absolute()
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(ScriptDirectory.from_config(config).dir, copy)
    if Path("script.py.mako").exists():
        shutil.copy("script.py.mako", copy)
    config.set_main_option("script_location", str(copy))
    script = command.revision(config, autogenerate=True, rev_id="generated")
    if script:
        lines = Path(script.path).read_text().splitlines()
        sys.stdout.writelines(f"{line}\n" for line in sorted(lines))

"""The few lines that a project's own interpreter runs first, to become a worker.

They load exactly one package of ours, ``stillhouse_engine``, from its folder. The folder's parent never goes on
``sys.path``: it may be a ``site-packages`` whose other packages are none of the project's business. They must be
readable to Pythons that are too old for the engine, so that these can say so.
"""

from __future__ import annotations

from pathlib import Path

import stillhouse_engine

ENGINE_FOLDER = str(Path(stillhouse_engine.__file__).parent)

BOOTSTRAP = """\
import json, os, sys
folder = sys.argv[1]
if sys.version_info < (3, 11):
    version = ".".join(map(str, sys.version_info[:3]))
    print(json.dumps({"type": "refused", "problem": {
        "kind": "old_python",
        "message": "the interpreter " + sys.executable + " is Python " + version + "; 3.11 is the oldest that works",
        "hint": "make the project's environment with a newer Python, and name it as 'python' in the fleet file"}}))
    sys.exit(78)
sys.path[:] = [path for path in sys.path if path not in ("", ".")]
from importlib.util import module_from_spec, spec_from_file_location
spec = spec_from_file_location("stillhouse_engine", os.path.join(folder, "__init__.py"), submodule_search_locations=[folder])
sys.modules["stillhouse_engine"] = module = module_from_spec(spec)
spec.loader.exec_module(module)
from stillhouse_engine.worker.process import main
main()
"""


def command(python: str) -> list[str]:
    """Return the command line of a worker; it holds no secret."""
    return [python, "-c", BOOTSTRAP, ENGINE_FOLDER]

"""``import alembic…`` means the engine: the same objects by either name, with Alembic installed or not."""

from __future__ import annotations

import importlib
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import pytest

from stillhouse_engine import as_alembic
from stillhouse_engine.as_alembic.finder import AliasLoader
from stillhouse_engine.as_alembic.names import ALIASES, COLLECTIONS

REPOSITORY = Path(__file__).parents[4]
PAIRS = [
    ("alembic.op", "create_table", "stillhouse_engine.op"),
    ("alembic.context", "configure", "stillhouse_engine.context"),
    ("alembic.command", "upgrade", "stillhouse_engine.command"),
    ("alembic.config", "Config", "stillhouse_engine.config"),
    ("alembic.environment", "EnvironmentContext", "stillhouse_engine.runtime.environment"),
    ("alembic.runtime.environment", "EnvironmentContext", "stillhouse_engine.runtime.environment"),
    ("alembic.migration", "MigrationContext", "stillhouse_engine.runtime.migration"),
    ("alembic.runtime.migration", "RevisionStep", "stillhouse_engine.script.steps"),
    ("alembic.script", "ScriptDirectory", "stillhouse_engine.script.base"),
    ("alembic.script.base", "Script", "stillhouse_engine.script.scripts"),
    ("alembic.script.revision", "RevisionMap", "stillhouse_engine.script.revision"),
    ("alembic.script.revision", "MultipleHeads", "stillhouse_engine.errors"),
    ("alembic.operations", "Operations", "stillhouse_engine.operations.base"),
    ("alembic.operations", "MigrateOperation", "stillhouse_engine.operations.ops"),
    ("alembic.operations.base", "BatchOperations", "stillhouse_engine.operations.base"),
    ("alembic.operations.ops", "CreateTableOp", "stillhouse_engine.operations.ops"),
    ("alembic.ddl", "DefaultImpl", "stillhouse_engine.dialects.impl"),
    ("alembic.ddl.impl", "DefaultImpl", "stillhouse_engine.dialects.impl"),
    ("alembic.ddl.base", "RenameTable", "stillhouse_engine.dialects.ddl"),
    ("alembic.ddl.postgresql", "PostgresqlImpl", "stillhouse_engine.dialects.postgresql"),
    ("alembic.ddl.sqlite", "SQLiteImpl", "stillhouse_engine.dialects.sqlite"),
    ("alembic.ddl.mysql", "MySQLImpl", "stillhouse_engine.dialects.mysql"),
    ("alembic.ddl.mssql", "MSSQLImpl", "stillhouse_engine.dialects.mssql"),
    ("alembic.ddl.oracle", "OracleImpl", "stillhouse_engine.dialects.oracle"),
    ("alembic.util", "CommandError", "stillhouse_engine.errors"),
    ("alembic.util.exc", "CommandError", "stillhouse_engine.errors"),
]


@pytest.mark.parametrize(("module", "name", "ours"), PAIRS)
def test_one_object_by_either_name(module, name, ours):
    assert getattr(importlib.import_module(module), name) is getattr(importlib.import_module(ours), name)


@pytest.mark.parametrize("module", sorted(name for name in COLLECTIONS if "ext" not in name))
def test_every_collected_name_is_there(module):
    loaded = importlib.import_module(module)
    for name, target in COLLECTIONS[module].items():
        if ".autogenerate." not in target:
            assert getattr(loaded, name) is not None


@pytest.mark.parametrize("module", sorted(name for name, target in ALIASES.items() if ".autogenerate" not in target))
def test_an_alias_is_the_module_itself_and_leaves_it_as_it_is(module):
    served = importlib.import_module(module)
    assert served is sys.modules[ALIASES[module]]
    assert served.__spec__.name == served.__name__ == ALIASES[module]


def test_attributes_are_served_without_importing_them_first():
    import alembic

    assert alembic.__version__ == version("alembic") == "1.20.1"
    assert alembic.op is importlib.import_module("stillhouse_engine.op")
    assert alembic.util.exc.CommandError is alembic.util.CommandError
    assert alembic.script.revision.Revision


def test_what_is_not_served_is_not_taken_from_an_installed_alembic():
    with pytest.raises(ModuleNotFoundError, match=r"alembic\.nowhere"):
        importlib.import_module("alembic.nowhere")
    from alembic import util

    with pytest.raises(AttributeError):
        util.nothing  # noqa: B018


def test_a_registered_operation_becomes_a_function_of_the_served_module():
    from alembic import op
    from alembic.operations import MigrateOperation, Operations

    @Operations.register_operation("say_hello_to_the_bridge")
    class SayHello(MigrateOperation):
        @classmethod
        def say_hello_to_the_bridge(cls, operations, name):
            return f"hello {name} of {operations.migration_context}"

    with Operations.context(type("Context", (), {"impl": None, "__str__": lambda _: "a test"})()):
        assert op.say_hello_to_the_bridge("you") == "hello you of a test"


def test_an_alembic_imported_before_comes_back():
    as_alembic.uninstall()
    import alembic

    genuine = alembic
    as_alembic.install()
    import alembic as served

    assert served is not genuine
    as_alembic.uninstall()
    assert sys.modules["alembic"] is genuine
    as_alembic.install()


PROGRAM = """
import sys
import alembic, alembic.command, alembic.script
from alembic import op
print(alembic.__version__, op.__name__, alembic.command.__name__, sys.argv[1:], __name__)
"""
SAID = "1.20.1 stillhouse_engine.op stillhouse_engine.command ['a', '--b'] __main__\n"


def run(*words, cwd, **environment):
    return subprocess.run(
        [sys.executable, *words],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": str(Path(sys.executable).parent), "PYTHONPATH": str(REPOSITORY / "engine"), **environment},
    )


def test_a_file_and_a_module_run_with_alembic_served(tmp_path):
    (tmp_path / "program.py").write_text(PROGRAM)
    for words in (["program.py"], ["-m", "program"]):
        done = run("-m", "stillhouse_engine.as_alembic", *words, "a", "--b", cwd=tmp_path)
        assert (done.returncode, done.stdout) == (0, SAID), done.stderr


def test_a_console_script_runs_with_alembic_served(tmp_path):
    done = run("-m", "stillhouse_engine.as_alembic", "alembic", "--help", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "upgrade" in done.stdout


def test_a_console_script_is_a_main_module_of_no_package(tmp_path):
    """By its package and its specification, Click and argparse tell how the program was started."""
    (tmp_path / "tool-1.0.dist-info").mkdir()
    (tmp_path / "tool-1.0.dist-info" / "entry_points.txt").write_text("[console_scripts]\ntool = tool:main\n")
    told = "import sys\ndef main():\n    main = sys.modules['__main__']\n"
    (tmp_path / "tool.py").write_text(
        told + "    print([main.__name__, main.__package__, main.__spec__, main.__file__])\n"
    )
    done = run("-m", "stillhouse_engine.as_alembic", "tool", cwd=tmp_path)
    assert done.stdout == "['__main__', None, None, 'tool']\n", done.stderr


def test_a_program_that_is_not_there_is_a_clear_error(tmp_path):
    done = run("-m", "stillhouse_engine.as_alembic", "no-such-program", cwd=tmp_path)
    assert done.returncode == 127
    assert "no console script, module or Python file called 'no-such-program'" in done.stderr
    assert "Traceback" not in done.stderr


def test_where_alembic_is_not_installed(tmp_path):
    hide = "import sys\nclass Hidden:\n    def find_spec(self, name, *_):\n        if name.split('.')[0] == 'alembic':\n            raise ImportError('hidden')\n"
    (tmp_path / "program.py").write_text(
        f"{hide}sys.meta_path.append(Hidden())\nfrom stillhouse_engine import as_alembic\nas_alembic.install()\n"
        "from alembic.migration import MigrationContext\nimport importlib.metadata\n"
        "print(MigrationContext.__module__, importlib.metadata.version('alembic'))\n"
    )
    done = run("program.py", cwd=tmp_path)
    assert done.stdout == "stillhouse_engine.runtime.migration 1.20.1\n", done.stderr


@pytest.mark.parametrize(("module", "name"), [("alembic", "alembic"), ("alembic.config", "config.py")])
def test_the_command_line_is_a_module_to_run(module, name):
    command = [sys.executable, "-m", "stillhouse_engine.as_alembic", "-m", module, "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == f"{name} 1.20.1\n"


def test_an_environment_with_an_old_sqlalchemy_is_told_so(monkeypatch):
    monkeypatch.setattr("sqlalchemy.__version__", "1.4.54")
    with pytest.raises(ImportError, match=r"has SQLAlchemy 1\.4\.54; .* install 'sqlalchemy>=2\.0\.36' there"):
        AliasLoader("stillhouse_engine.absent").exec_module(ModuleType("alembic.absent"))


def test_a_logging_configuration_that_comes_first_disables_alembics_loggers():
    code = (
        "import logging.config; from stillhouse_engine import as_alembic; as_alembic.install(); import alembic\n"
        "logging.config.dictConfig({'version': 1}); import alembic.runtime.migration\n"
        "print(logging.getLogger('alembic.runtime.migration').disabled)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"

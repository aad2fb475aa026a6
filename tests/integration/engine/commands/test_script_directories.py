"""Script directories on disk: locations, templates, hooks, caches, and what users get wrong."""

from __future__ import annotations

import contextlib
import marshal
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from stillhouse_engine import as_alembic, command
from stillhouse_engine.config import Config
from stillhouse_engine.errors import CommandError, MigrationScriptError
from stillhouse_engine.script import ScriptDirectory, locations
from stillhouse_engine.script.records import FORMAT, NAME, Records
from stillhouse_engine.script.write_hooks import register

REVISION = (
    "revision = {name!r}\ndown_revision = {down!r}\n\n\ndef upgrade():\n    pass\n\n\ndef downgrade():\n    pass\n"
)
TEMPLATES = ["async", "generic", "multidb", "pyproject", "pyproject_async"]


@pytest.fixture
def project(tmp_path):
    versions = tmp_path / "migrations" / "versions"
    versions.mkdir(parents=True)
    template = '"""${message}"""\nrevision = ${repr(up_revision)}\ndown_revision = ${repr(down_revision)}\n'
    (tmp_path / "migrations" / "script.py.mako").write_text(template)
    write(versions, "aa11")
    write(versions, "bb22", "aa11")
    return tmp_path


def write(folder: Path, name: str, down: str | None = None, text: str | None = None) -> Path:
    path = folder / f"{name}.py"
    path.write_text(text or REVISION.format(name=name, down=down))
    return path


def config(project: Path, **options: str) -> Config:
    made = Config()
    for name, value in {"script_location": str(project / "migrations"), "path_separator": "os", **options}.items():
        made.set_main_option(name, value)
    return made


def heads(made: Config) -> list[str]:
    return ScriptDirectory.from_config(made).get_heads()


def test_revisions_are_not_imported_until_they_run(project):
    write(
        project / "migrations" / "versions",
        "cc33",
        text=REVISION.format(name="cc33", down="bb22") + "\nraise SystemExit\n",
    )
    script = ScriptDirectory.from_config(config(project))
    assert script.get_heads() == ["cc33"]
    assert "module" not in vars(script.get_revision("aa11"))
    assert script.get_revision("aa11").module.upgrade() is None


def test_headers_that_are_computed_are_imported(project):
    text = "import os\nrevision = 'c' * 4\ndown_revision = os.path.basename('x/bb22')\n"
    write(project / "migrations" / "versions", "computed", text=text)
    assert heads(config(project)) == ["cccc"]


@pytest.mark.parametrize("nothing", ["''", "['']", "('',)", "()", "False"])
def test_a_dependency_on_nothing_is_none(project, nothing):
    text = REVISION.format(name="cc33", down="bb22") + f"depends_on = {nothing}\n"
    path = write(project / "migrations" / "versions", "cc33", text=text)
    for _ in range(2):  # from a header, and from an import
        script = ScriptDirectory.from_config(config(project))
        assert script._upgrade_revs("heads", "bb22")[0].revision.dependencies is None
        assert script.get_heads() == ["cc33"]
        path.write_text(text.replace("'cc33'", "'cc' + '33'"))


def test_a_revision_as_text_leaves_out_what_it_depends_on(project):
    """Alembic's listings tell it, and its ``str(revision)`` does not."""
    text = '"""next"""\n' + REVISION.format(name="cc33", down="aa11") + "depends_on = 'bb22'\n"
    write(project / "migrations" / "versions", "cc33", text=text)
    revision = ScriptDirectory.from_config(config(project)).get_revision("cc33")
    assert str(revision) == "aa11 -> cc33 (head), next"
    assert revision.cmd_format(False, include_parents=True) == "aa11 (bb22) -> cc33 (head)"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("revision = 'cc33'\ndown_revision = 'bb22'\ndef upgrade(:\n", r"revision cc33, .*bad\.py:3: SyntaxError"),
        ("revision = 'cc33'\ndown_revision = 'bb22'\nimport absent_module\n", r"bad\.py:3: ModuleNotFoundError"),
        ("revision = 'cc33'\ndown_revision = 'bb22'\n1 / 0\n", r"bad\.py:3: ZeroDivisionError: division by zero"),
    ],
)
def test_a_file_that_cannot_be_imported_says_which_and_where(project, text, message):
    write(project / "migrations" / "versions", "bad", text=text)
    script = ScriptDirectory.from_config(config(project))
    assert script.get_heads() == ["cc33"]
    with pytest.raises(MigrationScriptError, match=message) as failed:
        _ = script.get_revision("cc33").module
    assert (failed.value.revision, failed.value.line) == ("cc33", 3)


MIGRATING = """from sqlalchemy import create_engine, pool
from alembic import context

engine = create_engine(context.config.get_main_option("sqlalchemy.url"), poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""
MAKING = "from alembic import op\n{header}\n\ndef upgrade():\n    op.execute('create table made (id integer)')\n\n\ndef downgrade():\n    op.execute('drop table made')\n"


@pytest.fixture
def migrating(project):
    (project / "migrations" / "env.py").write_text(MIGRATING)
    header = "revision = 'cc33'\ndown_revision = 'bb22'"
    write(project / "migrations" / "versions", "cc33", text=MAKING.format(header=header))
    as_alembic.install()
    yield project
    as_alembic.uninstall()


def tables(project: Path) -> list[str]:
    with contextlib.closing(sqlite3.connect(project / "data.db")) as connection:
        return [name for (name,) in connection.execute("select name from sqlite_master where name = 'made'")]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("def downgrade():\n    pass\n", r"revision dd44, .*dd44\.py: has no function upgrade\(\)"),
        ("upgrade = downgrade = None\n", r"has no function upgrade\(\)"),
        ("def upgrade(:\n", r"dd44\.py:3: SyntaxError"),
        ("def upgrade():\n    pass\nimport absent_module\n", r"dd44\.py:5: ModuleNotFoundError"),
    ],
)
def test_what_cannot_run_stops_a_run_before_it_begins(migrating, body, message):
    write(migrating / "migrations" / "versions", "dd44", text=f"revision = 'dd44'\ndown_revision = 'cc33'\n{body}")
    made = config(migrating, **{"sqlalchemy.url": f"sqlite:///{migrating}/data.db"})
    with pytest.raises(MigrationScriptError, match=message):
        command.upgrade(made, "head")
    assert tables(migrating) == []
    command.upgrade(made, "cc33")
    assert tables(migrating) == ["made"]


@pytest.mark.parametrize(
    "body",
    [
        "from elsewhere import upgrade, downgrade\n",
        "from elsewhere import *\n",
        "for name in ('upgrade', 'downgrade'):\n    globals()[name] = lambda: None\n",
        "def __getattr__(name):\n    if name.endswith('grade'):\n        return lambda: None\n    raise AttributeError(name)\n",
        "upgrade = downgrade = type('Call', (), {'__call__': lambda self: None})()\n",
    ],
)
def test_functions_may_come_from_anywhere(migrating, monkeypatch, body):
    (migrating / "elsewhere.py").write_text("def upgrade():\n    pass\n\n\ndef downgrade():\n    pass\n")
    monkeypatch.syspath_prepend(migrating)
    write(migrating / "migrations" / "versions", "dd44", text=f"revision = 'dd44'\ndown_revision = 'cc33'\n{body}")
    made = config(migrating, **{"sqlalchemy.url": f"sqlite:///{migrating}/data.db"})
    command.upgrade(made, "head")
    assert tables(migrating) == ["made"]
    command.downgrade(made, "bb22")
    assert tables(migrating) == []


def test_a_missing_downgrade_leaves_what_is_above_it(migrating):
    versions = migrating / "migrations" / "versions"
    write(versions, "bb22", text="revision = 'bb22'\ndown_revision = 'aa11'\n\n\ndef upgrade():\n    pass\n")
    made = config(migrating, **{"sqlalchemy.url": f"sqlite:///{migrating}/data.db"})
    command.upgrade(made, "head")
    with pytest.raises(MigrationScriptError, match=r"revision bb22, .*: has no function downgrade\(\)"):
        command.downgrade(made, "base")
    assert tables(migrating) == ["made"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\n", "Could not determine revision id from filename notes.py"),
        ("revision = 'cc33'\n", r"has no down_revision"),
        ("revision = make()\n", r"notes\.py:1: NameError"),
        ("revision = 5\ndown_revision = None\n", "revision must be a string, not 5"),
        ("revision = 'cc33'\ndown_revision = 'gone'\n", "Revision gone, the down_revision of"),
    ],
)
def test_a_file_without_a_usable_header_is_refused(project, text, message):
    write(project / "migrations" / "versions", "notes", text=text)
    with pytest.raises(CommandError, match=message):
        heads(config(project))


def test_a_changed_file_is_read_again(project):
    assert heads(config(project)) == ["bb22"]
    path = write(project / "migrations" / "versions", "bb22", text=REVISION.format(name="bbbb22", down="aa11"))
    os.utime(path, ns=(1, 1))
    assert heads(config(project)) == ["bbbb22"]


def test_many_headers_are_kept_for_the_next_process(project, monkeypatch):
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    versions = project / "migrations" / "versions"
    for number in range(300):
        os.utime(write(versions, f"r{number:04}", f"r{number - 1:04}" if number else "bb22"), (1, 1))
    code = (
        "import sys; from stillhouse_engine.script import ScriptDirectory\n"
        "from stillhouse_engine.script import records\n"
        "read = []; real = records.read_source\n"
        "records.read_source = lambda path, size: read.append(path) or real(path, size)\n"
        "print(ScriptDirectory(sys.argv[1]).get_heads(), len(read))\n"
    )
    words = [sys.executable, "-c", code, str(project / "migrations")]
    first, second = (subprocess.run(words, check=True, capture_output=True, text=True).stdout for _ in range(2))
    assert first.split() == ["['r0299']", "302"]
    assert second.split() == ["['r0299']", "2"]
    write(versions, "r0300", "r0299")
    assert subprocess.run(words, check=True, capture_output=True, text=True).stdout.split() == ["['r0300']", "3"]


def test_a_damaged_file_of_kept_headers_is_read_over(project, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    versions = project / "migrations" / "versions"
    for number in range(300):
        os.utime(write(versions, f"r{number:04}", f"r{number - 1:04}" if number else "bb22"), (1, 1))
    kept = versions / "__pycache__" / NAME
    kept.parent.mkdir(exist_ok=True)
    for content in (b"", b"\x00", marshal.dumps("other"), marshal.dumps((("old", b""), {"r0000.py": ()}))):
        kept.write_bytes(content)
        records = Records()
        monkeypatch.setattr(locations, "SHARED", records)
        assert heads(config(project)) == ["r0299"]
    assert marshal.loads(kept.read_bytes())[0] == FORMAT


def test_several_version_locations(project):
    for name in ("users", "orders"):
        (project / name).mkdir()
    made = config(project, version_locations=f"{project / 'users'}{os.pathsep}{project / 'orders'}")
    with pytest.raises(CommandError, match="Multiple version locations present, please specify --version-path"):
        command.revision(made, rev_id="uu11", head="base")
    command.revision(made, rev_id="uu11", head="base", version_path=project / "users", branch_label=None)
    command.revision(made, rev_id="oo11", head="base", version_path=str(project / "orders"))
    command.revision(made, rev_id="uu22", head="uu11")
    assert sorted(path.name for path in (project / "users").glob("*.py")) == ["uu11_.py", "uu22_.py"]
    with pytest.raises(CommandError, match="is not represented in current version locations"):
        command.revision(made, rev_id="xx11", head="base", version_path=project)
    twice = config(project, version_locations=f"{project / 'orders'}{os.pathsep}{project / 'orders'}")
    with pytest.warns(UserWarning, match="loaded twice"):
        assert heads(twice) == ["oo11"]


def test_dated_folders_are_found_when_locations_are_recursive(project):
    made = config(
        project, recursive_version_locations="true", file_template="%%(year)d/%%(month).2d/%%(rev)s", timezone="UTC"
    )
    written = command.revision(made, "dated", rev_id="cc33")
    assert Path(written.path).parent.parent.parent == project / "migrations" / "versions"
    assert heads(made) == ["cc33"]


def test_compiled_files_count_when_sourceless(project):
    versions = project / "migrations" / "versions"
    subprocess.run([sys.executable, "-m", "compileall", "-q", "-b", str(versions)], check=True)
    (versions / "bb22.py").unlink()
    assert heads(config(project)) == ["aa11"]
    with pytest.warns(UserWarning, match="present more than once"):
        assert heads(config(project, sourceless="true")) == ["bb22"]


def test_a_script_location_inside_a_package(project, monkeypatch):
    package = project / "shop_package"
    package.mkdir()
    (package / "__init__.py").touch()
    (project / "migrations").rename(package / "migrations")
    monkeypatch.syspath_prepend(str(project))
    made = Config()
    made.set_main_option("script_location", "shop_package:migrations")
    assert heads(made) == ["bb22"]
    made.set_main_option("script_location", "absent_package:migrations")
    with pytest.raises(CommandError, match="No module named 'absent_package'"):
        heads(made)


def test_settings_from_pyproject(project):
    (project / "pyproject.toml").write_text(
        '[tool.alembic]\nscript_location = "%(here)s/migrations"\nrecursive_version_locations = true\n'
        '[[tool.alembic.post_write_hooks]]\nname = "stamp"\ntype = "exec"\nexecutable = "true"\n'
    )
    made = Config(toml_file=project / "pyproject.toml")
    script = ScriptDirectory.from_config(made)
    assert script.recursive_version_locations is True
    assert script.hooks == [{"type": "exec", "executable": "true", "_hook_name": "stamp"}]


def test_hooks_run_on_new_files(project, capfd):
    seen = []
    register("remember")(lambda path, options: seen.append((Path(path).name, options["note"])))
    made = config(project)
    for name, value in {
        "hooks": "echo, note",
        "echo.type": "exec",
        "echo.executable": "echo",
        "echo.options": "wrote REVISION_SCRIPT_FILENAME",
        "note.type": "remember",
        "note.note": "hello",
    }.items():
        made.set_section_option("post_write_hooks", name, value)
    written = command.revision(made, "hooked", rev_id="cc33")
    assert seen == [("cc33_hooked.py", "hello")]
    assert f"wrote {written.path}" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (None, "{path}"),
        ("-a -b", "{path} -a -b"),
        ("-a REVISION_SCRIPT_FILENAME -b", "-a {path} -b"),
        ("--file=REVISION_SCRIPT_FILENAME 'two words'", "--file={path} two words"),
    ],
)
def test_a_hook_gets_the_file_first_where_its_options_do_not_say_where(project, capfd, options, said):
    made = config(project)
    for name, value in {
        "hooks": "echo",
        "echo.type": "exec",
        "echo.executable": "echo",
        "echo.options": options,
    }.items():
        if value is not None:
            made.set_section_option("post_write_hooks", name, value)
    written = command.revision(made, "hooked", rev_id="cc33")
    assert f"\n{said.format(path=written.path)}\n" in f"\n{capfd.readouterr().out}"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"type": "exec"}, "Key h.executable is required for post write hook 'h'"),
        ({"type": "exec", "executable": "absent-program"}, "Post write hook 'h' cannot run absent-program"),
        ({"type": "module", "module": "absent_module"}, "Could not find module absent_module"),
        ({"type": "console_scripts", "entrypoint": "absent"}, "Could not find entrypoint console_scripts.absent"),
        ({"type": "absent"}, "No formatter with name 'absent' registered"),
        ({"executable": "x"}, r"Key 'h.type' \(or 'type' in toml\) is required for post write hook 'h'"),
    ],
)
def test_unusable_hooks_are_named(project, options, message):
    made = config(project)
    made.set_section_option("post_write_hooks", "hooks", "h")
    for name, value in options.items():
        made.set_section_option("post_write_hooks", f"h.{name}", value)
    with pytest.raises(CommandError, match=message):
        command.revision(made, rev_id="cc33")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rev_id": "aa11"}, "Revision aa11 is present already"),
        ({"rev_id": "cc33", "branch_label": "aa11"}, "Branch name 'aa11' in revision cc33 already used"),
        ({"rev_id": "cc33", "depends_on": "nope"}, "Can't locate revision identified by 'nope'"),
        ({"rev_id": "c-3"}, "not allowed in revision identifier 'c-3'"),
        ({"rev_id": "cc33", "head": "aa11"}, "Revision aa11 is not a head revision; please specify --splice"),
    ],
)
def test_a_revision_that_would_break_the_graph_is_not_written(project, arguments, message):
    before = sorted((project / "migrations" / "versions").glob("*.py"))
    with pytest.raises(CommandError, match=message):
        command.revision(config(project), **arguments)
    assert sorted((project / "migrations" / "versions").glob("*.py")) == before


def test_one_applied_revision_may_be_a_string(project):
    script = ScriptDirectory.from_config(config(project))
    assert script.get_all_current("bb22") == script.get_all_current(("bb22",)) != set()
    assert script.version_locations == []


@pytest.mark.parametrize(
    ("symbol", "expected"),
    [
        ("head", {"bb22"}),
        ("heads", {"bb22"}),
        ("base", set()),
        ("-1", {"aa11"}),
        (("aa11", "heads"), {"bb22"}),
        ((), set()),
    ],
)
def test_what_symbols_bring_with_them_is_told(project, symbol, expected):
    script = ScriptDirectory.from_config(config(project))
    assert {revision.revision for revision in script.get_all_current(symbol)} == expected


def test_the_base_of_an_unknown_branch_is_no_revision(project):
    script = ScriptDirectory.from_config(config(project))
    assert script.get_revision("base") is None
    with pytest.raises(CommandError, match="Can't locate revision identified by 'nope'"):
        script.get_revision("nope@base")


def test_a_head_that_another_branch_depends_on_is_a_head_as_text(project):
    """As Alembic has it; its listings say ``effective head``."""
    write(
        project / "migrations" / "versions",
        "xx11",
        text=REVISION.format(name="xx11", down=None) + "depends_on = 'bb22'\n",
    )
    revision = ScriptDirectory.from_config(config(project)).get_revision("bb22")
    assert str(revision).startswith("aa11 -> bb22 (head), ")
    assert revision.cmd_format(False) == "bb22 (effective head)"


def test_a_hook_of_the_caller_comes_before_that_of_env_py(project):
    env = "from alembic import context\ndef process(_context, _revision, scripts):\n    scripts[0].message += ' env'\n"
    env += "context.configure(dialect_name='sqlite', process_revision_directives=process)\ncontext.run_migrations()\n"
    (project / "migrations" / "env.py").write_text(env)

    def process(_context, _revision, scripts):
        scripts[0].message += " caller"

    as_alembic.install()
    made = config(project, revision_environment="true")
    try:
        written = command.revision(made, "of", sql=True, process_revision_directives=process)
    finally:
        as_alembic.uninstall()
    assert written.doc == "of caller env"


@pytest.mark.parametrize("target", [None, (), ("aa11",)])
def test_a_downgrade_needs_one_symbol(project, target):
    with pytest.raises(CommandError, match="Expected downgrade target in string form"):
        command.downgrade(config(project), target)


def test_a_blank_timezone_is_local_time(project):
    assert Path(command.revision(config(project, timezone=" "), "dated", rev_id="cc33").path).exists()


def test_rows_of_a_branch_go_beside_other_targets(project):
    versions = project / "migrations" / "versions"
    write(versions, "xx11", text="revision = 'xx11'\ndown_revision = None\nbranch_labels = 'extra'\n")
    script = ScriptDirectory.from_config(config(project))
    steps = script._stamp_revs(("extra@base", "aa11"), ("bb22", "xx11"))
    assert [str(step) for step in steps] == ["stamp_revision xx11 -> ", "stamp_revision bb22 -> aa11"]


def test_rows_of_what_depends_on_a_branch_go_with_it(project):
    versions = project / "migrations" / "versions"
    text = REVISION.format(name="xx11", down=None) + "branch_labels = 'extra'\ndepends_on = 'aa11'\n"
    write(versions, "xx11", text=text)
    write(versions, "yy11", text=REVISION.format(name="yy11", down=None) + "depends_on = 'xx11'\n")
    script = ScriptDirectory.from_config(config(project))
    steps = script._stamp_revs("extra@base", ("bb22", "xx11", "yy11"))
    assert [str(step) for step in steps] == ["stamp_revision xx11 -> ", "stamp_revision yy11 -> "]


def test_unusable_settings_are_named(project):
    with pytest.raises(CommandError, match="file_template '%\\(bogus\\)s' is not usable"):
        command.revision(config(project, file_template="%%(bogus)s"))
    with pytest.raises(CommandError, match="Can't locate timezone: Nowhere/Land"):
        command.revision(config(project, timezone="Nowhere/Land"))
    with pytest.raises(CommandError, match="truncate_slug_length must be a number, not 'long'"):
        heads(config(project, truncate_slug_length="long"))
    with pytest.raises(CommandError, match="'maybe' is not a valid value for revision_environment; expected 'true'"):
        command.revision(config(project, revision_environment="maybe"))
    with pytest.raises(CommandError, match=r"Path doesn't exist: .*absent\.  Please use the 'init' command"):
        heads(config(project, script_location=str(project / "absent")))
    with pytest.raises(CommandError, match="No 'script_location' key found in configuration"):
        heads(Config())


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_template_makes_a_project_that_works(tmp_path, monkeypatch, template):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    command.init(Config("alembic.ini", toml_file="pyproject.toml"), "scripts", template=template, package=True)
    made = Config("alembic.ini", toml_file="pyproject.toml")
    command.revision(made, "first", rev_id="aa11")
    command.merge(made, "heads", rev_id="mm00")
    assert heads(made) == ["mm00"]
    assert (tmp_path / "scripts" / "versions" / "__init__.py").exists()
    for path in tmp_path.rglob("*.py"):
        compile(path.read_text(), str(path), "exec")
    with pytest.raises(CommandError, match="Directory scripts already exists and is not empty"):
        command.init(made, "scripts")
    with pytest.raises(CommandError, match="No such template"):
        command.init(made, "other", template="absent")


@pytest.mark.parametrize("template", ["generic", "async", "pyproject", "pyproject_async"])
def test_the_projects_of_templates_migrate(tmp_path, template):
    driver = "sqlite+aiosqlite" if "async" in template else "sqlite"
    run = [sys.executable, "-m", "stillhouse_engine.cli"]
    for words in (["init", "-t", template, "scripts"], ["revision", "-m", "first", "--rev-id", "aa11"]):
        subprocess.run([*run, *words], cwd=tmp_path, check=True, capture_output=True)
    ini = tmp_path / "alembic.ini"
    ini.write_text(ini.read_text().replace("driver://user:pass@localhost/dbname", f"{driver}:///data.db"))
    subprocess.run([*run, "upgrade", "head"], cwd=tmp_path, check=True, capture_output=True)
    current = subprocess.run([*run, "current"], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert current.stdout == "aa11 (head)\n"
    offline = subprocess.run(
        [*run, "upgrade", "head", "--sql"], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert "INSERT INTO alembic_version (version_num) VALUES ('aa11')" in offline.stdout


def test_the_project_of_the_multidb_template_migrates_every_database(tmp_path):
    run = [sys.executable, "-m", "stillhouse_engine.cli"]
    subprocess.run([*run, "init", "-t", "multidb", "scripts"], cwd=tmp_path, check=True, capture_output=True)
    ini = tmp_path / "alembic.ini"
    text = ini.read_text().replace("driver://user:pass@localhost/dbname2", "sqlite:///two.db")
    ini.write_text(text.replace("driver://user:pass@localhost/dbname", "sqlite:///one.db"))
    subprocess.run([*run, "revision", "-m", "first", "--rev-id", "aa11"], cwd=tmp_path, check=True, capture_output=True)
    assert "def upgrade_engine2()" in (tmp_path / "scripts" / "versions" / "aa11_first.py").read_text()
    subprocess.run([*run, "upgrade", "head"], cwd=tmp_path, check=True, capture_output=True)
    current = subprocess.run([*run, "current"], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert current.stdout == "aa11 (head)\naa11 (head)\n"
    assert (tmp_path / "one.db").exists()
    assert (tmp_path / "two.db").exists()


def test_a_project_may_be_made_in_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    command.init(Config("alembic.ini"), ".")
    assert "script_location = %(here)s\n" in (tmp_path / "alembic.ini").read_text()
    assert heads(Config("alembic.ini")) == []


def test_templates_are_listed(tmp_path, capsys):
    command.list_templates(Config())
    out = capsys.readouterr().out
    assert [line.split(" - ")[0] for line in out.splitlines() if " - " in line] == TEMPLATES


def test_edit_opens_the_editor(project, monkeypatch, tmp_path):
    log = tmp_path / "opened"
    editor = tmp_path / "my-editor"
    editor.write_text(f'#!/bin/sh\necho "$@" > {log}\n')
    editor.chmod(0o755)
    monkeypatch.setenv("EDITOR", f"{editor} --wait")
    monkeypatch.delenv("VISUAL", raising=False)
    command.edit(config(project), "head")
    assert log.read_text() == f"--wait {project / 'migrations' / 'versions' / 'bb22.py'}\n"
    with pytest.raises(CommandError, match="No revision files indicated by symbol 'base'"):
        command.edit(config(project), "base")

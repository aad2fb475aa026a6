"""Fleet files on a real disk: the documentation's example, paths, secrets in files, globs, size, start-up."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import servers
from counted_calls import calls
from stillhouse_config import FleetFileError, Selector, load_fleet

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "fleet-file.md"
ENVIRON = {"USERS_DB_PASSWORD": "p@ss/w%rd", "OPS_SLACK_URL": "slack://tokenA/tokenB/tokenC"}
MANY = 500


@pytest.fixture
def shop(tmp_path):
    """Lay out what the documentation's example names."""
    for folder in ("migrations/users", "migrations/tenant", "services/analytics/.venv/bin", "src"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "services/analytics/alembic.ini").write_text("[alembic]\n")
    (tmp_path / "services/analytics/.venv/bin/python").symlink_to(sys.executable)
    (tmp_path / "fleet.yaml").write_text(
        PAGE.read_text(encoding="utf-8").partition("```yaml\n")[2].partition("```")[0], encoding="utf-8"
    )
    return tmp_path


@pytest.fixture
def said(tmp_path):
    """Return a function that writes a fleet file and lists what is wrong with it."""

    def read(text, environ=()):
        (tmp_path / "fleet.yaml").write_text(text, encoding="utf-8")
        with pytest.raises(FleetFileError) as caught:
            load_fleet(tmp_path / "fleet.yaml", dict(environ))
        return {one.path: one.message for one in caught.value.problems}

    return read


def test_the_example_of_the_documentation_loads(shop):
    file = load_fleet(shop / "fleet.yaml", ENVIRON)
    fleet = file.expand({"tenants": [{"slug": "acme", "dsn": "sqlite:///data/acme.db"}]})
    assert list(fleet.targets) == ["users_db", "analytics_db", "tenant-acme"]
    users, analytics, acme = fleet.select()
    assert users.url.reveal() == "postgresql+asyncpg://app:p%40ss%2Fw%25rd@db1/users"
    assert analytics.project.python == str(shop / "services/analytics/.venv/bin/python")
    assert acme.url.reveal() == f"sqlite:///{shop}/data/acme.db"
    assert fleet.select(Selector.parse("ring in (0,2)")) == (users, acme)
    assert fleet.state_url.reveal() == f"sqlite+aiosqlite:///{shop}/.stillhouse/state.db"
    assert [one.path for one in fleet.warnings] == ["strategies.cautious[3].wave.match"]


def test_a_file_is_named_as_the_user_named_it(shop, monkeypatch):
    monkeypatch.chdir(shop)
    with pytest.raises(FleetFileError) as caught:
        load_fleet("fleet.yaml", {})
    assert [str(one).partition(": ")[0] for one in caught.value.problems] == ["fleet.yaml:12:10", "fleet.yaml:50:25"]
    assert load_fleet("fleet.yaml", ENVIRON).path == shop / "fleet.yaml"


def test_what_is_not_on_disk_is_reported_unless_told_otherwise(shop):
    (shop / "migrations/users").rmdir()
    (shop / "src").rmdir()
    (shop / "src").write_text("")
    (shop / "services/analytics/alembic.ini").unlink()
    (shop / "services/analytics/.venv/bin/python").unlink()
    with pytest.raises(FleetFileError) as caught:
        load_fleet(shop / "fleet.yaml", ENVIRON)
    assert [one.path for one in caught.value.problems] == [
        "databases.users_db.migrations", "databases.users_db.import_path[0]", "databases.analytics_db.alembic_ini",
        "databases.analytics_db.python",
    ]  # fmt: skip
    load_fleet(shop / "fleet.yaml", ENVIRON, check_paths=False)


def test_a_missing_default_folder_is_reported_once_and_at_the_defaults(said):
    many = "".join(f"  d{n}: {{url: 'sqlite:///{n}.db'}}\n" for n in range(20))
    assert list(said(f"fleet: s\ndefaults: {{migrations: nowhere}}\ndatabases:\n{many}")) == ["defaults.migrations"]


def test_a_folder_that_may_not_be_read_is_reported(tmp_path):
    (tmp_path / "m").mkdir(mode=0)
    (tmp_path / "fleet.yaml").write_text("fleet: s\ndatabases: {a: {url: 'sqlite:///a', migrations: m}}")
    program = "import sys; from stillhouse_config import load_fleet; load_fleet(sys.argv[1])"
    command = servers.unprivileged([sys.executable, "-c", program, tmp_path / "fleet.yaml"])
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "databases.a.migrations" in done.stderr
    assert "cannot be read" in done.stderr


def test_secrets_come_from_files_without_their_last_line_break(tmp_path):
    (tmp_path / "m").mkdir()
    (tmp_path / "secret").write_text("p@ss\n\n")
    (tmp_path / "fleet.yaml").write_text(
        "fleet: s\ndatabases: {a: {url: 'postgresql://u:${file:secret}@h/a', migrations: m}}"
    )
    assert load_fleet(tmp_path / "fleet.yaml").expand().targets["a"].url.reveal() == "postgresql://u:p%40ss%0A@h/a"


def test_a_glob_finds_files_and_looks_again_when_expanded_again(tmp_path):
    (tmp_path / "m").mkdir()
    for name in ("tenants/a.db", "tenants/b.db", "tenants/b.db-wal", "other/c.db"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    text = 'fleet: s\ndatabases: {t: {for_each: {glob: "**/*.db"}, name: "{parent}-{stem}", migrations: m}}\n'
    (tmp_path / "fleet.yaml").write_text(text + 'windows: {w: {deny: 2027-01-01, match: "ring=5"}}\n')
    file = load_fleet(tmp_path / "fleet.yaml")
    assert {one.name: one.url.reveal() for one in file.expand().select()} == {
        "other-c": f"sqlite+aiosqlite:///{tmp_path}/other/c.db",
        "tenants-a": f"sqlite+aiosqlite:///{tmp_path}/tenants/a.db",
        "tenants-b": f"sqlite+aiosqlite:///{tmp_path}/tenants/b.db",
    }
    (tmp_path / "other/c.db").unlink()
    assert list(file.expand().targets) == ["tenants-a", "tenants-b"]


def test_no_file_a_folder_and_a_binary_are_clear_problems(tmp_path):
    (tmp_path / "binary").write_bytes(b"fleet: x\n\xff\xfe")
    for name, words in (("nothing.yaml", "no such file"), (".", "cannot be read"), ("binary", "not UTF-8")):
        with pytest.raises(FleetFileError, match=words):
            load_fleet(tmp_path / name)


def explicit_targets(count: int) -> list[str]:
    settings = "{url: 'postgresql://app:${env:PW}@db%d/t%d', labels: {env: production, ring: %d}, lock_timeout: 1s, drift: {every: 5m}}"
    return ["databases:", *(f"  tenant-{n}: " + settings % (n % 40, n, n % 10) for n in range(count))]


def listed_targets(count: int) -> list[str]:
    lines = [
        "databases:",
        "  t:",
        "    name: tenant-{n}",
        "    url: 'postgresql://app:${env:PW}@db{host}/t{n}'",
        "    for_each:",
    ]
    return [*lines, *(f"      - {{n: {n}, host: {n % 40}, ring: {n % 10}}}" for n in range(count))]


@pytest.mark.parametrize("targets", [explicit_targets, listed_targets])
def test_many_targets_load_in_linear_time(tmp_path, targets):
    (tmp_path / "m").mkdir()

    def load(count):
        text = "\n".join(["fleet: big", "defaults: {migrations: m, version_table: v}", *targets(count)])
        (tmp_path / "fleet.yaml").write_text(text)
        fleet = load_fleet(tmp_path / "fleet.yaml", {"PW": "p@ss"}).expand()
        assert len(fleet.targets) == count

    load(1)  # so that both measured runs find the same caches
    assert calls(lambda: load(4 * MANY)) < 4.4 * calls(lambda: load(MANY))


def test_many_mistakes_are_found_in_linear_time(tmp_path):
    def load(count):
        lines = [f"  d{n}: {{url: nonsense, migration: m}}" for n in range(count)]
        (tmp_path / "fleet.yaml").write_text("\n".join(["fleet: big", "databases:", *lines]))
        with pytest.raises(FleetFileError) as caught:
            load_fleet(tmp_path / "fleet.yaml")
        assert len(caught.value.problems) == 2 * count

    load(1)
    assert calls(lambda: load(4 * MANY)) < 4.4 * calls(lambda: load(MANY))


def test_loading_imports_no_driver_and_no_sqlalchemy(shop):
    program = (
        "import sys; from stillhouse_config import Selector; assert 'pydantic' not in sys.modules;"
        "from stillhouse_config import load_fleet; load_fleet(sys.argv[1]).expand().select();"
        "print(*sorted({'sqlalchemy', 'asyncpg', 'aiosqlite', 'asyncmy'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", program, str(shop / "fleet.yaml")]
    done = subprocess.run(command, env={**os.environ, **ENVIRON}, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""

from datetime import timedelta

import pytest

from stillhouse_config import FleetFileError

DATABASE = "{url: 'sqlite:///x.db', migrations: m}"


def test_a_minimal_file_has_the_documented_defaults(load):
    fleet = load("fleet: shop\ndatabases: {users_db: {url: 'sqlite:///users.db', migrations: m}}").expand()
    target = fleet.targets["users_db"]
    assert fleet.state_url.reveal() == "sqlite+aiosqlite:////fleet/.stillhouse/state.db"
    assert str(fleet.settings.api.listen) == "127.0.0.1:8470"
    assert target.url.reveal() == "sqlite:////fleet/users.db"
    assert (target.project.root, target.project.import_path, target.project.script_location) == (
        "/fleet",
        ("/fleet",),
        "/fleet/m",
    )
    assert (target.lock_timeout, target.version_table, target.project.python) == (
        timedelta(milliseconds=500),
        None,
        None,
    )
    assert fleet.is_complete
    assert fleet.settings.servers == {}


def test_defaults_are_merged_key_by_key(load):
    fleet = load(
        """
        fleet: shop
        defaults:
          alembic_ini: alembic.ini
          labels: {env: production, ring: 1}
          drift: {every: 5m, schemas: [a]}
          version_table: versions
          lock_timeout: 2s
        databases:
          one: {url: "postgresql://h/one"}
          two:
            url: postgresql://h/two
            migrations: m
            labels: {ring: 2}
            drift: {every: never}
            version_table: ~
        """
    ).expand()
    one, two = fleet.targets.values()
    assert (one.labels, two.labels) == ({"env": "production", "ring": "1"}, {"env": "production", "ring": "2"})
    assert (one.drift.every, two.drift.every, two.drift.schemas) == (timedelta(minutes=5), None, ("a",))
    assert (one.project.alembic_ini, two.project.alembic_ini, two.project.script_location) == (
        "/fleet/alembic.ini",
        None,
        "/fleet/m",
    )
    assert (one.version_table, two.version_table) == ("versions", None)
    assert one.lock_timeout == two.lock_timeout == timedelta(seconds=2)


def test_a_label_may_be_no_or_a_number(load):
    fleet = load(
        f"fleet: no\ndatabases: {{on: {DATABASE[:-1]}, labels: {{a: no, b: 007, c: 12:30:00, d: true}}}}}}"
    ).expand()
    assert fleet.name == "no"
    assert fleet.targets["on"].labels == {"a": "no", "b": "007", "c": "12:30:00", "d": "true"}


def test_everything_that_is_wrong_is_said_at_once(problems):
    found = problems(
        """\
        fleet: shop
        flet: shop
        defaults: {lock_timeout: 500}
        databases:
          users_db:
            url: postgresql://app:${env:PW}@db1/users
            migration: m
          broken_db: {url: postgresql://h:x/y, alembic_ini: a.ini, lock_timeout: 5}
          good_db: {url: sqlite:///g.db, migrations: m, depends_on: [user_db, good_db, users_db]}
          good_db: {}
        servers: {db1: {max_connections: 120%}}
        strategies:
          careful: [{wave: {match: "ring="}}, {pause: {for: soon}}]
          other: [{wave: {rest: true}}, {verify: {sql: select 1, on: nowhere}}]
        default_strategy: carefull
        windows: {nights: {allow: "Mon-Fry 22:00-05:00", zone: Europe/Berlim}}
        alerts: {routes: [{channels: [ops], severity: bad}]}
        api: {listen: here, loopback_role: root}
        """
    )
    said = {(one.line, one.path): f"{one.message} | {one.hint}" for one in found}
    expected = {
        (2, "flet"): "did you mean 'fleet'?",
        (3, "defaults.lock_timeout"): "500s",
        (6, "databases.users_db.url"): "PW is not set",
        (7, "databases.users_db.migration"): "did you mean 'migrations'?",
        (8, "databases.broken_db.url"): "port",
        (8, "databases.broken_db.lock_timeout"): "5s",
        (9, "databases.good_db.depends_on[0]"): "did you mean 'users_db'?",
        (9, "databases.good_db.depends_on[1]"): "itself",
        (10, "databases.good_db"): "first given on line 9",
        (11, "servers.db1.max_connections"): "more than everything",
        (13, "strategies.careful[0].wave.match"): "column 6",
        (13, "strategies.careful[1].pause.for"): "not a duration",
        (14, "strategies.other[1].verify.on"): "no database 'nowhere'",
        (15, "default_strategy"): "did you mean 'careful'?",
        (16, "windows.nights.allow"): "fry",
        (16, "windows.nights.zone"): "did you mean 'Europe/Berlin'?",
        (17, "alerts.routes[0].severity"): "must be one of",
        (18, "api.listen"): "host:port",
        (18, "api.loopback_role"): "must be one of",
    }
    for place, words in expected.items():
        assert words in said.get(place, ""), (place, said)
    assert len(found) == len(expected), "\n".join(map(str, found))
    assert found == sorted(found)


def test_a_problem_names_file_line_column_path_and_hint(problem):
    only = problem(f"fleet: shop\ndatabases:\n  users_db: {DATABASE}\nservrs: {{}}\n")
    assert only.text == "fleet.yaml:4:1: servrs: unknown key 'servrs'\n    hint: did you mean 'servers'?"


def test_a_missing_key_is_shown_at_what_should_hold_it(problem):
    only = problem(
        f"fleet: shop\ndatabases: {{users_db: {DATABASE}}}\ndrift:\n  ignore:\n    - {{name: x, owner: me, until: never}}"
    )
    assert (only.at, only.path, only.hint) == ((5, 7), "drift.ignore[0]", "add reason:")


@pytest.mark.parametrize(
    ("database", "said"),
    [
        ("{url: 'sqlite:///x'}", "neither migrations nor alembic_ini"),
        ("{url: 'sqlite:///x', migrations: m, alembic_ini: a}", "both migrations and alembic_ini"),
        ("{migrations: m}", "'url' is missing"),
        ("{url: 'sqlite:///x', migrations: m, name: y}", "name besides its key"),
        ("{url: 'sqlite:///x', migrations: m, for_each: [a]}", "'name' is missing"),
        ("{name: '{item}', migrations: m, for_each: [a]}", "'url' is missing"),
        ("{url: 'sqlite:///x', migrations: m, metadata: shop.models}", "no metadata"),
        ("{url: 'sqlite:///x', migrations: m, labels: {name: x}}", "taken by the target's name"),
        ("{url: 'sqlite:///x', migrations: m, labels: [a]}", "must be a mapping"),
        ("{url: 'sqlite:///x', migrations: m, import_path: src}", "must be a list"),
        ("{url: 'sqlite:///x', migrations: m, replay: yes}", "neither true nor false"),
        ("{url: 'oracle+oracledb://h/d', migrations: m}", "'oracle' is no database that Stillhouse knows"),
        ("{url: 'postgres://h/d', migrations: m}", "did you mean 'postgresql'?"),
        ("{url: 'sqlite:///x', migrations: [m]}", "must be text"),
        ("{url: 'sqlite:///x', migrations: ''}", "must not be empty"),
        ("[]", "must be a mapping"),
        ("~", "must be a mapping"),
        ("{url: 'sqlite:///{a}', name: 'x-{a}', migrations: m, for_each: {}}", "exactly one of"),
        ("{url: 'sqlite:///{a}', name: 'x-{a}', migrations: m, for_each: {glob: a, items: [b]}}", "exactly one of"),
        ("{url: 'sqlite:///{a}', name: 'x-{a}', migrations: m, for_each: {sql: {query: q}}}", "the database to ask"),
        ("{url: 'sqlite:///{a', name: 'x', migrations: m, for_each: [a]}", "stray"),
        ("{url: 'sqlite:///{a.b}', name: 'x', migrations: m, for_each: [a]}", "not a field"),
        (
            "{url: 'sqlite:///{a}', name: 'x-{a}', migrations: m, for_each: {sql: {database: nope, query: q}}}",
            "no database 'nope'",
        ),
        (
            "{url: 'sqlite:///{a}', name: 'x-{a}', migrations: m, for_each: {sql: {database: x, query: q}}}",
            "is many databases",
        ),
    ],
)
def test_a_database_that_makes_no_sense_is_explained(problem, database, said):
    only = problem(f"fleet: shop\ndatabases: {{x: {database}}}\n")
    assert said in f"{only.message} {only.hint}"
    assert only.at[0] == 2
    assert only.path.startswith("databases.x")


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ("[]", "no wave"),
        ("[{approve: {}}]", "no wave"),
        ("[{wave: {}}]", "match, rest"),
        ("[{wave: {match: a, rest: true}}]", "match, rest"),
        ("[{wave: {rest: true}}, {wave: {match: '*'}}]", "nothing left"),
        ("[{wave: {rest: true}, approve: {}}]", "exactly one of"),
        ("[{}]", "exactly one of"),
        ("[{wave: {rest: true, barrier: true, max_failures: 1}}]", "barrier"),
        ("[{wave: {rest: true, max_parallel: 0}}]", "must be 1 or more"),
        ("[{wave: {rest: true, max_parallel: many}}]", "whole number"),
        ("[{wave: {rest: true, ramp_up: {factor: 1}}}]", "must be 2 or more"),
        ("[{wave: {rest: yes}}]", "neither true nor false"),
        ("[{wave: {match: 'ring=5'}}]", "matches no target"),
    ],
)
def test_a_strategy_that_makes_no_sense_is_explained(problem, steps, said):
    only = problem(f"fleet: shop\ndatabases: {{x: {DATABASE}}}\nstrategies: {{s: {steps}}}\n")
    assert said in f"{only.message} {only.hint}"
    assert only.at[0] == 3


def test_steps_may_be_left_empty(load):
    text = f"fleet: s\ndatabases: {{x: {DATABASE}}}\nstrategies:\n  s:\n    - approve:\n    - pause:\n    - wave: {{rest: true}}\n"
    steps = load(text).model.strategies["s"]
    assert [type(step.action).__name__ for step in steps] == ["Approve", "Pause", "Wave"]


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        ("alerts: {channels: {ops: {}}}", "url, webhook"),
        ("alerts: {channels: {ops: {url: nonsense}}}", "not a URL"),
        ("alerts: {channels: {ops: {url: 'slack://x', secret: y}}}", "webhooks only"),
        ("alerts: {routes: [{channels: []}]}", "must not be empty"),
        ("alerts: {channels: {ops: {url: 'json://x'}}, routes: [{channels: [op]}]}", "did you mean 'ops'?"),
        ("drift: {ignore: [{owner: a, reason: b, until: never}]}", "at least one of"),
        ("drift: {ignore: [{name: a, owner: a, reason: b, until: 2027-02-30}]}", "not a date"),
        ("api: {tokens: [{name: bot}]}", "token, hash"),
        ("api: {tokens: [{name: bot, token: short}]}", "shorter than 16"),
        ("api: {tokens: [{name: bot, hash: abc}]}", "SHA-256"),
        ("api: {tokens: [{name: bot, token: 0123456789abcdef}, {name: bot, token: 0123456789abcdeg}]}", "two tokens"),
        ("windows: {w: {}}", "neither allows nor denies"),
        ("windows: {w: {allow: 'Mon 22:00-25:00'}}", "25:00"),
        ("strategies: {all-at-once: [{wave: {rest: true}}]}", "built in"),
        ("servers: {'db1:5432': {max_connections: 3}}", "no target is on the server"),
        ("drift: []", "must be a mapping"),
        ("state_url: state.db", "not a database URL"),
    ],
)
def test_other_sections_are_checked_too(problem, rest, said):
    only = problem(f"fleet: shop\ndatabases: {{x: {DATABASE}}}\n{rest}\n")
    assert said in f"{only.message} {only.hint}"
    assert only.at[0] == 3


def test_databases_that_wait_for_each_other_are_named(problem):
    only = problem(
        """\
        fleet: s
        defaults: {migrations: m}
        databases:
          a: {url: "sqlite:///a", depends_on: [b]}
          b: {url: "sqlite:///b", depends_on: [c]}
          c: {url: "sqlite:///c", depends_on: [{database: a}]}
          d: {url: "sqlite:///d", depends_on: [a, b, c]}
        """
    )
    assert (only.at[0], only.path) == (6, "databases.c.depends_on[0]")
    assert "a → b → c → a" in only.message


def test_dependencies_between_revisions_may_go_both_ways(load):
    fleet = load(
        """\
        fleet: s
        defaults: {migrations: m}
        databases:
          a: {url: "sqlite:///a", depends_on: [{database: b, revision: r12, needed_by: r7}]}
          b: {url: "sqlite:///b", depends_on: [{database: a, revision: r3}]}
        """
    ).expand()
    (dependency,) = fleet.targets["a"].depends_on
    assert (dependency.database, dependency.revision, dependency.needed_by) == ("b", "r12", "r7")


def test_secrets_are_in_no_repr_and_no_message(load, problems):
    text = """
        fleet: shop
        state_url: postgresql://s:${env:PW}@h/state
        databases:
          a: {url: "postgresql://app:${env:PW}@h/a", migrations: m, drift: {scratch_url: "postgresql://x:${env:PW}@h/s"}}
          b: {url: "postgresql://{item}:${env:PW}@h/b", name: "b-{item}", migrations: m, for_each: [x]}
          c: {migrations: m, name: "{x}", url: "postgresql://u:p@{x}", for_each: {sql: {url: "postgresql://q:${env:PW}@h/q", query: q}}}
        alerts: {channels: {ops: {url: "slack://${env:PW}"}, hook: {webhook: "https://h/${env:PW}", secret: "${env:PW}"}}}
        api: {tokens: [{name: bot, token: "${env:PW}"}]}
        """
    file = load(text, PW="hunter2-hunter2-hunter2")
    fleet = file.expand({"c": [{"x": "h"}]})
    assert fleet.targets["a"].url.reveal().endswith(":hunter2-hunter2-hunter2@h/a")
    shown = repr(file) + repr(fleet) + str(fleet.targets) + str(file.discoveries) + file.model.model_dump_json()
    assert "hunter2" not in shown
    broken = text.replace("h/a", "h:x/${env:PW}").replace("slack://", "").replace("name: bot", "name: '${env:PW} '")
    broken += "default_strategy: ${env:PW}\n        servers: {h: {max_connections: '${env:PW}'}}\n"
    assert "hunter2" not in "\n".join(map(str, problems(broken, PW="hunter2-hunter2-hunter2")))


def test_numbers_and_words_may_come_from_the_environment(load):
    text = f"fleet: ${{env:F}}\ndatabases: {{x: {DATABASE}}}\nworkers: {{per_project: '${{env:N}}'}}\nalerts: {{channels: {{c: {{url: 'json://h'}}}}, routes: [{{channels: [c], severity: '${{env:S}}'}}]}}"
    model = load(text, F="shop", N="3", S="critical").model
    assert (model.fleet, model.workers.per_project, model.alerts.routes[0].severity) == ("shop", 3, "critical")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "- a",
        "text",
        "# nothing\n",
        "fleet: x",
        "databases: {}",
        "fleet: x\ndatabases: {}",
        "fleet: x\ndatabases: []",
    ],
)
def test_hardly_a_file_is_still_a_clear_problem(problems, text):
    for one in problems(text):
        assert one.message
        assert one.line


def test_rules_between_keys_hold_where_another_key_is_wrong_too(problems):
    found = problems(
        """\
        fleet: s
        databases:
          a: {url: "sqlite:///a", migrations: m, alembic_ini: i, lock_timeout: 5}
          b: {url: nonsense}
          c: {url: "sqlite:///c", migrations: [m]}
        windows: {w: {zone: Nowhere}}
        alerts: {channels: {ops: {url: nonsense, timeout: x}}}
        """
    )
    assert [one.path for one in found] == [
        "databases.a", "databases.a.lock_timeout", "databases.b", "databases.b.url", "databases.c.migrations", "windows.w",
        "windows.w.zone", "alerts.channels.ops.url", "alerts.channels.ops.timeout",
    ]  # fmt: skip


def test_a_dependency_on_a_broken_database_is_not_blamed(problem):
    only = problem(
        f"fleet: s\ndatabases:\n  a: {{url: nonsense, migrations: m}}\n  b: {DATABASE[:-1]}, depends_on: [a]}}\n"
    )
    assert only.path == "databases.a.url"


def test_a_wrong_default_is_reported_once(problem):
    many = "".join(f"  d{n}: {DATABASE}\n" for n in range(50))
    assert (
        problem(f"fleet: s\ndefaults: {{lokc_timeout: 1s}}\ndatabases:\n{many}").hint == "did you mean 'lock_timeout'?"
    )


def test_the_error_is_one_class_with_all_problems(load):
    with pytest.raises(FleetFileError) as caught:
        load("fleet: x\nfoo: 1\nbar: 2\ndatabases: {a: {}}\n")
    assert str(caught.value).count("fleet.yaml:") == len(caught.value.problems) == 3

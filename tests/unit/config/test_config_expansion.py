from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillhouse_config import FleetFileError, Selector, parse_fleet

TENANTS = """
fleet: shop
databases:
  users_db: {url: "postgresql://app:x@db1/users", migrations: m}
  tenants:
    for_each:
      sql: {database: users_db, query: "select slug, dsn from tenants"}
      every: 1m
    name: tenant-{slug}
    url: "{dsn}"
    migrations: m
    labels: {ring: "2", slug: "{slug}", braces: "{{}}"}
    x_arguments: ["tenant={slug}"]
    version_table: "{slug}_version"
"""
SCHEMAS = """
fleet: shop
databases:
  main_db: {url: "postgresql://app:x@db1/main", migrations: m}
  tenants:
    for_each: {schemas: {database: main_db, like: 'tenant\\_%', exclude: ["*_old"]}}
    name: "{schema}"
    migrations: m
"""


def expand_problems(file, rows):
    with pytest.raises(FleetFileError) as caught:
        file.expand(rows)
    return [str(one).partition("\n")[0] for one in caught.value.problems]


def test_a_list_of_mappings_makes_targets(load):
    fleet = load(
        """
        fleet: shop
        databases:
          tenants:
            for_each: [{slug: acme, ring: 1}, {slug: globex, ring: 2}]
            name: tenant-{slug}
            url: postgresql://{slug}:${env:PW}@db1/{slug}
            schema: s_{slug}
            migrations: m
            labels: {ring: "{ring}"}
        """,
        PW="{ring}",
    ).expand()
    assert {
        name: (one.url.reveal(), one.schema, one.labels, one.origin.row) for name, one in fleet.targets.items()
    } == {
        "tenant-acme": ("postgresql://acme:%7Bring%7D@db1/acme", "s_acme", {"ring": "1"}, 1),
        "tenant-globex": ("postgresql://globex:%7Bring%7D@db1/globex", "s_globex", {"ring": "2"}, 2),
    }


def test_a_list_of_texts_fills_in_item(load):
    text = "fleet: s\ndatabases: {t: {for_each: {items: [a, b]}, name: 't-{item}', url: 'sqlite:///{item}.db', migrations: m}}"
    fleet = load(text).expand()
    assert [one.url.reveal() for one in fleet.select()] == ["sqlite:////fleet/a.db", "sqlite:////fleet/b.db"]


def test_what_must_be_asked_is_pending_and_not_absent(load):
    file = load(TENANTS)
    (question,) = file.discoveries
    assert (question.declaration, question.url.server, question.query) == (
        "tenants",
        "db1:5432",
        "select slug, dsn from tenants",
    )
    assert question.async_url.drivername == "postgresql+asyncpg"
    fleet = file.expand()
    assert (list(fleet.targets), fleet.pending, fleet.is_complete) == (["users_db"], (question,), False)
    empty = file.expand({"tenants": []})
    assert (list(empty.targets), empty.is_complete) == (["users_db"], True)
    assert [one.message for one in empty.warnings] == ["makes no target"]


def test_rows_of_a_query_make_targets(load):
    fleet = load(TENANTS).expand(
        {"tenants": [{"slug": "acme", "dsn": "postgresql://h/acme", "active": True, "n": 1, "gone": None}]}
    )
    target = fleet.targets["tenant-acme"]
    assert target.url.reveal() == "postgresql://h/acme"
    assert target.labels == {"ring": "2", "slug": "acme", "braces": "{}"}
    assert (target.x_arguments, target.version_table) == (("tenant=acme",), "acme_version")
    assert str(target.origin) == "databases.tenants (line 5, row 1)"


def test_schemas_are_filtered_and_share_the_url(load):
    rows = [
        {"schema": name}
        for name in ("public", "tenant_a", "tenant_b_old", "tenantxc", "pg_catalog", "information_schema")
    ]
    fleet = load(SCHEMAS).expand({"tenants": rows})
    assert [(one.name, one.schema, one.database) for one in fleet.select(Selector.parse("name~tenant*"))] == [
        ("tenant_a", "tenant_a", "tenants")
    ]
    assert fleet.targets["tenant_a"].url == fleet.targets["main_db"].url


def test_a_missing_field_is_said_once_for_all_rows(load):
    found = expand_problems(load(TENANTS), {"tenants": [{"slug": f"s{n}"} for n in range(1000)]})
    assert found == [
        "fleet.yaml:10:10: databases.tenants.url: row 1: there is no field 'dsn' to fill in (and 999 more rows)"
    ]


def test_a_row_without_a_usable_name_or_url_is_refused_without_showing_it(load):
    rows = [{"slug": "a b", "dsn": "postgresql://h/x"}, {"slug": "c", "dsn": "postgresql://u:hunter2@ss@h/x"}]
    found = expand_problems(load(TENANTS), {"tenants": rows})
    assert [line.partition(": row")[0] for line in found] == [
        "fleet.yaml:9:11: databases.tenants.name",
        "fleet.yaml:10:10: databases.tenants.url",
    ]
    assert "hunter2" not in "".join(found)


def test_two_targets_with_one_name_are_refused_with_both_origins(load, problem):
    row = {"slug": "acme", "dsn": "postgresql://h/acme"}
    (found,) = expand_problems(load(TENANTS), {"tenants": [row, row, row]})
    assert "databases.tenants (line 5, row 1) and by databases.tenants (line 5, row 2) (and 1 more rows)" in found
    only = problem(
        """\
        fleet: s
        defaults: {migrations: m}
        databases:
          a: {url: "sqlite:///a"}
          many: {for_each: [a], name: "{item}", url: "sqlite:///{item}"}
        """
    )
    assert (
        only.message
        == "the target 'a' is declared twice: by databases.a (line 4) and by databases.many (line 5, row 1)"
    )


def test_selectors_and_servers_that_match_nothing_are_problems_of_a_file_that_is_whole(problems, load):
    rest = """
windows: {w: {deny: "2026-12-24", match: "env=prod"}}
servers: {"db9:5432": {}}
alerts: {channels: {c: {url: "json://h"}}, routes: [{channels: [c], match: "ring=2,slug=acme"}]}
drift: {ignore: [{name: x, owner: o, reason: r, until: never, match: "users_bd"}]}
"""
    plain = 'fleet: s\ndatabases:\n  users_db: {url: "postgresql://db1/u", migrations: m, labels: {env: production}}\n'
    found = {one.path: one.hint for one in problems(plain + rest)}
    assert found == {
        "windows.w.match": "values of env: production",
        "servers.db9:5432": "did you mean 'db1:5432'?",
        "alerts.routes[0].match": "labels: env",
        "drift.ignore[0].match": "did you mean 'users_db'?",
    }
    file = load(TENANTS + rest)
    assert file.expand().warnings == ()
    fleet = file.expand({"tenants": [{"slug": "acme", "dsn": "postgresql://h/acme"}]})
    assert [one.path for one in fleet.warnings] == ["windows.w.match", "servers.db9:5432", "drift.ignore[0].match"]


def test_a_project_is_shared_by_its_targets(load):
    fleet = load(TENANTS).expand(
        {"tenants": [{"slug": "a", "dsn": "sqlite:///a"}, {"slug": "b", "dsn": "sqlite:///b"}]}
    )
    users, first, second = fleet.select()
    assert first.project is second.project
    assert first.project == users.project
    assert len({users, first, second}) == 3


slugs = st.text(alphabet="abcäß09_.-", min_size=1, max_size=6).map(lambda text: f"x{text}")


@given(
    rows=st.lists(
        st.fixed_dictionaries({"slug": slugs, "note": st.text(max_size=9)}),
        unique_by=lambda row: row["slug"],
        max_size=8,
    )
)
def test_every_row_makes_exactly_its_target(rows):
    text = TENANTS.replace('"{dsn}"', '"postgresql://{slug}@h/{slug}"').replace('"2"', '"{note}"')
    fleet = parse_fleet(text, Path("/fleet/fleet.yaml"), {}, check_paths=False).expand({"tenants": rows})
    assert [one.name for one in fleet.select()] == ["users_db", *(f"tenant-{row['slug']}" for row in rows)]
    assert [one.labels["ring"] for one in fleet.select()[1:]] == [row["note"] for row in rows]


def test_two_targets_that_are_one_are_refused():
    text = """
fleet: shop
databases:
  one: {url: "postgresql://app:x@db1/shop", migrations: m}
  again: {url: "postgresql://app:x@db1/shop", migrations: m}
  schema: {url: "postgresql://app:x@db1/shop", migrations: m, schema: tenant}
  table: {url: "postgresql://app:x@db1/shop", migrations: m, version_table: other_version}
  project: {url: "postgresql://app:x@db1/shop", migrations: n}
  argument: {url: "postgresql://app:x@db1/shop", migrations: m, x_arguments: [tenant=a]}
"""
    with pytest.raises(FleetFileError) as caught:
        parse_fleet(text, Path("/fleet/fleet.yaml"), {}, check_paths=False)
    (problem,) = caught.value.problems
    assert problem.path == "databases.again"
    assert problem.message == "the targets 'one' and 'again' are one: the same database and version table"


def test_rows_that_make_one_target_twice_are_warned_of():
    text = TENANTS.replace('version_table: "{slug}_version"', "").replace('x_arguments: ["tenant={slug}"]', "")
    rows = [{"slug": slug, "dsn": "postgresql://h/same"} for slug in ("a", "b")]
    fleet = parse_fleet(text, Path("/fleet/fleet.yaml"), {}, check_paths=False).expand({"tenants": rows})
    assert list(fleet.targets) == ["users_db", "tenant-a", "tenant-b"]
    assert [one.path for one in fleet.warnings] == ["databases.tenants"]

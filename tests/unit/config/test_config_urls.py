import contextlib
import pickle
import pkgutil
from importlib import import_module
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from stillhouse_config import SecretUrl, async_url, parse_url
from stillhouse_config.dialects import DRIVERS, check_drivername
from stillhouse_config.errors import FleetValueError, UrlError
from stillhouse_config.interpolation import Interpolator, fields_of, fill_template
from stillhouse_config.urls import anchored


def fill(text, **environ):
    return Interpolator(environ, Path("/fleet")).fill(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql+asyncpg://app:s3cret@db1/users", "postgresql+asyncpg://app:***@db1/users"),
        ("postgresql://app@db1/users?password=s3cret&ssl=x", "postgresql://app@db1/users?password=***&ssl=x"),
        ("postgresql://app@db1/users", "postgresql://app@db1/users"),
        ("mysql://:s3cret@h/x", "mysql://:***@h/x"),
        ("postgresql://a:a@a/a", "postgresql://a:***@a/a"),
    ],
)
def test_a_url_keeps_its_password_to_itself(text, shown):
    url = parse_url(text)
    assert (str(url), f"{url}", repr(url), url.reveal()) == (shown, shown, f"SecretUrl({shown!r})", text)
    assert pickle.loads(pickle.dumps(url)) == url


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("postgresql+asyncpg://app@db1/users", "db1:5432"),
        ("postgresql://app@db1:6432/users", "db1:6432"),
        ("mysql+asyncmy://root@h/x", "h:3306"),
        ("mariadb://h/x", "h:3306"),
        ("postgresql:///users", "localhost:5432"),
        ("postgresql:///users?host=db9", "db9:5432"),
        ("postgresql:///users?host=/run/postgresql", "/run/postgresql"),
        ("postgresql://[::1]:5433/x", "[::1]:5433"),
        ("sqlite:///x.db", None),
        ("mssql+pyodbc://sa@s/x", "s:1433"),
    ],
)
def test_a_url_knows_its_server(text, server):
    assert parse_url(text).server == server


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("users.db", "not a database URL"),
        ("postgresql://u:p@ss@host/db", "'@'"),
        ("postgresql://u:p/ss@host/db", "password holds a '/'"),
        ("postgresql://host:port/db", "port"),
        ("postgresql://u:50%off@host/db", "'%'"),
        ("postgresql://h:99999/db", "port"),
        ("", "not a database URL"),
        ("://x", "not a database URL"),
    ],
)
def test_a_url_that_is_none_is_explained_but_not_shown(text, said):
    with pytest.raises(UrlError) as caught:
        parse_url(text)
    assert said in str(caught.value)
    assert caught.value.hint
    assert "ss@host" not in str(caught.value)
    assert "off" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("postgresql+asyncgp://h/x", "'asyncpg'"),
        ("mysql+pymysqll://h/x", "'pymysql'"),
        ("mariadb+AsyncMy://h/x", "'asyncmy'"),
        ("postgresql+psycopg3://h/x", "'psycopg'"),
        ("mysql+mysqlclient://h/x", "'mysqldb'"),
        ("postgres+asyncpg://h/x", "'postgresql'"),
        ("sqlite3:///x", "'sqlite'"),
        ("asyncpg://h/x", "postgresql+asyncpg://"),
        ("mysql+asyncpg://h/x", "asyncmy"),
    ],
)
def test_a_mistyped_dialect_or_driver_is_refused_with_the_word_that_was_meant(text, hint):
    with pytest.raises(UrlError) as caught:
        parse_url(text)
    assert hint in caught.value.hint


@pytest.mark.parametrize("name", ["postgresql+psqlpy", "sqlite+turso", "clickhouse+native", "mysql+oceanbase"])
def test_drivers_and_dialects_of_other_packages_are_allowed(name):
    assert parse_url(f"{name}://h/x").drivername == name


def test_every_driver_that_sqlalchemy_has_is_allowed():
    for dialect in DRIVERS:
        package = import_module(f"sqlalchemy.dialects.{dialect.replace('mariadb', 'mysql')}")
        for module in pkgutil.iter_modules(package.__path__):
            with contextlib.suppress(sa.exc.NoSuchModuleError, AttributeError):
                sa.make_url(f"{dialect}+{module.name}://h/x").get_dialect()
                check_drivername(f"{dialect}+{module.name}")


@given(
    st.text(min_size=1, alphabet=st.characters(exclude_categories=["Cs"])),
    st.text(min_size=1, alphabet=st.characters(exclude_categories=["Cs"])),
)
def test_any_password_from_the_environment_arrives_as_it_is(user, password):
    url = parse_url(fill("postgresql+asyncpg://${env:U}:${env:P}@db1:5433/users?ssl=${env:P}", U=user, P=password))
    parsed = sa.make_url(url.reveal())
    assert (parsed.username, parsed.password, parsed.host, parsed.port, parsed.database) == (
        user,
        password,
        "db1",
        5433,
        "users",
    )
    assert url.server == "db1:5433"
    hidden = str(url).partition("?")[0]
    assert hidden.endswith(":***@db1:5433/users")


def test_a_whole_url_from_the_environment_is_taken_as_it_is():
    url = "postgresql://u:p%40@h/d?a=b"
    assert parse_url(fill("${env:URL}", URL=url)).reveal() == url
    assert parse_url(fill("${env:BASE}/users", BASE="postgresql://u:p%40@h")).reveal() == "postgresql://u:p%40@h/users"


def test_host_database_and_query_from_the_environment_are_taken_as_they_are():
    text = fill("postgresql://u@${env:HOST}/${env:DB}?${env:ARGS}", HOST="db1:5433", DB="users", ARGS="a=b&c=d")
    assert parse_url(text).reveal() == "postgresql://u@db1:5433/users?a=b&c=d"


def test_a_value_that_would_move_the_host_is_refused():
    with pytest.raises(UrlError, match="'@'"):
        parse_url(fill("postgresql://${env:ALL}/users", ALL="u:p@h"))
    with pytest.raises(UrlError, match=r"'\?'"):
        parse_url(fill("postgresql://u@h/${env:DB}", DB="users?host=evil"))


def test_filled_in_braces_are_no_template_and_templates_no_references():
    template = fill("postgresql://app:${env:P}@{host}/{slug}", P="{slug}")
    assert fields_of(template) == {"host", "slug"}
    url = parse_url(fill_template(template, {"host": "db1", "slug": "${env:P}"}))
    assert sa.make_url(url.reveal()).password == "{slug}"
    assert url.database == "${env:P}"


@pytest.mark.parametrize(
    ("text", "result"),
    [("a", "a"), ("$${env:X}", "${env:X}"), ("${env:X}", "1"), ("a${env:X}b${env:X}", "a1b1"), ("$1 ${env:X} $", "$1 1 $"),
     ("${env:NONE:-two}", "two"), ("${env:NONE:-}", ""), ("${env:EMPTY:-d}", "d"), ("${env:EMPTY}", ""), ("$$${env:X}", "$${env:X}")],
)  # fmt: skip
def test_references_are_filled_in(text, result):
    assert fill(text, X="1", EMPTY="") == result


@pytest.mark.parametrize(
    "text", ["${HOME}", "${env:}", "${vault:x}", "${env:X", "${}", "${env:NONE}", "${file:/does/not/exist}"]
)
def test_a_reference_that_makes_no_sense_is_refused_with_a_hint(text):
    with pytest.raises(FleetValueError) as caught:
        fill(text, X="1")
    assert caught.value.hint


def test_a_near_variable_is_suggested():
    with pytest.raises(FleetValueError) as caught:
        fill("${env:USERS_DB_PASSWRD}", USERS_DB_PASSWORD="x")
    assert "USERS_DB_PASSWORD" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("sqlite:///a/b.db", "sqlite:////fleet/a/b.db"),
        ("sqlite+aiosqlite:///./b.db?x=1", "sqlite+aiosqlite:////fleet/b.db?x=1"),
        ("sqlite:////abs.db", "sqlite:////abs.db"),
        ("sqlite://", "sqlite://"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("sqlite:///file:b.db?uri=true", "sqlite:///file:/fleet/b.db?uri=true"),
        ("postgresql://h/b.db", "postgresql://h/b.db"),
    ],
)
def test_a_relative_sqlite_file_starts_at_the_folder(text, result):
    assert anchored(parse_url(text), "/fleet").reveal() == result


@pytest.mark.parametrize(
    ("declared", "used"),
    [
        ("postgresql://u:p@h/d", "postgresql+asyncpg://u:p@h/d"),
        ("postgresql+psycopg2://u:p@h/d?sslmode=require&connect_timeout=3", "postgresql+asyncpg://u:p@h/d?ssl=require"),
        ("postgresql+asyncpg://u:p@h/d?ssl=require", "postgresql+asyncpg://u:p@h/d?ssl=require"),
        ("mysql://h/d?charset=utf8mb4", "mysql+asyncmy://h/d?charset=utf8mb4"),
        ("mysql+aiomysql://h/d", "mysql+aiomysql://h/d"),
        ("mariadb+pymysql://h/d", "mariadb+asyncmy://h/d"),
        ("sqlite:///x.db", "sqlite+aiosqlite:///x.db"),
        ("sqlite+pysqlite:///x.db", "sqlite+aiosqlite:///x.db"),
        ("mssql+pyodbc://h/d", "mssql+pyodbc://h/d"),
    ],
)
def test_the_daemon_uses_its_own_asynchronous_driver(declared, used):
    assert async_url(parse_url(declared)) == SecretUrl(used)

from __future__ import annotations

import pytest
from sqlalchemy.engine import make_url

from stillhouse_config import SecretUrl
from stillhouse_orchestrator.connections import FILES, own_url, server_of
from stillhouse_orchestrator.connections.servers import address


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("postgresql+asyncpg://app:pw@db1/users", "db1:5432"),
        ("postgresql://app@db1:6543/users", "db1:6543"),
        ("postgresql+psycopg:///users?host=/run/postgresql", "/run/postgresql"),
        ("postgresql+asyncpg://app:p%40w@[::1]:6543/users", "[::1]:6543"),
        ("mysql+pymysql://db2/users", "db2:3306"),
        ("sqlite:///users.db", FILES),
        ("sqlite+aiosqlite://", FILES),
    ],
)
def test_a_url_leads_to_a_server(url, server):
    assert server_of(url) == server
    assert server_of(make_url(url)) == server
    assert SecretUrl(url).server == (None if server == FILES else server)  # what the fleet file calls it


@pytest.mark.parametrize(
    ("url", "own"),
    [
        ("postgresql+psycopg://app:p%40w@db1/users?sslmode=require&application_name=x", "postgresql+asyncpg://app:p%40w@db1/users?ssl=require"),
        ("mysql+pymysql://app@db2/users?charset=utf8mb4", "mysql+asyncmy://app@db2/users?charset=utf8mb4"),
        ("sqlite:////var/lib/users.db?timeout=5", "sqlite+aiosqlite:////var/lib/users.db?timeout=5"),
    ],
)  # fmt: skip
def test_the_daemon_uses_its_own_driver(url, own):
    assert own_url(url).render_as_string(hide_password=False) == own


def test_other_kinds_of_database_are_refused():
    with pytest.raises(LookupError):
        own_url("oracle://db/users")


def test_an_address_shows_no_password():
    assert address("postgresql://app:geheim@db1/users?x=1") == "postgresql://app:***@db1/users"

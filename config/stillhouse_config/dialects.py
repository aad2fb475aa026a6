"""Which dialects and drivers a URL may name, judged by their names alone.

Drivers are installed in a project's own interpreter, and other packages bring drivers of their own: what is not known here is
allowed, unless it is so near a known word that it can only be a slip.
"""

from __future__ import annotations

from .errors import UrlError
from .suggestions import did_you_mean

MYSQL = (
    "aiomysql", "asyncmy", "auroradataapi", "cymysql", "mariadbconnector", "mysqlconnector", "mysqldb", "pymysql", "pyodbc",
)  # fmt: skip
DRIVERS = {
    "postgresql": ("asyncpg", "auroradataapi", "pg8000", "psycopg", "psycopg2", "psycopg2cffi", "psycopg_async"),
    "mysql": MYSQL,
    "mariadb": MYSQL,
    "sqlite": ("aiosqlite", "libsql", "pysqlcipher", "pysqlite"),
}
"""The dialects of a fleet, with the drivers that SQLAlchemy and well-known packages have for them."""
PACKAGES = {"mysqlclient": "mysqldb", "mysql-connector-python": "mysqlconnector", "mariadb": "mariadbconnector"}
"""Drivers whose packages have other names."""
SLIP = 0.8  # how near (difflib's ratio) a slip is to what was meant; a name of its own is further away


def check_drivername(drivername: str) -> None:
    """Refuse what nobody can have meant: ``postgresql+asyncgp``, ``postgres``, ``mysql+asyncpg``.

    Raises:
        UrlError: with the word that was meant.
    """
    dialect, _, driver = drivername.partition("+")
    if dialect == "mssql":  # so near to mysql
        return
    if dialect not in DRIVERS:
        if near := did_you_mean(dialect, DRIVERS, SLIP):
            raise UrlError(f"{dialect!r} is no dialect", near)
        if homes := [known for known, drivers in DRIVERS.items() if dialect in drivers]:
            raise UrlError(f"{dialect!r} is a driver, not a dialect", f"write {homes[0]}+{dialect}://…")
        return
    known = DRIVERS[dialect]
    if not driver or driver in known:
        return
    if driver in PACKAGES:
        raise UrlError(f"{driver!r} is a package; its driver is named otherwise", f"did you mean {PACKAGES[driver]!r}?")
    if near := did_you_mean(driver, known, SLIP):
        raise UrlError(f"{dialect} has no driver {driver!r}", near)
    if homes := [other for other, drivers in DRIVERS.items() if driver in drivers]:
        raise UrlError(f"{driver!r} is a driver of {homes[0]}, not of {dialect}", f"drivers: {', '.join(known)}")

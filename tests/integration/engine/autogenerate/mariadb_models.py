"""A table of MariaDB that many comparisons begin with, as a model and as SQL."""

from __future__ import annotations

import sqlalchemy as sa


def users(metadata: sa.MetaData, *items, **kw) -> sa.Table:
    return sa.Table("users", metadata, sa.Column("id", sa.Integer, primary_key=True), *items, **kw)


USERS = "CREATE TABLE users (id integer AUTO_INCREMENT PRIMARY KEY, name varchar(20), age integer)"


def name_and_age(metadata: sa.MetaData) -> sa.Table:
    return users(metadata, sa.Column("name", sa.String(20)), sa.Column("age", sa.Integer))

"""Promise: what a dialect's implementation says of its database is what Alembic's says."""

from __future__ import annotations

import pytest
from alembic.ddl.impl import DefaultImpl as AlembicImpl
from sqlalchemy.engine.default import DefaultDialect

from stillhouse_engine.dialects.impl import DefaultImpl

FACTS = ("transactional_ddl", "command_terminator", "type_synonyms", "type_arg_extract", "identity_attrs_ignore")


def implementation(base, name):
    dialect = DefaultDialect()
    dialect.name = name
    return base.get_by_dialect(dialect)


def comparable(value):
    return (
        sorted(map(sorted, value)) if isinstance(value, tuple | list) and value and isinstance(value[0], set) else value
    )


@pytest.mark.parametrize("fact", FACTS)
@pytest.mark.parametrize("name", ["postgresql", "sqlite", "mysql", "mariadb", "mssql", "oracle", "default"])
def test_facts_are_alembics(name, fact):
    mine, theirs = (getattr(implementation(base, name), fact) for base in (DefaultImpl, AlembicImpl))
    if isinstance(theirs, list):
        theirs = tuple(theirs)
    assert comparable(mine) == comparable(theirs)


def test_every_public_method_of_alembics_implementation_is_there():
    public = {name for name in dir(AlembicImpl) if not name.startswith("_")}
    assert public - set(dir(DefaultImpl)) == set()

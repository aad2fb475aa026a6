import logging
import re
from contextlib import ExitStack
from logging.config import fileConfig

from sqlalchemy import engine_from_config, pool

from alembic import context

USE_TWOPHASE = False

config = context.config

if config.config_file_name is not None:
    fileConfig(config.config_file_name)
logger = logging.getLogger("alembic.env")

names = [name for name in re.split(r",\s*", config.get_main_option("databases", "")) if name]

# For autogenerate, one MetaData for each database:
# from myapp.models import Model1, Model2
# target_metadata = {"engine1": Model1.metadata, "engine2": Model2.metadata}
target_metadata = {}


def options(name: str) -> dict:
    """Return what is the same for a database online and offline."""
    return {
        "target_metadata": target_metadata.get(name),
        "upgrade_token": f"{name}_upgrades",
        "downgrade_token": f"{name}_downgrades",
    }


def run_migrations_offline() -> None:
    """Write SQL, one file for each database."""
    for name in names:
        file_name = f"{name}.sql"
        logger.info("Writing the SQL of database %s to %s", name, file_name)
        with open(file_name, "w", encoding="utf-8") as buffer:
            context.configure(
                url=context.config.get_section_option(name, "sqlalchemy.url"),
                output_buffer=buffer,
                literal_binds=True,
                dialect_opts={"paramstyle": "named"},
                **options(name),
            )
            with context.begin_transaction():
                context.run_migrations(engine_name=name)


def run_migrations_online() -> None:
    """Connect to every database, migrate them all, and commit when all succeeded."""
    with ExitStack() as stack:
        running = []
        for name in names:
            engine = engine_from_config(
                context.config.get_section(name, {}), prefix="sqlalchemy.", poolclass=pool.NullPool
            )
            connection = stack.enter_context(engine.connect())
            begin = connection.begin_twophase if USE_TWOPHASE else connection.begin
            running.append((name, connection, begin()))
        try:
            for name, connection, _ in running:
                logger.info("Migrating database %s", name)
                context.configure(connection=connection, **options(name))
                context.run_migrations(engine_name=name)
            if USE_TWOPHASE:
                for _, _, transaction in running:
                    transaction.prepare()
            for _, _, transaction in running:
                transaction.commit()
        except BaseException:
            for _, _, transaction in running:
                transaction.rollback()
            raise


if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()

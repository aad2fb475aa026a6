"""The migration engine: one database, one project, Alembic's language."""

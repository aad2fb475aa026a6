"""The Alembic-shaped command line, behind ``stillhouse alembic``."""

from stillhouse_engine.cli.main import CommandLine, main

__all__ = ["CommandLine", "main"]

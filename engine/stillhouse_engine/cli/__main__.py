"""``python -m stillhouse_engine.cli``."""

from stillhouse_engine.cli import main

if __name__ == "__main__":
    main(prog="alembic")

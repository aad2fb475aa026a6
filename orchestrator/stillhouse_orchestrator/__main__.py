"""Make ``python -m stillhouse_orchestrator`` the same as ``stillhouse``."""

from __future__ import annotations

from stillhouse_orchestrator.cli import main

if __name__ == "__main__":
    main()

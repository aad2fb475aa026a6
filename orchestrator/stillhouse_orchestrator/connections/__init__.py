"""The daemon's way to databases: one budget per server for everything it does, and connections of its own."""

from stillhouse_orchestrator.connections.asking import AskAgainError, ask, ask_table, plainly
from stillhouse_orchestrator.connections.budgets import Budget, Priority
from stillhouse_orchestrator.connections.reaching import Connections
from stillhouse_orchestrator.connections.servers import FILES, own_url, place_of, server_of

__all__ = [
    "FILES",
    "AskAgainError",
    "Budget",
    "Connections",
    "Priority",
    "ask",
    "ask_table",
    "own_url",
    "place_of",
    "plainly",
    "server_of",
]

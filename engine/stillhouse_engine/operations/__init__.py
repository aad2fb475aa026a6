"""Operations: what a migration asks for, as data, and how it is carried out."""

from stillhouse_engine.operations.base import AbstractOperations, BatchOperations, Operations

__all__ = ["AbstractOperations", "BatchOperations", "Operations"]

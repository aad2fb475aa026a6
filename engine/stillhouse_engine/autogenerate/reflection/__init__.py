"""Reading a live schema in a few statements, however many tables it has."""

from stillhouse_engine.autogenerate.reflection.inspectors import BulkReflection
from stillhouse_engine.autogenerate.reflection.opening import bulk_inspector

__all__ = ["BulkReflection", "bulk_inspector"]

"""Column types that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

import zlib
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, DateTime, Integer, LargeBinary, TypeDecorator

if TYPE_CHECKING:
    from sqlalchemy import Dialect

BigKey = BigInteger().with_variant(Integer, "sqlite")
"""An autoincrementing key: SQLite counts up only in a column of type INTEGER."""


@lru_cache(maxsize=2)
def packed(text: str) -> bytes:
    """Return a compressed text; siblings that were migrated together have the same."""
    return zlib.compress(text.encode())


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC; SQLite, which keeps no zone, gets and gives back naive ones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive moments; hand UTC to the driver."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a moment without a zone cannot be stored: {value!r}")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return an aware moment in UTC."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class CompressedText(TypeDecorator[str]):
    """Long text, deflated: snapshots shrink to about a tenth."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        """Deflate."""
        del dialect
        return None if value is None else packed(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        """Inflate."""
        del dialect
        return None if value is None else zlib.decompress(value).decode()

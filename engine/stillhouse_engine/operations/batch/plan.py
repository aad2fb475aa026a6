"""What ``batch_alter_table`` was given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Table

RECREATE = ("auto", "always", "never")


@dataclass(frozen=True, slots=True)
class BatchPlan:
    """The arguments of a batch.

    Attributes:
        table_name: name of the table.
        schema: its schema.
        recreate: when the table is made anew.
        partial_reordering: sequences of columns that are to follow one another.
        copy_from: the table as it is, instead of reflecting it.
        table_args: further constraints of the new table.
        table_kwargs: further keywords of the new table.
        reflect_args: columns and constraints that overrule what is reflected.
        reflect_kwargs: further keywords of reflection.
        naming_convention: names that reflected constraints without a name are known by.
    """

    table_name: str
    schema: str | None
    recreate: str
    partial_reordering: Sequence[tuple[str, ...]]
    copy_from: Table | None
    table_args: tuple[Any, ...]
    table_kwargs: Mapping[str, Any]
    reflect_args: tuple[Any, ...]
    reflect_kwargs: Mapping[str, Any]
    naming_convention: dict[str, str] | None

    def __post_init__(self) -> None:
        """Insist on one of the three ways.

        Raises:
            ValueError: ``recreate`` is none of them.
        """
        if self.recreate not in RECREATE:
            raise ValueError("recreate may be one of 'auto', 'always', or 'never'.")

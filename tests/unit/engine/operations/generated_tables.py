"""Hypothesis strategies for what revisions make tables of."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from hypothesis import strategies as st

WORDS = ("alpha", "beta", "Gamma", "select", "with space", "ünïcode", "x_1")
names = st.sampled_from(WORDS)

TYPES = (
    sa.Integer, sa.BigInteger, sa.SmallInteger, sa.Text, sa.Date, sa.Time, sa.DateTime, sa.Float, sa.LargeBinary,
    sa.Boolean, lambda: sa.String(30), lambda: sa.Numeric(8, 3), lambda: sa.DateTime(timezone=True), lambda: sa.Unicode(9),
    lambda: sa.Enum("one", "it's", name="kind"), lambda: sa.CHAR(4), sa.Double, sa.Uuid,
)  # fmt: skip
DEFAULTS = (None, "x", "it's", "", lambda: sa.text("1 + 1"), sa.func.now, sa.true, sa.null)


def made(value: Any) -> Any:
    return value() if callable(value) else value


@st.composite
def columns(draw: st.DrawFn) -> Any:
    """Return a function that makes a new column each time, so that both engines get one of their own."""
    name, kind, default = draw(names), draw(st.sampled_from(TYPES)), draw(st.sampled_from(DEFAULTS))
    options = {
        "nullable": draw(st.booleans()),
        "comment": draw(st.sampled_from([None, "it's a %s comment"])),
        "unique": draw(st.sampled_from([None, None, True])),
    }
    key = draw(st.sampled_from([None, None, ("p.id", {}), ("s.p.id", {"ondelete": "CASCADE", "name": "fk"})]))
    check = draw(st.sampled_from([None, None, "1 > 0"]))
    generated = draw(st.sampled_from([None, None, None, "computed", "identity"]))

    def make() -> sa.Column[Any]:
        items: list[Any] = [sa.ForeignKey(key[0], **key[1])] if key else []
        items += [sa.CheckConstraint(check, name="ck_one")] if check else []
        if generated == "computed":
            return sa.Column(name, made(kind), *items, sa.Computed("2 * 3"), comment=options["comment"])
        if generated == "identity":
            return sa.Column(name, sa.Integer(), *items, sa.Identity(start=3), comment=options["comment"])
        return sa.Column(name, made(kind), *items, server_default=made(default), **options)

    return name, make


@st.composite
def tables(draw: st.DrawFn) -> Any:
    """Return the arguments of ``create_table`` as functions."""
    chosen = draw(st.lists(columns(), min_size=1, max_size=5, unique_by=lambda entry: entry[0]))
    names_of = [name for name, _ in chosen]
    items = [make for _, make in chosen]
    primary = draw(st.lists(st.sampled_from(names_of), max_size=2, unique=True))
    if primary:
        items.append(lambda: sa.PrimaryKeyConstraint(*primary, name="pk_x"))
    if draw(st.booleans()):
        items.append(lambda: sa.UniqueConstraint(names_of[0], name=None if primary else "uq_x"))
    if draw(st.booleans()):
        items.append(lambda: sa.CheckConstraint("3 > 2", name="ck_x"))
    if draw(st.booleans()):
        items.append(lambda: sa.Index("ix_x", names_of[-1], unique=True))
    options = {
        "schema": draw(st.sampled_from([None, "s", "Odd s"])),
        "comment": draw(st.sampled_from([None, "table's"])),
        "if_not_exists": draw(st.sampled_from([None, True])),
    }
    return draw(names), items, options

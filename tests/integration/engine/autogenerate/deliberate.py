"""Where ours is deliberately not like Alembic: by database and case, with the reason and the fields in which they differ."""

from __future__ import annotations

import servers

FOREVER = "Alembic finds a difference that applying does not remove"
WORDING = "Alembic's message is garbled; what is generated is the same"
IDENTITY = "Alembic does not tell its own directive of the identity that is there, so that PostgreSQL refuses"

NOW = "default 6: now()"
CURRENT = "default 7: now()"
EMPTY = "default 13: "

DELIBERATE: dict[tuple[str, str], str] = {
    ("sqlite", "no type"): WORDING,
    ("sqlite", f"{EMPTY} to x"): FOREVER,
    **{(database, f"{EMPTY} as it is{back}"): FOREVER for database in ("sqlite", "mariadb") for back in ("", ", back")},
    **{("mariadb", f"{name} as it is{back}"): FOREVER for name in (NOW, CURRENT) for back in ("", ", back")},
    ("mariadb", f"{CURRENT} to CURRENT_TIMESTAMP, back"): FOREVER,
    ("postgresql", "the next value as it is"): FOREVER,
    **{("postgresql", f"an enumerated type of the default schema as it is{back}"): FOREVER for back in ("", ", back")},
    **{
        (database, f"an identity as it is where there are none{back}"): FOREVER
        for database in ("sqlite", "mariadb")
        for back in ("", ", back")
    },
    **{
        ("postgresql", f"PostgreSQL index: {name}{back}"): WORDING
        for name in ("another expression", "NULLs not distinct", "a constraint's NULLs not distinct")
        for back in ("", ", back")
    },
    **{
        ("postgresql", name): IDENTITY
        for name in (
            "an identity, back",
            "an identity",
            "an identity's options, compared",
            "an identity's options, compared, back",
            "an identity that takes NULL",
            "an identity that takes NULL, back",
            "the identity of a key, compared",
        )
    },
}

if servers.MYSQL:  # it says of CURRENT_TIMESTAMP what Alembic expects; MariaDB does not
    for case in [case for _, case in DELIBERATE if case.startswith((NOW, CURRENT)) and "as it is" in case]:
        del DELIBERATE["mariadb", case]
    DELIBERATE["mariadb", f"{CURRENT} to CURRENT_TIMESTAMP"] = FOREVER

CAST = "cannot be cast automatically"
"""PostgreSQL wants to be told how to make one type of the other, which no comparison can know."""
REFUSED: dict[str, str] = {
    **dict.fromkeys(
        (
            "type 4: Integer() to String(length=5), back",
            "type 9: DateTime() to Time(), back",
            "type 10: Boolean() to Integer()",
            "type 10: Boolean() to Integer(), back",
            "type 11: Text() to LargeBinary()",
            "type 15: Uuid() to String(length=36), back",
            "type 16: JSON() to Text(), back",
            "type 19: Interval() to DateTime()",
            "type 19: Interval() to DateTime(), back",
            "types but no comments, back",
        ),
        CAST,
    ),
    "type 22: Enum('a', name='e1') to Enum('a', 'b', name='e1', native_enum=False), back": "does not exist",
    "an identity that takes NULL": "must be declared NOT NULL",
    "everything at once, back": "other objects depend on it",
}
"""What a database refuses of what both generate, by case."""
TEXT_TO = ("PostgreSQL type", " from text")
"""How the names of cases begin and end in which a text becomes something else."""


def refused(case: str) -> str | None:
    """Return with what words PostgreSQL refuses a case; None where it does not."""
    begin, end = TEXT_TO
    return CAST if case.startswith(begin) and case.endswith(end) else REFUSED.get(case)


TWICE = {"an identity that takes NULL, back"}
"""Cases whose second half shows once the first is applied: that a column takes NULL is not compared while it has an identity."""

"""Where ours is deliberately not like Alembic: by database and case, with the reason and the fields in which they differ."""

from __future__ import annotations

FOREVER = "Alembic finds a difference that applying does not remove"
WORDING = "Alembic's message is garbled; what is generated is the same"

NOW = "default 6: now()"
CURRENT = "default 7: now()"
EMPTY = "default 13: "

DELIBERATE: dict[tuple[str, str], str] = {
    ("sqlite", "no type"): WORDING,
    ("sqlite", f"{EMPTY} to x"): FOREVER,
    **{(database, f"{EMPTY} as it is{back}"): FOREVER for database in ("sqlite", "mariadb") for back in ("", ", back")},
    **{("mariadb", f"{name} as it is{back}"): FOREVER for name in (NOW, CURRENT) for back in ("", ", back")},
    ("mariadb", f"{CURRENT} to CURRENT_TIMESTAMP, back"): FOREVER,
    **{
        ("postgresql", f"PostgreSQL index: {name}{back}"): WORDING
        for name in ("another expression", "NULLs not distinct", "a constraint's NULLs not distinct")
        for back in ("", ", back")
    },
}

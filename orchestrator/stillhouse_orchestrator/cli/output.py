"""What commands print: one JSON object, or text that a person reads. Results go to stdout."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

SCHEMA_VERSION = 1
SHOWN_NAMES = 8


def print_json(**content: Any) -> None:
    """Print one object with its schema version; keys are only ever added."""
    click.echo(json.dumps({"schema_version": SCHEMA_VERSION, **content}, indent=2, ensure_ascii=False, default=str))


def print_document(document: Mapping[str, Any]) -> None:
    """Print a document; one that a daemon answered has its schema version already."""
    print_json(**{key: value for key, value in document.items() if key != "schema_version"})


def moment(text: str | None, otherwise: str = "never") -> str:
    """Show a moment of a document in this machine's time zone."""
    return f"{datetime.fromisoformat(text).astimezone():%Y-%m-%d %H:%M:%S}" if text else otherwise


def print_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print columns that line up, the last one as long as it likes; the same on a terminal and in a file."""
    lines = [tuple(headings), *(tuple(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headings))]
    for number, line in enumerate(lines):
        text = "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        click.echo(click.style(text, bold=True) if number == 0 else text)


def named(names: Sequence[str]) -> str:
    """Name some targets, and count the rest."""
    more = f" and {len(names) - SHOWN_NAMES} more" if len(names) > SHOWN_NAMES else ""
    return ", ".join(names[:SHOWN_NAMES]) + more


def gathered(lines: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield what is to be said of some targets, the same of several in one line."""
    about: dict[str, list[str]] = {}
    for name, text in lines:
        about.setdefault(text, []).append(name)
    for text, names in about.items():
        yield f"{named(names)}: {text}"


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """Return a number with its noun: ``1 target``, ``3 targets``."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def revisions(ids: Sequence[str]) -> str:
    """Show revision ids; nothing applied is ``base``."""
    return ", ".join(ids) or "base"

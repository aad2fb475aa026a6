"""Writes files from templates: revision files, and the files of a new project."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from stillhouse_engine.errors import CommandError
from stillhouse_engine.messaging import format_as_comma

if TYPE_CHECKING:
    from pathlib import Path

    from mako.template import Template  # type: ignore[import-untyped]

WORD = re.compile(r"\w+")


def slug_of(message: str | None, longest: int | None) -> str:
    """Turn a message into a part of a file name."""
    slug = "_".join(WORD.findall(message or "")).lower()
    if longest is not None and len(slug) > longest:
        slug = slug[:longest].rsplit("_", 1)[0] + "_"
    return slug


def revision_file_name(template: str, revision: str, message: str | None, date: datetime, longest: int | None) -> str:
    """Fill in a file template.

    Raises:
        CommandError: the template names something that there is not.
    """
    values = {
        "rev": revision,
        "slug": slug_of(message, longest),
        "epoch": int(date.timestamp()),
        "year": date.year,
        "month": date.month,
        "day": date.day,
        "hour": date.hour,
        "minute": date.minute,
        "second": date.second,
    }
    try:
        return f"{template % values}.py"
    except (KeyError, ValueError, TypeError) as error:
        known = ", ".join(values)
        raise CommandError(f"file_template {template!r} is not usable ({error}); it may name {known}") from error


def now_in(zone: str | None) -> datetime:
    """Return the time to write into a file: local and naive where the zone is blank, or in a zone.

    Raises:
        CommandError: there is no such zone.
    """
    written = str(zone or "")
    if not written or written.isspace():
        return datetime.now()  # noqa: DTZ005 - local time, as people write dates
    for name in (written, written.upper()):
        try:
            return datetime.now(UTC).astimezone(ZoneInfo(name))
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue
    raise CommandError(f"Can't locate timezone: {zone}")


@lru_cache(maxsize=64)
def _compiled(path: str, modified: int) -> Template:
    """Compile a template once per state of its file."""
    from mako.template import Template

    del modified
    return Template(filename=path)  # noqa: S702 - Python source, not HTML


def render_file(template: Path, destination: Path, encoding: str, values: dict[str, Any]) -> None:
    """Write a file from a Mako template.

    Raises:
        CommandError: the template fails; the message shows where.
    """
    try:
        compiled = _compiled(str(template), template.stat().st_mtime_ns)
    except FileNotFoundError as error:
        raise CommandError(f"There is no template {template}; 'init' writes one into a new script directory") from error
    try:
        text = compiled.render_unicode(comma=format_as_comma, **values)
    except Exception as error:
        from mako.exceptions import text_error_template  # type: ignore[import-untyped]

        raise CommandError(f"Template rendering failed; {template}:\n{text_error_template().render()}") from error
    destination.write_bytes(text.encode(encoding))


def append_to(template: Path, destination: Path, encoding: str, values: dict[str, Any]) -> None:
    """Add a rendered template to the end of a file."""
    before = destination.read_bytes()
    render_file(template, destination, encoding, values)
    added = destination.read_bytes()
    destination.write_bytes(before + b"\n\n" + added)

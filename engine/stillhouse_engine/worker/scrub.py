"""Secrets out of whatever leaves the worker: passwords of URLs, and the passwords of the databases at hand."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus, unquote

if TYPE_CHECKING:
    from collections.abc import Iterable

HIDDEN = "***"
SHORTEST = 4  # blanking out shorter values would make messages unreadable, and would give the value away
URL = re.compile(r"(\b[a-zA-Z][\w+.-]*://[^\s:/@'\"]*):([^\s'\"]*)@")
PAIR = re.compile(r"(\b(?:password|passwd|pwd)['\"]?\s*[=:]\s*['\"]?)[^\s'\"&,;)]+", re.IGNORECASE)


def scrub(text: str, secrets: Iterable[str] = ()) -> str:
    """Return a text without passwords.

    Args:
        text: what is to be shown.
        secrets: values to hide wherever they stand, as ``secrets_of`` finds them.
    """
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return PAIR.sub(rf"\g<1>{HIDDEN}", URL.sub(rf"\g<1>:{HIDDEN}@", text))


def secrets_of(url: str) -> frozenset[str]:
    """Find the password of a database URL, in each form in which it may be printed.

    A password that equals another part of the URL (``postgres:postgres@…``) is no secret by itself.
    """
    found = re.match(r"[\w+.-]+://(?P<user>[^:@/]*):(?P<password>.*)@(?P<rest>[^@]*)$", url)
    if found is None:
        return frozenset()
    plain = unquote(found["password"])
    if plain == unquote(found["user"]) or plain in found["rest"]:
        return frozenset()
    forms = {plain, found["password"], quote(plain, safe=""), quote_plus(plain)}
    return frozenset(form for form in forms if len(form) >= SHORTEST)

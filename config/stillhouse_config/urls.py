"""Database URLs that keep their password to themselves, and know where they lead.

SQLAlchemy's own URL is not used: it costs a third of a second of start-up, and 10,000 of them some seconds.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import parse_qsl, quote

from .dialects import check_drivername
from .errors import UrlError
from .interpolation import Part, parts_of

URL = re.compile(
    r"(?P<driver>[A-Za-z][A-Za-z0-9_+.-]*)://"
    r"(?:(?P<user>[^:@/?]*)(?::(?P<password>[^@/?]*))?@)?"
    r"(?P<host>\[[^\]/?@]*\]|[^:/?@\[\]]*)(?::(?P<port>[^/?@]*))?"
    r"(?:/(?P<database>[^?]*))?"
    r"(?:\?(?P<query>.*))?",
    re.DOTALL,
)
PORTS = {"postgresql": 5432, "cockroachdb": 26257, "mysql": 3306, "mariadb": 3306, "mssql": 1433, "oracle": 1521}
SECRET_KEYS = re.compile(r"pass|secret|token|key$|credential|dsn|odbc_connect", re.IGNORECASE)
LONE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
HIDDEN = "***"
ENCODE_HINT = (
    "percent-encode it (@ is %40, : is %3A, / is %2F, % is %25), or fill it in with ${env:…}, which encodes by itself"
)


class SecretUrl:
    """A SQLAlchemy database URL that shows its password to :meth:`reveal` only."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the URL with its password."""
        return self._text

    @property
    def drivername(self) -> str:
        """Dialect and driver as declared, such as ``postgresql+asyncpg``."""
        return self._text.partition("://")[0]

    @property
    def dialect(self) -> str:
        """The dialect alone, such as ``postgresql``."""
        return self.drivername.partition("+")[0]

    @property
    def host(self) -> str | None:
        """The host, from the authority or, as PostgreSQL's drivers allow, from the query."""
        return (_match(self._text)["host"] or self._query("host") or "").strip("[]") or None

    @property
    def port(self) -> int | None:
        """The port; the dialect's own when none is declared."""
        port = _match(self._text)["port"] or self._query("port")
        return int(port) if port else PORTS.get(self.dialect)

    @property
    def database(self) -> str | None:
        """The database's name; for SQLite the file's path."""
        return _match(self._text)["database"] or None

    @property
    def server(self) -> str | None:
        """``host:port`` of the server behind, the key of ``servers``; None for a file."""
        return _server_of(self)

    def with_driver(self, drivername: str) -> SecretUrl:
        """Return the same URL for another dialect and driver."""
        return SecretUrl(drivername + self._text[len(self.drivername) :])

    def with_query(self, query: str) -> SecretUrl:
        """Return the same URL with another query string, or none."""
        start = self._text.partition("?")[0]
        return SecretUrl(f"{start}?{query}" if query else start)

    @property
    def query(self) -> str:
        """The query string, undecoded, secrets included; empty when there is none."""
        return _match(self._text)["query"] or ""

    def _query(self, key: str) -> str | None:
        query = _match(self._text)["query"]
        return dict(parse_qsl(query)).get(key) if query else None

    def __str__(self) -> str:
        match = _match(self._text)
        shown = self._text
        if match["query"]:
            start, end = match.span("query")
            shown = shown[:start] + "&".join(map(_hide, shown[start:end].split("&")))
        if match["password"]:
            start, end = match.span("password")
            shown = shown[:start] + HIDDEN + shown[end:]
        return shown

    def __repr__(self) -> str:
        return f"SecretUrl({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return self._text == other._text if isinstance(other, SecretUrl) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._text)


@lru_cache(maxsize=32768)
def _server_of(url: SecretUrl) -> str | None:
    """Remembered: the servers of all targets are asked for at every turn."""
    if url.dialect == "sqlite":
        return None
    host = url.host or url._query("unix_socket") or "localhost"  # noqa: SLF001 - of the same module
    if "/" in host:
        return host
    named = f"[{host}]" if ":" in host else host
    return f"{named}:{url.port}" if url.port else named


def _hide(argument: str) -> str:
    key, equals, value = argument.partition("=")
    return f"{key}{equals}{HIDDEN}" if value and SECRET_KEYS.search(key) else argument


def _match(text: str) -> re.Match[str]:
    if match := URL.fullmatch(text):
        return match
    raise UrlError(_why_not(text), "a URL looks like dialect+driver://user:password@host:port/database")


def _why_not(text: str) -> str:
    scheme, separator, rest = text.partition("://")
    if not separator or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_+.-]*", scheme):
        return "it is not a database URL"
    if rest.partition("/")[0].count("@") > 1:
        return "it is not a database URL: the user or password holds an '@'"
    return "it is not a database URL: the part between '://' and the next '/' is not user:password@host:port"


def parse_url(text: str) -> SecretUrl:
    """Read a URL, percent-encoding what was filled in where a URL needs it.

    A value filled in before the ``@`` is a user's name or a password and is encoded whole; one after an ``=`` of the
    query as well. A value that opens the text is a URL, or the beginning of one, and is taken as it is; so are host,
    database and whole query arguments.

    Raises:
        UrlError: it is no URL, or a password written in it needs encoding. Never shows the URL.
    """
    whole = "".join(encoded_parts(parts_of(text)))
    match = _match(whole)
    check_drivername(match["driver"])
    if match["port"] and not (match["port"].isdecimal() and int(match["port"]) < 65536):  # noqa: PLR2004 (TCP's limit)
        raise UrlError("the port is not a number; perhaps the password holds a '/' or a ':'", ENCODE_HINT)
    if (
        "@" in (match["database"] or "")
        and not match["user"]
        and match["port"] is None
        and not whole.startswith("sqlite")
    ):
        raise UrlError(
            "the host comes out wrong: an '@' follows the first '/'; perhaps the password holds a '/'", ENCODE_HINT
        )
    for piece in ("user", "password"):
        if LONE_PERCENT.search(match[piece] or ""):
            raise UrlError(f"the {piece} holds a '%' that encodes nothing", ENCODE_HINT)
    return SecretUrl(whole)


def encoded_parts(parts: tuple[Part, ...]) -> list[str]:
    """Return the texts of a URL's parts, encoded by where they stand."""
    if len(parts) == 1:
        return [parts[0].text]
    marked = "".join(part.text if part.source is None else "\0" * bool(part.text) for part in parts)
    scheme = marked.find("://")
    if scheme < 0:
        return [part.text for part in parts]
    authority_end = next((at for at in range(scheme + 3, len(marked)) if marked[at] in "/?"), len(marked))
    at_sign = marked.rfind("@", scheme, authority_end)
    query = marked.find("?", authority_end)
    texts, position = [], 0
    for part in parts:
        if part.source is None:
            texts.append(part.text)
            position += len(part.text)
        elif part.text:
            value_of_query = query >= 0 and position > query and "=" in re.split("[?&]", marked[:position])[-1]
            in_userinfo = scheme < position < at_sign
            texts.append(
                quote(part.text, safe="")
                if in_userinfo or value_of_query
                else _checked(part, scheme < position and not 0 <= query < position)
            )
            position += 1
    return texts


def _checked(part: Part, after_scheme: bool) -> str:
    if after_scheme and "?" in part.text:
        raise UrlError(f"what {part.source} stands for holds a '?', which would begin the URL's query")
    if after_scheme and "@" in part.text:
        hint = "write user and password as references of their own, or fill in the whole URL"
        raise UrlError(f"what {part.source} stands for holds an '@', and stands after the '@' of the URL", hint)
    return part.text


def anchored(url: SecretUrl, folder: str) -> SecretUrl:
    """Return the URL with a relative SQLite file made absolute; others as they are."""
    database = url.database
    if url.dialect != "sqlite" or not database or database == ":memory:" or "mode=memory" in url.reveal():
        return url
    prefix, path = ("file:", database.removeprefix("file:")) if database.startswith("file:") else ("", database)
    if path.startswith("/") or re.match(r"[A-Za-z]:[\\/]", path) or path == ":memory:":
        return url
    path = path.removeprefix("./")
    start, end = _match(url.reveal()).span("database")
    return SecretUrl(f"{url.reveal()[:start]}{prefix}{folder}/{path}{url.reveal()[end:]}")

"""Logging: structlog and the standard library's loggers in one stream, as JSON lines or for a console, without secrets.

Foreign loggers (SQLAlchemy, uvicorn, APScheduler) pass through the same processors, so that one line looks like the next.
"""

from __future__ import annotations

import logging
import re
import sys
from typing import TYPE_CHECKING, Any, Literal, TextIO

import structlog

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from structlog.typing import EventDict, Processor, WrappedLogger

EVENTS = "stillhouse.events"  # the logger of what commands tell themselves
HIDDEN = "***"
URL_PASSWORD = re.compile(r"(?P<head>\b[a-zA-Z][\w+.-]*://[^\s:/@'\"]*):(?P<password>[^\s'\"]*)@(?=[^\s@]*)")
NAMED_SECRET = re.compile(
    r"(?P<name>\b(?:password|passwd|pwd|secret|token|api_key)\b['\"]?\s*[=:]\s*)(?P<quote>['\"]?)[^\s'\"&,;)]+",
    re.IGNORECASE,
)
SHORTEST_SECRET = 4  # shorter values would blank out ordinary words


class Scrubber:
    """Hides URL passwords, ``password=…`` pairs and known secret values in whatever is logged or shown."""

    def __init__(self) -> None:
        self._values: list[str] = []

    def learn(self, values: Iterable[str]) -> None:
        """Hide these values from now on, as they stand."""
        known = {value for value in values if len(value) >= SHORTEST_SECRET}.union(self._values)
        self._values = sorted(known, key=len, reverse=True)  # a secret that contains another is hidden whole

    def text(self, text: str) -> str:
        """Return a text without secrets."""
        for value in self._values:  # with thousands of them faster than one expression
            if value in text:
                text = text.replace(value, HIDDEN)
        text = URL_PASSWORD.sub(rf"\g<head>:{HIDDEN}@", text)
        return NAMED_SECRET.sub(rf"\g<name>\g<quote>{HIDDEN}", text)

    def value(self, value: Any) -> Any:
        """Return a value of plain data without secrets; anything else as it is."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {key: self.value(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(item) for item in value]
        return value

    def __call__(self, logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        """Scrub one log event: structlog's processor protocol."""
        del logger, method
        return {key: self.value(item) for key, item in event.items()}


scrubber = Scrubber()  # one for the process: a secret is a secret wherever it is about to be written


def _scrub_rendered(_logger: WrappedLogger, _method: str, rendered: str | EventDict) -> Any:
    """Scrub the finished line, tracebacks and the text of foreign objects included."""
    return scrubber.text(rendered) if isinstance(rendered, str) else rendered


def _renderers(style: str, stream: TextIO) -> list[Processor]:
    if style == "json":
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(default=str)]
    return [structlog.dev.ConsoleRenderer(colors=stream.isatty(), exception_formatter=structlog.dev.plain_traceback)]


def configure(
    level: str = "info",
    style: Literal["auto", "console", "json"] = "auto",
    stream: TextIO | None = None,
    *,
    events: bool = True,
) -> None:
    """Send every log line of this process to one stream.

    Args:
        level: the least severe level that is written.
        style: ``auto`` is ``console`` on a terminal and ``json`` elsewhere.
        stream: default: stderr.
        events: whether events are written that commands tell as their results and their progress.
    """
    stream = stream or sys.stderr
    chosen = style if style != "auto" else ("console" if stream.isatty() else "json")
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        scrubber,
    ]
    last = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_renderers(chosen, stream), _scrub_rendered]
    handler = logging.StreamHandler(stream)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=last))
    logger = logging.getLogger()
    logger.handlers[:] = [handler]
    logger.setLevel(level.upper())
    for noisy in ("apscheduler", "aiosqlite", "asyncio", "uvicorn.access"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    logging.getLogger(EVENTS).setLevel(logging.NOTSET if events else logging.CRITICAL)
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def bound(**facts: Any) -> Mapping[str, Any]:
    """Bind facts to every log line of this task until it ends."""
    return structlog.contextvars.bind_contextvars(**facts)

"""Where requests find the daemon: closed until it serves, and again when it ends."""

from __future__ import annotations

import contextlib
import secrets
from typing import TYPE_CHECKING

from stillhouse_orchestrator.api.access import Access, Caller, Key, Role
from stillhouse_orchestrator.api.live import Live
from stillhouse_orchestrator.api.problems import ProblemError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stillhouse_config.api import Api
    from stillhouse_orchestrator.application import Application

LOCAL = "local"
LOCAL_ROLE = Role.ADMIN  # whoever reads the daemon's own files may stop it and act in its place anyway
BEFORE_SERVING = 1_000_000  # bytes of a request that is read before the fleet file says how many


class Desk:
    """What the routes act on.

    Attributes:
        live: follows what happens, for streams.
        token: good for this run of the daemon only; handed to commands of the same user through a file.
        answering: keys of requests that are being answered at this moment, with their callers.
    """

    def __init__(self) -> None:
        self.live = Live()
        self.token = secrets.token_urlsafe(32)
        self.answering: set[tuple[str, str]] = set()
        self._application: Application | None = None
        self._known: tuple[Api, Access] | None = None

    @property
    def application(self) -> Application:
        """The fleet and its services.

        Raises:
            ProblemError: the daemon does not serve yet, or no longer.
        """
        if self._application is None:
            raise ProblemError(503, "the daemon does not serve at the moment", "try again soon", {"Retry-After": "1"})
        return self._application

    @contextlib.contextmanager
    def open(self, application: Application) -> Iterator[None]:
        """Serve until the block ends; streams end with it."""
        self._application = application
        application.store.listeners.append(self.live.hear_event)
        application.rollouts.listeners.append(self.live.hear_rollout)
        application.rollouts.progress_listeners.append(self.live.hear_progress)
        try:
            yield
        finally:
            self._application = None
            self.live.close()

    @property
    def max_request(self) -> int:
        """The largest request body that is read, in bytes."""
        return int(self._application.file.model.api.max_request) if self._application else BEFORE_SERVING

    @property
    def access(self) -> Access:
        """Who may ask, as the fleet file says now."""
        declared = self.application.file.model.api
        if self._known is None or self._known[0] is not declared:
            local = Key(Caller(LOCAL, LOCAL_ROLE), None)
            self._known = declared, Access.of(declared, {self.token: local})
        return self._known[1]

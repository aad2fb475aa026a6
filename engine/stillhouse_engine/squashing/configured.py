"""A project that is opened on a ``Config`` as a program has made it, rather than on the files that a fleet names."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from stillhouse_engine.runtime.opened import OpenedProject
from stillhouse_engine.runtime.specs import ProjectSpec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stillhouse_engine.config import Config

URL = "sqlalchemy.url"


class ConfiguredProject(OpenedProject):
    """A project whose env.py is told by its own configuration where to connect.

    Args:
        config: the configuration; ``restored()`` gives it back as it was.
    """

    def __init__(self, config: Config) -> None:
        self._given = config
        super().__init__(ProjectSpec(root=".", import_path=(), script_location=None, alembic_ini=None))

    @contextmanager
    def restored(self) -> Iterator[None]:
        """Run the block, in which scratch databases stand in for the configured one."""
        config = self._given
        url, connection = config.get_main_option(URL), config.attributes.pop("connection", None)
        try:
            yield
        finally:
            if url is None:
                config.remove_main_option(URL)
            else:
                config.set_main_option(URL, url.replace("%", "%%"))
            if connection is not None:
                config.attributes["connection"] = connection

    def _config(self, database: Any = None, settings: Any = None) -> Config:
        del settings
        if database is not None:
            self._given.set_main_option(URL, database.url.replace("%", "%%"))
        return self._given

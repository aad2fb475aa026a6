"""What ``importlib.metadata`` answers about Alembic while Stillhouse serves it."""

from __future__ import annotations

from importlib.metadata import Distribution
from typing import TYPE_CHECKING, Any

from stillhouse_engine.as_alembic.names import VERSION

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator


class AlembicDistribution(Distribution):
    """An installed Alembic, as far as its name, version and scripts go."""

    FILES = {  # noqa: RUF012 - read only
        "METADATA": f"Metadata-Version: 2.1\nName: alembic\nVersion: {VERSION}\n\n",
        "entry_points.txt": "[console_scripts]\nalembic = alembic.config:main\n",
    }

    def read_text(self, filename: str | os.PathLike[str]) -> str | None:
        """Return the text of a metadata file."""
        return self.FILES.get(str(filename))

    def locate_file(self, path: str | os.PathLike[str]) -> Any:
        """Refuse: there are no files.

        Raises:
            FileNotFoundError: always.
        """
        raise FileNotFoundError(path)


def alembic_distributions(name: str | None) -> Iterator[Distribution]:
    """Yield the distribution when a name asks for it; None asks for every distribution."""
    if name is None or name.lower() == "alembic":
        yield AlembicDistribution()

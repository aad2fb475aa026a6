"""The command that makes one revision of many: squash."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stillhouse_engine.errors import CommandError

if TYPE_CHECKING:
    from stillhouse_engine.config import Config


def squash(
    config: Config,
    rev_range: str | None = None,
    message: str | None = None,
    scratch_url: str | None = None,
    without_data: bool = False,
) -> Any:
    """Replace a range of revisions by one that does the same.

    The new revision keeps the id of the newest one; the others are kept in ``squashed/<id>/``. What it does is proved on scratch
    databases before any file is written.

    Args:
        config: the configuration.
        rev_range: ``[start]:[end]``, both included; by default everything up to the head.
        message: the message of the new revision.
        scratch_url: the server for the scratch databases; by default that of ``sqlalchemy.url``.
        without_data: squash a range above the base even where its revisions write rows.

    Returns:
        What was done (``stillhouse_engine.squashing.squashing.Squashed``).

    Raises:
        CommandError: it cannot be squashed, or is not the same afterwards.
    """
    import asyncio

    return asyncio.run(squash_on(config, rev_range, message, scratch_url, without_data=without_data))


async def squash_on(
    config: Config, rev_range: str | None, message: str | None, scratch_url: str | None, *, without_data: bool
) -> Any:
    """Do so on the running event loop."""
    from stillhouse_engine.runtime.specs import DatabaseSpec
    from stillhouse_engine.squashing.configured import URL, ConfiguredProject
    from stillhouse_engine.squashing.squashing import Wish, squash
    from stillhouse_engine.squashing.told import told

    project = ConfiguredProject(config)
    url = scratch_url or config.get_main_option(URL)
    if not url:
        raise CommandError("No 'sqlalchemy.url' says where scratch databases can be made; name a server: --scratch-url")
    with project.restored():
        done = await squash(project, DatabaseSpec("scratch", url), Wish(rev_range, message, None, without_data))
    for line in told(done):
        config.print_stdout("%s", line)
    return done

"""The commands as coroutines: ``await aio.upgrade(config, "head")``, also from inside a running event loop.

A synchronous env.py over an asynchronous driver runs natively on the loop; an env.py that starts a loop by itself, and
synchronous drivers, run on a thread of their own.
"""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stillhouse_engine import command
from stillhouse_engine.command.squashing import squash_on
from stillhouse_engine.runtime.bridging import (
    brings_own_loop,
    close_unstarted,
    guessed_wrong,
    has_greenlet,
    is_async_url,
    on_loop,
    on_thread,
)
from stillhouse_engine.script.base import ScriptDirectory

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from stillhouse_engine.config import Config

    T = TypeVar("T")

__all__ = ["check", "current", "downgrade", "ensure_version", "revision", "run", "squash", "stamp", "upgrade"]


async def run(config: Config, function: Callable[[], T]) -> T:
    """Run synchronous code that runs a configuration's env.py, where it can work.

    Args:
        config: the configuration.
        function: calls commands on it, or runs its env.py.
    """
    if not has_greenlet():
        return await on_thread(function)
    on_this_loop = await asyncio.to_thread(belongs_on_loop, config)
    try:
        return await (on_loop if on_this_loop else on_thread)(function)
    except Exception as error:
        if not guessed_wrong(error):
            raise
        close_unstarted(error)
        return await (on_thread if on_this_loop else on_loop)(function)


def belongs_on_loop(config: Config) -> bool:
    """Tell whether a configuration's env.py is synchronous code over an asynchronous driver."""
    dialect = getattr(config.attributes.get("connection"), "dialect", None)
    if dialect is not None:
        return bool(dialect.is_async)
    env = Path(ScriptDirectory.from_config(config).env_py_location)
    if env.is_file() and brings_own_loop(env.read_text(encoding="utf-8")):
        return False
    url = config.get_main_option("sqlalchemy.url")
    try:
        return bool(url) and is_async_url(str(url))
    except Exception:  # noqa: BLE001 - the template's placeholder is no URL; env.py has another
        return False


async def upgrade(
    config: Config, revision: str, *, sql: bool = False, tag: str | None = None, dry_run: bool = False
) -> None:
    """Apply revisions up to a destination."""
    await run(config, partial(command.upgrade, config, revision, sql=sql, tag=tag, dry_run=dry_run))


async def downgrade(
    config: Config, revision: str, *, sql: bool = False, tag: str | None = None, dry_run: bool = False
) -> None:
    """Revert revisions down to a destination."""
    await run(config, partial(command.downgrade, config, revision, sql=sql, tag=tag, dry_run=dry_run))


async def stamp(
    config: Config, revision: Any, *, sql: bool = False, tag: str | None = None, purge: bool = False
) -> None:
    """Write revision(s) into the version table without running anything."""
    await run(config, partial(command.stamp, config, revision, sql=sql, tag=tag, purge=purge))


async def current(config: Config, *, verbose: bool = False, check_heads: bool = False) -> None:
    """Say where the database stands."""
    await run(config, partial(command.current, config, verbose=verbose, check_heads=check_heads))


async def check(config: Config) -> None:
    """Raise when the models differ from the database."""
    await run(config, partial(command.check, config))


async def ensure_version(config: Config, *, sql: bool = False) -> None:
    """Make the version table, unless it is there."""
    await run(config, partial(command.ensure_version, config, sql=sql))


async def squash(
    config: Config,
    rev_range: str | None = None,
    message: str | None = None,
    *,
    scratch_url: str | None = None,
    without_data: bool = False,
) -> Any:
    """Replace a range of revisions by one that does the same; see ``command.squash``."""
    return await squash_on(config, rev_range, message, scratch_url, without_data=without_data)


async def revision(config: Config, message: str | None = None, **options: Any) -> Any:
    """Write a new revision; see ``command.revision`` for the options."""
    return await run(config, partial(command.revision, config, message, **options))

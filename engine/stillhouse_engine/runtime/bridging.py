"""Running synchronous code from an event loop: natively over an asynchronous driver, or on a thread of its own."""

from __future__ import annotations

import asyncio
import contextvars
import importlib.util
import inspect
import re
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from sqlalchemy.engine import make_url
from sqlalchemy.exc import MissingGreenlet

from stillhouse_engine.runtime.interrupting import CLEAN_UP_SECONDS, interruptible

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import URL

    from stillhouse_engine.runtime.interrupting import Interrupter

T = TypeVar("T")

MAX_THREADS = 64
OWN_LOOP = re.compile(r"\basyncio\b|\basync\s+def\b|create_async_engine|async_engine_from_config|\banyio\b")
_threads: list[ThreadPoolExecutor] = []


def has_greenlet() -> bool:
    """Tell whether SQLAlchemy's bridge can work in this environment."""
    return importlib.util.find_spec("greenlet") is not None


def is_async_url(url: str | URL) -> bool:
    """Tell whether a URL's driver is asynchronous."""
    return bool(make_url(url).get_dialect().is_async)


def brings_own_loop(source: str) -> bool:
    """Guess from env.py's text whether it starts an event loop by itself, as Alembic's async template does."""
    return OWN_LOOP.search(source) is not None


def guessed_wrong(error: BaseException) -> bool:
    """Tell whether code failed before it did anything because it runs on the wrong side of the bridge."""
    if isinstance(error, MissingGreenlet):
        return True
    words = str(error)
    return isinstance(error, RuntimeError) and "event loop" in words and ("running" in words or "run()" in words)


def close_unstarted(error: BaseException) -> None:
    """Close the coroutines that nobody runs any more: Python would warn about each, whenever it collects them."""
    for each in (error, error.__cause__):
        for frame, _ in traceback.walk_tb(each.__traceback__ if each is not None else None):
            for value in frame.f_locals.values():
                if inspect.iscoroutine(value) and inspect.getcoroutinestate(value) == inspect.CORO_CREATED:
                    value.close()


async def on_loop(function: Callable[[], T]) -> T:
    """Run synchronous code as a greenlet of a task; its driver's waits let the loop run.

    Cancelling breaks off its statement, and waits until it has cleaned up.
    """
    from sqlalchemy.util import greenlet_spawn

    def settle() -> Callable[[], T]:
        """Keep what the code raises: ``SystemExit`` out of a task would end the loop."""
        try:
            result = function()
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001 - raised below
            return partial(_raise, error)
        return lambda: result

    with interruptible() as interrupter:
        running = asyncio.ensure_future(greenlet_spawn(settle))
    try:
        settled = await asyncio.shield(running)
    except asyncio.CancelledError:
        interrupter.interrupt()
        running.cancel()
        await asyncio.wait([running], timeout=CLEAN_UP_SECONDS)
        if not running.done():
            await _hang_up(running, interrupter)
        elif interrupter.must_kill:
            killing = asyncio.ensure_future(greenlet_spawn(interrupter.kill))
            await asyncio.wait([killing], timeout=CLEAN_UP_SECONDS)
            killing.cancel()
            await asyncio.gather(killing, return_exceptions=True)
        await asyncio.gather(running, return_exceptions=True)
        raise
    finally:
        interrupter.close()
    return settled()


def _raise(error: BaseException) -> NoReturn:
    raise error


async def on_thread(function: Callable[[], T], *, own: bool = False) -> T:
    """Run synchronous code on a thread, with this task's context variables.

    Cancelling interrupts its statement, and waits until the thread has come to its end: nothing goes on behind our back.

    Args:
        function: the code.
        own: give it a thread that nobody else waits for: it goes on only when others like it have come as far.
    """
    with interruptible() as interrupter:
        context = contextvars.copy_context()
    threads = ThreadPoolExecutor(1, thread_name_prefix="stillhouse-held") if own else _shared_threads()
    future = asyncio.get_running_loop().run_in_executor(threads, context.run, function)
    if own:
        threads.shutdown(wait=False)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        ending: list[asyncio.Future[Any]] = [future, aside(interrupter.stop)]  # some drivers ask the server
        await asyncio.wait(ending, timeout=CLEAN_UP_SECONDS)
        await _hang_up(future, interrupter)
        future.exception()
        raise
    finally:
        interrupter.close()


def aside(function: Callable[[], None]) -> asyncio.Future[None]:
    """Run what may never end on a thread that nobody has to wait for, not even the end of the process."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()

    def run() -> None:
        try:
            function()
        finally:
            with suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(ended.set_result, None)

    threading.Thread(target=run, name="stillhouse-stop", daemon=True).start()
    return ended


async def _hang_up(run: asyncio.Future[Any], interrupter: Interrupter) -> None:
    """End a run whose clean-up takes too long."""
    while not run.done():
        interrupter.hang_up()
        await asyncio.wait([run], timeout=CLEAN_UP_SECONDS)


def _shared_threads() -> ThreadPoolExecutor:
    if not _threads:
        _threads.append(ThreadPoolExecutor(MAX_THREADS, thread_name_prefix="stillhouse-run"))
    return _threads[0]

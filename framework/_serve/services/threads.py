"""Plain functions in worker threads, and their services, which stay open until the functions end.

A thread cannot be stopped: its waiter may be cancelled (by a timeout, a client that disconnects, a shutdown), and the
function continues. Its services are then closed by a separate task, when it has ended.
"""

import asyncio
import contextvars
import logging
import threading
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, TypeVar

from framework._inspect.names import describe
from framework._serve.services.closing import Finalizer, close
from framework.http_errors import HTTPError

__all__ = ("WorkerThreads",)

_LOGGER = logging.getLogger("framework")
_T = TypeVar("_T")
_Keep = Callable[[Coroutine[Any, Any, None]], object]


class WorkerThreads:
    """Runs the plain functions of an app; ``keep`` starts a task and waits for it when the app stops."""

    def __init__(self, keep: _Keep) -> None:
        self._keep = keep

    async def run(self, opened: list[Finalizer], function: Callable[..., _T], /, *args: Any, **keywords: Any) -> _T:
        """Call a function in a worker thread, with the context variables of the caller.

        If this is cancelled while the function runs, ``opened`` is transferred: it is emptied here, and closed with the
        cancellation when the function has ended.
        """
        call = _Call(partial(contextvars.copy_context().run, function, *args, **keywords))
        future = asyncio.get_running_loop().run_in_executor(None, call)
        try:
            await asyncio.wait((future,))
        except asyncio.CancelledError as error:
            if call.give_up():
                future.cancel()
            else:
                left, opened[:] = opened[:], ()
                self._keep(_finish(future, describe(function), left, error))
            raise
        result: _T = future.result()
        return result


class _Call:
    """A call that is made once, unless it is cancelled before a thread begins it."""

    __slots__ = ("_function", "_taken")

    def __init__(self, function: Callable[[], Any]) -> None:
        self._function = function
        self._taken = threading.Lock()

    def __call__(self) -> Any:
        if not self._taken.acquire(blocking=False):
            return None
        try:
            return self._function()
        except StopIteration as error:
            # A future rejects it, and its waiter would wait forever.
            raise RuntimeError("a plain function raised StopIteration") from error

    def give_up(self) -> bool:
        """Return whether the call is never made."""
        return self._taken.acquire(blocking=False)


async def _finish(future: asyncio.Future[Any], name: str, opened: list[Finalizer], error: BaseException) -> None:
    """Close the services of a function when it has ended; its result is dropped."""
    try:
        await asyncio.wait((future,))
    except asyncio.CancelledError:
        _LOGGER.error("%s still runs in a thread: its services are not closed, as the app stops", name)  # noqa: TRY400
        raise
    failure = future.exception()
    if failure is not None and not isinstance(failure, HTTPError):
        _LOGGER.error("%s failed after its caller had gone", name, exc_info=failure)
    await close(opened, error)

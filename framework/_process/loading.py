"""Makes an aiohttp application of the target of a server."""

import traceback
from collections.abc import Awaitable
from typing import Any

from aiohttp import web

__all__ = ("application_of", "describe_failure")


async def application_of(target: Any) -> web.Application:
    """Return the application: the target, what it builds, or what the function that it is returns or awaits.

    Raises TypeError if that is something else.
    """
    made: Any = target
    build = getattr(target, "build", None)
    if callable(build):
        made = build()
    elif not isinstance(target, web.Application) and callable(target):
        made = target()
    if isinstance(made, Awaitable):
        made = await made
    if made is not target and callable(getattr(made, "build", None)):
        made = made.build()
    if isinstance(made, web.AppRunner):
        made = made.app
    if not isinstance(made, web.Application):
        raise TypeError(
            f"{target!r} is not an application, and does not make one: {made!r}.\n  Hint: name an App, an "
            "aiohttp.web.Application, or a function without parameters that returns one."
        )
    return made


def describe_failure(error: BaseException) -> str:
    """Return an exception in one line, with the place where it was raised."""
    found = traceback.extract_tb(error.__traceback__)
    where = f" ({found[-1].filename}:{found[-1].lineno})" if found else ""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}{where}" if text else f"{type(error).__name__}{where}"

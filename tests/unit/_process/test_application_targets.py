"""What a server is given becomes an aiohttp application, and a failed start becomes one line."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web

from framework import App
from framework._process.loading import application_of, describe_failure

APP = App(openapi=None)
WEB_APP = web.Application()


async def async_factory() -> web.Application:
    """Return an application."""
    return WEB_APP


async def runner_factory() -> web.AppRunner:
    """Return a runner."""
    return web.AppRunner(WEB_APP)


@pytest.mark.parametrize("target", [WEB_APP, lambda: WEB_APP, async_factory, runner_factory])
async def test_the_application_itself(target: Any) -> None:
    """Given, or returned by a function."""
    assert await application_of(target) is WEB_APP


@pytest.mark.parametrize("target", [APP, lambda: APP])
async def test_an_app_is_built(target: Any) -> None:
    """Each time anew."""
    first, second = await application_of(target), await application_of(target)
    assert isinstance(first, web.Application)
    assert first is not second


def number() -> int:
    """Return what is not an application."""
    return 7


@pytest.mark.parametrize(("target", "made"), [(number, "7"), (8, "8")])
async def test_everything_else_is_an_error(target: Callable[[], int] | int, made: str) -> None:
    """With a hint."""
    with pytest.raises(TypeError) as caught:
        await application_of(target)
    assert str(caught.value) == (
        f"{target!r} is not an application, and does not make one: {made}.\n  Hint: name an App, an "
        "aiohttp.web.Application, or a function without parameters that returns one."
    )


def test_a_failure_in_one_line() -> None:
    """Class, message and place."""
    with pytest.raises(ConnectionError) as caught:
        raise ConnectionError("the database\n  is down")
    assert re.fullmatch(
        rf"ConnectionError: the database is down \({re.escape(__file__)}:\d+\)", describe_failure(caught.value)
    )
    assert describe_failure(KeyError()) == "KeyError"

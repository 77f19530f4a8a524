"""Runtime: calls with injection inside an app, and whether the app stops."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from pytest_aiohttp.plugin import AiohttpClient

from framework import App, Container, Controller, get
from framework.errors import MissingProviderError
from framework.runtime import Runtime

LOG: list[str] = []


class Session:
    """A scoped service."""


async def open_session() -> AsyncIterator[Session]:
    """Open a session for one scope."""
    LOG.append("opened")
    yield Session()
    LOG.append("closed")


async def write(session: Session, text: str = "nothing") -> str:
    """Use the session of a call."""
    LOG.append(f"{text} by {type(session).__name__}")
    return text


def read(session: Session) -> str:
    """Use it in a worker thread."""
    return type(session).__name__


class Unknown:
    """Not a service."""


async def fail(unknown: Unknown) -> None:
    """Need what nothing provides."""


class Writing(Controller):
    """Calls functions in scopes of their own."""

    injected_calls = (write, read)
    built = 0

    def __init__(self, runtime: Runtime) -> None:
        type(self).built += 1
        self.runtime = runtime

    @get("/write")
    async def write(self, session: Session) -> list[str]:
        """Call twice, beside the session of the request."""
        LOG.append(f"request with {type(session).__name__}")
        return [await self.runtime.call(write), await self.runtime.call(write, text="a"), await self.runtime.call(read)]

    @get("/fail")
    async def fail(self) -> str:
        """Call what was not checked at start-up."""
        with pytest.raises(MissingProviderError):
            await self.runtime.call(fail)
        return "failed"


def make_app() -> App:
    """Return an app with a scoped service."""
    container = Container()
    container.add_scoped(Session, open_session)
    return App([Writing], container=container)


async def test_calls_have_scopes_of_their_own(aiohttp_client: AiohttpClient) -> None:
    """Each opens and closes its services inside the scope of the request; the controller is built once."""
    LOG.clear()
    Writing.built = 0
    client = await aiohttp_client(make_app().build())

    for _ in range(2):
        assert await (await client.get("/write")).json() == ["nothing", "a", "Session"]

    once = ["opened", "request with Session", "opened", "nothing by Session", "closed", "opened", "a by Session",
            "closed", "opened", "closed", "closed"]  # fmt: skip
    assert once * 2 == LOG
    assert Writing.built == 1


async def test_a_call_that_cannot_be_injected(aiohttp_client: AiohttpClient) -> None:
    """Functions that were not listed are checked when they are called."""
    client = await aiohttp_client(make_app().build())

    assert await (await client.get("/fail")).text() == "failed"


async def test_an_app_that_stops() -> None:
    """It is stopping from the beginning of its shutdown, in each application that was built."""
    seen: list[Runtime] = []

    class Looking(Controller):
        def __init__(self, runtime: Runtime) -> None:
            seen.append(runtime)

        @get("/")
        async def look(self) -> None:
            """Return nothing."""

    app = App([Looking])
    first, second = web.AppRunner(app.build()), web.AppRunner(app.build())
    await first.setup()
    await second.setup()
    states: list[list[bool]] = [[one.stopping for one in seen]]

    await first.cleanup()
    states.append([one.stopping for one in seen])
    await second.cleanup()

    assert states == [[False, False], [True, False]]

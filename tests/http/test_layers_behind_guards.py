"""Compiled middlewares behind the guards: what they see, and how the scope of the guards ends."""

from collections.abc import AsyncIterator

import pytest

from framework import Container, Controller, Response, WebSocket, get, websocket
from framework.http_errors import Conflict
from tests.http.layered_shop import TRACE, Shop, guard, traced
from tests.http.layers import Trace, called, shake_hands
from tests.http.raw import ask
from tests.http.shapes import Serve, app_of, problem


@pytest.fixture(autouse=True)
def fresh_trace() -> None:
    """Begin each test with an empty trace."""
    TRACE.clear()


@pytest.mark.parametrize(
    ("target", "status", "trace"),
    [
        ("/fine", 200, [">a", "guard", ">b", ">c", "handler", "<c 200", "<b 200", "<a 200"]),
        ("/fine?banned", 403, [">a", "guard", "<a 403"]),
        ("/fine?number=0", 422, [">a", "guard", ">b", "<b 422", "<a 422"]),
        ("/lost", 500, [">a", "guard", ">b", ">c", "<c 500", "<b 500", "<a 500"]),
        ("/late", 503, [">a", "guard", ">b", ">c", "<c 503", "<b 503", "<a 503"]),
        ("/lines", 200, [">a", "guard", ">b", ">c", "handler", "<c 200", "<b 200", "<a 200", "more"]),
        ("/nowhere", 404, [">a", "<a 404"]),
    ],
)
@pytest.mark.parametrize("separate", [True, False])
async def test_behind_guards(serve: Serve, target: str, status: int, trace: Trace, *, separate: bool) -> None:
    """Steps behind guards run after them, and those after validation when the request is valid."""
    own = [called("own", [])] if separate else []
    inner = [traced("b", behind_guards=True), traced("c", after_validation=True)]
    server = await serve(app_of(Shop, middlewares=[traced("a"), *inner, *own]))
    assert ((await ask(server, "GET", target)).status, TRACE) == (status, trace)


class Unit:
    """A service that notes how it ends."""

    fails = False


async def open_unit() -> AsyncIterator[Unit]:
    """Open a unit of work."""
    TRACE.append("open")
    try:
        yield Unit()
    except BaseException as error:
        TRACE.append(f"roll back {type(error).__name__}")
        raise
    TRACE.append("commit")
    if Unit.fails:
        raise Conflict("Cannot commit")


async def needs_unit(_: Unit) -> None:
    """Guard with a scoped service."""
    TRACE.append("guard")


class Working(Controller):
    """Works with the unit that its guard opens."""

    guards = (needs_unit,)

    @get("/work")
    async def work(self, _: Unit) -> str:
        """Work."""
        TRACE.append("handler")
        return "done"

    @get("/broken")
    async def broken(self, _: Unit) -> str:
        """Fail."""
        raise KeyError

    @get("/stream")
    async def stream(self, _: Unit) -> AsyncIterator[str]:
        """Stream."""
        yield "one"


@pytest.mark.both_loops
async def test_scopes_of_guards_end_before_the_way_out(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """``after`` behind guards sees what is sent in the end, a commit that fails included."""
    container = Container()
    container.add_scoped(Unit, open_unit)
    layer = traced("b", behind_guards=True)
    server = await serve(app_of(Working, container=container, middlewares=[layer]))
    assert (await ask(server, "GET", "/work")).body == b"done"
    assert TRACE == ["open", "guard", ">b", "handler", "commit", "<b 200"]
    TRACE.clear()
    assert (await ask(server, "GET", "/broken")).status == 500
    assert TRACE == ["open", "guard", ">b", "roll back KeyError", "<b 500"]
    TRACE.clear()
    assert (await ask(server, "GET", "/stream")).status == 200
    assert TRACE == ["open", "guard", ">b", "<b 200", "commit"]
    TRACE.clear()
    monkeypatch.setattr(Unit, "fails", True)
    assert (await ask(server, "GET", "/work")).problem == problem(409, "/work", "Cannot commit")
    assert TRACE == ["open", "guard", ">b", "handler", "commit", "<b 409"]


@pytest.mark.parametrize("path", ["/work", "/stream"])
@pytest.mark.parametrize("options", [{"behind_guards": True}, {"after_validation": True}])
async def test_a_response_behind_guards_closes_their_scope(serve: Serve, path: str, options: dict[str, bool]) -> None:
    """The handler is not called, and the services of the guards are closed as after a success."""
    container = Container()
    container.add_scoped(Unit, open_unit)
    layers = [traced("b", before=lambda _: Response("stored"), **options), traced("c", **options)]
    server = await serve(app_of(Working, container=container, middlewares=layers))
    assert (await ask(server, "GET", path)).body == b"stored"
    assert TRACE == ["open", "guard", ">b", "commit", "<b 200"]


async def test_sockets_have_no_steps_behind_guards(serve: Serve) -> None:
    """A conversation is not a response that could be stored."""

    class Talking(Controller):
        guards = (guard,)

        @websocket("/talk")
        async def talk(self, socket: WebSocket[str]) -> None:
            """Say nothing."""

    server = await serve(app_of(Talking, middlewares=[traced("a"), traced("b", behind_guards=True)]))
    assert (await shake_hands(server, "/talk?banned")).status == 403
    assert TRACE == [">a", "guard", "<a 403"]

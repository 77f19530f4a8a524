"""Exception handlers that take services: in a scope of their own, opened when the error is handled."""

from functools import partial
from typing import Annotated, Any

import pytest

from framework import Container, Controller, Inject, Request, Response, get
from framework.http_errors import NotFound
from tests.http.raw import ask
from tests.http.sessions import Session, session_noting
from tests.http.shapes import Serve, app_of, logged, problem

pytestmark = pytest.mark.both_loops


class Texts:
    """A singleton."""

    def __init__(self) -> None:
        self.texts = {"missing": "Nothing here"}


def container_of(trace: list[str]) -> Container:
    """Return the services, which note what happens to them."""
    container = Container()
    container.add_scoped(Session, session_noting(trace))
    container.add_singleton(Texts)
    container.add_singleton(Texts, qualifier="other")
    return container


class Shelves(Controller):
    """What fails."""

    @get("/shelves/{name}")
    async def show(self, name: str, session: Session) -> str:
        """Fail in several ways."""
        session.trace.append("handler")
        if name == "cellar":
            raise NotFound
        raise {"key": KeyError, "value": ValueError, "type": TypeError}[name](name)


async def no_key(request: Request, error: KeyError, session: Session, texts: Texts) -> Response[str]:
    """Answer for a dictionary."""
    session.trace.append("handled")
    return Response(f"{texts.texts['missing']}: {error.args[0]} at {request.path}", status=404)


class NoValue:
    """A class with services in both places."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    async def __call__(self, request: Request, error: ValueError, *, session: Session) -> Response[str]:
        """Answer for a value."""
        session.trace.append(request.path)
        return Response(f"{self._texts.texts['missing']}: {error}", status=409)


class Failing:
    """An instance that fails itself."""

    async def __call__(self, request: Request, error: TypeError, session: Session) -> Response[str]:
        """Fail."""
        raise RuntimeError(f"{request.path} {error} {type(session).__name__}")


async def no_page(
    prefix: str, request: Request, error: NotFound, texts: Annotated[Texts, Inject("other")]
) -> Response[str]:
    """Answer for 404."""
    return Response(f"{prefix} {request.path} {error.status} {texts.texts['missing']}", status=404)


async def test_all_shapes(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """Functions, partials, classes and instances; the request's own scope is closed before."""
    trace: list[str] = []
    handlers: Any = {KeyError: no_key, ValueError: NoValue, TypeError: Failing(), 404: partial(no_page, "None:")}
    server = await serve(app_of(Shelves, container=container_of(trace), exception_handlers=handlers))

    async def told(path: str) -> tuple[int, str]:
        answer = await ask(server, "GET", path)
        return answer.status, answer.body.decode()

    assert await told("/shelves/key") == (404, "Nothing here: key at /shelves/key")
    assert trace == ["open", "handler", "roll back KeyError('key')", "open", "handled", "commit"]
    trace.clear()
    assert await told("/shelves/value") == (409, "Nothing here: value")
    assert trace[2:] == ["roll back ValueError('value')", "open", "/shelves/value", "commit"]
    assert await told("/nowhere") == (404, "None: /nowhere 404 Nothing here")
    assert await told("/shelves/cellar") == (404, "None: /shelves/cellar 404 Nothing here")
    assert logged(caplog) == []
    trace.clear()
    failed = await ask(server, "GET", "/shelves/type")
    assert failed.problem == problem(500, "/shelves/type")
    assert trace[2:] == [
        "roll back TypeError('type')",
        "open",
        "roll back RuntimeError('/shelves/type type Session')",
    ]
    assert logged(caplog) == ["GET /shelves/type failed"]


class Visitor:
    """A service that is given the request."""

    def __init__(self, request: Request) -> None:
        self.name = request.headers.get("X-Name", "nobody")


class Greeter:
    """Needs it."""

    def __init__(self, visitor: Visitor) -> None:
        self.text = f"Sorry, {visitor.name}"


async def greet(request: Request, error: KeyError, greeter: Greeter) -> Response[str]:
    """Respond to whoever asks."""
    return Response(f"{greeter.text}: {error.args[0]} at {request.path}", status=404)


class Apology:
    """The same as a class."""

    async def __call__(self, request: Request, error: ValueError, greeter: Greeter) -> Response[str]:
        """Respond to whoever asks."""
        return Response(f"{greeter.text}: {error} at {request.path}", status=409)


async def test_services_that_are_given_the_request(serve: Serve) -> None:
    """It is that of the error, for functions and classes."""
    container = Container()
    container.add_scoped(Visitor)
    container.add_scoped(Greeter)
    container.add_scoped(Session, session_noting([]))
    handlers: Any = {KeyError: greet, ValueError: Apology}

    server = await serve(app_of(Shelves, container=container, exception_handlers=handlers))

    for name, status in (("key", 404), ("value", 409)):
        for visitor in ("ann", "bob"):
            response = await ask(server, "GET", f"/shelves/{name}", headers={"X-Name": visitor})
            assert (response.status, response.body.decode()) == (status, f"Sorry, {visitor}: {name} at /shelves/{name}")

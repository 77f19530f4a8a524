"""``framework routes --why`` and ``framework explain``."""

import json
from typing import Any

import pytest

from tests.cli.conftest import Run, Write

SHOP = """\
from framework import App, Container, Controller, Request, Response, WebSocket, get, post, websocket
from framework.middleware import RequestID


class Session: ...


async def closed(request: Request) -> None: ...


async def missing(request: Request, error: KeyError) -> Response[str]: ...


class Orders(Controller):
    path = "/orders"

    @get("/{number}", guards=(closed,), timeout=5)
    async def show(self, number: int, session: Session) -> str:
        return ""

    @get("/new")
    async def new(self) -> str:
        return ""

    @post("/{number}")
    async def change(self, number: int) -> str:
        return ""

    @get("/{number}/lines/{line}.json")
    async def lines(self, number: int, line: str) -> str:
        return ""

    @websocket("/feed")
    async def feed(self, socket: WebSocket[str, str]) -> None: ...


class Other(Controller):
    @get("/about/{rest:path}")
    async def about(self, rest: str) -> str:
        return rest


container = Container()
container.add_scoped(Session)
app = App([Orders, Other], container=container, middlewares=[RequestID()], exception_handlers={KeyError: missing})
"""


def why(run: Run, method: str, path: str) -> tuple[int, dict[str, Any]]:
    """Return the exit code and the record of a match."""
    done = run("routes", "--why", method, path, "shop:app", "--json")
    return done.code, json.loads(done.out)


def test_the_route_of_a_request(run: Run, write: Write) -> None:
    """Its layers, services and limits, and why the other routes do not match."""
    write("shop.py", SHOP)

    code, out, err = run("routes", "--why", "get", "/orders/7?x=1", "shop:app")

    assert (code, err) == (0, "")
    assert out == (
        "GET /orders/7 -> Orders.show (shop.py:17)\n"
        "  path                /orders/{number}\n"
        "  values              number = '7'\n"
        "  name                Orders.show\n"
        "  access              closed\n"
        "  middlewares         RequestID (app)\n"
        "  guards              closed (route show)\n"
        "  exception handlers  missing for KeyError (app)\n"
        "  services            Session (scoped)\n"
        "  limits              body=1048576, parts=1000, field=1048576, file=None, body_rate=240, body_grace=5.0, "
        "head_timeout=10.0, write_timeout=30.0, message=1048576, timeout=5, outlive_credentials=False\n"
        "Other routes:\n"
        "  GET /orders/new: its segment 2 is 'new', not '7'\n"
        "  POST /orders/{number}: its method is another\n"
        "  GET /orders/{number}/lines/{line}.json: it has 4 segments, not 2\n"
        "  WEBSOCKET /orders/feed: its segment 2 is 'feed', not '7'\n"
    )


@pytest.mark.parametrize(
    ("method", "path", "said"),
    [
        ("DELETE", "/orders/7", "the path does not have this method, 405; Allow: GET, HEAD, OPTIONS, POST"),
        ("GET", "/order/7", "no path matches, 404"),
        ("GET", "/orders/feed", "the path handles web sockets only, 426; try WEBSOCKET as the method"),
        ("OPTIONS", "/orders/new", "the automatic response to OPTIONS, 204; Allow: GET, HEAD, OPTIONS"),
        ("WEBSOCKET", "/orders/new", "the path does not have this method, 405; Allow: GET, HEAD, OPTIONS"),
    ],
)
def test_requests_without_a_route(run: Run, write: Write, method: str, path: str, said: str) -> None:
    """The response that they get; the exit code is 1."""
    write("shop.py", SHOP)

    code, out, _ = run("routes", "--why", method, path, "shop:app")

    assert (code, out.splitlines()[0]) == (1, f"{method} {path}: {said}")


@pytest.mark.parametrize(
    ("method", "path", "handler", "values"),
    [
        ("HEAD", "/orders/7", "Orders.show", {"number": "7"}),
        ("GET", "/orders/new", "Orders.new", {}),
        ("GET", "/orders/a%2Fb", "Orders.show", {"number": "a/b"}),
        ("GET", "/orders/7/lines/x.json", "Orders.lines", {"number": "7", "line": "x"}),
        ("WEBSOCKET", "/orders/feed", "Orders.feed", {}),
        ("GET", "/about/a/b", "Other.about", {"rest": "a/b"}),
    ],
)
def test_the_routes_that_match(run: Run, write: Write, method: str, path: str, handler: str, values: object) -> None:
    """The table of the application decides."""
    write("shop.py", SHOP)

    code, match = why(run, method, path)

    assert (code, match["name"], match["values"], match["status"]) == (0, handler, values, None)


def test_why_similar_routes_do_not_match(run: Run, write: Write) -> None:
    """Each has its first difference; routes with another beginning are left out."""
    write("shop.py", SHOP)

    def reasons(method: str, path: str) -> dict[str, str]:
        _, match = why(run, method, path)
        return {f"{one['method']} {one['path']}": one["reason"] for one in match["others"]}

    assert reasons("GET", "/orders/new") == {
        "GET /orders/{number}": "its path matches too; /orders/new is more specific",
        "POST /orders/{number}": "its path matches too; /orders/new is more specific",
        "GET /orders/{number}/lines/{line}.json": "it has 4 segments, not 2",
        "WEBSOCKET /orders/feed": "its segment 2 is 'feed', not 'new'",
    }
    assert reasons("GET", "/orders/7/")["GET /orders/{number}"] == "it has no slash at the end"
    assert reasons("GET", "/orders/7/lines/3")["GET /orders/{number}/lines/{line}.json"] == (
        "its segment 4 is {line}.json, not '3'"
    )
    assert reasons("GET", "/orders/feed")["WEBSOCKET /orders/feed"] == "it handles web sockets only"
    assert reasons("GET", "/order/7")["GET /orders/new"] == "its segment 1 is 'orders', not 'order'"
    assert reasons("GET", "/nothing") == {}


def test_many_similar_routes(run: Run, write: Write) -> None:
    """Ten are shown; JSON has all."""
    lines = (f"    @get('/a/{n}')\n    async def a{n}(self) -> str: ...\n" for n in range(12))
    write("shop.py", f"from framework import *\n\nclass A(Controller):\n{''.join(lines)}\napp = App([A])\n")

    out = run("routes", "--why", "GET", "/a/x", "shop:app").out

    assert out.count("its segment 2 is") == 10
    assert out.endswith("  and 2 more; --json lists all\n")
    assert len(why(run, "GET", "/a/x")[1]["others"]) == 12


def test_a_path_that_cannot_be_read(run: Run, write: Write) -> None:
    """It is not UTF-8."""
    write("shop.py", SHOP)

    assert run("routes", "--why", "GET", "/orders/%ff", "shop:app") == (
        2,
        "",
        "Error: the path /orders/%ff cannot be read; write it as in a URL, percent-encoded.\n",
    )


@pytest.mark.parametrize("path", ["/orders/{number}", "/orders/7"])
def test_a_route_is_explained(run: Run, write: Write, path: str) -> None:
    """By its template, or by a path that it matches; JSON has the parts."""
    write("shop.py", SHOP)

    code, out, _ = run("explain", "head" if path.endswith("7") else "get", path, "shop:app")

    assert code == 0
    assert out.startswith(
        "GET /orders/{number} -> Orders.show (shop.py:17)\n\n  1. compiled middleware RequestID (app)"
    )
    found = json.loads(run("explain", "GET", path, "shop:app", "--json").out)
    assert (found["path"], found["handler"]) == ("/orders/{number}", "Orders.show (shop.py:17)")
    assert "guard closed (route show)" in found["stages"]
    assert found["source"].startswith("async def endpoint(request):\n")


def test_what_cannot_be_explained(run: Run, write: Write) -> None:
    """The line names the command that shows more."""
    write("shop.py", SHOP)

    assert run("explain", "PUT", "/orders/7", "shop:app") == (
        2,
        "",
        'Error: PUT /orders/7 is not a route of this app; "framework routes --why PUT /orders/7" shows the similar '
        "ones.\n",
    )

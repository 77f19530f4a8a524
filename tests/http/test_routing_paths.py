"""Which handler a path reaches, whatever the order in which the handlers stand."""

import inspect
import re
from typing import Annotated, Any

import pytest

from framework import Controller, Path, get, post
from tests.http.raw import ask, exchange, make_request
from tests.http.shapes import Serve, app_of, problem


def answering(*paths: str) -> type[Controller]:
    """Return a controller with one handler for each path; each answers its path and the placeholders of it."""
    return type("Answering", (Controller,), {f"handler_{number}": handler(path) for number, path in enumerate(paths)})


def handler(path: str) -> Any:
    """Return a handler of a path that answers the path and what its placeholders hold."""
    names = re.findall(r"{(\w+)", path)

    async def handle(_: Controller, **values: str) -> list[str]:
        return [path, *(values[name] for name in names)]

    itself = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    parameters = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=str) for name in names]
    handle.__signature__ = inspect.Signature([itself, *parameters])  # type: ignore[attr-defined]  # a function takes any
    handle.__annotations__ = {**dict.fromkeys(names, str), "return": list[str]}
    return get(path)(handle)


@pytest.mark.parametrize(
    ("paths", "target", "expected"),
    [
        pytest.param(["/u/{id}", "/u/me"], "/u/me", ["/u/me"], id="static beats placeholder"),
        pytest.param(["/u/{id}", "/u/me"], "/u/you", ["/u/{id}", "you"], id="placeholder takes the rest"),
        pytest.param(["/{a}/x", "/b/{c}"], "/b/x", ["/b/{c}", "x"], id="the first static segment counts"),
        pytest.param(["/a/b/c", "/a/{x}/d"], "/a/b/d", ["/a/{x}/d", "b"], id="backtracking out of a static segment"),
        pytest.param(["/a/b/c", "/{x}/b/d"], "/a/b/d", ["/{x}/b/d", "a"], id="backtracking over two segments"),
        pytest.param(
            ["/a/{x}/{y}/c", "/{r:path}"], "/a/1/2/d", ["/{r:path}", "a/1/2/d"], id="backtracking to the rest"
        ),
        pytest.param(["/f/{name:path}"], "/f/a/b/c.txt", ["/f/{name:path}", "a/b/c.txt"], id="rest of the path"),
        pytest.param(["/f/{name:path}"], "/f/", ["/f/{name:path}", ""], id="empty rest"),
        pytest.param(["/f/{name:path}"], "/f//a/", ["/f/{name:path}", "/a/"], id="rest with empty segments"),
        pytest.param(["/f/{name:path}", "/f/x/{y}"], "/f/x/1", ["/f/x/{y}", "1"], id="placeholder beats rest"),
        pytest.param(["/f/{name:path}", "/f/x/{y}"], "/f/x/1/2", ["/f/{name:path}", "x/1/2"], id="rest behind it"),
        pytest.param(["/r/{n}.json", "/r/{n}"], "/r/a.json", ["/r/{n}.json", "a"], id="affix beats placeholder"),
        pytest.param(["/r/{n}.json", "/r/{n}"], "/r/a.xml", ["/r/{n}", "a.xml"], id="another affix"),
        pytest.param(["/r/{n}.json", "/r/{n}"], "/r/.json", ["/r/{n}", ".json"], id="an affix needs a text"),
        pytest.param(["/r/{n}.json", "/r/v{n}.json"], "/r/v1.json", ["/r/v{n}.json", "1"], id="the longer affixes win"),
        pytest.param(["/r/x.json", "/r/{n}.json"], "/r/x.json", ["/r/x.json"], id="static beats affix"),
        pytest.param(
            ["/r/{n}.tar.gz", "/r/{n}.gz"], "/r/a.tar.gz", ["/r/{n}.tar.gz", "a"], id="the longer suffix wins"
        ),
        pytest.param(["/@{user}/x", "/{page}/x"], "/@ann/x", ["/@{user}/x", "ann"], id="prefix"),
        pytest.param(["/{a}/{b}/{c}"], "/1/2/3", ["/{a}/{b}/{c}", "1", "2", "3"], id="several placeholders"),
        pytest.param(["/"], "/", ["/"], id="root"),
        pytest.param(["/{a}"], "/%41%2F%42", ["/{a}", "A/B"], id="encoded slash in a placeholder"),
        pytest.param(["/f/{name:path}"], "/f/a%2Fb/c%20d", ["/f/{name:path}", "a/b/c d"], id="encoded in the rest"),
        pytest.param(["/caf\u00e9"], "/caf%C3%A9", ["/caf\u00e9"], id="static path beyond ASCII"),
        pytest.param(["/caf\u00e9/{x}"], "/caf%c3%a9/1", ["/caf\u00e9/{x}", "1"], id="static segment beyond ASCII"),
        pytest.param(["/a b"], "/a%20b", ["/a b"], id="static path with a space"),
        pytest.param(["/items"], "/%69tems", ["/items"], id="needless encoding"),
        pytest.param(["/a/{x}"], "/a/1?b=2", ["/a/{x}", "1"], id="query is not a path"),
    ],
)
@pytest.mark.parametrize("order", ["as written", "reversed"])
async def test_path_reaches_its_most_specific_handler(
    serve: Serve, paths: list[str], target: str, expected: list[str], order: str
) -> None:
    """Static segments beat affixes, these beat placeholders, these beat the rest of the path, in any order."""
    server = await serve(app_of(answering(*(paths if order == "as written" else reversed(paths)))))
    answer = await ask(server, "GET", target)
    assert (answer.status, answer.json) == (200, expected)


@pytest.mark.parametrize(
    ("path", "target"),
    [
        pytest.param("/a/{x}", "/a/", id="empty placeholder"),
        pytest.param("/a/{x}", "/a", id="missing segment"),
        pytest.param("/a/{x}", "/a/1/", id="trailing slash"),
        pytest.param("/a/", "/a", id="missing trailing slash"),
        pytest.param("/f/{name:path}", "/f", id="rest without its slash"),
        pytest.param("/r/{n}.json", "/r/.json", id="nothing between the affixes"),
        pytest.param("/r/a{n}a", "/r/a", id="affixes that overlap"),
        pytest.param("/Items", "/items", id="another case"),
        pytest.param("/a/b", "/a%2Fb", id="encoded slash is not a separator"),
        pytest.param("/a/b", "/a%2fb", id="encoded slash in lower case"),
        pytest.param("/a", "//a", id="empty segment"),
        pytest.param("/a", "/", id="root"),
    ],
)
async def test_path_that_does_not_fit_is_not_found(serve: Serve, path: str, target: str) -> None:
    """What is no more than like a path is 404."""
    server = await serve(app_of(answering(path)))
    assert (await ask(server, "GET", target)).problem == problem(404, target)


class Aliases(Controller):
    """Handlers with more than one path."""

    path = "/files"

    @get("", "/latest", "/{version}", "/{version}/{part}")
    async def show(self, version: int = 0, part: str | None = None) -> dict[str, int | str | None]:
        """Answer what the path that was taken says."""
        return {"version": version, "part": part}


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/files", {"version": 0, "part": None}),
        ("/files/latest", {"version": 0, "part": None}),
        ("/files/3", {"version": 3, "part": None}),
        ("/files/3/a", {"version": 3, "part": "a"}),
        # On a path without the placeholder the parameter is absent; the query cannot stand in for it.
        ("/files?version=9&part=b", {"version": 0, "part": None}),
    ],
)
async def test_handler_has_several_paths(serve: Serve, target: str, expected: dict[str, object]) -> None:
    """One handler answers several paths, and placeholders that a path lacks keep their defaults."""
    assert (await ask(await serve(app_of(Aliases)), "GET", target)).json == expected


class Placeholders(Controller):
    """Methods of one path that call its placeholder by different names."""

    @get("/orders/{order_id}")
    async def show(self, order_id: int) -> dict[str, int]:
        """Answer under the name of GET."""
        return {"order_id": order_id}

    @post("/orders/{number}")
    async def change(self, value: Annotated[int, Path(name="number")]) -> dict[str, int]:
        """Answer under the name of POST."""
        return {"value": value}


async def test_methods_of_a_path_name_placeholders_as_they_like(serve: Serve) -> None:
    """Two templates that differ in the names of their placeholders are one path."""
    server = await serve(app_of(Placeholders))
    assert (await ask(server, "GET", "/orders/1")).json == {"order_id": 1}
    assert (await ask(server, "POST", "/orders/2")).json == {"value": 2}
    refused = await ask(server, "PUT", "/orders/3")
    assert refused.problem == problem(405, "/orders/3")
    assert refused.headers["Allow"] == "GET, HEAD, OPTIONS, POST"


@pytest.mark.parametrize(
    ("parts", "path"),
    [
        (("", ""), "/"),
        (("/", "/"), "/"),
        (("/v1/", "/orders"), "/v1/orders"),
        (("v1", "orders"), "/v1/orders"),
        (("/v1", ""), "/v1"),
        (("/v1", "/"), "/v1"),
        (("/v1", "/orders/"), "/v1/orders/"),
        (("/v1/", ""), "/v1/"),
    ],
)
async def test_paths_join_without_doubling_slashes(serve: Serve, parts: tuple[str, str], path: str) -> None:
    """The controller's path and the route's path join to one path, and a route on / is the controller's own path."""
    prefix, own = parts

    class Joined(Controller):
        path = prefix

        @get(own)
        async def show(self) -> str:
            return "here"

    server = await serve(app_of(Joined))
    assert (await ask(server, "GET", path)).body == b"here"


async def test_asterisk_is_no_path(serve: Serve) -> None:
    """OPTIONS * asks about the server rather than the root, and no controller answers it."""
    server = await serve(app_of(answering("/", "/{a}")))
    answer = await exchange(server, make_request("OPTIONS", "*"), probe=make_request("GET", "/"))
    assert answer.problem == problem(404, "*")

"""Which methods a path answers: HEAD and OPTIONS of their own accord, all others as declared."""

from typing import Annotated

from aiohttp import web

from framework import Body, Controller, Request, Response, delete, get, head, options, patch, post, put, route
from tests.http.raw import Answer, ask
from tests.http.shapes import Serve, app_of, fault, invalid, problem


class Verbs(Controller):
    """One handler for each method."""

    path = "/verbs"

    @get()
    async def read(self) -> str:
        """Answer GET."""
        return "get"

    @post()
    async def create(self) -> str:
        """Answer POST."""
        return "post"

    @put()
    async def replace(self) -> str:
        """Answer PUT."""
        return "put"

    @patch()
    async def change(self) -> str:
        """Answer PATCH."""
        return "patch"

    @delete()
    async def remove(self) -> str:
        """Answer DELETE."""
        return "delete"


async def test_each_method_reaches_its_handler(serve: Serve) -> None:
    """The decorators are named for the methods that they declare."""
    server = await serve(app_of(Verbs))
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        assert (await ask(server, method, "/verbs")).body == method.lower().encode()
    answer = await ask(server, "OPTIONS", "/verbs")
    assert answer.headers["Allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"


class Heads(Controller):
    """GET handlers, with and without a HEAD of their own."""

    @get("/plain")
    async def plain(self) -> str:
        """Answer some text."""
        return "some text"

    @get("/rich")
    async def rich(self) -> Response[str]:
        """Answer some text, and more than that."""
        return Response("some text", headers={"X-Rich": "1"}, cookies={"seen": "yes"}, status=203)

    @get("/own")
    async def own(self) -> str:
        """Answer some text."""
        return "some text"

    @head("/own")
    async def own_head(self) -> Response[str]:
        """Answer HEAD without the trouble of GET."""
        return Response("", headers={"X-Head": "own"})

    @get("/native")
    async def native(self) -> web.Response:
        """Answer a response of aiohttp's."""
        return web.Response(text="some text")

    @head("/only")
    async def only(self) -> None:
        """Answer HEAD, on a path without GET."""


def without_date(answer: Answer) -> list[tuple[str, str]]:
    """Return the headers of an answer but for the time."""
    return [(name, value) for name, value in answer.headers.items() if name != "Date"]


async def test_head_has_the_headers_of_get(serve: Serve) -> None:
    """HEAD runs the GET handler and leaves out the body, Content-Length included as GET would have it."""
    server = await serve(app_of(Heads))
    for path in ("/plain", "/rich", "/native"):
        read, asked = await ask(server, "GET", path), await ask(server, "HEAD", path)
        assert (asked.status, asked.body) == (read.status, b"")
        assert without_date(asked) == without_date(read)
        assert asked.headers["Content-Length"] == str(len(read.body)) == "9"


async def test_explicit_head_takes_the_place_of_the_automatic_one(serve: Serve) -> None:
    """@head answers HEAD, and GET stays what it is."""
    server = await serve(app_of(Heads))
    assert (await ask(server, "HEAD", "/own")).headers["X-Head"] == "own"
    answer = await ask(server, "GET", "/own")
    assert (answer.body, "X-Head" in answer.headers) == (b"some text", False)


async def test_head_alone_brings_no_get(serve: Serve) -> None:
    """A path with nothing but @head refuses GET."""
    server = await serve(app_of(Heads))
    assert (await ask(server, "HEAD", "/only")).status == 204
    refused = await ask(server, "GET", "/only")
    assert (refused.problem, refused.headers["Allow"]) == (problem(405, "/only"), "HEAD, OPTIONS")


async def test_head_of_a_path_without_get_is_refused(serve: Serve) -> None:
    """HEAD is not a method of a path that has no GET: 405, without a body, with Allow."""

    class Posts(Controller):
        @post("/posts")
        async def create(self) -> None: ...

    answer = await ask(await serve(app_of(Posts)), "HEAD", "/posts")
    assert (answer.status, answer.headers["Allow"]) == (405, "OPTIONS, POST")
    assert answer.media_type == "application/problem+json"


class Options(Controller):
    """A path that answers OPTIONS itself, and one that does not."""

    @get("/own")
    async def read(self) -> str:
        """Answer GET."""
        return "get"

    @options("/own")
    async def tell(self) -> Response[str]:
        """Answer OPTIONS in words."""
        return Response("ask for it", headers={"Allow": "GET"})

    @post("/{name}")
    async def create(self, name: str) -> str:
        """Answer POST."""
        return name


async def test_explicit_options_takes_the_place_of_the_automatic_answer(serve: Serve) -> None:
    """@options answers OPTIONS on its path, and nothing but that path."""
    server = await serve(app_of(Options))
    own = await ask(server, "OPTIONS", "/own")
    assert (own.status, own.body, own.headers["Allow"]) == (200, b"ask for it", "GET")
    other = await ask(server, "OPTIONS", "/other")
    assert (other.status, other.body, other.headers["Allow"]) == (204, b"", "OPTIONS, POST")


async def test_method_of_a_less_specific_path_does_not_leak(serve: Serve) -> None:
    """The most specific path decides; POST on it is 405 although a placeholder's path has POST."""
    refused = await ask(await serve(app_of(Options)), "POST", "/own")
    assert (refused.problem, refused.headers["Allow"]) == (problem(405, "/own"), "GET, HEAD, OPTIONS")


class Many(Controller):
    """Handlers of several methods, and of a method of one's own."""

    @route("/many", methods=("get", "POST"))
    async def many(self, request: Request) -> str:
        """Answer the method."""
        return request.method

    @get("/stacked")
    @post("/stacked", "/other")
    async def stacked(self, request: Request) -> str:
        """Answer the method and the path."""
        return f"{request.method} {request.path}"

    @route("/cached", methods=("PURGE",))
    async def purge(self) -> str:
        """Answer a method that no standard knows."""
        return "gone"


async def test_one_handler_answers_several_methods(serve: Serve) -> None:
    """@route takes a list of methods, in any case, and decorators may be stacked."""
    server = await serve(app_of(Many))
    assert (await ask(server, "GET", "/many")).body == b"GET"
    assert (await ask(server, "POST", "/many")).body == b"POST"
    assert (await ask(server, "GET", "/stacked")).body == b"GET /stacked"
    assert (await ask(server, "POST", "/stacked")).body == b"POST /stacked"
    assert (await ask(server, "POST", "/other")).body == b"POST /other"
    assert (await ask(server, "GET", "/other")).status == 405


async def test_query_has_a_body(serve: Serve) -> None:
    """QUERY, the GET with a body, is declared as any method, and reads its body as POST does."""

    class Searching(Controller):
        @route("/search", methods=("QUERY",))
        async def search(self, words: Annotated[list[str], Body()]) -> list[str]:
            return sorted(words)

    server = await serve(app_of(Searching))
    assert (await ask(server, "QUERY", "/search", body=["b", "a"])).json == ["a", "b"]
    expected = fault("body", "/0", "type", "Expected `str`, got `int`")
    assert (await ask(server, "QUERY", "/search", body=[1])).problem == invalid("/search", expected)
    assert (await ask(server, "POST", "/search", body=[])).headers["Allow"] == "OPTIONS, QUERY"


async def test_declared_method_is_known(serve: Serve) -> None:
    """A method that is not a standard's is answered where it is declared, 405 elsewhere and no longer 501."""
    server = await serve(app_of(Many))
    assert (await ask(server, "PURGE", "/cached")).body == b"gone"
    assert (await ask(server, "OPTIONS", "/cached")).headers["Allow"] == "OPTIONS, PURGE"
    assert (await ask(server, "PURGE", "/many")).problem == problem(405, "/many")
    assert (await ask(server, "PURGE", "/nowhere")).problem == problem(404, "/nowhere")
    assert (await ask(server, "REPORT", "/many")).problem == problem(501, "/many")

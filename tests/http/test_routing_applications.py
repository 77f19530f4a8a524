"""An app among what aiohttp has: sub-applications, native routes and signals, and another app in one process."""

from collections.abc import AsyncIterator
from typing import NewType

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from aiohttp.typedefs import Handler

from framework import Container, Controller, Request, Response, get, post, put, route
from framework.typedefs import CallNext
from tests.http.raw import Answer, ask
from tests.http.shapes import Serve, app_of, fault, invalid, problem

NAME = web.AppKey("NAME", str)


class Pets(Controller):
    """A controller to be mounted."""

    path = "/pets"

    @get()
    async def index(self) -> str:
        """Answer who it is."""
        return "pets"

    @get("/{pet_id}")
    async def show(self, pet_id: int) -> dict[str, int]:
        """Answer one."""
        return {"pet_id": pet_id}

    @get("/where")
    async def where(self, request: Request) -> dict[str, str | None]:
        """Answer what aiohttp knows of the route."""
        resource = request.match_info.route.resource
        return {
            "app": request.app[NAME],
            "config": request.config_dict[NAME],
            "template": None if resource is None else resource.canonical,
            "name": request.match_info.route.name,
        }


class Root(Controller):
    """A controller on the root."""

    @get()
    async def index(self) -> str:
        """Answer who it is."""
        return "root"


async def native(request: web.Request) -> web.Response:
    """Answer as aiohttp does, with the path and its placeholders."""
    return web.Response(text=f"native {request.path} {dict(request.match_info)}")


async def mark(request: Request, call_next: CallNext) -> web.StreamResponse:
    """Mark every answer."""
    response = await call_next(request)
    response.headers["X-Ours"] = str(response.status)
    return response


async def test_app_is_a_sub_application(serve: Serve) -> None:
    """A built app serves below the prefix at which another application mounts it."""
    app = app_of(Pets, Root, middlewares=[mark])
    outer = web.Application()
    outer.router.add_get("/native", native)
    outer.add_subapp("/api", app.build())
    server = await serve(outer)
    assert (await ask(server, "GET", "/api/pets")).body == b"pets"
    assert (await ask(server, "GET", "/api/pets/3")).json == {"pet_id": 3}
    assert (await ask(server, "GET", "/api/")).body == b"root"
    assert (await ask(server, "GET", "/native")).body == b"native /native {}"


async def test_sub_application_answers_its_own_errors(serve: Serve) -> None:
    """404, 405 and 422 below the prefix are the sub-application's, with its layers; beside it they are aiohttp's."""
    outer = web.Application()
    outer.add_subapp("/api", app_of(Pets, Root, middlewares=[mark]).build())
    server = await serve(outer)
    missing = await ask(server, "GET", "/api/nowhere")
    assert (missing.problem, missing.headers["X-Ours"]) == (problem(404, "/api/nowhere"), "404")
    refused = await ask(server, "POST", "/api/pets/3")
    assert (refused.problem, refused.headers["X-Ours"]) == (problem(405, "/api/pets/3"), "405")
    assert refused.headers["Allow"] == "GET, HEAD, OPTIONS"
    expected = fault("path", "/pet_id", "type", "Expected `int`, got `str`")
    assert (await ask(server, "GET", "/api/pets/x")).problem == invalid("/api/pets/x", expected)
    assert (await ask(server, "GET", "/pets")).body == b"404: Not Found"


async def test_prefix_is_compared_segment_by_segment(serve: Serve) -> None:
    """The prefix may be percent-encoded by the client, and what only begins like it is another path."""
    outer = web.Application()
    outer.add_subapp("/api", app_of(Pets, Root).build())
    server = await serve(outer)
    assert (await ask(server, "GET", "/%61pi/pets/3")).json == {"pet_id": 3}
    # Were the prefix cut off by its length, this would be the path of another handler.
    assert (await ask(server, "GET", "/%61pi/xpets")).problem == problem(404, "/%61pi/xpets")
    assert (await ask(server, "GET", "/apipets")).body == b"404: Not Found"
    assert (await ask(server, "GET", "/api")).problem == problem(404, "/api")


async def test_url_knows_where_the_app_is_mounted(serve: Serve) -> None:
    """App.url_for has the prefixes of all applications around it, and what it gives is answered."""
    app = app_of(Pets, Root)
    inner, outer = web.Application(), web.Application()
    inner.add_subapp("/v1", app.build())
    outer.add_subapp("/api", inner)
    server = await serve(outer)
    assert str(app.url_for(Pets.show, pet_id=7)) == "/api/v1/pets/7"
    assert str(app.url_for(Root.index)) == "/api/v1/"
    assert (await ask(server, "GET", str(app.url_for(Pets.show, pet_id=7)))).json == {"pet_id": 7}
    assert (await ask(server, "GET", str(app.url_for(Root.index)))).body == b"root"


async def test_two_apps_are_sub_applications_of_one(serve: Serve) -> None:
    """Apps mounted side by side do not see each other."""
    outer = web.Application()
    for name in ("a", "b"):
        mounted = app_of(Pets).build()
        mounted[NAME] = name
        outer.add_subapp(f"/{name}", mounted)
    server = await serve(outer)
    for name in ("a", "b"):
        assert (await ask(server, "GET", f"/{name}/pets/where")).json == {
            "app": name,
            "config": name,
            "template": f"/{name}/pets/where",
            "name": "Pets.where",
        }


@pytest.fixture
async def attached(serve: Serve) -> TestServer:
    """Serve an aiohttp application that had things of its own before an app was attached to it."""
    events: list[str] = []

    @web.middleware
    async def around(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request)
        response.headers["X-Native"] = "middleware"
        return response

    async def stamp(_: web.Request, response: web.StreamResponse) -> None:
        response.headers["X-Signal"] = ",".join(events)

    async def context(_: web.Application) -> AsyncIterator[None]:
        events.append("context")
        yield

    async def startup(_: web.Application) -> None:
        events.append("startup")

    application = web.Application(middlewares=[around])
    application[NAME] = "native"
    application.router.add_get("/pets/native", native)
    application.router.add_get("/plain", native)
    application.router.add_get("/both", native)
    application.router.add_get("/static/{name}", native)
    application.on_response_prepare.append(stamp)
    application.on_startup.append(startup)
    application.cleanup_ctx.append(context)

    class Both(Controller):
        @get("/both")
        async def shadowed(self) -> str:
            return "ours"

        @post("/both", "/static/{name}")
        async def create(self, name: str = "none") -> str:
            return f"ours {name}"

        @put("/mixed")
        async def replace(self) -> str:
            return "ours"

    app_of(Pets, Both).attach(application)
    application.router.add_get("/late/{name}", native)
    application.router.add_get("/mixed", native)
    return await serve(application)


def check_native_things(answer: Answer) -> None:
    """Check that the application's middleware and signals saw an answer."""
    assert answer.headers["X-Native"] == "middleware"
    assert answer.headers["X-Signal"] == "context,startup"


async def test_native_routes_come_first(attached: TestServer) -> None:
    """What the application had is still there, whether it was added before the app or after it."""
    for path, text in (
        ("/pets/native", "native /pets/native {}"),
        ("/both", "native /both {}"),
        ("/late/x", "native /late/x {'name': 'x'}"),
    ):
        answer = await ask(attached, "GET", path)
        assert answer.body.decode() == text
        check_native_things(answer)


async def test_attached_routes_run_inside_the_application(attached: TestServer) -> None:
    """Controllers see the application, and its middlewares and signals see their answers."""
    answer = await ask(attached, "GET", "/pets/where")
    assert answer.json == {"app": "native", "config": "native", "template": "/pets/where", "name": "Pets.where"}
    check_native_things(answer)


async def test_errors_of_attached_routes_pass_the_native_middlewares(attached: TestServer) -> None:
    """404 and 405 are ours if no native route knows the path; native middlewares see them raised, as in any app."""
    missing = await ask(attached, "GET", "/nowhere")
    assert missing.problem == problem(404, "/nowhere")
    refused = await ask(attached, "POST", "/pets")
    assert (refused.problem, refused.headers["Allow"]) == (problem(405, "/pets"), "GET, HEAD, OPTIONS")
    for one in (missing, refused):
        assert "X-Native" not in one.headers
        assert one.headers["X-Signal"] == "context,startup"


async def test_native_405_stays_native(attached: TestServer) -> None:
    """A path that only a native route knows is refused by aiohttp, with its own methods."""
    for path in ("/plain", "/late/x"):
        answer = await ask(attached, "DELETE", path)
        assert (answer.status, answer.body, answer.headers["Allow"]) == (405, b"405: Method Not Allowed", "GET,HEAD")


async def test_other_methods_of_a_native_path_are_ours(attached: TestServer) -> None:
    """A method that the native route of a path has not may be a controller's."""
    assert (await ask(attached, "POST", "/both")).body == b"ours none"
    assert (await ask(attached, "POST", "/static/x")).body == b"ours x"


async def test_app_is_attached_beside_another(serve: Serve) -> None:
    """Two apps attached to one application share its paths; what neither knows is 404 of the first."""
    application = web.Application()
    app_of(Pets).attach(application)
    app_of(Root).attach(application)
    server = await serve(application)
    assert (await ask(server, "GET", "/pets")).body == b"pets"
    assert (await ask(server, "GET", "/")).body == b"root"
    assert (await ask(server, "GET", "/nowhere")).problem == problem(404, "/nowhere")
    assert (await ask(server, "REPORT", "/nowhere")).problem == problem(501, "/nowhere")


@pytest.mark.parametrize(
    ("path", "allow"),
    [
        ("/both", "GET, HEAD, OPTIONS, POST"),
        ("/static/x", "GET, HEAD, OPTIONS, POST"),
        # A route that was added behind the app is asked as well.
        ("/mixed", "GET, HEAD, OPTIONS, PUT"),
        ("/pets", "GET, HEAD, OPTIONS"),
    ],
)
async def test_allow_names_the_methods_of_native_routes(attached: TestServer, path: str, allow: str) -> None:
    """OPTIONS and 405 tell all methods of a path, whoever answers them."""
    refused = await ask(attached, "DELETE", path)
    assert (refused.problem, refused.headers["Allow"]) == (problem(405, path), allow)
    asked = await ask(attached, "OPTIONS", path)
    assert (asked.status, asked.headers["Allow"]) == (204, allow)


class Feeding(Controller):
    """Answers another method on the paths of another controller, in an app of its own."""

    @post("/pets/{name}")
    async def feed(self, name: str) -> str:
        """Answer whom."""
        return f"fed {name}"


@pytest.mark.parametrize("controllers", [(Pets, Feeding), (Feeding, Pets)])
async def test_apps_beside_each_other_share_a_path(serve: Serve, controllers: tuple[type[Controller], ...]) -> None:
    """Each of two attached apps answers its own methods of a path, whichever was attached first."""
    application = web.Application()
    for one in controllers:
        app_of(one).attach(application)
    server = await serve(application)
    assert (await ask(server, "POST", "/pets/3")).body == b"fed 3"
    assert (await ask(server, "GET", "/pets/3")).json == {"pet_id": 3}
    refused = await ask(server, "DELETE", "/pets/3")
    assert (refused.problem, refused.headers["Allow"]) == (problem(405, "/pets/3"), "GET, HEAD, OPTIONS, POST")
    assert (await ask(server, "OPTIONS", "/pets/3")).headers["Allow"] == "GET, HEAD, OPTIONS, POST"


async def test_method_that_one_of_two_apps_knows(serve: Serve) -> None:
    """What one of two attached apps has heard of is 405 on its paths, though the other would say 501."""

    class Reporting(Controller):
        @route("/report", methods=("REPORT",))
        async def report(self) -> str:
            return "report"

    application = web.Application()
    app_of(Pets, Reporting).attach(application)
    app_of(Feeding).attach(application)
    refused = await ask(await serve(application), "REPORT", "/pets/3")
    assert (refused.problem, refused.headers["Allow"]) == (problem(405, "/pets/3"), "GET, HEAD, OPTIONS, POST")


Word = NewType("Word", str)


class Greeting(Controller):
    """Answers what the container holds."""

    def __init__(self, word: Word) -> None:
        self._word = word

    @get("/hello")
    async def hello(self) -> Response[str]:
        """Greet."""
        return Response(self._word)


async def test_two_apps_live_in_one_process(serve: Serve) -> None:
    """Apps of the same controllers keep their services, layers and settings apart."""
    servers = []
    for word in ("hello", "salut"):
        container = Container()
        container.add_instance(Word, Word(word))
        servers.append(
            await serve(app_of(Greeting, container=container, middlewares=[mark] if word == "salut" else []))
        )
    first, second = [await ask(server, "GET", "/hello") for server in servers]
    assert (first.body, "X-Ours" in first.headers) == (b"hello", False)
    assert (second.body, second.headers["X-Ours"]) == (b"salut", "200")


async def test_app_is_built_twice(serve: Serve) -> None:
    """Each build of one app is an application of its own."""
    app = app_of(Pets)
    servers = [await serve(app), await serve(app)]
    for server in servers:
        assert (await ask(server, "GET", "/pets/3")).json == {"pet_id": 3}

"""A mounted app answers below its own prefix only, and applications beside an app keep to theirs."""

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from aiohttp.typedefs import Handler

from framework import Controller, get, post
from tests.http.raw import ask
from tests.http.shapes import Serve, app_of, problem

pytestmark = pytest.mark.both_loops

_TEXT_404 = b"404: Not Found"


class Users(Controller):
    """A controller that is mounted below a prefix."""

    path = "/users"

    @get()
    async def index(self) -> str:
        """Return who it is."""
        return "users"

    @get("/{user_id}")
    async def show(self, user_id: int) -> dict[str, int]:
        """Return one."""
        return {"user_id": user_id}


class Orders(Controller):
    """A controller of the application around."""

    path = "/orders"

    @get()
    async def index(self) -> str:
        """Return who it is."""
        return "orders"

    @post("/{order_id}")
    async def change(self, order_id: int) -> int:
        """Return which."""
        return order_id


async def native(request: web.Request) -> web.Response:
    """Answer as aiohttp does, with the path and its placeholders."""
    return web.Response(text=f"native {request.path} {dict(request.match_info)}")


def marking(name: str) -> Handler:
    """Return an aiohttp middleware that marks responses, and errors by which they were."""

    @web.middleware
    async def mark(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            response = await handler(request)
        except web.HTTPException as error:
            error.headers.add("X-Seen", f"{name} {error.status}")
            raise
        response.headers.add("X-Seen", name)
        return response

    return mark  # type: ignore[return-value]  # a middleware


async def check_foreign_paths(server: TestServer) -> None:
    """Check that nothing of the mounted app is found below other prefixes, and what is answered is the app's around."""
    for path in ("/zzz/users", "/zzz/users/3", "/%7a%7azz/users", "/admi/users", "/admins/users", "/users", "//users"):
        assert (await ask(server, "GET", path)).problem == problem(404, path)
    assert (await ask(server, "POST", "/a/xyz")).problem == problem(404, "/a/xyz")
    assert (await ask(server, "PROPFIND", "/a/xyz")).problem == problem(501, "/a/xyz")


async def check_own_paths(server: TestServer, prefix: str = "/admin") -> None:
    """Check that the mounted app answers everything below its prefix."""
    assert (await ask(server, "GET", f"{prefix}/users")).body == b"users"
    assert (await ask(server, "GET", f"{prefix}/users/3")).json == {"user_id": 3}
    assert (await ask(server, "GET", f"{prefix}/nowhere")).problem == problem(404, f"{prefix}/nowhere")
    refused = await ask(server, "POST", f"{prefix}/users")
    assert (refused.problem, refused.headers["Allow"]) == (problem(405, f"{prefix}/users"), "GET, HEAD, OPTIONS")


async def test_app_is_mounted_in_another(serve: Serve) -> None:
    """An app that another app's application mounts is found below its prefix, which the client may encode."""
    outer = app_of(Orders).build()
    outer.add_subapp("/admin", app_of(Users).build())
    server = await serve(outer)
    await check_foreign_paths(server)
    for prefix in ("/admin", "/%61dmin"):
        await check_own_paths(server, prefix)
    assert (await ask(server, "GET", "/orders")).body == b"orders"
    assert (await ask(server, "POST", "/orders/7")).json == 7


async def test_app_is_attached_beside_a_mounted_one(serve: Serve) -> None:
    """It makes no difference whether an app is attached before or after another is mounted."""
    for first in (False, True):
        outer = web.Application()
        if first:
            app_of(Orders).attach(outer)
        outer.add_subapp("/admin", app_of(Users).build())
        if not first:
            app_of(Orders).attach(outer)
        server = await serve(outer)
        await check_foreign_paths(server)
        await check_own_paths(server)


async def test_apps_are_mounted_in_mounted_ones(serve: Serve) -> None:
    """Each application of a nest compares its whole prefix, and several side by side keep apart."""
    inner, outer = app_of(Orders).build(), app_of(Orders).build()
    inner.add_subapp("/users", app_of(Users).build())
    inner.add_subapp("/people", app_of(Users).build())
    outer.add_subapp("/admin", inner)
    outer.add_subapp("/shop", app_of(Users).build())
    server = await serve(outer)
    for prefix in ("/admin/users", "/admin/people", "/shop", "/%61dmin/peopl%65"):
        await check_own_paths(server, prefix)
    for path in ("/zzz/users/users", "/admin/zzz/users", "/users/admin/users", "/people/users", "/shop/people/users"):
        assert (await ask(server, "GET", path)).problem == problem(404, path)
    assert (await ask(server, "GET", "/admin/orders")).body == b"orders"
    assert (await ask(server, "POST", "/admin/orders/7")).json == 7


async def test_prefix_may_have_any_characters(serve: Serve) -> None:
    """A prefix and its percent-encoded spelling are the same, character by character and slash by slash."""
    outer = web.Application()
    mounted = app_of(Users).build()
    outer.add_subapp("/a-b", mounted)
    server = await serve(outer)
    for path in ("/a-b/users", "/a%2Db/users", "/%61%2d%62/users"):
        assert (await ask(server, "GET", path)).body == b"users"
    for path in ("/a/b/users", "/a%2Fb/users", "/a-b%2Fusers", "/a%ff/users"):
        assert (await ask(server, "GET", path)).body == _TEXT_404


async def test_parent_stays_as_it_is(serve: Serve) -> None:
    """Outside the prefix an application gives the same 404, 405 and OPTIONS with a mounted app as without it."""
    answers = []
    for mounts in (False, True):
        outer = web.Application(middlewares=[marking("outer")])  # type: ignore[list-item]  # a middleware
        outer.router.add_get("/native", native)
        outer.router.add_get("/users/{name}", native)
        if mounts:
            outer.add_subapp("/admin", app_of(Users).build())
        server = await serve(outer)
        asked = [
            await ask(server, method, path)
            for method in ("GET", "POST", "OPTIONS", "DELETE", "PROPFIND")
            for path in ("/native", "/users/3", "/users", "/zzz/users", "/admins", "/")
        ]
        answers.append([(one.status, one.body, one.headers.get("Allow"), one.headers.get("X-Seen")) for one in asked])
    assert answers[0] == answers[1]


@pytest.fixture
async def beside(serve: Serve) -> TestServer:
    """Serve controllers beside a native sub-application, and native routes that are added later."""
    application = web.Application(middlewares=[marking("outer")])  # type: ignore[list-item]  # a middleware
    inner = web.Application(middlewares=[marking("inner")])  # type: ignore[list-item]  # a middleware
    inner.router.add_get("/page", native)
    application.add_subapp("/pages", inner)
    app_of(Orders).attach(application)
    application.router.add_get("/{name}", native)
    return await serve(application)


async def test_controllers_beside_a_native_sub_application(beside: TestServer) -> None:
    """OPTIONS, 405 and 404 of controllers are theirs, and do not ask the sub-application or its middlewares."""
    options = await ask(beside, "OPTIONS", "/orders")
    assert (options.status, options.body, options.headers["Allow"]) == (204, b"", "GET, HEAD, OPTIONS")
    assert options.headers.getall("X-Seen") == ["outer"]
    refused = await ask(beside, "POST", "/orders")
    assert (refused.problem, refused.headers["Allow"]) == (problem(405, "/orders"), "GET, HEAD, OPTIONS")
    assert refused.headers.getall("X-Seen") == ["outer 405"]
    missing = await ask(beside, "GET", "/no/where")
    assert missing.problem == problem(404, "/no/where")
    assert missing.headers.getall("X-Seen") == ["outer 404"]


async def test_native_route_that_is_added_behind_an_app(beside: TestServer) -> None:
    """A native route that matches any name is found, although a sub-application and the app come before it."""
    answer = await ask(beside, "GET", "/anything")
    assert (answer.body, answer.headers.getall("X-Seen")) == (b"native /anything {'name': 'anything'}", ["outer"])
    refused = await ask(beside, "POST", "/anything")
    assert (refused.status, refused.body, refused.headers["Allow"]) == (405, b"405: Method Not Allowed", "GET,HEAD")


async def test_sub_application_answers_below_its_prefix(beside: TestServer) -> None:
    """Below its prefix a native sub-application answers with its own middlewares, its 404 included."""
    answer = await ask(beside, "GET", "/pages/page")
    assert (answer.body, answer.headers.getall("X-Seen")) == (b"native /pages/page {}", ["inner", "outer"])
    missing = await ask(beside, "GET", "/pages/nowhere")
    assert (missing.status, missing.body, missing.headers.getall("X-Seen")) == (
        404,
        _TEXT_404,
        ["inner 404", "outer 404"],
    )


async def test_unhandled_exception_of_a_mounted_app(serve: Serve) -> None:
    """Without aiohttp middlewares around it, a mounted app answers an unhandled exception with its own problem."""

    class Failing(Controller):
        @get("/fail")
        async def fail(self) -> None:
            raise ValueError("secret")

    outer = web.Application()
    outer.add_subapp("/admin", app_of(Failing).build())
    assert (await ask(await serve(outer), "GET", "/admin/fail")).problem == problem(500, "/admin/fail")

"""Guards that take more than the request: parameters by their markers, credentials, and services of the request."""

import asyncio
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Annotated, Any

import pytest
from aiohttp import WSServerHandshakeError
from aiohttp.test_utils import TestClient
from msgspec import Meta, Struct
from pytest_aiohttp.plugin import AiohttpClient

from framework import (
    App,
    BackgroundTasks,
    Body,
    Container,
    Controller,
    Cookie,
    Header,
    Path,
    Query,
    Request,
    Router,
    WebSocket,
    get,
    post,
    websocket,
)
from framework.http_errors import Forbidden, NotFound
from framework.security import Bearer
from tests.http.raw import Server, ask
from tests.http.sessions import Session, session_noting
from tests.http.shapes import Serve, app_of, fault, invalid, logged, problem

pytestmark = pytest.mark.both_loops


class User(Struct):
    """Who is asking."""

    name: str
    scopes: tuple[str, ...] = ()


class Order(Struct):
    """A body."""

    sku: str


class Orders:
    """Knows whose an order is."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def owner_of(self, order_id: int) -> str | None:
        """Find the owner."""
        self.session.trace.append(f"owner of {order_id}")
        return {7: "ann", 8: "bob"}.get(order_id)


class Tenant(Struct):
    """A service that reads the request."""

    name: str


async def verify(token: str) -> User | None:
    """Know two people."""
    return User(token) if token in {"ann", "bob"} else None


async def own_order(
    request: Request, user: Annotated[User, Bearer(verify)], order_id: Annotated[int, Path()], orders: Orders
) -> None:
    """Admit owners."""
    owner = orders.owner_of(order_id)
    if owner is None:
        raise NotFound(f"No order at {request.path}")
    if owner != user.name:
        raise Forbidden("Not yours")


def container_of(trace: list[str]) -> Container:
    """Return the services, which note when they are opened and closed."""

    def find_tenant(x_tenant: Annotated[str, Header(), Meta(min_length=2)]) -> Tenant:
        trace.append(f"tenant {x_tenant}")
        return Tenant(x_tenant)

    container = Container()
    container.add_scoped(Session, session_noting(trace, lambda error: type(error).__name__))
    container.add_scoped(Tenant, find_tenant)
    container.add_transient(Orders)
    return container


class OrderController(Controller):
    """What is guarded."""

    path = "/orders"

    @get("/{order_id}", guards=(own_order,))
    async def show(self, order_id: int, session: Session, limit: Annotated[int, Meta(le=9)] = 1) -> str:
        """Answer who gets here."""
        session.trace.append("handler")
        return f"order {order_id} {limit}"


async def until(done: Callable[[], bool]) -> None:
    """Wait for something that happens after a response was read."""
    async with asyncio.timeout(20):
        while not done():  # noqa: ASYNC110  there is nothing to wait for
            await asyncio.sleep(0.01)


async def told(server: Server, path: str, **headers: str) -> Any:
    """Return the text of a good answer, or status and body of a problem."""
    answer = await ask(server, "GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    return answer.body.decode() if answer.status == 200 else (answer.status, answer.problem)


async def test_one_scope(serve: Serve) -> None:
    """Guard and handler share the services of the request, which are closed before the response is written."""
    trace: list[str] = []
    server = await serve(app_of(OrderController, container=container_of(trace)))

    assert await told(server, "/orders/7", authorization="Bearer ann") == "order 7 1"
    assert trace == ["open", "owner of 7", "handler", "commit"]


async def test_a_refusal_closes_what_is_open(serve: Serve) -> None:
    """What was opened for a guard sees what it raises."""
    trace: list[str] = []
    server = await serve(app_of(OrderController, container=container_of(trace)))

    assert await told(server, "/orders/8", authorization="Bearer ann") == (
        403,
        problem(403, "/orders/8", "Not yours"),
    )
    assert trace == ["open", "owner of 8", "roll back Forbidden"]
    assert await told(server, "/orders/9", authorization="Bearer ann") == (
        404,
        problem(404, "/orders/9", "No order at /orders/9"),
    )


async def test_the_order_of_the_stages(serve: Serve) -> None:
    """Credentials, the guard's parameters, the guard, then the handler's: each reports alone, and opens no more."""
    trace: list[str] = []
    server = await serve(app_of(OrderController, container=container_of(trace)))
    expected = fault("path", "/order_id", "type", "Expected `int`, got `str`")

    status, _ = await told(server, "/orders/x?limit=10")
    assert status == 401
    assert await told(server, "/orders/x?limit=10", authorization="Bearer ann") == (422, invalid("/orders/x", expected))
    assert trace == []
    status, _ = await told(server, "/orders/8?limit=10", authorization="Bearer ann")
    assert status == 403
    assert await told(server, "/orders/7?limit=10", authorization="Bearer ann") == (
        422,
        invalid("/orders/7", fault("query", "/limit", "constraint", "Expected `int` <= 9")),
    )


async def test_all_errors_of_one_guard(serve: Serve) -> None:
    """A guard reads path, query, headers and cookies, also for its services, and reports all errors of its own."""

    async def everything(
        tenant: Tenant,
        room: Annotated[int, Path()],
        level: Annotated[int, Query(name="min-level")],
        tags: Annotated[tuple[int, ...], Query()] = (),
        theme: Annotated[str, Cookie(), Meta(max_length=3)] = "sun",
    ) -> None:
        raise Forbidden(repr((tenant.name, room, level, tags, theme)))

    class Rooms(Controller):
        @get("/rooms/{room}", guards=(everything,))
        async def show(self, room: int, limit: int) -> str:
            return f"{room} {limit}"

    server = await serve(app_of(Rooms, container=container_of([])))

    assert await told(server, "/rooms/x?tags=1&tags=y&limit=z", x_tenant="a", cookie="theme=moon") == (
        422,
        invalid(
            "/rooms/x",
            fault("header", "/x-tenant", "constraint", "Expected `str` of length >= 2"),
            fault("path", "/room", "type", "Expected `int`, got `str`"),
            fault("query", "/min-level", "missing", "Field required"),
            fault("query", "/tags/1", "type", "Expected `int`, got `str`"),
            fault("cookie", "/theme", "constraint", "Expected `str` of length <= 3"),
        ),
    )
    assert await told(server, "/rooms/3?tags=1&min-level=2&limit=z", x_tenant="abc") == (
        403,
        problem(403, "/rooms/3", "('abc', 3, 2, (1,), 'sun')"),
    )


async def test_guards_before_the_body(serve: Serve) -> None:
    """What a guard refuses is not read: neither limits nor the type of the body are looked at."""

    async def key(x_key: Annotated[int, Header()]) -> None:
        if x_key != 1:
            raise Forbidden

    class Making(Controller):
        @post("/orders", guards=(key,), body_limit=10, status=201)
        async def create(self, order: Order) -> str:
            return order.sku

    server = await serve(app_of(Making))

    async def status_of(key: str, body: bytes, media_type: str = "application/json") -> int:
        headers = {"X-Key": key, "Content-Type": media_type}
        return (await ask(server, "POST", "/orders", headers=headers, body=body)).status

    assert await status_of("x", b"x" * 99, "text/csv") == 422
    assert await status_of("2", b"x" * 99, "text/csv") == 403
    assert await status_of("1", b"x" * 99, "text/csv") == 413
    assert await status_of("1", b"{}", "text/csv") == 415
    assert await status_of("1", b"{") == 400
    assert await status_of("1", b"{}") == 422
    assert (await ask(server, "PUT", "/orders")).status == 405
    assert (await ask(server, "OPTIONS", "/orders")).status == 204


async def test_every_level(serve: Serve) -> None:
    """Guards of app, router, controller and route run in this order; one that stands twice runs twice."""
    trace: list[str] = []

    def guard(level: str) -> Any:
        async def note(session: Session, x_level: Annotated[str, Header()] = "") -> None:
            session.trace.append(level)
            if x_level == level:
                raise Forbidden(level)

        return note

    twice = guard("twice")

    class Rooms(Controller):
        path = "/rooms"
        guards = (guard("controller"), twice)

        @get(guards=(guard("route"), twice))
        async def search(self, session: Session) -> str:
            session.trace.append("handler")
            return ""

    router = Router("/v1", [Rooms], guards=(guard("router"),))
    server = await serve(app_of(router, guards=(guard("app"),), container=container_of(trace)))

    assert await told(server, "/v1/rooms") == ""
    levels = ["app", "router", "controller", "twice", "route", "twice"]
    assert trace == ["open", *levels, "handler", "commit"]
    trace.clear()
    assert await told(server, "/v1/rooms", x_level="controller") == (403, problem(403, "/v1/rooms", "controller"))
    assert trace == ["open", "app", "router", "controller", "roll back Forbidden"]


async def test_a_class(serve: Serve) -> None:
    """The constructor is injected once, the parameters of __call__ for each request."""
    made: list[str] = []

    class Owners:
        def __init__(self) -> None:
            made.append("made")

    class OwnerGuard:
        def __init__(self, owners: Owners) -> None:
            self._owners = owners

        async def __call__(self, x_user: Annotated[str, Header()], session: Session, request: Request) -> None:
            session.trace.append(f"{x_user} at {request.path}")

    class Level:
        def __init__(self, least: int) -> None:
            self._least = least

        async def __call__(self, x_level: Annotated[int, Header()]) -> None:
            if x_level < self._least:
                raise Forbidden(f"{x_level} < {self._least}")

    class Rooms(Controller):
        guards = (OwnerGuard,)

        @get("/rooms", guards=(Level(3),))
        async def search(self) -> str:
            return "rooms"

    trace: list[str] = []
    container = container_of(trace)
    container.add_singleton(Owners)
    server = await serve(app_of(Rooms, container=container))

    assert await told(server, "/rooms", x_user="ann", x_level="3") == "rooms"
    assert await told(server, "/rooms", x_user="bob", x_level="2") == (403, problem(403, "/rooms", "2 < 3"))
    assert made == ["made"]
    assert trace == ["open", "ann at /rooms", "commit", "open", "bob at /rooms", "roll back Forbidden"]


async def test_partials_and_defaults(serve: Serve) -> None:
    """What a partial gives and what has a default without an annotation is nobody else's."""

    async def level(request: Request, least: int, x_level: Annotated[int, Header()], most=9) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001  what is tested
        if not least <= x_level <= most:
            raise Forbidden(f"{request.path} {least} {most}")

    class Rooms(Controller):
        @get("/rooms", guards=(partial(level, least=3),))
        async def search(self) -> str:
            return "rooms"

    server = await serve(app_of(Rooms))

    assert await told(server, "/rooms", x_level="3") == "rooms"
    assert await told(server, "/rooms", x_level="10") == (403, problem(403, "/rooms", "/rooms 3 9"))


async def test_a_placeholder_for_a_guard_alone(serve: Serve) -> None:
    """A handler need not take what a guard takes, and both may take it."""
    seen: list[int] = []

    async def member(club: Annotated[int, Path()]) -> None:
        seen.append(club)

    class Clubs(Controller):
        @get("/clubs/{club}/rooms")
        async def rooms(self) -> str:
            return "rooms"

        @get("/clubs/{club}")
        async def show(self, club: int) -> str:
            return f"club {club}"

    server = await serve(app_of(Router("", [Clubs], guards=(member,))))

    assert await told(server, "/clubs/3/rooms") == "rooms"
    assert await told(server, "/clubs/4") == "club 4"
    assert await told(server, "/clubs/%34") == "club 4"
    assert seen == [3, 4, 4]


async def test_unknown_query_parameters(serve: Serve) -> None:
    """A model that forbids unknown fields knows what guards read, in both directions."""

    class Page(Struct, forbid_unknown_fields=True):
        number: int = 1

    class Key(Struct, forbid_unknown_fields=True):
        key: str

    async def keyed(key: Annotated[Key, Query()]) -> None:
        if key.key != "x":
            raise Forbidden

    class Rooms(Controller):
        @get("/rooms", guards=(keyed,))
        async def search(self, page: Annotated[Page, Query()]) -> str:
            return f"page {page.number}"

    server = await serve(app_of(Rooms))

    assert await told(server, "/rooms?key=x&number=3") == "page 3"
    assert await told(server, "/rooms?key=x&more=3") == (
        422,
        invalid("/rooms", fault("query", "/more", "unknown", "Unknown field")),
    )


async def test_tasks_begin_after_the_cleanup(serve: Serve) -> None:
    """What a handler leaves to be done begins when all cleanup has succeeded, that for a guard included."""
    trace: list[str] = []

    async def note(done: asyncio.Event) -> None:
        trace.append("task")
        done.set()

    done = asyncio.Event()

    async def opened(session: Session) -> None:
        session.trace.append("guard")

    class Rooms(Controller):
        @get("/rooms", guards=(opened,))
        async def search(self, tasks: BackgroundTasks) -> str:
            tasks.add(note, done)
            return "rooms"

    server = await serve(app_of(Rooms, container=container_of(trace)))

    assert await told(server, "/rooms") == "rooms"
    await asyncio.wait_for(done.wait(), 20)
    assert trace == ["open", "guard", "commit", "task"]


async def test_sockets(serve: Serve, aiohttp_client: AiohttpClient) -> None:
    """A handshake is guarded as a request is, and a connection shares the services of its guards."""
    trace: list[str] = []

    class Rooms(Controller):
        @websocket("/orders/{order_id}/talk", guards=(own_order,))
        async def talk(self, order_id: int, socket: WebSocket[str], session: Session) -> None:
            async for message in socket:
                session.trace.append(message)
                await socket.send(f"{order_id} {message}")

        @websocket("/orders/{order_id}/lines", guards=(own_order,))
        async def on_line(self, order_id: int, line: Annotated[str, Body()]) -> str:
            trace.append(line)
            return f"{order_id} {line}"

    client: TestClient[Any, Any] = await aiohttp_client(await serve(app_of(Rooms, container=container_of(trace))))
    for path in ("/orders/7/talk", "/orders/7/lines"):
        async with client.ws_connect(path, headers={"Authorization": "Bearer ann"}) as socket:
            await socket.send_str("hello")
            assert await socket.receive_str() == "7 hello"
            assert trace == ["open", "owner of 7", "hello"]
        await until(lambda: trace[-1] == "commit")
        trace.clear()
    for user, order, status in (("bob", "7", 403), ("ann", "x", 422), ("eve", "7", 401)):
        with pytest.raises(WSServerHandshakeError) as refused:
            await client.ws_connect(f"/orders/{order}/talk", headers={"Authorization": f"Bearer {user}"})
        assert refused.value.status == status
    assert trace == ["open", "owner of 7", "roll back Forbidden"]


async def test_streams(serve: Serve) -> None:
    """What a guard has opened stays open to the end of a stream."""
    trace: list[str] = []

    async def opened(session: Session) -> None:
        session.trace.append("guard")

    class Rooms(Controller):
        @get("/rooms", guards=(opened,), media_type="text/plain")
        async def search(self, session: Session) -> AsyncIterator[str]:
            for text in ("a", "b"):
                session.trace.append(text)
                yield text

    server = await serve(app_of(Rooms, container=container_of(trace)))

    assert await told(server, "/rooms") == "ab"
    await until(lambda: trace[-1] == "commit")
    assert trace == ["open", "guard", "a", "b", "commit"]


async def test_a_failing_service(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """A service that cannot be opened for a guard is an unhandled exception, logged once."""
    trace: list[str] = []

    async def open_session() -> AsyncIterator[Session]:
        if trace == []:
            raise RuntimeError("no database")
        yield Session(trace)

    container = Container()
    container.add_scoped(Session, open_session)
    container.add_transient(Orders)
    server = await serve(app_of(OrderController, container=container))

    assert await told(server, "/orders/7", authorization="Bearer ann") == (500, problem(500, "/orders/7"))
    assert logged(caplog) == ["GET /orders/7 failed"]


async def test_a_plain_handler(serve: Serve) -> None:
    """What is opened for a guard stays open while a handler runs in a worker thread."""
    trace: list[str] = []

    async def opened(session: Session) -> None:
        session.trace.append("guard")

    class Rooms(Controller):
        @get("/rooms", guards=(opened,))
        def search(self, session: Session) -> str:
            session.trace.append("handler")
            return "rooms"

    server = await serve(app_of(Rooms, container=container_of(trace)))

    assert await told(server, "/rooms") == "rooms"
    assert trace == ["open", "guard", "handler", "commit"]


def operation(app: App, path: str, method: str = "get") -> Any:
    """Return an operation of the document."""
    return app.document()["paths"][path][method]


async def test_the_document() -> None:
    """What a guard reads and refuses stands in the operations that it covers, and in no others."""

    async def tenant_of(tenant: Tenant, level: Annotated[int, Query(description="How far")] = 1) -> None:
        """Read the request, for a service and itself."""

    class Rooms(Controller):
        @get("/rooms", guards=(tenant_of,))
        async def search(self) -> str:
            return ""

        @get("/free")
        async def free(self) -> str:
            return ""

        @websocket("/talk", guards=(tenant_of,))
        async def talk(self, socket: WebSocket[str]) -> None:
            await socket.accept()

    app = App([OrderController, Rooms], container=container_of([]))

    show = operation(app, "/orders/{order_id}")
    assert [(one["in"], one["name"]) for one in show["parameters"]] == [("path", "order_id"), ("query", "limit")]
    assert list(show["responses"]) == ["200", "400", "401", "403", "406", "422"]
    assert show["security"] == [{"bearer": []}]
    search = operation(app, "/rooms")
    assert search["parameters"] == [
        {"name": "x-tenant", "in": "header", "required": True, "schema": {"type": "string", "minLength": 2}},
        {"name": "level", "in": "query", "description": "How far", "schema": {"type": "integer", "default": 1}},
    ]
    assert list(search["responses"]) == ["200", "400", "406", "422"]
    assert "parameters" not in operation(app, "/free")
    bindings = app.asyncapi()["channels"]["Rooms.talk"]["bindings"]["ws"]
    assert list(bindings["headers"]["properties"]) == ["x-tenant"]
    assert list(bindings["query"]["properties"]) == ["level"]


def test_explain() -> None:
    """The stages name a guard with what is read and made before it."""
    app = app_of(OrderController, container=container_of([]))

    stages, _, source = app.explain("GET", "/orders/{order_id}").partition("\n\nasync def")

    assert [line.partition(". ")[2] for line in stages.splitlines()[2:9]] == [
        "credentials (bearer), else 401",
        "validation of what guard own_order reads (path order_id), else 422",
        "scoped service Session",
        "transient service Orders",
        "guard own_order (route show)",
        "a media type that the client accepts, else 406: text/plain; charset=utf-8",
        "validation of all sources together, else 422",
    ]
    assert stages.count("service Session") == 1
    assert "await own_order_s" in source

"""Idempotency, row by row of the cases (I1-I14, O8); the ids of the tests are the numbers of the rows."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from typing import Any, NamedTuple

import pytest
from aiohttp import web
from msgspec import Struct
from openapi_spec_validator import OpenAPIV31SpecValidator

from framework import App, Container, Controller, HTTPError, Limits, OpenAPI, Request, post
from framework.middleware import Idempotency, Session, Sessions
from framework.security import APIKey
from framework.stores import MemoryStore, RedisStore, Store, StoreError
from tests.http.middleware.counted import CALLS, GONE, Mine, Orders, Plain, calls, verify
from tests.http.raw import Answer, ask, connect, make_request
from tests.http.shapes import Serve, app_of, fault, problem
from tests.redis_server import RedisServer
from tests.waiting import PATIENCE, until

TEA = {"sku": "tea"}
IN_PROGRESS = problem(409, "/slow", "A request with the same key is in progress")


@pytest.fixture(autouse=True)
def no_calls() -> Iterator[None]:
    """Begin each test without calls, and with all users."""
    CALLS.clear()
    GONE.clear()
    yield
    CALLS.clear()


class Cart(Struct):
    """The value of a session."""

    items: list[str] = []


class Bodiless(Controller):
    """Has a route that reads no body."""

    @post("/restart", limits=Limits(body=10, body_grace=0.1))
    async def restart(self) -> str:
        """Change something."""
        CALLS.append("restart")
        return "restarted"


@pytest.mark.both_loops
@pytest.mark.parametrize(
    ("head", "body", "status"),
    [("Content-Length: 10", b"abc", 408), ("Content-Length: 11", b"x" * 11, 413), ("Content-Length: 3", b"abc", 200)],
)
async def test_the_body_of_a_route_without_one_has_limits(serve: Serve, head: str, body: bytes, status: int) -> None:
    """It is read for the comparison; a client that sends it slowly must not hold the request."""
    server = await serve(app_of(Bodiless, middlewares=[Idempotency()]))
    sent = f"POST /restart HTTP/1.1\r\nHost: a\r\nIdempotency-Key: k\r\nContent-Type: text/plain\r\n{head}\r\n\r\n"

    async with connect(server) as connection:
        answer = await connection.exchange(sent.encode() + body, method="POST")

    assert answer.status == status
    assert bool(CALLS) == (status == 200)


class Real(NamedTuple):
    """Where a server listens."""

    host: str
    port: int


ServeForReal = Callable[[App], Awaitable[Real]]


@pytest.fixture
async def serve_for_real() -> AsyncIterator[ServeForReal]:
    """Serve apps as in production: a handler goes on when its client has left."""
    async with AsyncExitStack() as stack:

        async def start(app: App) -> Real:
            runner = web.AppRunner(app.build())
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            return Real("127.0.0.1", runner.addresses[0][1])

        yield start


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Let slow orders wait until a test opens the gate."""
    made = asyncio.Event()
    monkeypatch.setattr("tests.http.middleware.counted.GATES", [made])
    return made


def once(*controllers: Any, middlewares: Any = (), settings: Any = None, **options: Any) -> App:
    """Return an app with idempotency around everything but one route, which takes the request."""
    layer = Idempotency(**{"client": _by_headers, **options})
    return app_of(*(controllers or (Orders,)), middlewares=[*middlewares, layer], **(settings or {}))


def _by_headers(request: web.Request) -> str:
    return request.headers.get("Authorization", "")


async def order(server: Any, key: str | None = "k", body: Any = TEA, target: str = "/orders", **sent: str) -> Answer:
    """Send an order with a key."""
    headers = {} if key is None else {"Idempotency-Key": key}
    return await ask(server, "POST", target, headers={**headers, **sent}, body=body)


class TestKeys:
    """What happens to repeated requests."""

    async def test_i1_repeated(self, serve: Serve, store: Store) -> None:
        """I1: the same response without its cookies, and the handler is not called."""
        server = await serve(once(store=store))

        first, second = [await order(server) for _ in range(2)]

        assert calls() == ["order tea"]
        assert (first.status, first.body, first.headers["Location"]) == (201, b'{"sku":"tea"}', "/orders/1")
        assert "Set-Cookie" in first.headers
        assert (second.status, second.body) == (first.status, first.body)
        assert second.headers["Idempotency-Replayed"] == "true"
        left_out = {"Set-Cookie", "Date", "Idempotency-Replayed"}
        kept = [
            sorted((name, value) for name, value in one.headers.items() if name not in left_out)
            for one in (first, second)
        ]
        assert kept[0] == kept[1]
        assert "Idempotency-Replayed" not in first.headers

    async def test_i2_in_progress(self, serve: Serve, store: Store, gate: asyncio.Event) -> None:
        """I2: 409 with Retry-After, in the same process and in another; then the response."""
        first, second = [await serve(once(store=store)) for _ in range(2)]
        running = asyncio.ensure_future(order(first, target="/slow"))
        await until(lambda: CALLS == ["slow tea"])

        for server in (first, second):
            answer = await order(server, target="/slow")
            assert (answer.problem, answer.headers["Retry-After"]) == (IN_PROGRESS, "1")
        gate.set()
        assert (await running).status == 201
        assert (await order(second, target="/slow")).headers["Idempotency-Replayed"] == "true"
        assert calls() == ["slow tea", "done"]

    @pytest.mark.parametrize("running", [True, False])
    async def test_i3_another_request(self, serve: Serve, store: Store, *, running: bool) -> None:
        """I3: 422 for another body, query or Content-Type, also while the first one is in progress."""
        server = await serve(once(store=store))
        first = asyncio.ensure_future(order(server, target="/slow"))
        await until(lambda: CALLS == ["slow tea"])
        if not running:
            await first

        other = [
            await order(server, body={"sku": "tea "}, target="/slow"),
            await order(server, target="/slow?mark=a"),
            await order(server, target="/slow", **{"Content-Type": "application/json; charset=utf-8"}),
        ]

        detail = "The Idempotency-Key was used for another request"
        assert [one.problem for one in other] == [problem(422, "/slow", detail, errors=[])] * 3
        await first
        assert calls() == ["slow tea", "done"]

    async def test_i4_another_user(self, serve: Serve, store: Store) -> None:
        """I4: it is another request, and each repeats its own."""
        server = await serve(app_of(Mine, middlewares=[Idempotency(store=store)]))

        async def body(name: str) -> bytes:
            return (await order(server, target="/mine", Authorization=f"Bearer {name}")).body

        assert [await body(name) for name in ("ann", "bob", "ann", "bob")] == [b"tea for ann", b"tea for bob"] * 2
        assert calls() == ["ann tea", "bob tea"]

    async def test_i4_other_targets(self, serve: Serve) -> None:
        """Another path, method or host has keys of its own."""
        server = await serve(once())

        answers = [await order(server), await order(server, target="/slow"), await order(server, Host="b.example")]

        assert ["Idempotency-Replayed" in one.headers for one in answers] == [False] * 3
        assert calls() == ["order tea", "slow tea", "done", "order tea"]

    async def test_i4_clients_without_credentials(self, serve: Serve) -> None:
        """Without declared credentials, clients are told apart by Authorization and Cookie."""
        server = await serve(app_of(Plain, middlewares=[Idempotency()]))
        for sent in ({"Authorization": "a"}, {"Cookie": "a=1"}, {"Cookie": "a=2"}, {}):
            for _ in range(2):
                await order(server, **sent)

        assert calls() == ["order tea"] * 4

    async def test_i4_credentials_in_the_query(self, serve: Serve) -> None:
        """I4: another user with the same key is another request, also if the credentials are in the query."""

        class Keyed(Controller):
            guards = (APIKey(verify, query="key"),)

            @post("/keyed")
            async def make(self, body: dict[str, str]) -> None:
                CALLS.append(body["sku"])

        server = await serve(app_of(Keyed, middlewares=[Idempotency()]))

        targets = ("/keyed?key=ann", "/keyed?key=bob", "/keyed?key=ann")
        assert [(await order(server, target=one)).status for one in targets] == [204] * 3
        assert (await order(server, target="/keyed?key=ann&mark=a")).status == 422
        assert calls() == ["tea", "tea"]

    async def test_i4_credentials_beside_a_session(self, serve: Serve) -> None:
        """I4: another session with the same credentials and key is another request; other cookies do not count."""

        class Carts(Controller):
            guards = (APIKey(verify, header="X-Key"),)

            @post("/carts")
            async def make(self, body: dict[str, str], cart: Session[Cart]) -> None:
                cart.value.items.append(body["sku"])
                CALLS.append(body["sku"])

        layers = [Sessions(Cart, secret="s" * 32), Idempotency()]
        server = await serve(app_of(Carts, middlewares=layers))

        async def sent(key: str, cookie: str = "") -> Answer:
            headers = {"Cookie": cookie} if cookie else {}
            return await order(server, key, target="/carts", **{"X-Key": "ann", **headers})

        first = await sent("begin")
        cookie = first.headers["Set-Cookie"].partition(";")[0]
        cookies = (cookie, f"{cookie}; seen=1", "", "seen=2")
        assert [(await sent("k", one)).status for one in cookies] == [204] * 4
        assert calls() == ["tea", "tea", "tea"]

    async def test_i5_no_key(self, serve: Serve) -> None:
        """I5: 400 if it is required, otherwise the request runs."""
        server, strict = await serve(once()), await serve(once(required=True))

        assert [(await order(server, None)).status for _ in range(2)] == [201, 201]
        assert calls() == ["order tea"] * 2
        text = "Send a unique Idempotency-Key with the request, and the same one when you repeat it"
        missing = fault("header", "/idempotency-key", "missing", text)
        assert (await order(strict, None)).problem == problem(
            400, "/orders", "1 error in the request", errors=[missing]
        )
        assert calls() == []

    async def test_i6_quoted_and_bare(self, serve: Serve) -> None:
        """I6: both are the same key, with and without parameters."""
        server = await serve(once())
        for key in ('"k"', "k", '"k";a=1', '"k"; b'):
            assert (await order(server, key)).status == 201
        for key in ('"a\\"b\\\\"', '"a b"', '""x"'):
            await order(server, key)

        assert calls() == ["order tea"] * 3

    @pytest.mark.parametrize(
        ("key", "code"),
        [
            ('""', "constraint"),
            ("k" * 256, "constraint"),
            (f'"{"k" * 256}"', "constraint"),
            ("", "syntax"),
            ("k\u00e9y", "syntax"),
            ('"k', "syntax"),
            ('k"', "syntax"),
            ('"k" x', "syntax"),
            ('"a\\b"', "syntax"),
            ("a b", "syntax"),
            ("a,b", "syntax"),
            ('"a", "b"', "syntax"),
        ],
    )
    async def test_i7_malformed_keys(self, serve: Serve, key: str, code: str) -> None:
        """I7: 400 before the store is asked."""
        server = await serve(once(store=AwayStore()))

        answer = await order(server, key)

        assert (answer.status, [one["code"] for one in answer.problem["errors"]]) == (400, [code])
        assert calls() == []

    async def test_i7_two_fields(self, serve: Serve) -> None:
        """I7: 400, whether they are equal or not; 255 characters are a key."""
        server = await serve(once())
        data = make_request("POST", "/orders", headers={"Content-Type": "application/json"}, body=b'{"sku": "tea"}')
        twice = data.replace(b"\r\n\r\n", b"\r\nIdempotency-Key: k\r\nIdempotency-Key: k\r\n\r\n", 1)
        async with connect(server) as connection:
            answer = await connection.exchange(twice)

        assert answer.problem["errors"] == [
            fault("header", "/idempotency-key", "value", "There is more than one Idempotency-Key")
        ]
        assert (await order(server, "k" * 255)).status == 201

    async def test_i8_other_methods(self, serve: Serve) -> None:
        """I8: a key of GET or PUT is ignored, even if it is malformed."""
        server = await serve(once(required=True, store=AwayStore()))
        for method, body in (("GET", None), ("PUT", TEA), ("GET", None)):
            answer = await ask(server, method, "/orders", headers={"Idempotency-Key": "a b"}, body=body)
            assert answer.status < 300

        assert calls() == ["search", "replace tea", "search"]


class Refused(HTTPError, status=403):
    """Nobody may come in."""


class TestEnds:
    """How the first request may end."""

    @pytest.mark.parametrize(
        ("sku", "status", "stored"),
        [("conflict", 409, True), ("missing", 404, True), ("busy", 429, False), ("away", 503, False),
         ("broken", 500, False)],
    )  # fmt: skip
    async def test_i9_errors_of_the_handler(
        self, serve: Serve, store: Store, sku: str, status: int, *, stored: bool
    ) -> None:
        """I9: its own 4xx is stored; 429, 5xx and unhandled exceptions are not, and the repeated request runs."""
        server = await serve(once(store=store))

        answers = [await order(server, body={"sku": sku}) for _ in range(2)]

        assert [one.status for one in answers] == [status] * 2
        assert answers[0].problem == answers[1].problem
        assert ["Idempotency-Replayed" in one.headers for one in answers] == [False, stored]
        assert len(calls()) == (1 if stored else 2)

    async def test_i10_o8_requests_that_are_refused(self, serve: Serve, store: Store) -> None:
        """I10, O8: 401, 403, 413, 415 and 422 leave the key unused; a revoked user gets no stored response."""

        async def gate(request: Request) -> None:
            if "X-Refuse" in request.headers:
                raise Refused

        server = await serve(once(Mine, store=store, settings={"guards": [gate]}))
        token = {"Authorization": "Bearer ann"}
        GONE.add("bob")
        refused = [
            await order(server, target="/mine", Authorization="Bearer bob"),
            await order(server, target="/mine", **token, **{"X-Refuse": "1"}),
            await order(server, target="/mine", body={"sku": 1}, **token),
            await order(server, target="/mine", body=b"{", **token),
            await order(server, target="/mine", **token, **{"Content-Type": "text/plain"}),
            await order(server, target="/mine", body=b'{"sku":"' + b"x" * 1_048_576 + b'"}', **token),
        ]
        assert [one.status for one in refused] == [401, 403, 422, 400, 415, 413]
        assert calls() == []

        assert [(await order(server, target="/mine", **token)).status for _ in range(2)] == [201, 201]
        GONE.add("ann")
        assert (await order(server, target="/mine", **token)).status == 401
        assert calls() == ["ann tea"]

    async def test_i12_a_long_request_keeps_its_claim(self, serve: Serve, store: Store, gate: asyncio.Event) -> None:
        """I12: as long as the process lives, the claim is renewed; a busy machine may renew it a second late."""
        first, second = [await serve(once(store=store, lock_ttl=1.5)) for _ in range(2)]
        running = asyncio.ensure_future(order(first, target="/slow"))
        await until(lambda: CALLS == ["slow tea"])
        await asyncio.sleep(2)

        assert (await order(second, target="/slow")).status == 409
        gate.set()
        assert (await running).status == 201
        assert (await order(second, target="/slow")).headers["Idempotency-Replayed"] == "true"
        assert calls() == ["slow tea", "done"]

    @pytest.mark.both_loops
    async def test_i13_the_client_leaves(self, serve_for_real: ServeForReal, store: Store) -> None:
        """I13: the work ends all the same, and the repeated request finds its response."""
        server = await serve_for_real(once(store=store))
        await _send_and_leave(server)

        async def is_replayed() -> bool:
            answer = await order(server, target="/slow")
            return "Idempotency-Replayed" in answer.headers

        await until(is_replayed)
        assert calls() == ["slow tea", "done"]

    @pytest.mark.both_loops
    async def test_i13_the_handler_is_cancelled(self, serve: Serve, store: Store) -> None:
        """I13: on a server that cancels handlers, the services undo the work, and the repeated request runs."""
        trace: list[str] = []

        class Unit:
            """A unit of work."""

        async def open_unit() -> AsyncIterator[Unit]:
            try:
                yield Unit()
            except BaseException as error:
                trace.append(type(error).__name__)
                raise

        class Working(Controller):
            @post("/slow", status=201)
            async def slow(self, body: dict[str, str], _: Unit) -> str:
                CALLS.append("slow")
                # The first one is cancelled, however late the server notices that its client has left.
                await asyncio.sleep(PATIENCE if len(CALLS) == 1 else 0)
                return body["sku"]

        container = Container()
        container.add_scoped(Unit, open_unit)
        app = once(Working, store=store, settings={"container": container})
        # aiohttp's test server cancels handlers.
        server = await serve(app)
        await _send_and_leave(server)
        await until(lambda: trace == ["CancelledError"])

        async def runs() -> bool:
            return (await order(server, target="/slow")).status == 201

        await until(runs)
        assert calls() == ["slow", "slow"]

    async def test_i13_a_timeout(self, serve: Serve) -> None:
        """A route that takes too long responds with 503, and the repeated request runs."""

        class Late(Controller):
            @post("/late", timeout=0.05)
            async def late(self) -> None:
                CALLS.append("late")
                await asyncio.sleep(5)

        server = await serve(once(Late))

        assert [(await order(server, target="/late")).status for _ in range(2)] == [503, 503]
        assert calls() == ["late", "late"]

    async def test_responses_that_are_not_in_memory(self, serve: Serve) -> None:
        """A response that the handler has sent itself cannot be repeated: the key is used, and the response is 409."""

        class Own(Controller):
            @post("/own")
            async def own(self, request: Request) -> web.StreamResponse:
                CALLS.append("own")
                response = web.StreamResponse()
                if "later" not in request.query:
                    await response.prepare(request)
                    await response.write(b"a")
                return response

        server = await serve(once(Own))
        detail = "The request was executed, and its response cannot be repeated"
        for target in ("/own", "/own?later"):
            assert (await order(server, target, target=target)).status == 200

            async def is_known(target: str = target) -> bool:
                return (await order(server, target, target=target)).problem == problem(409, "/own", detail)

            await until(is_known)
        assert calls() == ["own", "own"]

    async def test_a_response_without_room(self, serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
        """A response that the store cannot hold is sent, and cannot be repeated."""

        class Large(Controller):
            @post("/large")
            async def large(self) -> str:
                return "x" * 5_000

        server = await serve(once(Large, store=MemoryStore(max_bytes=3_000)))

        assert len((await order(server, target="/large")).body) == 5_000
        assert (await order(server, target="/large")).status == 409
        assert "cannot be stored" in caplog.text

    async def test_a_commit_that_fails(self, serve: Serve) -> None:
        """What is stored is what is sent: a cleanup that fails is a 500, and the repeated request runs."""

        class Unit:
            """A unit of work."""

        async def open_unit() -> AsyncIterator[Unit]:
            yield Unit()
            raise KeyError("cannot commit")

        class Working(Controller):
            @post("/work")
            async def work(self, _: Unit) -> str:
                CALLS.append("work")
                return "done"

        container = Container()
        container.add_scoped(Unit, open_unit)
        server = await serve(once(Working, settings={"container": container}))

        assert [(await order(server, target="/work")).status for _ in range(2)] == [500, 500]
        assert calls() == ["work", "work"]

    async def test_a_body_that_the_handler_reads(self, serve: Serve) -> None:
        """A handler without a declared body can read it, and it is compared."""
        server = await serve(once())

        answers = [await order(server, body=one, target="/raw") for one in (b"a", b"a", b"b")]

        assert [(one.status, one.body[:1]) for one in answers] == [(201, b"A"), (201, b"A"), (422, b"{")]
        assert calls() == ["raw"]


async def _send_and_leave(server: Any) -> None:
    headers = {"Content-Type": "application/json", "Idempotency-Key": "k"}
    async with connect(server) as connection:
        await connection.send(make_request("POST", "/slow", headers=headers, body=b'{"sku": "tea"}'))
        await until(lambda: len(CALLS) == 1)


class AwayStore(MemoryStore):
    """A store that cannot be reached as long as it is said to be away."""

    away = True

    async def add(self, key: str, value: bytes, *, ttl: float | None = None) -> bool:
        """Fail, or add."""
        if AwayStore.away:
            raise StoreError("nobody is there")
        return await super().add(key, value, ttl=ttl)

    async def replace(self, *_: Any, **__: Any) -> bool:
        """Fail."""
        raise StoreError("nobody is there")


@pytest.fixture
def come_back(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let the store come back when this is called."""
    monkeypatch.setattr(AwayStore, "away", True)
    return lambda: monkeypatch.setattr(AwayStore, "away", False)


TEXT = "The store of Idempotency cannot be reached: requests with a key are %s. nobody is there"


class TestAway:
    """I14: what happens while the store cannot be reached."""

    async def test_i14_closed(self, serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
        """I14: 503 with Retry-After, nothing is executed, one warning a minute; without a key the request runs."""
        server = await serve(once(store=AwayStore()))

        answers = [await order(server) for _ in range(3)]

        detail = "Repeated requests cannot be recognized now"
        assert [one.problem for one in answers] == [problem(503, "/orders", detail)] * 3
        assert answers[0].headers["Retry-After"] == "1"
        assert calls() == []
        assert [one.getMessage() for one in caplog.records if one.name == "framework.middleware"] == [
            TEXT % "refused (503)"
        ]
        assert (await order(server, None)).status == 201

    async def test_i14_open(self, serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
        """I14: with fail="open" requests are executed, repeated ones too."""
        server = await serve(once(store=AwayStore(), fail="open"))

        assert [(await order(server)).status for _ in range(2)] == [201, 201]
        assert calls() == ["order tea"] * 2
        assert TEXT % "executed without protection" in caplog.text

    async def test_i14_amid_a_request(
        self, serve: Serve, come_back: Callable[[], None], caplog: pytest.LogCaptureFixture
    ) -> None:
        """I14: the response is sent; a repeated request gets 409 until the claim ends."""
        come_back()
        server = await serve(once(store=AwayStore()))

        assert [(await order(server)).status for _ in range(2)] == [201, 409]
        assert TEXT % "not repeated" in caplog.text
        assert calls() == ["order tea"]

    async def test_i14_redis_is_killed_and_comes_back(self, serve: Serve, redis_server: RedisServer) -> None:
        """I14: no request hangs, and nothing has to be restarted."""
        server = await serve(once(store=RedisStore(redis_server.url, timeout=PATIENCE)))
        assert (await order(server)).status == 201
        redis_server.kill()
        begun = time.monotonic()
        assert (await order(server, "other")).status == 503
        assert time.monotonic() - begun < 1 + PATIENCE
        redis_server.start()

        async def is_back() -> bool:
            return (await order(server, "other")).status == 201

        await until(is_back)
        assert (await order(server, "other")).headers["Idempotency-Replayed"] == "true"
        assert calls() == ["order tea"] * 2

    async def test_another_value_in_the_store(self, serve: Serve) -> None:
        """B10: a key whose record cannot be read is not executed."""

        class Odd(MemoryStore):
            async def get(self, key: str) -> bytes | None:
                return b"\xc1" if await super().get(key) else None

        server = await serve(once(store=Odd()))

        assert [(await order(server)).status for _ in range(2)] == [201, 409]
        assert calls() == ["order tea"]


class TestDocument:
    """What apps say of idempotency."""

    def test_document(self) -> None:
        """Routes of POST have the header and the errors; others have nothing of it."""
        app = App([Orders], openapi=OpenAPI(title="t", version="1"), middlewares=[Idempotency(client=_by_headers)])
        app.build()
        document = app.document()
        OpenAPIV31SpecValidator(document).validate()
        made = document["paths"]["/orders"]["post"]

        assert list(made["responses"]) == ["201", "400", "406", "408", "409", "413", "415", "422", "503"]
        text = "A unique string for the request, optional; a repeated request has the same key."
        assert {"name": "Idempotency-Key", "in": "header", "description": text, "schema": {"type": "string"}} in made[
            "parameters"
        ]
        assert "Retry-After" in made["responses"]["409"]["headers"]
        assert "Idempotency-Replayed" in made["responses"]["201"]["headers"]
        assert "409" not in document["paths"]["/orders"]["put"]["responses"]

    def test_explain(self) -> None:
        """It stands behind validation, and costs nothing without the header."""
        app = once()
        app.build()

        source = app.explain("POST", "/orders")

        assert "compiled middleware Idempotency (app): before if there is Idempotency-Key; after" in source
        assert "Idempotency" not in app.explain("PUT", "/orders")

"""The response cache, row by row of the cases (A1-A22, O8, S8); the ids of the tests are the numbers of the rows."""

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import pytest
from aiohttp import web
from openapi_spec_validator import OpenAPIV31SpecValidator

from framework import App, Container, Controller, Header, OpenAPI, Request, Response, clock, get, post
from framework.http_errors import Forbidden
from framework.middleware import CORS, Cache, Compression, ResponseCache, SecurityHeaders, csp_nonce
from framework.stores import MemoryStore, Store, StoreError
from tests.http.middleware.counted import BEARER, CALLS, GONE, Shelf, User, calls
from tests.http.raw import Answer, ask, connect, make_request
from tests.http.shapes import Serve, app_of, problem
from tests.waiting import until


@pytest.fixture(autouse=True)
def no_calls() -> Iterator[None]:
    """Begin each test without calls, and with all users."""
    CALLS.clear()
    GONE.clear()
    yield
    CALLS.clear()


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Set the clock of the machine forward by so many seconds, or back."""
    real = time.time

    def shift(seconds: float) -> None:
        monkeypatch.setattr(clock, "time", lambda: real() + seconds)

    return shift


def cached(*controllers: Any, middlewares: Any = (), **options: Any) -> App:
    """Return an app with a cache around everything."""
    layer = ResponseCache(**{"ttl": 60, **options})
    return app_of(*(controllers or (Shelf,)), middlewares=[*middlewares, layer])


def bodies(*answers: Answer) -> list[bytes]:
    """Return what answers have in their bodies."""
    return [one.body for one in answers]


class TestHits:
    """What is sent again."""

    async def test_a1_the_same_request_twice(self, serve: Serve, store: Store, later: Callable[[float], None]) -> None:
        """A1: the handler runs once; the second response is the same, with its age and the Date of the first."""
        server = await serve(cached(store=store))

        first = await ask(server, "GET", "/things/public")
        later(7)
        second = await ask(server, "GET", "/things/public")

        assert calls() == ["show public"]
        assert (second.status, second.body, second.headers["Age"]) == (200, first.body, "7")
        assert "Age" not in first.headers
        assert sorted(first.headers.items()) == sorted(
            (name, value) for name, value in second.headers.items() if name != "Age"
        )

    async def test_a1_the_clock_of_the_machine(self, serve: Serve, later: Callable[[float], None]) -> None:
        """A1: set back, the age is 0; set forward, the response has expired."""
        server = await serve(cached())
        await ask(server, "GET", "/things/plain")

        later(-3_600)
        assert (await ask(server, "GET", "/things/plain")).headers["Age"] == "0"
        later(60)
        assert "Age" not in (await ask(server, "GET", "/things/plain")).headers
        assert calls() == ["show plain"] * 2

    async def test_a1_expired(self, serve: Serve, store: Store) -> None:
        """A1: a response is never sent after its time."""
        server = await serve(cached(ttl=0.1, store=store))
        await ask(server, "GET", "/things/plain")
        await asyncio.sleep(0.15)

        assert "Age" not in (await ask(server, "GET", "/things/plain")).headers
        assert calls() == ["show plain"] * 2

    @pytest.mark.parametrize("header", ["Authorization", "Cookie"])
    async def test_a2_two_clients(self, serve: Serve, store: Store, header: str) -> None:
        """A2: each has its own response, and so has a client without credentials."""
        server = await serve(cached(store=store))

        async def body(**headers: str) -> bytes:
            return (await ask(server, "GET", "/things/plain", headers=headers)).body

        first = [await body(**{header: "a"}), await body(**{header: "b"}), await body()]
        second = [await body(**{header: "a"}), await body(**{header: "b"}), await body()]

        assert first == second == [b"plain 1", b"plain 2", b"plain 3"]

    async def test_a3_o8_a_guard_refuses_now(self, serve: Serve, store: Store) -> None:
        """A3, O8: whatever is stored, a token that is revoked gets 401."""
        server = await serve(cached(store=store))
        sent = {"Authorization": "Bearer ann"}
        assert (await ask(server, "GET", "/mine", headers=sent)).body == b"of ann"
        assert (await ask(server, "GET", "/mine", headers=sent)).headers["Age"] == "0"

        GONE.add("ann")

        assert (await ask(server, "GET", "/mine", headers=sent)).status == 401
        assert (await ask(server, "GET", "/mine")).status == 401
        assert calls() == ["mine ann"]

    async def test_a7_keys_are_injective(self, serve: Serve, store: Store) -> None:
        """A7: other targets are other entries, however similar they are."""
        server = await serve(cached(store=store))
        targets = [
            "/things/a?b=1", "/things/ab=1", "/things/a?b=1&x=2", "/things/a?x=2&b=1", "/things/a?a=1&a=2",
            "/things/a?a=2&a=1", "/things/%C3%A9", "/things/e%CC%81", "/things/a", "/things/a?", "/things/a?b=%31",
        ]  # fmt: skip

        first = bodies(*[await ask(server, "GET", target) for target in targets])
        assert len(calls()) == len(targets)
        assert bodies(*[await ask(server, "GET", target) for target in targets]) == first
        assert calls() == []

    async def test_a7_values_of_headers_are_injective(self, serve: Serve) -> None:
        """A7: neither the end of a value nor its place among several can be moved."""
        server = await serve(cached(vary=("X-A", "X-B")))
        asked = [
            b"X-A: ab\r\nX-B: c", b"X-A: a\r\nX-B: bc", b"X-A: ab", b"X-B: ab", b"X-A: a\r\nX-A: b", b"X-A: a, b",
            b"X-A: 1\r\nX-B: a", b"X-B: a\r\nAuthorization: 1",
        ]  # fmt: skip
        for line in (*asked, *asked):
            async with connect(server) as connection:
                await connection.exchange(b"GET /things/plain HTTP/1.1\r\nHost: a\r\n" + line + b"\r\n\r\n")

        assert len(calls()) == len(asked)

    async def test_a8_another_host(self, serve: Serve) -> None:
        """A8: each host has its own entries; its case does not matter."""
        server = await serve(cached())
        hosts = ("a.example", "b.example", "a.example", "A.example", "a.example:81")

        found = [(await ask(server, "GET", "/things/plain", headers={"Host": host})).body for host in hosts]

        assert found == [b"plain 1", b"plain 2", b"plain 1", b"plain 1", b"plain 3"]

    async def test_a9_head(self, serve: Serve, store: Store) -> None:
        """A9: HEAD is served from the entry of GET, and makes none itself."""
        server = await serve(cached(store=store))

        assert (await ask(server, "HEAD", "/things/plain")).headers.get("Age") is None
        got = await ask(server, "GET", "/things/plain")
        head = await ask(server, "HEAD", "/things/plain")

        assert calls() == ["show plain"] * 2
        assert (got.body, "Age" in got.headers) == (b"plain 2", False)
        assert (head.status, head.headers["Content-Length"], head.headers["Age"]) == (200, "7", "0")

    async def test_a21_formats(self, serve: Serve, store: Store) -> None:
        """A21: each format has its own entry, because the response says that it depends on Accept."""
        server = await serve(cached(store=store))
        accepts = ("application/json", "application/msgpack") * 2

        answers = [await ask(server, "GET", "/list", headers={"Accept": one}) for one in accepts]

        assert bodies(*answers) == [b"[1]", b"\x91\x01"] * 2
        assert calls() == ["list"] * 2
        assert (await ask(server, "GET", "/list", headers={"Accept": "text/html"})).status == 406


class TestConditions:
    """Conditional requests and ranges."""

    async def test_a10_the_client_has_the_entry(self, serve: Serve, store: Store) -> None:
        """A10: 304 with the headers of the entry, for GET and HEAD; another version gets the entry."""
        server = await serve(cached(store=store))
        whole = await ask(server, "GET", "/tagged")

        for method in ("GET", "HEAD"):
            answer = await ask(server, method, "/tagged", headers={"If-None-Match": 'W/"v1"'})
            assert (answer.status, answer.body) == (304, b"")
            assert {name: answer.headers[name] for name in ("ETag", "Age", "Date", "Vary")} == {
                "ETag": '"v1"', "Age": "0", "Date": whole.headers["Date"], "Vary": whole.headers["Vary"],
            }  # fmt: skip
            assert "Content-Type" not in answer.headers
        other = await ask(server, "GET", "/tagged", headers={"If-None-Match": '"v0"'})
        assert (other.status, other.body) == (200, b"[1]")
        assert calls() == ["tagged"]

    async def test_a10_modified_since(self, serve: Serve) -> None:
        """A10: Last-Modified of the entry is compared as well, unless there is a tag in the request."""

        class Dated(Controller):
            @get("/dated")
            async def show(self) -> Response[str]:
                CALLS.append("dated")
                return Response("a", headers={"Last-Modified": "Thu, 01 Jan 2026 00:00:00 GMT"})

        server = await serve(cached(Dated))
        await ask(server, "GET", "/dated")

        async def status(**headers: str) -> int:
            return (await ask(server, "GET", "/dated", headers=headers)).status

        assert await status(**{"If-Modified-Since": "Thu, 01 Jan 2026 00:00:00 GMT"}) == 304
        assert await status(**{"If-Modified-Since": "Wed, 31 Dec 2025 00:00:00 GMT"}) == 200
        assert await status(**{"If-Modified-Since": "yesterday"}) == 200
        assert calls() == ["dated"]

    async def test_a11_the_first_request_is_conditional(self, serve: Serve, store: Store) -> None:
        """A11: the client gets 304, and the whole response is stored, not the 304."""
        server = await serve(cached(store=store))

        first = await ask(server, "GET", "/tagged", headers={"If-None-Match": '"v1"'})
        second = await ask(server, "GET", "/tagged")

        assert (first.status, first.body, first.headers["ETag"]) == (304, b"", '"v1"')
        assert (second.status, second.body, second.headers["Age"]) == (200, b"[1]", "0")
        assert calls() == ["tagged"]

    @pytest.mark.parametrize(
        ("target", "headers", "status"),
        [
            ("/bytes", {"Range": "bytes=0-1"}, 206),
            ("/bytes", {"Range": "bytes=0-1", "If-Range": '"other"'}, 200),
            ("/tagged", {"If-Match": '"v1"'}, 200),
            ("/tagged", {"If-Match": '"v2"'}, 412),
            ("/tagged", {"If-Unmodified-Since": "Thu, 01 Jan 2026 00:00:00 GMT"}, 200),
        ],
    )
    async def test_a11_requests_that_pass(
        self, serve: Serve, target: str, headers: dict[str, str], status: int
    ) -> None:
        """A11: the handler responds to a range or a precondition, before and after there is an entry."""
        server = await serve(cached())

        assert (await ask(server, "GET", target, headers=headers)).status == status
        assert (await ask(server, "GET", target)).status == 200
        assert (await ask(server, "GET", target, headers=headers)).status == status
        assert (await ask(server, "GET", target)).headers["Age"] == "0"
        assert len(calls()) == 3

    async def test_a_request_with_a_body(self, serve: Serve) -> None:
        """The handler may read it, so the response is neither stored nor looked up."""
        server = await serve(cached())

        for _ in range(2):
            assert "Age" not in (await ask(server, "GET", "/things/plain", body=b"{}")).headers
        assert "Age" not in (await ask(server, "GET", "/things/plain")).headers
        assert len(calls()) == 3


NOT_STORED = (
    "private", "no-store", "no-cache", "no-cache-field", "max-age-0", "max-age-two", "max-age-bad", "s-maxage-0",
    "expired", "expires-past", "vary-all", "set-cookie",
)  # fmt: skip


class TestNotStored:
    """What is not stored."""

    @pytest.mark.parametrize("name", NOT_STORED)
    async def test_a4_a5_a6_headers(self, serve: Serve, name: str) -> None:
        """A4, A5, A6: Set-Cookie, what Cache-Control forbids in any case, an age of 0, and Vary with a star."""
        server = await serve(cached())

        answers = [await ask(server, "GET", f"/things/{name}") for _ in range(2)]

        assert calls() == [f"show {name}"] * 2
        assert all("Age" not in one.headers for one in answers)

    async def test_a4_cookies(self, serve: Serve) -> None:
        """A4: a cookie of the handler is for one client."""
        server = await serve(cached())

        assert ["Set-Cookie" in (await ask(server, "GET", "/cookie")).headers for _ in range(2)] == [True] * 2
        assert calls() == ["cookie"] * 2

    @pytest.mark.parametrize("name", ["plain", "public"])
    async def test_a5_other_directives(self, serve: Serve, name: str) -> None:
        """A5: without directives, or with those that allow it, a response is stored."""
        server = await serve(cached())

        assert ["Age" in (await ask(server, "GET", f"/things/{name}")).headers for _ in range(2)] == [False, True]

    async def test_a6_languages(self, serve: Serve, store: Store) -> None:
        """A6: each value of a header in Vary has its own entry, from the second request on."""
        server = await serve(cached(store=store))
        languages = ("de", "fr", "de", "fr", "de, fr")

        found = [
            (await ask(server, "GET", "/things/language", headers={"Accept-Language": one})).body for one in languages
        ]

        assert found == [b"language 1", b"language 2", b"language 1", b"language 2", b"language 3"]

    async def test_a12_errors(self, serve: Serve) -> None:
        """A12: 404, 422 and 500 are computed each time."""
        server = await serve(cached())
        for target, status in (("/missing", 404), ("/broken", 500), ("/big/many", 422), ("/nowhere", 404)):
            for _ in range(2):
                answer = await ask(server, "GET", target)
                assert (answer.status, "Age" in answer.headers) == (status, False)

        assert calls() == ["missing"] * 2 + ["broken"] * 2

    async def test_a12_statuses(self, serve: Serve) -> None:
        """A12: those that are given are stored."""
        server = await serve(cached(statuses=(200, 404)))

        answers = [await ask(server, "GET", "/missing") for _ in range(2)]

        assert [one.problem for one in answers] == [problem(404, "/missing")] * 2
        assert answers[1].headers["Age"] == "0"
        assert calls() == ["missing"]

    async def test_a20_large_bodies(self, serve: Serve) -> None:
        """A20: up to 1 MiB, or the size that is given."""
        server = await serve(cached())
        small = await serve(cached(maximum_size=10))

        for target in ("/big/1048576", "/big/1048577"):
            for _ in range(2):
                await ask(server, "GET", target)
        assert len(calls()) == 3
        for target in ("/big/10", "/big/11"):
            for _ in range(2):
                await ask(small, "GET", target)
        assert len(calls()) == 3

    async def test_a20_s8_nonces(self, serve: Serve) -> None:
        """A20, S8: a page with a nonce is not stored."""

        class Page(Controller):
            @get("/page", media_type="text/html")
            async def show(self, request: Request) -> str:
                return csp_nonce(request)

        secure = SecurityHeaders(csp={"script-src": ("'nonce'",)})
        server = await serve(cached(Page, middlewares=[secure], vary=()))

        first, second = [await ask(server, "GET", "/page") for _ in range(2)]

        assert first.body != second.body
        for one in (first, second):
            assert one.body.decode() in one.headers["Content-Security-Policy"]

    async def test_a20_responses_that_are_not_in_memory(self, serve: Serve) -> None:
        """A20: a response that the handler streams itself, or compresses, is not stored."""

        class Own(Controller):
            @get("/stream")
            async def stream(self, request: Request) -> web.StreamResponse:
                CALLS.append("stream")
                response = web.StreamResponse()
                await response.prepare(request)
                await response.write(b"a")
                return response

            @get("/zipped")
            async def zipped(self) -> web.Response:
                CALLS.append("zipped")
                response = web.Response(text="a")
                response.enable_compression()
                return response

            @get("/whole")
            async def whole(self) -> web.Response:
                CALLS.append("whole")
                return web.Response(text="a")

        server = await serve(cached(Own, vary=()))
        for target in ("/stream", "/zipped", "/whole"):
            assert bodies(*[await ask(server, "GET", target) for _ in range(2)]) == [b"a", b"a"]

        assert calls() == ["stream", "stream", "zipped", "zipped", "whole"]


class TestInvalidation:
    """What removes entries."""

    @pytest.mark.parametrize(("target", "kept"), [("/things/plain", False), ("/things/plain?fail=true", True)])
    async def test_a13_the_target_is_changed(self, serve: Serve, store: Store, target: str, *, kept: bool) -> None:
        """A13: the entries of all clients are gone when PUT has succeeded, and stay when it has failed."""
        server = await serve(cached(store=store))
        clients: list[dict[str, str]] = [{}, {"Authorization": "a"}]
        read = target if kept else "/things/plain"
        for sent in clients:
            await ask(server, "GET", read, headers=sent)
        await ask(server, "GET", "/things/other")

        await ask(server, "PUT", target)

        found = ["Age" in (await ask(server, "GET", read, headers=sent)).headers for sent in clients]
        assert found == [kept, kept]
        assert "Age" in (await ask(server, "GET", "/things/other")).headers

    async def test_a13_a_change_during_the_computation(self, serve: Serve, store: Store) -> None:
        """A13: what was computed from the old state is not stored."""

        class Changing(Controller):
            @get("/value")
            async def show(self) -> str:
                CALLS.append("show")
                await asyncio.sleep(0.2)
                return "value"

            @post("/value")
            async def change(self) -> None:
                """Change."""

        server = await serve(cached(Changing, store=store))
        first = asyncio.ensure_future(ask(server, "GET", "/value"))
        await until(lambda: CALLS == ["show"])
        await ask(server, "POST", "/value")
        await first

        assert "Age" not in (await ask(server, "GET", "/value")).headers
        assert calls() == ["show", "show"]

    async def test_a14_tags(self, serve: Serve, store: Store) -> None:
        """A14: all entries of a tag are gone, in all processes with the store; others stay."""

        class Tagged(Controller):
            def __init__(self, cache: Cache) -> None:
                self._cache = cache

            @get("/tag/{name}")
            async def show(self, name: str) -> str:
                CALLS.append(name)
                return name

            @post("/invalidate")
            async def change(self, tag: tuple[str, ...]) -> None:
                await self._cache.invalidate(*tag)

        def tags(request: web.Request) -> list[str]:
            return ["all", request.path.removeprefix("/tag/")]

        first, second = [await serve(cached(Tagged, store=store, tags=tags)) for _ in range(2)]

        async def read() -> list[bytes]:
            return bodies(*[await ask(one, "GET", f"/tag/{name}") for name in "ab" for one in (first, second)])

        assert await read() == [b"a", b"a", b"b", b"b"]
        assert calls() == ["a", "b"]
        await ask(second, "POST", "/invalidate?tag=a")
        await read()
        assert calls() == ["a"]
        await ask(first, "POST", "/invalidate?tag=none&tag=all")
        await read()
        assert calls() == ["a", "b"]
        await read()
        assert calls() == []

    async def test_a14_one_service_for_several_caches(self, serve: Serve) -> None:
        """A14: it removes the entries of all stores; a test may replace it."""

        class Both(Controller):
            def __init__(self, cache: Cache) -> None:
                self._cache = cache

            @get("/one", middlewares=(ResponseCache(ttl=60, tags=("t",)),))
            async def one(self) -> str:
                CALLS.append("one")
                return "one"

            @get("/two", middlewares=(ResponseCache(ttl=60, tags=("t", "u")),))
            async def two(self) -> str:
                CALLS.append("two")
                return "two"

            @post("/clear")
            async def clear(self) -> None:
                await self._cache.invalidate("t")

        container = Container()
        server = await serve(app_of(Both, container=container))
        for _ in range(2):
            for target in ("/one", "/two"):
                await ask(server, "GET", target)
            await ask(server, "POST", "/clear")
        assert calls() == ["one", "two"] * 2

        class Fake(Cache):
            async def invalidate(self, *tags: str) -> None:
                CALLS.extend(tags)

        with container.override(Cache, instance=Fake()):
            faked = await serve(app_of(Both, container=container))
        await ask(faked, "POST", "/clear")
        assert calls() == ["t"]

    async def test_a14_a_tag_is_invalidated_during_the_computation(self, serve: Serve, store: Store) -> None:
        """A14: what was computed before is not sent afterwards."""
        cache = Cache([store])
        server = await serve(cached(store=store, tags=("t",)))
        first = asyncio.ensure_future(ask(server, "GET", "/slow/a"))
        await until(lambda: CALLS == ["slow a"])
        await cache.invalidate("t")
        await first

        assert "Age" not in (await ask(server, "GET", "/slow/a")).headers
        assert calls() == ["slow a"] * 2


class TestTogether:
    """Many requests for the same response at once."""

    @pytest.mark.both_loops
    async def test_a15_fifty_misses(self, serve: Serve, store: Store) -> None:
        """A15: the handler is called once; all others get its response."""
        server = await serve(cached(store=store))

        answers = await asyncio.gather(*(ask(server, "GET", "/slow/a") for _ in range(50)))

        assert calls() == ["slow a"]
        assert bodies(*answers) == [b"a"] * 50
        assert sorted(one.headers.get("Age", "") for one in answers) == [""] + ["0"] * 49

    async def test_a15_conditional_misses(self, serve: Serve, store: Store) -> None:
        """A15: they wait as well, and each gets what it has asked for."""
        server = await serve(cached(store=store))

        tags = ('"v1"', '"v0"') * 20
        answers = await asyncio.gather(*(ask(server, "GET", "/tagged", headers={"If-None-Match": one}) for one in tags))

        assert [one.status for one in answers] == [304, 200] * 20
        assert calls() == ["tagged"]

    async def test_a15_responses_that_are_not_stored(self, serve: Serve) -> None:
        """A15: requests for them do not wait for each other one by one."""

        class Private(Controller):
            @get("/private")
            async def show(self) -> Response[str]:
                CALLS.append("private")
                await asyncio.sleep(0.1)
                return Response("a", headers={"Cache-Control": "private"})

        server = await serve(cached(Private))
        begun = time.monotonic()

        await asyncio.gather(*(ask(server, "GET", "/private") for _ in range(50)))

        assert len(calls()) == 50
        assert time.monotonic() - begun < 50 * 0.1

    async def test_a15_a_bounded_wait(self, serve: Serve) -> None:
        """A15: after that time a request computes its own response."""

        class Stuck(Controller):
            @get("/stuck")
            async def show(self) -> str:
                CALLS.append("stuck")
                if len(CALLS) == 1:
                    await release.wait()
                return "a"

        release = asyncio.Event()
        server = await serve(cached(Stuck, wait=0.1))
        first = asyncio.ensure_future(ask(server, "GET", "/stuck"))
        await until(lambda: len(CALLS) == 1)

        assert (await ask(server, "GET", "/stuck")).body == b"a"
        release.set()
        assert (await first).body == b"a"

    async def test_a16_the_leader_fails(self, serve: Serve, store: Store) -> None:
        """A16: it gets its error, and the next one runs."""

        class Failing(Controller):
            @get("/failing")
            async def show(self) -> str:
                CALLS.append("failing")
                await asyncio.sleep(0.05)
                if len(CALLS) < 3:
                    raise KeyError
                return "a"

        server = await serve(cached(Failing, store=store))

        answers = await asyncio.gather(*(ask(server, "GET", "/failing") for _ in range(20)))

        assert sorted(one.status for one in answers) == [200] * 18 + [500] * 2
        assert len(calls()) == 3

    @pytest.mark.both_loops
    async def test_a16_the_leader_is_cancelled(self, serve: Serve, store: Store) -> None:
        """A16: its client leaves, and one of the others takes over."""
        server = await serve(cached(store=store))
        async with connect(server) as connection:
            await connection.send(make_request("GET", "/slow/long"))
            await until(lambda: len(CALLS) == 1)
            others = [asyncio.ensure_future(ask(server, "GET", "/slow/long")) for _ in range(10)]
            await asyncio.sleep(0.02)

        answers = await asyncio.gather(*others)

        assert bodies(*answers) == [b"long"] * 10
        assert calls() == ["slow long"] * 2

    async def test_a16_a_waiting_request_is_cancelled(self, serve: Serve) -> None:
        """A16: the others do not notice."""
        server = await serve(cached())
        first = asyncio.ensure_future(ask(server, "GET", "/slow/long"))
        await until(lambda: len(CALLS) == 1)
        async with connect(server) as connection:
            await connection.send(make_request("GET", "/slow/long"))
            await asyncio.sleep(0.02)

        assert (await first).body == b"long"
        assert (await ask(server, "GET", "/slow/long")).headers["Age"] == "0"
        assert calls() == ["slow long"]


class Versions(Controller):
    """Returns another version each time, or fails."""

    fails = False

    @get("/version")
    async def show(self) -> str:
        """Return the number of the call."""
        CALLS.append("version")
        number = len(CALLS)
        await asyncio.sleep(0.05)
        if Versions.fails:
            raise KeyError
        return str(number)

    @get("/strict")
    async def strict(self) -> Response[str]:
        """Forbid that it is sent stale."""
        CALLS.append("strict")
        return Response("a", headers={"Cache-Control": "must-revalidate"})


@pytest.fixture(autouse=True)
def no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the versions be made."""
    monkeypatch.setattr(Versions, "fails", False)


class TestStale:
    """Responses that are sent while new ones are computed."""

    async def test_a17_stale_while_revalidate(self, serve: Serve, store: Store, later: Callable[[float], None]) -> None:
        """A17: all get the old response at once, with its age; one new response is computed behind it."""
        server = await serve(cached(Versions, store=store, stale_while_revalidate=30))
        assert (await ask(server, "GET", "/version")).body == b"1"
        later(65)

        stale = await asyncio.gather(*(ask(server, "GET", "/version") for _ in range(20)))

        assert {(one.body, one.headers["Age"]) for one in stale} == {(b"1", "65")}

        async def is_new() -> bool:
            return (await ask(server, "GET", "/version")).body == b"2"

        await until(is_new)
        assert calls() == ["version"] * 2

    async def test_a17_after_that_time(self, serve: Serve, later: Callable[[float], None]) -> None:
        """A17: a response is never sent when both times have passed, nor stale if it forbids that."""
        server = await serve(cached(Versions, stale_while_revalidate=30))
        await ask(server, "GET", "/version")
        await ask(server, "GET", "/strict")
        later(65)
        assert "Age" not in (await ask(server, "GET", "/strict")).headers
        later(95)
        assert "Age" not in (await ask(server, "GET", "/version")).headers
        assert calls() == ["version", "strict", "strict", "version"]

    async def test_a18_the_refresh_fails(
        self, serve: Serve, later: Callable[[float], None], caplog: pytest.LogCaptureFixture
    ) -> None:
        """A18: the old response is sent to the end of its time, then the error."""
        server = await serve(cached(Versions, stale_while_revalidate=30))
        await ask(server, "GET", "/version")
        Versions.fails = True
        later(65)
        assert (await ask(server, "GET", "/version")).body == b"1"
        await until(lambda: len(CALLS) == 2 and "GET /version failed" in caplog.text)
        assert (await ask(server, "GET", "/version")).body == b"1"

        later(95)
        assert (await ask(server, "GET", "/version")).status == 500

    @pytest.mark.parametrize(("name", "age"), [("ten", 10), ("aged", 2)])
    async def test_a19_the_age_of_the_response(
        self, serve: Serve, later: Callable[[float], None], name: str, age: int
    ) -> None:
        """A19: max-age of the response is the limit if it is less than ttl, minus the age that it has already."""
        server = await serve(cached())
        await ask(server, "GET", f"/things/{name}")

        later(age - 0.5)
        assert (await ask(server, "GET", f"/things/{name}")).headers["Age"] == "9"
        later(age + 0.5)
        await ask(server, "GET", f"/things/{name}")
        assert calls() == [f"show {name}"] * 2


class AwayStore(MemoryStore):
    """A store that cannot be reached as long as it is said to be away."""

    away = True

    async def get(self, key: str) -> bytes | None:
        """Fail, or return the value."""
        if AwayStore.away:
            raise StoreError("nobody is there")
        return await super().get(key)

    async def set(self, *_: Any, **__: Any) -> None:
        """Fail."""
        raise StoreError("nobody is there")

    async def delete(self, *_: Any, **__: Any) -> bool:
        """Fail."""
        raise StoreError("nobody is there")


WARNING = "The store of ResponseCache cannot be used: responses are not cached. nobody is there"


class TestAway:
    """A22: what happens while the store cannot be reached."""

    @pytest.mark.parametrize("away", [True, False])
    async def test_a22_handlers_run(
        self, serve: Serve, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, *, away: bool
    ) -> None:
        """A22: the handler runs, changes work, and there is one warning a minute."""
        monkeypatch.setattr(AwayStore, "away", away)
        server = await serve(cached(store=AwayStore(), tags=("a",)))

        answers = [await ask(server, "GET", "/things/plain") for _ in range(2)]
        changed = await ask(server, "PUT", "/things/plain")

        assert [one.status for one in (*answers, changed)] == [200, 200, 204]
        assert calls() == ["show plain", "show plain", "change plain"]
        assert WARNING in [one.getMessage() for one in caplog.records]

    async def test_a22_a_response_without_room(self, serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
        """A22: a response that the store cannot hold is sent."""
        server = await serve(cached(store=MemoryStore(max_bytes=2_000)))

        assert len((await ask(server, "GET", "/big/5000")).body) == 5_000
        assert "has room for 2000" in caplog.text

    async def test_a_store_that_others_write_to(self, serve: Serve) -> None:
        """B10: what cannot be read is not there."""

        class Odd(MemoryStore):
            async def get(self, key: str) -> bytes | None:
                found = await super().get(key)
                return b"\xc1" if found is not None and key.startswith("response:") else found

        server = await serve(cached(store=Odd()))

        assert ["Age" in (await ask(server, "GET", "/things/plain")).headers for _ in range(2)] == [False, False]


class TestOptions:
    """Who gets the same response, and which middlewares are around it."""

    async def test_declared_headers(self, serve: Serve) -> None:
        """A header that the handler reads by its declaration separates responses."""

        class Tenants(Controller):
            @get("/tenant")
            async def show(self, tenant: Annotated[str, Header(name="X-Tenant")]) -> str:
                CALLS.append(tenant)
                return tenant

        server = await serve(cached(Tenants))
        found = [(await ask(server, "GET", "/tenant", headers={"X-Tenant": one})).body for one in ("a", "b", "a")]

        assert (found, calls()) == ([b"a", b"b", b"a"], ["a", "b"])

    async def test_vary(self, serve: Serve) -> None:
        """A header that is named separates responses, and other caches are told so."""

        class Opaque(Controller):
            @get("/opaque")
            async def show(self, request: Request) -> str:
                return request.headers["X-A"]

        server = await serve(cached(Opaque, vary=("X-A",)))
        answers = [await ask(server, "GET", "/opaque", headers={"X-A": one}) for one in ("a", "b", "a")]

        assert bodies(*answers) == [b"a", b"b", b"a"]
        assert [one.headers["Vary"] for one in answers] == ["X-A"] * 3

    async def test_client(self, serve: Serve) -> None:
        """A function of the request replaces the credentials; guards run all the same."""

        class Shared(Controller):
            guards = (BEARER,)

            @get("/shared")
            async def show(self) -> str:
                CALLS.append("shared")
                return "for all"

        server = await serve(cached(Shared, client=lambda _: ""))
        GONE.add("bob")
        sent = [{"Authorization": f"Bearer {name}"} for name in ("ann", "eve", "bob")]

        assert [(await ask(server, "GET", "/shared", headers=one)).status for one in sent] == [200, 200, 401]
        assert calls() == ["shared"]

    async def test_client_returns_something_else(self, serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
        """What is no string is a 500, because objects are seldom the same."""
        client: Any = lambda _: None  # noqa: E731  as users write it
        server = await serve(cached(client=client))

        assert (await ask(server, "GET", "/things/plain")).status == 500
        assert "ResponseCache(client=...) has returned a NoneType; return a string" in caplog.text

    async def test_off_for_a_route(self, serve: Serve) -> None:
        """The innermost instance counts, also if it is off; a stream may stand below a cache in this way."""

        class Some(Controller):
            @get("/off", middlewares=(ResponseCache(ttl=None),))
            async def off(self) -> str:
                CALLS.append("off")
                return ""

        server = await serve(cached(Some, Shelf))
        for _ in range(2):
            await ask(server, "GET", "/off")

        assert calls() == ["off"] * 2

    async def test_o7_with_compression_and_cors(self, serve: Serve) -> None:
        """O7: bodies are stored uncompressed; each origin has its own headers, once."""
        around = [CORS(origins=("https://a.example", "https://b.example")), Compression(minimum_size=1)]
        server = await serve(cached(middlewares=around))
        asked = [
            (coding, origin, target)
            for coding in ("gzip", "", "gzip")
            for origin in ("https://a.example", "https://b.example")
            for target in ("/things/plain", "/list")
        ]
        for coding, origin, target in asked:
            answer = await ask(server, "GET", target, headers={"Origin": origin, "Accept-Encoding": coding})
            assert answer.headers.getall("Access-Control-Allow-Origin") == [origin]
            assert answer.headers.get("Content-Encoding", "") == coding
            assert {"Origin", "Accept-Encoding"} <= {one.strip() for one in answer.headers["Vary"].split(",")}
        zipped = {"Accept-Encoding": "gzip"}
        tag = (await ask(server, "GET", "/tagged", headers=zipped)).headers["ETag"]
        again = await ask(server, "GET", "/tagged", headers={**zipped, "If-None-Match": tag})
        assert (tag, again.status, again.headers["ETag"]) == ('"v1-gzip"', 304, tag)

        # The headers of an origin are a part of the prepared head of /list, which is stored for each origin.
        assert calls() == ["show plain", "list", "list", "tagged"]

    async def test_o8_explain(self) -> None:
        """O8: it stands behind guards and validation, and routes without it do not have it."""

        async def admit(_: Annotated[User, BEARER]) -> None:
            raise Forbidden

        class Guarded(Controller):
            guards = (admit,)

            @get("/guarded")
            async def show(self, number: int) -> str:
                return str(number)

            @post("/guarded")
            async def change(self) -> None:
                """Change."""

        app = cached(Guarded)
        app.build()

        def stages(method: str) -> list[str]:
            lines = app.explain(method, "/guarded").partition("\n\nasync def")[0].splitlines()[2:]
            return [line.strip().partition(". ")[2] for line in lines]

        assert stages("GET")[1:5] == [
            "guard admit (Guarded)",
            "a media type that the client accepts, else 406: text/plain; charset=utf-8",
            "validation of all sources together, else 422",
            "compiled middleware ResponseCache (app): before; after",
        ]
        assert "compiled middleware ResponseCache (app): after" in stages("POST")
        plain = app_of(Guarded)
        plain.build()
        assert "ResponseCache" not in plain.explain("GET", "/guarded")

    def test_document(self) -> None:
        """A route has the 304 and the Age."""
        app = App([Shelf], openapi=OpenAPI(title="t", version="1"), middlewares=[ResponseCache(ttl=60)])
        app.build()
        document = app.document()
        OpenAPIV31SpecValidator(document).validate()
        responses = document["paths"]["/list"]["get"]["responses"]

        assert list(responses) == ["200", "304", "406"]
        assert responses["200"]["headers"]["Age"]["description"] == (
            "Seconds since the response was made, if it was stored."
        )

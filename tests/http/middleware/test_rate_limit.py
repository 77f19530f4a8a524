"""Rate limits, row by row of the cases (Q1-Q20); the ids of the tests are the numbers of the rows."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from types import SimpleNamespace
from typing import Annotated, Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from msgspec import Struct

from framework import App, Controller, HTTPError, OpenAPI, Request, Router, clock, get, options, post
from framework.middleware import RateLimit, client_address
from framework.security import Bearer
from framework.stores import MemoryStore, Quota, RedisStore, Store, StoreError
from tests.http.middleware.limited import ThingController, processes
from tests.http.raw import Answer, ask, connect, make_request
from tests.http.shapes import Serve, app_of, problem
from tests.redis_server import RedisServer
from tests.waiting import PATIENCE as PLENTY
from tests.waiting import until

TYPE = "https://iana.org/assignments/http-problem-types#quota-exceeded"


@pytest.fixture(params=["memory", "redis"])
async def store(request: pytest.FixtureRequest, redis_namespace: str) -> Store:
    """Make a store; the app closes it."""
    if request.param == "memory":
        return MemoryStore()
    url = request.getfixturevalue("shared_redis").url
    return RedisStore(url, namespace=redis_namespace, timeout=PLENTY)


def limited(*middlewares: Any, controllers: Sequence[Any] = (ThingController,), **settings: Any) -> App:
    """Return an app with limits around everything."""
    return app_of(*controllers, middlewares=middlewares, **settings)


async def many(server: TestServer, count: int, target: str = "/things", **options: Any) -> list[Answer]:
    """Send requests one after the other."""
    async with connect(server) as connection:
        data = make_request("GET", target, **options)
        return [await connection.exchange(data) for _ in range(count)]


def fields(answer: Answer) -> tuple[list[str], list[str]]:
    """Return the lines of both headers."""
    return answer.headers.getall("RateLimit-Policy", []), answer.headers.getall("RateLimit", [])


def exceeded(instance: str, seconds: int, *policies: str) -> dict[str, Any]:
    """Return the problem of a refusal."""
    return {
        "type": TYPE,
        "title": "Quota Exceeded",
        "status": 429,
        "detail": f"Try again in {seconds} s",
        "instance": instance,
        "violated-policies": list(policies),
    }


class TestHeaders:
    """What clients are told."""

    async def test_q1_the_first_request(self, serve: Serve, store: Store) -> None:
        """Q1: the policy, what is left, and when more comes back."""
        server = await serve(limited(RateLimit("100/minute", store=store)))

        answer = await ask(server, "GET", "/things")

        assert (answer.status, answer.body) == (200, b"a thing")
        assert fields(answer) == (['"100-minute";q=100;w=60'], ['"100-minute";r=99;t=60'])
        assert "Retry-After" not in answer.headers

    async def test_q2_q3_the_one_above_the_limit(self, serve: Serve, store: Store) -> None:
        """Q2, Q3: 429, nothing is left, Retry-After is t in whole seconds, and the problem names the policy."""
        server = await serve(limited(RateLimit("100/minute", store=store)))

        *admitted, refused = await many(server, 101)

        assert [one.status for one in admitted] == [200] * 100
        assert fields(admitted[-1])[1][0].startswith('"100-minute";r=0;t=')
        assert refused.status == 429
        seconds = int(refused.headers["Retry-After"])
        assert 0 < seconds <= 60
        assert fields(refused) == (['"100-minute";q=100;w=60'], [f'"100-minute";r=0;t={seconds}'])
        assert refused.problem == exceeded("/things", seconds, "100-minute")

    async def test_q4_who_waits_is_served(self, serve: Serve, store: Store) -> None:
        """Q4: after Retry-After the next request is admitted."""
        server = await serve(limited(RateLimit("2/second", store=store)))
        refused = (await many(server, 3))[-1]
        assert refused.headers["Retry-After"] == "1"

        await asyncio.sleep(1)

        assert (await ask(server, "GET", "/things")).status == 200

    async def test_q5_two_limits(self, serve: Serve, store: Store) -> None:
        """Q5: both are named, the nearest is told, and a refusal by one charges none."""
        server = await serve(limited(RateLimit("3/minute", "1000/hour", store=store)))
        policy = ['"3-minute";q=3;w=60, "1000-hour";q=1000;w=3600']

        *admitted, first, last = await many(server, 5)

        assert [fields(one) for one in admitted[:1]] == [(policy, ['"3-minute";r=2;t=60'])]
        assert [fields(one)[0] for one in (first, last)] == [policy] * 2
        assert last.problem["violated-policies"] == ["3-minute"]
        # 3 were charged, and not 5.
        assert [one.remaining for one in await states(store, "3-minute,1000-hour", (3, 60), (1000, 3600))] == [
            0,
            997,
        ]

    async def test_q5_the_limit_that_is_nearest_changes(self, serve: Serve, store: Store) -> None:
        """Q5: that of which fewest requests are left."""
        server = await serve(limited(RateLimit("3/second", "4/hour", store=store)))
        shown = [fields(one)[1][0].partition(";t=")[0] for one in await many(server, 3)]
        await asyncio.sleep(1)
        shown += [fields(one)[1][0].partition(";t=")[0] for one in await many(server, 2)]

        assert shown == [
            '"3-second";r=2', '"3-second";r=1', '"3-second";r=0', '"4-hour";r=0', '"4-hour";r=0'
        ]  # fmt: skip

    async def test_more_windows(self, serve: Serve) -> None:
        """A window may be several units long."""
        server = await serve(limited(RateLimit("5/15 minutes", "1/2 days")))

        assert fields(await ask(server, "GET", "/things")) == (
            ['"5-15-minutes";q=5;w=900, "1-2-days";q=1;w=172800'],
            ['"1-2-days";r=0;t=172800'],
        )


async def states(store: Store, policies: str, *quotas: tuple[int, float]) -> Any:
    """Return what is left of the limits of the app, without charging them."""
    view = store.namespace("rate-limit").namespace("GET /things").namespace(policies)
    return (await view.reserve("127.0.0.1", [Quota(*one) for one in quotas], 0)).states


class Unwelcome(HTTPError, status=401):
    """Nobody may come in."""


class Login(Struct):
    """What a client knows."""

    word: str


class TestCounting:
    """Who is counted, and when."""

    async def test_q6_many_at_once(self, serve: Serve, store: Store) -> None:
        """Q6: of 101 at the same time exactly 100 are admitted."""
        server = await serve(limited(RateLimit("100/minute", store=store)))

        answers = await asyncio.gather(*(ask(server, "GET", "/things") for _ in range(101)))

        statuses = [one.status for one in answers]
        assert (statuses.count(200), statuses.count(429)) == (100, 1)

    async def test_q8_requests_are_charged_before_they_are_handled(self, serve: Serve, store: Store) -> None:
        """Q8: of many failed logins at the same time no more run than are allowed; good ones are given back."""
        running = 0

        class LoginController(Controller):
            path = "/login"

            @post()
            async def login(self, login: Login) -> str:
                nonlocal running
                running += 1
                await asyncio.sleep(0.05)
                if login.word != "good":
                    raise Unwelcome
                return "in"

        limit = RateLimit("3/minute", store=store, refund=lambda response: response.status < 400)
        server = await serve(limited(limit, controllers=[LoginController]))

        good = [await ask(server, "POST", "/login", body={"word": "good"}) for _ in range(5)]
        assert [fields(one)[1] for one in good] == [['"3-minute";r=3;t=60']] * 5
        bad = await asyncio.gather(*(ask(server, "POST", "/login", body={"word": "bad"}) for _ in range(10)))

        assert sorted(one.status for one in bad) == [401] * 3 + [429] * 7
        assert running == 5 + 3

    async def test_q9_what_the_client_says_of_its_address(self, serve: Serve) -> None:
        """Q9: without ProxyHeaders no header gives a client another key."""
        server = await serve(limited(RateLimit("2/minute")))
        statuses = []
        for number in range(4):
            address = f"10.0.0.{number}"
            sent = {"X-Forwarded-For": address, "Forwarded": f"for={address}", "X-Real-IP": address}
            statuses.append((await ask(server, "GET", "/things", headers=sent)).status)

        assert statuses == [200, 200, 429, 429]

    @pytest.mark.parametrize(
        ("remote", "key"),
        [
            ("1.2.3.4", "1.2.3.4"),
            ("::ffff:1.2.3.4", "1.2.3.4"),
            ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
            ("2001:db8:1:2:ffff::2", "2001:db8:1:2::/64"),
            ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
            ("fe80::1%eth0", "fe80::/64"),
            ("::1", "::/64"),
            ("", "unix"),
            (None, "unix"),
            ("a name", "a name"),
        ],
    )
    def test_q10_one_subscriber_is_one_key(self, remote: str | None, key: str) -> None:
        """Q10: a /64 of IPv6 is one key, and so is IPv4 in both of its forms; a Unix socket has one for all."""
        request: Any = SimpleNamespace(remote=remote, _cache={"remote": remote})

        assert client_address(request) == key

    async def test_q12_a_key_of_nobody_is_not_limited(self, serve: Serve, store: Store) -> None:
        """Q12: None is not limited, and has no headers; a key that fails is a 500, and is not admitted."""

        def key(request: web.Request) -> str | None:
            return None if request.headers["X-Key"] == "none" else {"a": "a"}[request.headers["X-Key"]]

        server = await serve(limited(RateLimit("1/minute", store=store, key=key)))

        free = await many(server, 3, headers={"X-Key": "none"})
        assert [(one.status, fields(one)) for one in free] == [(200, ([], []))] * 3
        failed = await ask(server, "GET", "/things", headers={"X-Key": "b"})
        assert failed.problem == problem(500, "/things")
        assert [one.status for one in await many(server, 2, headers={"X-Key": "a"})] == [200, 429]

    async def test_q12_a_key_may_wait(self, serve: Serve, store: Store) -> None:
        """Q12: an async key is awaited."""

        async def key(request: web.Request) -> str:
            await asyncio.sleep(0)
            return request.headers["X-Key"]

        server = await serve(limited(RateLimit("1/minute", store=store, key=key)))

        assert [one.status for one in await many(server, 2, headers={"X-Key": "a"})] == [200, 429]
        assert [one.status for one in await many(server, 1, headers={"X-Key": "b"})] == [200]

    async def test_q12_a_key_is_a_string(self, serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
        """Q12: anything else is a 500, since objects are seldom the same twice."""
        key: Any = lambda _: object()  # noqa: E731  as users write it
        server = await serve(limited(RateLimit("1/minute", key=key)))

        assert (await ask(server, "GET", "/things")).problem == problem(500, "/things")
        assert "the key of a RateLimit is of object; return a string, or None for no limit" in caplog.text

    async def test_q13_costs(self, serve: Serve, store: Store) -> None:
        """Q13: r falls by the cost, never below 0; what does not fit is refused whole."""
        server = await serve(limited(RateLimit("12/minute", store=store, cost=5)))

        answers = await many(server, 4)

        assert [one.status for one in answers] == [200, 200, 429, 429]
        assert [fields(one)[1][0].partition(";t=")[0] for one in answers] == [
            '"12-minute";r=7', '"12-minute";r=2', '"12-minute";r=2', '"12-minute";r=2',
        ]  # fmt: skip

    async def test_q13_a_function_of_the_request(self, serve: Serve, store: Store) -> None:
        """Q13: a function tells the cost; 0 charges nothing, more than the limit is refused, below 0 is a 500."""
        limit = RateLimit("10/minute", store=store, cost=lambda request: int(request.query["n"]))
        server = await serve(limited(limit))

        async def shown(cost: int) -> tuple[int, str]:
            answer = await ask(server, "GET", f"/things?n={cost}")
            return answer.status, answer.headers.get("RateLimit", "").partition(";t=")[0]

        assert await shown(0) == (200, '"10-minute";r=10')
        assert await shown(4) == (200, '"10-minute";r=6')
        assert await shown(11) == (429, '"10-minute";r=6')
        assert await shown(7) == (429, '"10-minute";r=6')
        assert await shown(6) == (200, '"10-minute";r=0')
        assert (await shown(-1))[0] == 500

    async def test_q14_limits_of_app_and_route(self, serve: Serve, store: Store) -> None:
        """Q14: both count, and both are told, each in lines of its own."""

        class ReportController(Controller):
            path = "/reports"

            @get("/a", middlewares=(RateLimit("2/minute", store=store),))
            async def first(self) -> str:
                return "a"

            @get("/b", middlewares=(RateLimit("2/minute", store=store),))
            async def second(self) -> str:
                return "b"

        server = await serve(limited(RateLimit("4/minute", store=store), controllers=[ReportController]))

        first = await many(server, 3, "/reports/a")
        assert fields(first[0]) == (
            ['"2-minute";q=2;w=60', '"4-minute";q=4;w=60'],
            ['"2-minute";r=1;t=60', '"4-minute";r=3;t=60'],
        )
        assert [one.status for one in first] == [200, 200, 429]
        assert first[2].problem["violated-policies"] == ["2-minute"]
        # The route's refusal was charged to the app's limit before.
        second = await many(server, 2, "/reports/b")
        assert [one.status for one in second] == [200, 429]
        assert second[1].problem["violated-policies"] == ["4-minute"]
        assert fields(second[1])[0] == ['"4-minute";q=4;w=60']

    async def test_q14_equal_limits_around_a_route_count_separately(self, serve: Serve, store: Store) -> None:
        """Q14: of an app, its first controller and a guard, in one store and without names: none counts for another."""

        class Things(Controller):
            middlewares = (RateLimit("3/minute", store=store),)

            @get("/things", guards=(RateLimit("3/minute", store=store),))
            async def things(self) -> str:
                return "things"

        server = await serve(limited(RateLimit("3/minute", store=store), controllers=[Things]))

        assert [one.status for one in await many(server, 4)] == [200, 200, 200, 429]

    async def test_q14_a_name_joins_limits(self, serve: Serve, store: Store) -> None:
        """Q14: two that have a name in common count together."""

        class LoginController(Controller):
            @get("/a", middlewares=(RateLimit("2/minute", store=store, name="login"),))
            async def first(self) -> str:
                return "a"

            @get("/b", middlewares=(RateLimit("2/minute", store=store, name="login"),))
            async def second(self) -> str:
                return "b"

        server = await serve(app_of(LoginController))

        assert [(await ask(server, "GET", target)).status for target in ("/a", "/b", "/a", "/b")] == [
            200,
            200,
            429,
            429,
        ]

    async def test_q15_floods(self, serve: Serve, store: Store) -> None:
        """Q15: what no route takes is counted, and what a guard refuses."""

        async def nobody(_: Request) -> None:
            raise Unwelcome

        server = await serve(limited(RateLimit("5/minute", store=store), guards=[nobody]))

        targets = ("/nothing", "/things", "/nothing", "/things", "/things", "/nothing", "/things")
        assert [(await ask(server, "GET", one)).status for one in targets] == [404, 401, 404, 401, 401, 429, 429]
        answer = await ask(server, "POST", "/things")
        assert (answer.status, answer.problem["violated-policies"]) == (429, ["5-minute"])

    async def test_q16_methods(self, serve: Serve, store: Store) -> None:
        """Q16: a preflight is not counted; HEAD and any other OPTIONS are."""

        class OwnOptions(Controller):
            @options("/own")
            async def own(self) -> str:
                return "own"

        server = await serve(limited(RateLimit("4/minute", store=store), controllers=[ThingController, OwnOptions]))
        preflight = {"Origin": "https://a.example", "Access-Control-Request-Method": "GET"}
        for _ in range(3):
            assert (await ask(server, "OPTIONS", "/things", headers=preflight)).status == 204
            assert (await ask(server, "OPTIONS", "/own", headers=preflight)).status == 200

        head = await ask(server, "HEAD", "/things")
        assert (head.status, fields(head)[1]) == (200, ['"4-minute";r=3;t=60'])
        plain = [await ask(server, "OPTIONS", target) for target in ("/things", "/own")]
        assert [one.headers["RateLimit"].partition(";t=")[0] for one in plain] == ['"4-minute";r=2', '"4-minute";r=1']

    async def test_q17_the_clock_of_the_machine(self, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
        """Q17: in memory the wall clock does not matter; tests of RedisStore set that of Redis back."""
        server = await serve(limited(RateLimit("2/minute")))
        assert fields(await ask(server, "GET", "/things"))[1] == ['"2-minute";r=1;t=60']
        now = clock.time
        for hours in (-1, 1):
            monkeypatch.setattr(clock, "time", lambda hours=hours: now() + 3_600 * hours)
            shown = fields(await ask(server, "GET", "/things"))[1][0]
            assert 0 < int(shown.partition(";t=")[2]) <= 60
        assert (await ask(server, "GET", "/things")).status == 429

    async def test_q19_a_million_clients(self, serve: Serve) -> None:
        """Q19: the memory for clients that come once is bounded; tests of MemoryStore say what goes first."""
        store = MemoryStore(max_entries=10)
        limit = RateLimit("1/minute", store=store, key=lambda request: request.headers["X-Key"])
        server = await serve(limited(limit))
        for number in range(30):
            await ask(server, "GET", "/things", headers={"X-Key": str(number)})

        assert len(store) == 10


class User(Struct):
    """Who is asking."""

    name: str


async def verify(token: str) -> User | None:
    """Know everybody but one."""
    return None if token.startswith("bad") else User(token)


async def user_name(user: Annotated[User, Bearer(verify)]) -> str | None:
    """Count by name; the boss is not counted."""
    return None if user.name == "boss" else user.name


def user_and_method(request: web.Request, user: Annotated[User, Bearer(verify)]) -> str:
    """Count by name and method."""
    return f"{user.name} {request.method}"


class TestGuard:
    """A limit for each user."""

    @pytest.mark.parametrize("key", [user_name, user_and_method])
    async def test_q11_each_user_has_a_limit(self, serve: Serve, store: Store, key: Any) -> None:
        """Q11: as a guard its key is given the user; who has no credentials is refused before, and not counted."""

        class AccountController(Controller):
            guards = (RateLimit("2/minute", store=store, key=key),)

            @get("/account")
            async def show(self, user: Annotated[User, Bearer(verify)]) -> str:
                return user.name

        server = await serve(app_of(AccountController))

        async def status(token: str) -> int:
            return (await ask(server, "GET", "/account", headers={"Authorization": f"Bearer {token}"})).status

        assert [await status("ann") for _ in range(3)] == [200, 200, 429]
        assert [await status("bob") for _ in range(3)] == [200, 200, 429]
        assert [await status("bad") for _ in range(3)] == [401, 401, 401]
        refused = await ask(server, "GET", "/account", headers={"Authorization": "Bearer ann"})
        seconds = int(refused.headers["Retry-After"])
        assert refused.problem == exceeded("/account", seconds, "2-minute")
        assert fields(refused) == (['"2-minute";q=2;w=60'], [f'"2-minute";r=0;t={seconds}'])
        if key is user_name:
            assert [await status("boss") for _ in range(4)] == [200] * 4

    async def test_q11_limits_of_two_routes_are_apart(self, serve: Serve) -> None:
        """Q11: each guard counts for itself; one on a controller counts all of its routes."""

        class AccountController(Controller):
            guards = (RateLimit("3/minute", key=user_name),)

            @get("/a", guards=(RateLimit("1/minute", key=user_name),))
            async def first(self) -> str:
                return "a"

            @get("/b", guards=(RateLimit("1/minute", key=user_name),))
            async def second(self) -> str:
                return "b"

        server = await serve(app_of(AccountController))
        sent = {"Authorization": "Bearer ann"}

        found = [await ask(server, "GET", target, headers=sent) for target in ("/a", "/b", "/a", "/b")]

        assert [one.status for one in found] == [200, 200, 429, 429]
        assert [one.problem["violated-policies"] for one in found[2:]] == [["1-minute"], ["3-minute"]]

    async def test_a_plain_guard(self, serve: Serve, store: Store) -> None:
        """A key that takes the request alone counts in a guard as well."""
        server = await serve(app_of(ThingController, guards=[RateLimit("1/minute", store=store)]))

        assert [one.status for one in await many(server, 2)] == [200, 429]


class AwayStore(MemoryStore):
    """A store that cannot be reached as long as it is said to be away."""

    away = True

    async def reserve(self, key: str, quotas: Any, cost: int = 1) -> Any:
        """Fail, or charge."""
        if AwayStore.away:
            raise StoreError("nobody is there")
        return await super().reserve(key, quotas, cost)

    async def refund(self, *_: Any, **__: Any) -> None:
        """Fail."""
        raise StoreError("nobody is there")


@pytest.fixture
def come_back(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let the store come back when this is called."""
    monkeypatch.setattr(AwayStore, "away", True)
    return lambda: monkeypatch.setattr(AwayStore, "away", False)


OPEN = "The store of RateLimit('1/minute') cannot be reached: requests are admitted without a limit. nobody is there"
CLOSED = "The store of RateLimit('1/minute') cannot be reached: requests are refused (503). nobody is there"


async def slow_key(_: web.Request) -> str:
    """Keep the store from being charged without waiting."""
    return "key"


class TestAway:
    """Q18: what happens while the store cannot be reached, and when it is back."""

    async def test_q18_open(
        self, serve: Serve, come_back: Callable[[], None], caplog: pytest.LogCaptureFixture
    ) -> None:
        """Q18: requests are admitted, with one warning a minute and a count of them; afterwards the limit holds."""
        limit = RateLimit("1/minute", store=AwayStore(), key=slow_key)
        server = await serve(limited(limit))

        answers = await many(server, 5)

        assert [(one.status, fields(one)) for one in answers] == [(200, ([], []))] * 5
        assert [one.getMessage() for one in caplog.records if one.levelno == logging.WARNING] == [OPEN]
        assert limit.failures == 5
        come_back()
        assert [one.status for one in await many(server, 2)] == [200, 429]

    async def test_q18_closed(
        self, serve: Serve, come_back: Callable[[], None], caplog: pytest.LogCaptureFixture
    ) -> None:
        """Q18: requests are refused with 503, and admitted when the store is back."""
        limit = RateLimit("1/minute", store=AwayStore(), key=slow_key, fail="closed")
        server = await serve(limited(limit))

        for answer in await many(server, 2):
            assert answer.problem == problem(503, "/things", "Requests cannot be counted now")
            assert answer.headers["Retry-After"] == "1"
        assert [one.getMessage() for one in caplog.records if one.levelno == logging.WARNING] == [CLOSED]
        assert limit.failures == 2
        come_back()
        assert [one.status for one in await many(server, 2)] == [200, 429]

    async def test_q18_a_refund_that_cannot_be_made(
        self, serve: Serve, come_back: Callable[[], None], caplog: pytest.LogCaptureFixture
    ) -> None:
        """Q18: the response is sent as it is, and the request stays charged."""
        limit = RateLimit("2/minute", store=AwayStore(), key=slow_key, refund=lambda _: True)
        come_back()
        server = await serve(limited(limit))

        assert fields(await ask(server, "GET", "/things"))[1] == ['"2-minute";r=1;t=60']
        assert limit.failures == 1
        assert "cannot be reached" in caplog.text

    async def test_q18_a_redis_that_hangs(self, serve: Serve, redis_server: RedisServer) -> None:
        """Q18: requests are admitted in time while Redis hangs, and limited when it goes on."""
        limit = RateLimit("1/minute", store=RedisStore(redis_server.url, timeout=0.3))
        server = await serve(limited(limit))
        redis_server.pause()
        begun = time.monotonic()
        answers = await asyncio.gather(*(ask(server, "GET", "/things") for _ in range(50)))
        assert time.monotonic() - begun < 1 + PLENTY
        redis_server.resume()

        assert [one.status for one in answers] == [200] * 50
        assert limit.failures == 50

        async def is_limited() -> bool:
            return (await ask(server, "GET", "/things")).status == 429

        await until(is_limited)


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """Open a client that has as many connections as it has requests."""
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(60)) as client:
        yield client


async def statuses(session: aiohttp.ClientSession, servers: Sequence[str], count: int) -> list[int]:
    """Send requests to all servers at the same time, and return their statuses in order."""

    async def status(number: int) -> int:
        async with session.get(f"{servers[number % len(servers)]}/things") as response:
            return response.status

    return sorted(await asyncio.gather(*map(status, range(count))))


class TestProcesses:
    """Several processes share a limit through Redis."""

    async def test_q7_four_processes(self, redis_server: RedisServer, session: aiohttp.ClientSession) -> None:
        """Q7: of 1 000 requests at the same time to four processes exactly 100 are admitted."""
        async with processes(4, redis_server.url, patience=PLENTY) as servers:
            assert await statuses(session, servers, 1_000) == [200] * 100 + [429] * 900

    @pytest.mark.parametrize(("fail", "without"), [("open", 200), ("closed", 503)])
    async def test_q18_redis_is_killed_and_comes_back(
        self, redis_server: RedisServer, session: aiohttp.ClientSession, fail: str, without: int
    ) -> None:
        """Q18: amid requests Redis is killed: all get the response of the policy; the limit holds when it is back."""
        async with processes(4, redis_server.url, fail=fail, patience=0.5) as servers:
            # Whatever a busy machine makes of the deadline, no more than 100 are ever counted as admitted.
            running = asyncio.ensure_future(statuses(session, servers, 400))
            await asyncio.sleep(0.05)
            redis_server.kill()
            amid = await running
            assert set(amid) <= {200, 429, without}
            begun = time.monotonic()
            assert await statuses(session, servers, 40) == [without] * 40
            assert time.monotonic() - begun < 1 + PLENTY
            redis_server.start()

            async def is_limited() -> bool:
                return 429 in await statuses(session, servers, 200)

            await until(is_limited)


class TestDocument:
    """What the OpenAPI document says of limits."""

    async def test_statuses_and_headers(self) -> None:
        """A route has the 429 with its problem and Retry-After, and both headers on every response."""
        document = described(
            App([ThingController], openapi=OpenAPI(title="t", version="1"), middlewares=[RateLimit("1/minute")])
        )
        operation = document["paths"]["/things"]["get"]["responses"]

        assert sorted(operation) == ["200", "406", "429"]
        assert sorted(operation["200"]["headers"]) == ["RateLimit", "RateLimit-Policy"]
        refused = operation["429"]
        assert sorted(refused["headers"]) == ["RateLimit", "RateLimit-Policy", "Retry-After"]
        assert refused["description"].startswith("There were more requests than a limit allows")
        schema = document["components"]["schemas"]["QuotaExceeded"]
        assert schema["properties"]["violated-policies"] == {"type": "array", "items": {"type": "string"}}
        assert schema["properties"]["type"] == {"type": "string", "const": TYPE}

    async def test_a_guard_is_in_the_document(self) -> None:
        """A limit that is given as a guard adds its statuses and its credentials."""

        class AccountController(Controller):
            @get("/account", guards=(RateLimit("1/minute", key=user_name, fail="closed"),))
            async def show(self) -> str:
                """Return a text."""
                return ""

        document = described(App([AccountController], openapi=OpenAPI(title="t", version="1")))
        operation = document["paths"]["/account"]["get"]

        assert sorted(operation["responses"]) == ["200", "401", "403", "406", "429", "503"]
        assert operation["security"] == [{"bearer": []}]


def described(app: App) -> Any:
    """Return the document of an app."""
    app.build()
    return app.document()


def test_a_limit_is_explained() -> None:
    """explain() names the limit where it stands, as a middleware and as a guard."""
    limit = RateLimit("1/minute")
    app = app_of(Router("/v1", controllers=[ThingController], middlewares=[limit], guards=[limit]))
    app.build()

    lines = app.explain("GET", "/v1/things").partition("\n\nasync def")[0].splitlines()

    assert [line.strip().partition(". ")[2] for line in lines if "RateLimit" in line] == [
        "compiled middleware RateLimit (router /v1): before; after",
        "guard RateLimit (router /v1)",
    ]

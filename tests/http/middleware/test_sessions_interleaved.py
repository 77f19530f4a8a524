"""Two users never get each other's session: random interleavings of their requests, in memory and in Redis."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Struct
from multidict import CIMultiDict, CIMultiDictProxy

from framework.middleware import Sessions
from framework.stores import MemoryStore, RedisStore, Store
from tests.http.middleware.session_shop import SECRET
from tests.waiting import PATIENCE

USERS = (1, 2)
COOKIE = "__Host-session"


class Seen(Struct):
    """What a user has written into the session."""

    user: int = 0
    notes: list[str] = []


@dataclass
class Visitor:
    """A user with the cookies that the browser has at this moment."""

    user: int
    cookie: str = ""
    logged_in: bool = False
    notes: int = 0


class Sent(dict[Any, Any]):
    """A request, with no more than the steps read: mocks of aiohttp's take more time than all the rest."""

    host, scheme = "shop.example", "https"
    match_info = SimpleNamespace(route=SimpleNamespace(info=None))

    def __init__(self, cookie: str) -> None:
        super().__init__()
        self.headers = self._headers = CIMultiDictProxy(CIMultiDict({"Cookie": cookie} if cookie else {}))


class Site:
    """Runs requests step by step, through the steps that a route would call."""

    def __init__(self, sessions: Sessions[Seen]) -> None:
        self.sessions = sessions
        self.finish: Callable[..., Any] = sessions._finish  # noqa: SLF001  the step that routes have

    async def request(self, visitor: Visitor, action: str, turn: "Turns") -> None:
        """Handle a request; between its steps, others may run."""
        sent = visitor.cookie
        request: Any = Sent(f"{COOKIE}={sent}" if sent else "")
        await turn.wait()
        session = await self.sessions.load(request)
        # What a request finds is its own user's, or nobody's, whatever else happens.
        assert session.value.user in {0, visitor.user}
        assert all(note.startswith(f"{visitor.user}:") for note in session.value.notes)
        await turn.wait()
        if action == "login":
            session.value.user = visitor.user
            session.renew()
        elif action == "logout":
            session.end()
        elif action == "update":
            await session.update(lambda value: Seen(value.user, [*value.notes, f"{visitor.user}:u"]))
        elif action == "note":
            session.value.notes.append(f"{visitor.user}:{visitor.notes}")
            visitor.notes += 1
        await turn.wait()
        response = web.Response()
        found = self.finish(request, response)
        if asyncio.iscoroutine(found):
            await found
        await turn.wait()
        if COOKIE in response.cookies:
            visitor.cookie = response.cookies[COOKIE].value


class Turns:
    """Lets one request go on at a time, in an order that hypothesis chooses."""

    def __init__(self, order: Sequence[int]) -> None:
        self._order = list(order)
        self._waiting: list[asyncio.Future[None]] = []

    async def wait(self) -> None:
        """Wait for the next turn."""
        mine = asyncio.get_running_loop().create_future()
        self._waiting.append(mine)
        await mine

    async def run(self, tasks: set["asyncio.Task[None]"]) -> None:
        """Give turns until all requests are done."""
        at = 0
        while not all(task.done() for task in tasks):
            await asyncio.sleep(0)
            if self._waiting:
                chosen = self._order[at % len(self._order)] % len(self._waiting)
                at += 1
                self._waiting.pop(chosen).set_result(None)
            else:
                await asyncio.wait(tasks, timeout=0.001)
        for task in tasks:
            task.result()


def named(numbers: bytes) -> list[tuple[int, str]]:
    """Return a user and an action for each number: strings of bytes are made in a fifth of the time of lists."""
    kinds = ("login", "logout", "note", "update", "read")
    return [(USERS[one % 2], kinds[one // 2 % len(kinds)]) for one in numbers]


ACTIONS = st.binary(min_size=2, max_size=8).map(named)
ORDERS = st.binary(min_size=1, max_size=24)


class Free(Turns):
    """Lets a request run alone."""

    def __init__(self) -> None:
        super().__init__([0])

    async def wait(self) -> None:
        """Go on."""


async def interleave(sessions: Sessions[Seen], actions: Sequence[tuple[int, str]], order: Sequence[int]) -> None:
    """Log in both users, run all requests at once, and look at what each has then."""
    site, turns = Site(sessions), Turns(order)
    visitors = {user: Visitor(user) for user in USERS}
    for visitor in visitors.values():
        await site.request(visitor, "login", Free())
    tasks = {asyncio.create_task(site.request(visitors[user], action, turns)) for user, action in actions}
    await turns.run(tasks)
    for visitor in visitors.values():
        await site.request(visitor, "read", Free())
    cookies = [visitor.cookie for visitor in visitors.values() if visitor.cookie]
    assert len(set(cookies)) == len(cookies)


async def one(make: Callable[[], tuple[Sessions[Seen], Store | None]], actions: Any, order: Any) -> None:
    """Run an interleaving with sessions of its own."""
    sessions, store = make()
    try:
        await interleave(sessions, actions, order)
    finally:
        if store is not None:
            await store.close()


def many(make: Callable[[], tuple[Sessions[Seen], Store | None]], count: int) -> None:
    """Run many interleavings."""
    with asyncio.Runner() as runner:

        @settings(max_examples=count, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None)
        @given(ACTIONS, ORDERS)
        def check(actions: Sequence[tuple[int, str]], order: Sequence[int]) -> None:
            runner.run(one(make, actions, order))

        check()


def in_memory() -> tuple[Sessions[Seen], Store]:
    """Return sessions in memory."""
    store = MemoryStore()
    return Sessions(Seen, store=store, owner=lambda value: value.user or None), store


def in_cookies() -> tuple[Sessions[Seen], None]:
    """Return sessions in cookies."""
    return Sessions(Seen, secret=SECRET), None


@pytest.fixture(autouse=True)
def _without_warnings(caplog: pytest.LogCaptureFixture) -> None:
    """Log no warning for each change that is lost, of which there are thousands."""
    caplog.set_level(logging.ERROR, "framework.middleware")


@pytest.mark.slow
@pytest.mark.parametrize(("make", "count"), [(in_memory, 4_000), (in_cookies, 2_000)])
def test_two_users_never_get_each_others_session(make: Any, count: int) -> None:
    """However their requests interleave, each finds what its own user has written, or nothing."""
    many(make, count)


@pytest.mark.slow
def test_two_users_in_redis(shared_redis: Any, redis_namespace: str) -> None:
    """The same in Redis, whose answers come when they come."""

    def make() -> tuple[Sessions[Seen], Store]:
        store = RedisStore(shared_redis.url, namespace=redis_namespace, timeout=PATIENCE)
        return Sessions(Seen, store=store, owner=lambda value: value.user or None), store

    many(make, 300)

"""Two users never see each other's stored responses, however their requests interleave.

An ordinary run tries a few interleavings. With the environment variable ``INTERLEAVINGS=10000`` it tries 10 000 of
them, which takes some minutes.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Annotated, Any, NamedTuple

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from framework import Controller, get, post
from framework.middleware import Idempotency, ResponseCache
from framework.security import APIKey, Bearer
from framework.stores import MemoryStore
from tests.http.shapes import app_of

INTERLEAVINGS = int(os.environ.get("INTERLEAVINGS", "300"))
USERS = ("ann", "bob")
INSIDE: list[int] = []
"""How many turns of the loop the next handlers wait."""


class Request(NamedTuple):
    """A request of one user, and how many turns of the loop it waits before and inside of its handler."""

    user: str
    by: str
    method: str
    path: str
    key: str
    before: int
    inside: int
    leaves: bool


async def verify(token: str) -> str | None:
    """Return the user of a token."""
    return token if token in USERS else None


async def turns(count: int) -> None:
    """Let others run."""
    for _ in range(count):
        await asyncio.sleep(0)


class Own(Controller):
    """Returns what belongs to one user."""

    @get("/bearer/{name}")
    async def by_token(self, name: str, user: Annotated[str, Bearer(verify)]) -> str:
        """Read."""
        await turns(INSIDE.pop() if INSIDE else 0)
        return f"{user} {name}"

    @post("/bearer/{name}")
    async def order_by_token(self, name: str, user: Annotated[str, Bearer(verify)]) -> str:
        """Change."""
        await turns(INSIDE.pop() if INSIDE else 0)
        return f"{user} {name}"

    @get("/key/{name}")
    async def by_key(self, name: str, user: Annotated[str, APIKey(verify, header="X-Key")]) -> str:
        """Read."""
        await turns(INSIDE.pop() if INSIDE else 0)
        return f"{user} {name}"

    @post("/key/{name}")
    async def order_by_key(self, name: str, user: Annotated[str, APIKey(verify, header="X-Key")]) -> str:
        """Change."""
        await turns(INSIDE.pop() if INSIDE else 0)
        return f"{user} {name}"

    @get("/cookie/{name}")
    async def by_cookie(self, name: str, user: Annotated[str, APIKey(verify, cookie="sid")]) -> str:
        """Read."""
        await turns(INSIDE.pop() if INSIDE else 0)
        return f"{user} {name}"

    @post("/cookie/{name}")
    async def order_by_cookie(self, name: str, user: Annotated[str, APIKey(verify, cookie="sid")]) -> str:
        """Change."""
        await turns(INSIDE.pop() if INSIDE else 0)
        return f"{user} {name}"


CREDENTIALS: dict[str, Callable[[str], dict[str, str]]] = {
    "bearer": lambda user: {"Authorization": f"Bearer {user}"},
    "key": lambda user: {"X-Key": user},
    "cookie": lambda user: {"Cookie": f"sid={user}"},
}
REQUESTS = st.builds(
    Request,
    user=st.sampled_from(USERS),
    by=st.sampled_from(sorted(CREDENTIALS)),
    method=st.sampled_from(("GET", "HEAD", "POST")),
    path=st.sampled_from(("a", "b")),
    key=st.sampled_from(("k", "l")),
    before=st.integers(0, 6),
    inside=st.integers(0, 3),
    leaves=st.sampled_from((False, False, False, True)),
)


@contextmanager
def running() -> Iterator[asyncio.Runner]:
    """Run an event loop for all interleavings."""
    with asyncio.Runner() as runner:
        yield runner


@asynccontextmanager
async def serving() -> AsyncIterator[TestClient[Any, Any]]:
    """Serve the app; a stale response may be refreshed at any time."""
    store = MemoryStore()
    layers = [
        ResponseCache(ttl=0.03, stale_while_revalidate=0.03, store=store),
        Idempotency(ttl=0.05, store=store),
    ]
    async with TestClient(TestServer(app_of(Own, middlewares=layers).build())) as client:
        yield client


async def send(client: TestClient[web.Request, web.Application], request: Request) -> None:
    """Send a request, and check that the response is the user's own."""
    await turns(request.before)
    headers = {**CREDENTIALS[request.by](request.user), "Idempotency-Key": request.key}
    target = f"/{request.by}/{request.path}"
    sent = asyncio.ensure_future(client.request(request.method, target, headers=headers))
    if request.leaves:
        await turns(request.inside + 1)
        sent.cancel()
    try:
        response = await sent
    except asyncio.CancelledError:
        return
    text = await response.text()
    assert response.status in {200, 409}, text
    if response.status == 200 and request.method != "HEAD":
        assert text == f"{request.user} {request.path}"


@pytest.mark.slow
def test_two_users_in_random_interleavings() -> None:
    """Each gets its own responses, from the handler, the cache and the stored requests, by any credentials."""
    with running() as runner:
        client_of = serving()
        client = runner.run(client_of.__aenter__())

        async def together(requests: Sequence[Request]) -> None:
            INSIDE[:] = [one.inside for one in requests]
            async with asyncio.TaskGroup() as group:
                for one in requests:
                    group.create_task(send(client, one))

        @settings(
            max_examples=INTERLEAVINGS,
            deadline=None,
            database=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        )
        @given(st.lists(REQUESTS, min_size=2, max_size=10))
        def try_all(requests: list[Request]) -> None:
            runner.run(together(requests))

        try:
            try_all()
        finally:
            runner.run(client_of.__aexit__(None, None, None))

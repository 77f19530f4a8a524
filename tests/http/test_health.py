"""Health: liveness depends on nothing, readiness on checks that are run together."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from pytest_aiohttp.plugin import AiohttpClient

from framework import App, Container, Request, Router
from framework.errors import DefinitionErrors, InvalidOptionError, MissingProviderError
from framework.health import Health, HealthCheck
from framework.http_errors import Unauthorized
from framework.runtime import RUNTIMES

Client = TestClient[web.Request, web.Application]
READY, LIVE = "/health/ready", "/health/live"


class Session:
    """A scoped service."""


class Counted:
    """A check that counts its runs, and does what it is told."""

    def __init__(self) -> None:
        self.runs = 0
        self.work: Callable[[], Awaitable[object]] | None = None

    async def check(self, session: Session) -> None:
        """Run once."""
        assert isinstance(session, Session)
        self.runs += 1
        if self.work is not None:
            await self.work()


async def fail() -> None:
    """Raise an error with internals in its message."""
    raise OSError("10.0.0.1:5432 refused the connection of shop_user")


async def hang() -> None:
    """Never end."""
    await asyncio.Event().wait()


async def start(client: AiohttpClient, *checks: Any, **options: Any) -> Client:
    """Serve an app with health routes."""
    container = Container()
    container.add_scoped(Session)
    return await client(App([Health(checks, **options)], container=container).build())


async def test_a_ready_process(aiohttp_client: AiohttpClient) -> None:
    """Both routes are 200, and no cache stores them; HEAD works too."""
    check = Counted()
    client = await start(aiohttp_client, check.check)

    for path, status in ((LIVE, "live"), (READY, "ready")):
        response = await client.get(path)
        assert (response.status, await response.json()) == (200, {"status": status})
        assert response.headers["Cache-Control"] == "no-store"
    assert (await client.head(READY)).status == 200
    assert check.runs == 1


async def test_checks_that_fail(aiohttp_client: AiohttpClient, caplog: pytest.LogCaptureFixture) -> None:
    """The problem has their names and no internals; the log has one record when a check begins to fail or to pass."""
    caplog.set_level(logging.INFO, "framework.health")
    first, second = Counted(), Counted()
    client = await start(aiohttp_client, fail, HealthCheck(first.check, name="first"), second.check, cache=0)
    first.work = fail

    for _ in range(2):
        response = await client.get(READY)
        assert response.status == 503
        assert response.headers["Retry-After"] == "1"
        assert response.headers["Cache-Control"] == "no-store"
        assert await response.json() == {
            "type": "about:blank",
            "title": "Service Unavailable",
            "status": 503,
            "detail": "2 of 3 checks fail",
            "instance": "/health/ready",
            "failed": ["fail", "first"],
        }
    assert (await client.get(LIVE)).status == 200
    first.work = None
    assert (await (await client.get(READY)).json())["failed"] == ["fail"]
    assert [(one.levelname, one.getMessage()) for one in caplog.records] == [
        ("ERROR", "The health check fail fails: OSError('10.0.0.1:5432 refused the connection of shop_user')"),
        ("ERROR", "The health check first fails: OSError('10.0.0.1:5432 refused the connection of shop_user')"),
        ("INFO", "The health check first passes again"),
    ]


async def test_checks_run_together_and_each_has_its_timeout(aiohttp_client: AiohttpClient) -> None:
    """Two checks that wait for each other both pass, and one that hangs fails alone."""
    meeting = asyncio.Barrier(2)
    one, two = Counted(), Counted()
    one.work = two.work = meeting.wait
    client = await start(
        aiohttp_client,
        HealthCheck(one.check, name="one"),
        HealthCheck(two.check, name="two"),
        HealthCheck(hang, timeout=0.05),
        timeout=30,
    )

    assert (await (await client.get(READY)).json())["failed"] == ["hang"]


async def test_a_check_that_hangs_in_its_cleanup(aiohttp_client: AiohttpClient) -> None:
    """It is never run twice at the same time, and does not hold up the response."""
    done = asyncio.Event()
    check = Counted()

    async def stubborn() -> None:
        try:
            await hang()
        finally:
            await asyncio.shield(asyncio.ensure_future(done.wait()))

    check.work = stubborn
    client = await start(aiohttp_client, check.check, timeout=0.05, cache=0)

    assert [(await client.get(READY)).status for _ in range(2)] == [503, 503]
    first = check.runs
    check.work = None
    done.set()
    assert (await client.get(READY)).status == 200
    assert (first, check.runs) == (1, 2)


async def test_probes_share_a_result(aiohttp_client: AiohttpClient) -> None:
    """Those that arrive together wait for one run; it is kept for the time of ``cache=``."""
    check = Counted()
    check.work = lambda: asyncio.sleep(0.05)
    client = await start(aiohttp_client, check.check, cache=60)

    found = await asyncio.gather(*[client.get(READY) for _ in range(5)])
    later = await client.get(READY)

    assert [one.status for one in (*found, later)] == [200] * 6
    assert check.runs == 1


async def test_a_result_expires(aiohttp_client: AiohttpClient) -> None:
    """After the time of ``cache=`` the checks run again."""
    check = Counted()
    client = await start(aiohttp_client, check.check, cache=0.01)

    for _ in range(2):
        await client.get(READY)
        await asyncio.sleep(0.02)

    assert check.runs == 2


async def test_a_probe_that_disconnects(aiohttp_client: AiohttpClient) -> None:
    """Its check is cancelled; the next probe runs it again, and is not told of the cancellation."""
    check, begun = Counted(), asyncio.Event()

    async def slow() -> None:
        begun.set()
        await hang()

    check.work = slow
    client = await start(aiohttp_client, check.check, timeout=30)
    probe = asyncio.create_task(client.get(READY))
    await begun.wait()
    probe.cancel()
    check.work = None

    response = await client.get(READY)

    assert (response.status, check.runs) == (200, 2)


async def test_an_app_that_stops_is_not_ready(aiohttp_client: AiohttpClient) -> None:
    """From the beginning of the shutdown, or when a server drains; it still lives, and runs no check."""
    check = Counted()
    client = await start(aiohttp_client, check.check)
    (runtime,) = client.app[RUNTIMES]

    runtime.begin_stopping()

    response = await client.get(READY)
    assert (response.status, (await response.json())["detail"]) == (503, "The application stops")
    assert (await response.json())["failed"] == []
    assert (await client.get(LIVE)).status == 200
    assert check.runs == 0


async def closed(request: Request) -> None:  # noqa: ARG001  guards take it
    """Admit no request."""
    raise Unauthorized


async def test_paths_and_guards(aiohttp_client: AiohttpClient) -> None:
    """The paths can be set, also by a router; a default guard does not apply."""
    health = Health(live_path="/live", ready_path="/ready")
    client = await aiohttp_client(App([Router("/internal", [health])], default_guard=closed).build())

    assert [(await client.get(f"/internal{path}")).status for path in ("/live", "/ready", READY)] == [200, 200, 404]


def test_the_document() -> None:
    """The routes are in it by option, with the problem of a process that is not ready."""
    assert App([Health()]).document()["paths"] == {}

    document = App([Health(in_document=True)]).document()
    ready = document["paths"][READY]["get"]
    assert set(document["paths"]) == {LIVE, READY}
    assert sorted(ready["responses"]) == ["200", "406", "503"]
    assert list(ready["responses"]["503"]["headers"]) == ["Retry-After"]
    assert "failed" in str(document["components"]["schemas"])


def plain(session: Session) -> None:
    """Not be async."""


@pytest.mark.parametrize(
    ("checks", "options", "message"),
    [
        (3, {}, "checks= is not a sequence.\n  Hint: write it as checks=[check_database]"),
        ([3], {}, "the check 3 is not async.\n  Hint: write it as async def check_database(...)"),
        ([plain], {}, "the check plain is not async.\n  Hint: write it as async def check_database(...)"),
        (
            [fail, fail],
            {},
            'two checks are named fail.\n  Hint: give one of them a name: HealthCheck(check, name="mail")',
        ),
        (
            [HealthCheck(fail, timeout=0)],
            {},
            "the timeout of the check fail is 0, not a positive time.\n  Hint: write timeout=2",
        ),
        ([], {"timeout": "2"}, "timeout='2' is not a positive time.\n  Hint: write timeout=2 (seconds)"),
        ([], {"cache": -1}, "cache=-1 is not a time.\n  Hint: write cache=1 (seconds), or 0"),
    ],
)
def test_wrong_options(checks: Any, options: dict[str, Any], message: str) -> None:
    """They are errors of the programmer."""
    with pytest.raises(InvalidOptionError) as caught:
        Health(checks, **options)

    place, _, text = str(caught.value).partition("): ")
    assert place.startswith("Health (tests/http/test_health.py:")
    assert text == f"{message}."


def test_a_check_without_its_service() -> None:
    """Parameters of checks are checked when the app is built."""
    with pytest.raises(DefinitionErrors) as caught:
        App([Health([Counted().check])]).build()

    assert [type(one) for one in caught.value.exceptions] == [MissingProviderError]

"""LoginThrottle: who must wait after failed logins, for how long, and what happens without its store."""

import asyncio
import logging
import re
import time
from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace
from typing import Annotated, Any

import pytest
from pytest_aiohttp.plugin import AiohttpClient

from framework import App, Container, Controller, Form, Request, clock, post
from framework.errors import InvalidOptionError
from framework.http_errors import ServiceUnavailable, Unauthorized
from framework.middleware import ProxyHeaders
from framework.security import (
    LoginThrottle,
    PasswordForm,
    PasswordHasher,
    TokenError,
    TokenResponse,
    TooManyAttempts,
    token_errors,
)
from framework.stores import MemoryStore, RedisStore, Store
from tests.http.shapes import app_of, problem
from tests.redis_server import RedisServer
from tests.waiting import PATIENCE, until

HASHER = PasswordHasher()


@pytest.fixture(params=["memory", "redis"])
async def store(request: pytest.FixtureRequest, redis_namespace: str) -> AsyncIterator[Store]:
    """Return an empty store of either kind."""
    if request.param == "memory":
        yield MemoryStore()
        return
    server: RedisServer = request.getfixturevalue("shared_redis")
    async with RedisStore(server.url, namespace=redis_namespace, timeout=PATIENCE) as opened:
        yield opened


@pytest.fixture(autouse=True)
def _still_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stop the wall clock, which only the shown seconds depend on: a slow machine shows the same."""
    now = time.time()
    monkeypatch.setattr(clock, "time", lambda: now)


def client(address: str = "192.0.2.1") -> Any:
    """Return what the throttle reads of a request."""
    return SimpleNamespace(address=address)


def throttle_of(store: Store | None = None, **options: Any) -> LoginThrottle:
    """Return a throttle that reads addresses from the requests of ``client``."""
    return LoginThrottle(store=store, **{"address": lambda request: request.address, **options})


async def waits(throttle: LoginThrottle, account: str, address: str = "192.0.2.1") -> int:
    """Return the seconds that an attempt must wait; 0 if it is admitted and fails."""
    try:
        await throttle.admit(account, client(address))
    except TooManyAttempts as error:
        return int((error.headers or {})["Retry-After"])
    return 0


async def test_delays_grow(store: Store) -> None:
    """The first attempts are free; each further failure doubles the time to the next one, up to the longest."""
    throttle = throttle_of(store, attempts=2, delay=0.2, longest=0.6)
    assert [await waits(throttle, "ann") for _ in range(2)] == [0, 0]
    before = time.monotonic()
    assert await waits(throttle, "ann") == 0
    for delay in (0.2, 0.4, 0.6):
        admitted, before = before, time.monotonic()
        while await waits(throttle, "ann"):
            await asyncio.sleep(0.005)
            before = time.monotonic()
        assert time.monotonic() - admitted >= delay - 0.01


@pytest.mark.parametrize(
    ("free", "options", "expected"),
    [
        (1, {"delay": 10.0}, [0, 0, 10, 10]),
        (3, {"delay": 30.0}, [0, 0, 0, 0, 30, 30]),
        (1, {"delay": 2000.0, "longest": 2000.0}, [0, 0, 2000]),
    ],
    ids=["one", "three", "long"],
)
async def test_retry_after(store: Store, free: int, options: dict[str, float], expected: list[int]) -> None:
    """The response has the seconds that remain; an attempt that is refused does not prolong them."""
    throttle = throttle_of(store, attempts=free, **options)
    assert [await waits(throttle, "ann", f"192.0.2.{at}") for at in range(len(expected))] == expected


async def test_accounts_are_separate(store: Store) -> None:
    """Failures for one account do not delay another."""
    throttle = throttle_of(store, attempts=1, delay=60)
    assert [await waits(throttle, "ann") for _ in range(3)] == [0, 0, 60]
    assert await waits(throttle, "bob") == 0


@pytest.mark.parametrize("other", ["ANN", " ann ", "a\uff4en", "Ann"], ids=["case", "blanks", "width", "capital"])
async def test_spellings_of_a_name(store: Store, other: str) -> None:
    """Another spelling of the name is no way around."""
    throttle = throttle_of(store, attempts=1, delay=60)
    assert [await waits(throttle, one) for one in ("ann", other, "ann", other)] == [0, 0, 60, 60]


@pytest.mark.parametrize("name", ["", "x" * 100_000, "\ud800", "a\r\nDEL *", "a:b"])
async def test_any_name(store: Store, name: str) -> None:
    """Any name is counted, and none of it is in a key of the store."""
    throttle = throttle_of(store, attempts=1, delay=60)
    assert [await waits(throttle, name) for _ in range(3)] == [0, 0, 60]


async def test_an_address_that_tries_many_accounts(store: Store) -> None:
    """Failures of one address are counted over all accounts; other addresses are not delayed."""
    throttle = throttle_of(store, address_attempts=3, delay=60)
    assert [await waits(throttle, f"user-{at}") for at in range(6)] == [0, 0, 0, 0, 60, 60]
    assert await waits(throttle, "user-9", "192.0.2.2") == 0
    # What the address was refused is not counted for the account.
    assert [await waits(throttle, "user-5", f"192.0.2.{at}") for at in range(3, 9)] == [0] * 6


async def test_an_account_that_waits_does_not_charge_the_address(store: Store) -> None:
    """A user who retries too early does not delay the other users of the address."""
    throttle = throttle_of(store, attempts=1, address_attempts=4, delay=60)
    assert [await waits(throttle, "ann") for _ in range(20)] == [0, 0, *[60] * 18]
    assert [await waits(throttle, f"user-{at}") for at in range(3)] == [0, 0, 0]
    # Nor does it prolong a delay of the address, or begin one.
    assert await waits(throttle, "ann") == 60


async def test_an_account_that_waits_does_not_delay_the_address(store: Store) -> None:
    """What is refused for the account begins no delay of an address that is near its limit."""
    throttle = throttle_of(store, attempts=1, address_attempts=2, delay=60)
    assert [await waits(throttle, "ann", f"10.0.0.{at}") for at in range(3)] == [0, 0, 60]
    assert [await waits(throttle, f"user-{at}") for at in range(2)] == [0, 0]
    assert [await waits(throttle, "ann") for _ in range(3)] == [60, 60, 60]
    assert [await waits(throttle, f"other-{at}") for at in range(2)] == [0, 60]


async def test_success_resets_the_account(store: Store) -> None:
    """After a login nothing is left of the failures for the account."""
    throttle = throttle_of(store, attempts=2, delay=60)
    for _ in range(3):
        assert [await waits(throttle, "ann"), await waits(throttle, "ann")] == [0, 0]
        await (await throttle.admit("ann", client())).succeed()
    assert [await waits(throttle, "ann") for _ in range(4)] == [0, 0, 0, 60]


async def test_success_gives_the_address_one_attempt_back(store: Store) -> None:
    """Logins are free for an address, but one with an account of one's own does not reset its failures."""
    throttle = throttle_of(store, address_attempts=3, delay=60)
    for _ in range(10):
        await (await throttle.admit("mallory", client())).succeed()
    for at in range(3):
        assert await waits(throttle, f"user-{at}") == 0
        if at < 2:
            await (await throttle.admit("mallory", client())).succeed()
    await (await throttle.admit("mallory", client())).succeed()
    assert await waits(throttle, "mallory") == 60
    assert await waits(throttle, "user-7") == 60


async def test_many_at_once(store: Store) -> None:
    """Parallel attempts are admitted as often as attempts one after the other, for an account and for an address."""
    throttle = throttle_of(store, attempts=5, address_attempts=20, delay=60)
    one_account = await asyncio.gather(*(waits(throttle, "ann", f"10.0.{at}.1") for at in range(100)))
    assert one_account.count(0) == 6
    one_address = await asyncio.gather(*(waits(throttle, f"user-{at}") for at in range(100)))
    assert one_address.count(0) == 21


async def test_the_first_delay_is_logged(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    """One line for an account, without its name, and one for an address; more failures add none."""
    throttle = throttle_of(store, attempts=1, address_attempts=3, delay=0.01)
    for _ in range(6):
        while await waits(throttle, "hunter2", "192.0.2.1\r\nx"):  # noqa: ASYNC110  the store has no event
            await asyncio.sleep(0.005)
    assert [one.getMessage() for one in caplog.records] == [
        "Logins for an account are delayed after 1 failed attempts",
        "Logins from '192.0.2.1\\r\\nx' are delayed after 3 failed attempts",
    ]


async def test_two_processes_share_the_store(shared_redis: RedisServer, redis_namespace: str) -> None:
    """Throttles with connections of their own, as in several processes, count together."""
    stores = [RedisStore(shared_redis.url, namespace=redis_namespace, timeout=PATIENCE) for _ in range(4)]
    throttles = [throttle_of(one, attempts=5, delay=60) for one in stores]
    found = await asyncio.gather(*(waits(throttles[at % 4], "ann", f"10.0.{at}.1") for at in range(100)))
    assert found.count(0) == 6
    for one in stores:
        await one.close()


async def test_counts_are_forgotten(store: Store) -> None:
    """Counts expire, so that one failure a day never delays anybody."""
    throttle = throttle_of(store, attempts=1, delay=0.1, longest=0.1, forget_after=0.4)
    assert [await waits(throttle, "ann") for _ in range(2)] == [0, 0]

    async def is_delayed() -> bool:
        return await waits(throttle, "ann") == 1

    # On a busy machine the delay is over before the next attempt, which then counts.
    await until(is_delayed)
    await asyncio.sleep(0.6)
    assert [await waits(throttle, "ann") for _ in range(2)] == [0, 0]


async def test_names_are_not_stored() -> None:
    """Users enter passwords in the field of the name: the keys are digests."""
    store = MemoryStore()
    throttle = throttle_of(store, attempts=1)
    await waits(throttle, "hunter2")
    await waits(throttle, "hunter2")
    keys = list(store._entries.known)  # noqa: SLF001
    assert len(keys) == 3
    assert all(re.fullmatch(r"login:(count|wait):=[0-9a-f]{64}", key) for key in keys)


async def test_the_wall_clock_does_not_matter(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that is set back or forward changes what is shown, within the longest delay, and not who must wait."""
    throttle = throttle_of(store, attempts=1, delay=60, longest=120)
    assert [await waits(throttle, "ann") for _ in range(2)] == [0, 0]
    now = time.time()
    monkeypatch.setattr(clock, "time", lambda: now - 3_600)
    assert await waits(throttle, "ann") == 120
    monkeypatch.setattr(clock, "time", lambda: now + 3_600)
    assert await waits(throttle, "ann") == 1


async def test_without_addresses(store: Store) -> None:
    """With ``None`` for the address, only accounts are counted."""
    throttle = throttle_of(store, attempts=1, address_attempts=1, delay=60, address=lambda _: None)
    assert [await waits(throttle, f"user-{at}") for at in range(5)] == [0] * 5
    await (await throttle.admit("user-0", client())).succeed()


async def test_redis_is_away(redis_server: RedisServer, caplog: pytest.LogCaptureFixture) -> None:
    """By default each process counts in memory until the store is back; one line is logged."""
    async with RedisStore(redis_server.url, timeout=PATIENCE) as store:
        throttle = throttle_of(store, attempts=1, delay=60)
        assert await waits(throttle, "ann") == 0
        redis_server.kill()
        assert [await waits(throttle, "ann") for _ in range(3)] == [0, 0, 60]
        attempt = await throttle.admit("bob", client())
        await attempt.succeed()
        assert throttle.failures == 5
        redis_server.start()
        # The server has lost its counts.
        assert [await waits(throttle, "ann") for _ in range(3)] == [0, 0, 60]
    (record,) = [one for one in caplog.records if "cannot be reached" in one.getMessage()]
    assert record.getMessage().startswith(
        "The store of LoginThrottle cannot be reached: attempts are counted in the memory of this process. Redis: "
    )


async def test_redis_hangs(redis_server: RedisServer) -> None:
    """A server that does not respond delays a login by the timeout of the store, not longer."""
    async with RedisStore(redis_server.url, timeout=0.2) as store:
        throttle = throttle_of(store)
        assert await waits(throttle, "ann") == 0
        redis_server.pause()
        assert await asyncio.wait_for(waits(throttle, "ann"), PATIENCE) == 0
        redis_server.resume()


async def test_redis_is_away_and_logins_are_refused(
    redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    """With ``fail="closed"`` no login is admitted; one that was admitted before succeeds."""
    async with RedisStore(redis_server.url, timeout=PATIENCE) as store:
        throttle = throttle_of(store, fail="closed")
        attempt = await throttle.admit("ann", client())
        redis_server.kill()
        await attempt.succeed()
        with pytest.raises(ServiceUnavailable) as raised:
            await throttle.admit("ann", client())
        assert raised.value.headers == {"Retry-After": "1"}
    (record,) = [one for one in caplog.records if one.levelno == logging.WARNING]
    assert "logins are refused (503)" in record.getMessage()


class Users:
    """The stored passwords."""

    def __init__(self) -> None:
        self.stored: dict[str, str] = {}


class Tokens(Controller):
    """Exchanges passwords for tokens."""

    def __init__(self, users: Users, hasher: PasswordHasher, throttle: LoginThrottle) -> None:
        self._users = users
        self._hasher = hasher
        self._throttle = throttle

    @post("/token", exception_handlers=token_errors, raises=(TokenError, TooManyAttempts))
    async def token(self, request: Request, form: Annotated[PasswordForm, Form()]) -> TokenResponse:
        """Issue a token."""
        attempt = await self._throttle.admit(form.username, request)
        if not await self._hasher.verify(self._users.stored.get(form.username), form.password):
            raise TokenError("The name or the password is wrong", error="invalid_grant")
        await attempt.succeed()
        return TokenResponse(access_token="t")


async def token_app(**options: Any) -> App:
    """Return an app with a token route and one user."""
    users = Users()
    users.stored["ann"] = await HASHER.hash("secret")
    container = Container()
    container.add_instance(Users, users)
    container.add_instance(PasswordHasher, HASHER)
    container.add_instance(LoginThrottle, LoginThrottle(**options))
    return app_of(Tokens, container=container, middlewares=[ProxyHeaders(trusted=("127.0.0.1",))])


async def seen_of(client: Any, name: str, password: str, address: str) -> tuple[int, dict[str, str], dict[str, Any]]:
    """Log in, and return status, headers and body of the response."""
    form = {"grant_type": "password", "username": name, "password": password}
    async with client.post("/token", data=form, headers={"X-Forwarded-For": address}) as response:
        headers = {key: value for key, value in response.headers.items() if key != "Date"}
        return response.status, headers, await response.json()


@pytest.mark.both_loops
async def test_known_and_unknown_accounts_are_alike(aiohttp_client: AiohttpClient) -> None:
    """A client sees the same statuses, headers and bodies for an account that exists and for one that does not."""
    client = await aiohttp_client((await token_app(attempts=2, delay=60)).build())
    seen = {
        name: [await seen_of(client, name, "wrong", f"192.0.{number}.{at}") for at in range(5)]
        for number, name in enumerate(("ann", "nobody"))
    }
    assert seen["ann"] == seen["nobody"]
    assert [status for status, _, _ in seen["ann"]] == [400, 400, 400, 429, 429]
    _, headers, body = seen["ann"][-1]
    assert headers["Retry-After"] == "60"
    assert body == problem(429, "/token", "Try again in 60 s")
    # The right password is not verified while the account must wait.
    assert (await seen_of(client, "ann", "secret", "192.0.9.1"))[0] == 429


async def test_a_login_in_an_app(aiohttp_client: AiohttpClient) -> None:
    """A success resets the account; the address of the client is that behind the proxy."""
    client = await aiohttp_client((await token_app(attempts=2, address_attempts=4, delay=60)).build())
    for _ in range(2):
        assert [(await seen_of(client, "ann", one, "192.0.2.1"))[0] for one in ("a", "secret")] == [400, 200]
    assert [(await seen_of(client, f"user-{at}", "a", "192.0.2.1"))[0] for at in range(4)] == [400, 400, 400, 429]
    assert (await seen_of(client, "ann", "secret", "192.0.2.1"))[0] == 429
    assert (await seen_of(client, "ann", "secret", "192.0.2.2"))[0] == 200


def test_the_document_has_the_refusal() -> None:
    """``raises=`` puts the 429 and its header into the document."""

    class Login(Controller):
        @post("/login", raises=(Unauthorized, TooManyAttempts))
        async def login(self, name: str) -> str:
            """Log in."""
            return name

    operation = App([Login]).documents()["/openapi.json"]["paths"]["/login"]["post"]
    refusal = operation["responses"]["429"]
    assert "Retry-After" in refusal["headers"]


@pytest.mark.parametrize(
    ("options", "what", "hint"),
    [
        ({"attempts": 0}, "LoginThrottle(attempts=0) is not a number of attempts", "write it as attempts=5"),
        ({"attempts": True}, "LoginThrottle(attempts=True) is not a number of attempts", "write it as attempts=5"),
        (
            {"address_attempts": 2.5},
            "LoginThrottle(address_attempts=2.5) is not a number of attempts",
            "write it as address_attempts=5",
        ),
        ({"delay": 0}, "LoginThrottle(delay=0) is not a number of seconds", "write it as delay=900.0"),
        ({"longest": "1"}, "LoginThrottle(longest='1') is not a number of seconds", "write it as longest=900.0"),
        (
            {"forget_after": float("inf")},
            "LoginThrottle(forget_after=inf) is not a number of seconds",
            "write it as forget_after=900.0",
        ),
        (
            {"delay": 10, "longest": 5},
            "the times of LoginThrottle() are not in their order",
            "let delay be at most longest, and longest at most forget_after",
        ),
        (
            {"store": "redis://"},
            "LoginThrottle(store='redis://') is not a Store",
            "give a RedisStore or a MemoryStore",
        ),
        (
            {"address": None},
            "LoginThrottle(address=None) is not a function",
            "give a function of the request: address=client_address",
        ),
        (
            {"fail": "open"},
            "LoginThrottle(fail='open') is not what can happen while the store cannot be reached",
            'give "memory" (each process counts for itself) or "closed" (503)',
        ),
    ],
)
def test_wrong_options(options: dict[str, Any], what: str, hint: str) -> None:
    """Errors in the options are raised where the throttle is made."""
    make: Callable[..., LoginThrottle] = LoginThrottle
    with pytest.raises(InvalidOptionError) as raised:
        make(**options)
    place, _, text = str(raised.value).partition("): ")
    assert place.startswith("LoginThrottle (tests/http/security/test_login_throttle.py:")
    assert text == f"{what}.\n  Hint: {hint}."

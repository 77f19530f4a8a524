"""Fixtures that control what surrounds an app: services, tasks, the clock, credentials."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

import pytest
from msgspec import Struct

from framework import App, BackgroundTasks, Controller, get, post
from framework.middleware import RateLimit
from framework.security import JWT, APIKey, Basic, Bearer, Signer
from framework.stores import MemoryStore
from framework.testing import PROVIDED, AppClientFactory, Clock, Overrides, ProblemError, Tasks
from framework.types import SecretStr
from tests.testing.called_shop import Line, Mailer, NewOrder, OrderController, confirm, shop

ORDER = NewOrder("Ada", [Line("MUG-1")])


async def test_a_service_is_replaced_for_one_test(app_client: AppClientFactory, overrides: Overrides) -> None:
    """Other builds of the same app have the original service."""
    mailer, app = Mailer(), shop()
    mailer.sent.append("Grace")
    overrides.replace(Mailer, instance=mailer)

    client = await app_client(app)

    assert await client.call(OrderController.sent, count=5) == ["Grace"]
    async with app.services() as services:
        assert (await services.get(Mailer)).sent == []


async def test_a_replacement_after_the_build_is_an_error(app_client: AppClientFactory, overrides: Overrides) -> None:
    """It would have no effect."""
    await app_client(shop())
    with pytest.raises(RuntimeError, match=r"^overrides.replace\(\) has no effect on an app that is built already; "):
        overrides.replace(Mailer, Mailer)


async def test_an_app_without_a_container_has_no_services(app_client: AppClientFactory, overrides: Overrides) -> None:
    """The error is raised at the build."""
    overrides.replace(Mailer, Mailer)
    with pytest.raises(LookupError, match=r"^overrides: this app has no container$"):
        await app_client(App(controllers=[]))


async def test_tasks_are_captured_and_run(tasks: Tasks, app_client: AppClientFactory) -> None:
    """They wait until the test runs them, with their services, and can be inspected before."""
    client = await app_client(shop())
    made = await client.call(OrderController.create, ORDER, PROVIDED)

    assert tasks.functions == [confirm]
    assert [task.args for task in tasks] == [(made,)]
    assert await client.call(OrderController.sent, count=5) == []
    assert await tasks.run() == 1
    assert await client.call(OrderController.sent, count=5) == ["Ada"]
    assert (len(tasks), await tasks.run()) == (0, 0)


async def test_a_failing_task_fails_the_test(tasks: Tasks, app_client: AppClientFactory) -> None:
    """Its exception is raised where the tasks are run; the tasks after it stay."""

    def fail(word: str) -> None:
        raise ValueError(word)

    class Failing(Controller):
        @post("/fail")
        async def fail(self, tasks: BackgroundTasks) -> None:
            tasks.add(fail, "first")
            tasks.add(fail, "second")

    client = await app_client(App(controllers=[Failing]))
    await client.call(Failing.fail, PROVIDED)
    with pytest.raises(ValueError, match=r"^first$"):
        await tasks.run()
    assert [task.args for task in tasks] == [("second",)]
    tasks.clear()
    assert len(tasks) == 0


async def test_without_the_fixture_tasks_run(app_client: AppClientFactory, overrides: Overrides) -> None:
    """As when the app is served: a server that stops waits for them."""
    mailer = Mailer()
    overrides.replace(Mailer, instance=mailer)
    client = await app_client(shop())
    await client.call(OrderController.create, ORDER, PROVIDED)
    await client.http.close()
    assert mailer.sent == ["Ada"]


class Limited(Controller):
    """A limited handler."""

    middlewares = (RateLimit("2/minute"),)

    @get("/limited")
    async def limited(self) -> int:
        """Return a number."""
        return 1


async def test_the_clock_moves_rate_limits(app_client: AppClientFactory, clock: Clock) -> None:
    """Nothing comes back while the clock stands still, and everything a minute later."""
    client = await app_client(App(controllers=[Limited]))
    assert [await client.call(Limited.limited) for _ in range(2)] == [1, 1]
    with pytest.raises(ProblemError, match="429"):
        await client.call(Limited.limited)
    clock.move(timedelta(minutes=1))
    assert await client.call(Limited.limited) == 1


async def test_the_clock_moves_expiry(clock: Clock) -> None:
    """Values in memory and signed values expire at their second."""
    store, signer = MemoryStore(), Signer(b"k" * 32, purpose="test")
    await store.set("a", b"1", ttl=60)
    text = signer.sign("x", expires=60)
    clock.move(59)
    assert (await store.get("a"), signer.read(text, str)) == (b"1", "x")
    clock.move(1.5)
    assert (await store.get("a"), signer.read(text, str)) == (None, None)


async def test_the_clock_is_set(clock: Clock) -> None:
    """The wall clock may be set back; the other one does not go back."""
    steady = clock.monotonic()
    clock.set(datetime(2030, 1, 1, tzinfo=UTC))
    assert clock.now == datetime(2030, 1, 1, tzinfo=UTC)
    assert clock.monotonic() > steady
    steady = clock.monotonic()
    clock.set(datetime(2029, 1, 1, tzinfo=UTC))
    assert (clock.now.year, clock.monotonic()) == (2029, steady)
    with pytest.raises(ValueError, match=re.escape("clock.move(-1): time does not go back; use clock.set(...)")):
        clock.move(-1)
    with pytest.raises(ValueError, match=r"it has no time zone$"):
        clock.set(datetime(2029, 1, 1))  # noqa: DTZ001  the error


class User(Struct):
    """Who sends a request."""

    sub: str


def _tokens(audience: str) -> JWT[User]:
    key = SecretStr("s" * 32)
    return JWT(User, keys=(key,), algorithms=("HS256",), issuer="https://shop.example", audience=audience)


TOKENS = _tokens("shop")


def _known(key: str) -> User | None:
    return User("key") if key == "k1" else None


def _checked(name: str, password: str) -> User | None:
    return User(name) if password == "hush" else None  # noqa: S105  a test


class Account(Controller):
    """Who am I."""

    @get("/me")
    async def me(self, user: Annotated[User, Bearer(TOKENS)]) -> str:
        """Return the user."""
        return user.sub

    @get("/key")
    async def key(self, user: Annotated[User, APIKey(_known, header="X-Key")]) -> str:
        """Return the owner of the key."""
        return user.sub

    @get("/basic")
    async def basic(self, user: Annotated[User, Basic(_checked)]) -> str:
        """Return the name."""
        return user.sub


async def test_clients_are_logged_in(app_client: AppClientFactory, clock: Clock) -> None:
    """The token is issued by the app's JWT; the first client stays as it is, and tokens expire by the clock."""
    client = await app_client(App(controllers=[Account]))
    ada = client.logged_in(User("ada"))

    assert await ada.call(Account.me, PROVIDED) == "ada"
    assert await (await ada.request("GET", "/me")).text() == "ada"
    with pytest.raises(ProblemError, match="401"):
        await client.call(Account.me, PROVIDED)
    clock.move(timedelta(hours=1))
    with pytest.raises(ProblemError, match="401"):
        await ada.call(Account.me, PROVIDED)


async def test_clients_have_credentials(app_client: AppClientFactory) -> None:
    """API keys are sent where the app reads them; other credentials as their standards say."""
    client = await app_client(App(controllers=[Account]))
    token = TOKENS.issue(User("grace"))

    assert await client.with_credentials(api_key="k1").call(Account.key, PROVIDED) == "key"
    assert await client.with_credentials(basic=("ada", "hush")).call(Account.basic, PROVIDED) == "ada"
    assert await client.with_credentials(bearer=token).call(Account.me, PROVIDED) == "grace"
    both = client.with_credentials(headers={"X-Key": "k1"}).with_credentials(bearer=token)
    assert await both.call(Account.key, PROVIDED) == "key"
    assert await both.call(Account.me, PROVIDED) == "grace"


async def test_what_the_app_does_not_read_is_an_error(app_client: AppClientFactory) -> None:
    """The message says what to write instead."""
    client = await app_client(App(controllers=[Limited]))
    with pytest.raises(LookupError, match=r"^this app reads API keys in 0 places, not in one; use headers= or cook"):
        client.with_credentials(api_key="k1")
    with pytest.raises(LookupError, match=r"^this app verifies tokens with 0 JWTs, not with one; pass jwt=, or use"):
        client.logged_in(User("ada"))
    assert client.logged_in(User("ada"), jwt=TOKENS) is not client

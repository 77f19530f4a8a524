"""Keys that another server publishes: when they are fetched, and what happens while the server is away."""

import asyncio
import logging
import warnings
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from joserfc.jwk import ECKey, OKPKey, RSAKey
from pytest_aiohttp.plugin import AiohttpClient, AiohttpServer

from framework.http_errors import ServiceUnavailable
from framework.security import JWKS
from tests.http.security.tokens import EC, RSA, User, bearer, claims_of, header_of, make_token, naming, sign, verifier
from tests.http.shapes import problem
from tests.waiting import PATIENCE, until

Answer = Callable[[], Awaitable[web.StreamResponse]]


class CountedJWKS(JWKS):
    """Counts its attempts; one that ends at once may not have reached the server."""

    attempts = 0

    async def load(self) -> Any:
        """Count, and fetch the keys."""
        self.attempts += 1
        return await super().load()


class Issuer:
    """A server that publishes keys, counts who asks for them, and can be broken."""

    def __init__(self, *keys: Any) -> None:
        self.keys = [one if isinstance(one, dict) else one.as_dict(private=False) for one in keys]
        self.asked = 0
        self.answer: Answer = self.publish
        self.server: TestServer | None = None

    async def publish(self) -> web.StreamResponse:
        """Send the keys, after a moment in which others may ask as well."""
        await asyncio.sleep(0.01)
        return web.json_response({"keys": self.keys})

    async def handle(self, _: web.Request) -> web.StreamResponse:
        """Count, and answer."""
        self.asked += 1
        return await self.answer()

    def jwks(self, **options: Any) -> CountedJWKS:
        """Return what fetches from here; an attempt takes as long as a busy machine needs."""
        assert self.server is not None
        return CountedJWKS(str(self.server.make_url("/jwks.json")), **{"timeout": PATIENCE, **options})


class Clock:
    """A monotonic clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        """Return the time."""
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Set the clock of all JWKS by hand."""
    made = Clock()
    for module in ("jwks", "published"):
        monkeypatch.setattr(f"framework.security.{module}.clock", made)
    return made


@pytest.fixture
async def issuer(aiohttp_server: AiohttpServer) -> Issuer:
    """Publish one key."""
    made = Issuer(EC)
    application = web.Application()
    application.router.add_get("/jwks.json", made.handle)
    application.router.add_get("/moved", made.handle)
    made.server = await aiohttp_server(application)
    return made


def token_of(key: Any, kid: str) -> str:
    """Return a token that names its key."""
    return sign(header_of(kid=kid), claims_of(), key, "ES256")


@pytest.mark.both_loops
async def test_j21_an_unknown_key(issuer: Issuer, clock: Clock) -> None:
    """A token that names an unknown key has the keys fetched once, and then is refused; so are a thousand of them."""
    verify = verifier(keys=issuer.jwks())
    assert await asyncio.gather(*(verify(make_token()) for _ in range(20))) == [User("ann")] * 20
    assert issuer.asked == 1
    assert await verify(token_of(EC, "unknown")) is None
    assert issuer.asked == 2
    unknown = [token_of(EC, f"k{one}") for one in range(1_000)]
    for moment in range(10):
        clock.now += 2.5
        several = unknown[moment * 100 : moment * 100 + 100]
        assert set(await asyncio.gather(*map(verify, several))) == {None}
    assert issuer.asked == 2
    clock.now += 5
    assert await verify(unknown[0]) is None
    assert issuer.asked == 3
    assert await verify(make_token()) == User("ann")


async def test_j22_rotation(issuer: Issuer, clock: Clock) -> None:
    """A new key is fetched for the first token that names it; one that is withdrawn is refused after the lifespan."""
    new = ECKey.generate_key("P-256", {"kid": "new"})
    verify = verifier(keys=issuer.jwks(lifespan=600), remember=10)
    old_token, new_token = make_token(), token_of(new, "new")
    assert await verify(old_token) == User("ann")
    issuer.keys.append(new.as_dict(private=False))
    assert await asyncio.gather(*(verify(new_token) for _ in range(20))) == [User("ann")] * 20
    assert issuer.asked == 2
    del issuer.keys[0]
    clock.now += 599
    assert await verify(old_token) == User("ann")
    clock.now += 1
    assert await verify(old_token) is None
    assert await verify(new_token) == User("ann")


def _html(_: Issuer) -> Answer:
    async def answer() -> web.StreamResponse:
        return web.Response(text="<html></html>", content_type="text/html")

    return answer


def _empty(_: Issuer) -> Answer:
    async def answer() -> web.StreamResponse:
        return web.json_response({"keys": []})

    return answer


def _missing(_: Issuer) -> Answer:
    async def answer() -> web.StreamResponse:
        raise web.HTTPNotFound

    return answer


def _huge(_: Issuer) -> Answer:
    async def answer() -> web.StreamResponse:
        return web.Response(text='{"keys": [], "x": "' + "x" * (1 << 20) + '"}', content_type="application/json")

    return answer


def _elsewhere(issuer: Issuer) -> Answer:
    async def answer() -> web.StreamResponse:
        assert issuer.server is not None
        raise web.HTTPFound(issuer.server.make_url("/moved"))

    return answer


BROKEN: dict[str, tuple[Callable[[Issuer], Answer], str]] = {
    "J23-HTML": (_html, "JSON is malformed: invalid character (byte 0)"),
    "J23-empty": (_empty, "there is no key in it that can be used"),
    "J23-404": (_missing, "its status is 404"),
    "J23-huge": (_huge, "it is larger than 1048576 bytes"),
    "J26-redirect": (_elsewhere, "its status is 302"),
}


@pytest.mark.parametrize(("broken", "why"), BROKEN.values(), ids=BROKEN)
async def test_broken_after_a_success(
    issuer: Issuer, clock: Clock, caplog: pytest.LogCaptureFixture, broken: Callable[[Issuer], Answer], why: str
) -> None:
    """Known keys go on where the server is broken, also past their lifespan; unknown keys are refused."""
    verify = verifier(keys=issuer.jwks(lifespan=600))
    assert await verify(make_token()) == User("ann")
    issuer.answer = broken(issuer)
    clock.now += 601
    assert await verify(make_token()) == User("ann")
    assert await verify(token_of(EC, "unknown")) is None
    assert issuer.asked == 3
    warnings = [one.getMessage() for one in caplog.records if one.levelno == logging.WARNING]
    assert warnings == [f"The keys of {issuer.jwks()._url} could not be fetched: {why}"] * 2  # noqa: SLF001
    issuer.answer = issuer.publish
    clock.now += 31
    assert await verify(make_token()) == User("ann")


async def test_j23_nobody_waits_for_a_server_that_is_away(issuer: Issuer, clock: Clock) -> None:
    """Past the lifespan the first request waits for the server; after a failure it is asked beside the requests."""
    keys = issuer.jwks(lifespan=600)
    verify = verifier(keys=keys)
    assert await verify(make_token()) == User("ann")
    hanging = asyncio.Event()

    async def hang() -> web.StreamResponse:
        await hanging.wait()
        return web.Response()

    issuer.answer = hang
    clock.now += 601
    keys._timeout = 0.05  # noqa: SLF001  this attempt has to fail, and none before it
    assert await verify(make_token()) == User("ann")
    assert keys.attempts == 2
    clock.now += 31
    keys._timeout = 2 * PATIENCE  # noqa: SLF001  this one hangs while requests are answered
    for _ in range(3):
        assert await asyncio.wait_for(verify(make_token()), PATIENCE) == User("ann")
    await until(lambda: keys.attempts == 3)
    hanging.set()


async def test_j24_never_reached(aiohttp_client: AiohttpClient, issuer: Issuer, clock: Clock) -> None:
    """Without any keys the answer is 503, within the timeout, and the application recovers by itself."""
    hanging = asyncio.Event()

    async def hang() -> web.StreamResponse:
        await hanging.wait()
        return web.Response()

    issuer.answer = hang
    keys = issuer.jwks(timeout=0.05)
    client = await aiohttp_client(naming(verifier(keys=keys)).build())
    for token in (make_token(), token_of(EC, "unknown")):
        answer = await asyncio.wait_for(client.get("/name", headers=bearer(token)), PATIENCE)
        assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
        assert await answer.json() == problem(503, "/name", "The keys that verify tokens are not available")
    assert keys.attempts == 1
    hanging.set()
    issuer.answer = issuer.publish
    clock.now += 1
    keys._timeout = PATIENCE  # noqa: SLF001  from now on an attempt has to succeed
    assert (await client.get("/name", headers=bearer(make_token()))).status == 200


async def test_j24_a_port_that_nobody_listens_on(unused_tcp_port: int) -> None:
    """A refused connection is as a server that is away."""
    verify = verifier(keys=JWKS(f"http://127.0.0.1:{unused_tcp_port}/"))
    with pytest.raises(ServiceUnavailable):
        await verify(make_token())


async def test_j25_keys_that_cannot_be_used(issuer: Issuer) -> None:
    """Keys of unknown types, secrets, private, weak and broken ones are skipped, and all others used."""
    good = EC.as_dict(private=False)
    private = ECKey.generate_key("P-256", {"kid": "d"})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        weak = RSAKey.generate_key(1024, {"kid": "h"})
    issuer.keys = [
        {"kty": "unknown", "kid": "a"},
        {"kid": "b"},
        {"kty": "oct", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA", "kid": "c"},
        private.as_dict(private=True),
        {**good, "x": "AAAA", "kid": "e"},
        {**good, "crv": "P-1", "kid": "f"},
        {**good, "kid": 7},
        {"kty": ["EC"], "kid": "g"},
        weak.as_dict(private=False),
        good,
    ]
    verify = verifier(keys=issuer.jwks())
    assert await verify(make_token()) == User("ann")
    for kid in "abcdefgh":
        assert await verify(token_of(EC, kid)) is None
    assert await verify(token_of(private, "d")) is None
    assert await verify(sign(header_of(alg="RS256", kid="h"), claims_of(), weak, "RS256")) is None


async def test_one_who_goes_away(issuer: Issuer) -> None:
    """A client that hangs up does not end the attempt that others wait for, be it the first one or a later one."""
    new = ECKey.generate_key("P-256", {"kid": "new"})
    verify = verifier(keys=issuer.jwks())
    for asked, token in ((1, make_token()), (2, token_of(new, "new"))):
        first, second = (asyncio.create_task(verify(token)) for _ in range(2))
        await asyncio.sleep(0.001)
        first.cancel()
        assert await second == User("ann")
        assert issuer.asked == asked
        issuer.keys.append(new.as_dict(private=False))


def test_the_same_keys_in_another_loop(unused_tcp_port: int) -> None:
    """An attempt that a loop left behind when it ended does not stand in the way of the next one."""
    jwks = JWKS(f"http://127.0.0.1:{unused_tcp_port}/")

    async def ask() -> None:
        with pytest.raises(ServiceUnavailable):
            await jwks.ring(None)

    other = asyncio.new_event_loop()
    jwks._flight = other.create_future()  # type: ignore[assignment]  # noqa: SLF001  as a loop that was stopped leaves it
    asyncio.run(ask())
    asyncio.run(ask())
    other.close()


async def test_several_keys_with_one_name(issuer: Issuer) -> None:
    """Keys of different types may have one name."""
    rsa = RSAKey.import_key({**RSA.as_dict(private=True), "kid": "ec"})
    issuer.keys = [rsa.as_dict(private=False), *issuer.keys]
    verify = verifier(keys=issuer.jwks())
    assert await verify(make_token()) == User("ann")
    assert await verify(sign(header_of(alg="RS256"), claims_of(), RSA, "RS256")) == User("ann")


async def test_keys_without_names(issuer: Issuer) -> None:
    """A published key without a name is found by a token without one."""
    key = OKPKey.generate_key("Ed25519")
    issuer.keys = [{name: value for name, value in key.as_dict(private=False).items() if name != "kid"}]
    verify = verifier(keys=issuer.jwks(), algorithms=("Ed25519",))
    assert await verify(sign({"alg": "Ed25519"}, claims_of(), key, "Ed25519")) == User("ann")

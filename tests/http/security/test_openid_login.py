"""OpenIDLogin against a real provider: PKCE, clients of each kind, refresh, logout, and who may complete a login."""

import asyncio
import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Annotated, Any

import pytest
from aiohttp import ClientSession
from msgspec import Struct
from pytest_aiohttp.plugin import AiohttpClient
from yarl import URL

from framework import App, Container, Controller, Query, Request, get
from framework.http_errors import BadRequest, ServiceUnavailable
from framework.responses import Redirect, SetCookie
from framework.security import JWKS, JWT, AuthorizationResponse, LoginFailed, LoginTokens, OpenIdConnect, OpenIDLogin
from framework.stores import RedisStore
from framework.types import SecretStr
from tests.http.security.identity import REDIRECT_URI, at_provider, running_provider
from tests.http.security.tokens import bearer
from tests.http.shapes import app_of, problem
from tests.redis_server import RedisServer

SECRET = "s" * 32


class User(Struct):
    """The claims of the ID token."""

    sub: str
    email: str | None = None


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """Run a provider for the tests of this module."""
    with running_provider() as found:
        yield found


class Kept:
    """What the last login brought."""

    tokens: LoginTokens


class LoginController(Controller):
    """Logs users in."""

    def __init__(self, login: OpenIDLogin[User], kept: Kept) -> None:
        self._login = login
        self._kept = kept

    @get("/login", raises=(ServiceUnavailable,))
    async def start(self, request: Request, target: str = "/me") -> Redirect:
        """Send the browser to the provider."""
        return await self._login.start(request, target)

    @get("/callback", raises=(LoginFailed, ServiceUnavailable))
    async def finish(self, request: Request, response: Annotated[AuthorizationResponse, Query()]) -> Redirect:
        """Complete the login."""
        done = await self._login.finish(request, response)
        self._kept.tokens = done.tokens
        return done.redirect(cookies=[SetCookie(name="user", value=f"{done.claims.sub}|{done.claims.email}")])


def login_of(issuer: str, **options: Any) -> OpenIDLogin[User]:
    """Return a login of the client with a secret, with some options changed."""
    usual = {
        "issuer": issuer,
        "client_id": "shop",
        "client_secret": SecretStr("shop secret: 100% +/="),
        "redirect_uri": REDIRECT_URI,
        "secret": SECRET,
        "scopes": ("openid", "email"),
    }
    return OpenIDLogin(User, **{**usual, **options})


def app_with(login: OpenIDLogin[User], kept: Kept | None = None) -> App:
    """Return an app that logs in."""
    container = Container()
    container.add_instance(OpenIDLogin[User], login)
    container.add_instance(Kept, kept or Kept())
    return app_of(LoginController, container=container)


async def begin(client: Any, target: str = "/me") -> str:
    """Start a login in a browser, and return the authorization URL."""
    async with client.get("/login", params={"target": target}, allow_redirects=False) as response:
        assert response.status == 303, await response.text()
        return str(response.headers["Location"])


async def complete(client: Any, query: dict[str, str]) -> tuple[int, Any]:
    """Request the callback; return the status, and the target of the redirect or the problem."""
    async with client.get("/callback", params=query, allow_redirects=False) as response:
        body = response.headers["Location"] if response.status == 303 else await response.json()
        return response.status, body


def cookie_of(client: Any) -> dict[str, str]:
    """Return the cookie of the only login that a browser has started."""
    ((name, value),) = [(one.key, one.value) for one in client.session.cookie_jar]
    return {name: value}


def browser(*cookies: str) -> Any:
    """Return a request with cookies."""
    return SimpleNamespace(cookies=dict.fromkeys(cookies, "x"))


FAILED = {**problem(400, "/callback", "The login must be started again"), "title": "Login failed"}
NOT_THIS_BROWSER = {**FAILED, "error": "invalid_state"}


@pytest.mark.both_loops
@pytest.mark.parametrize(
    "client_options", [{}, {"client_id": "public", "client_secret": None}], ids=["secret", "public"]
)
async def test_a_login(aiohttp_client: AiohttpClient, issuer: str, client_options: dict[str, Any]) -> None:
    """The user comes back with typed claims to the page that began; the cookie of the login is deleted."""
    client = await aiohttp_client(app_with(login_of(issuer, **client_options)).build())
    url = URL(await begin(client, "/orders?page=2"))
    assert url.query["code_challenge_method"] == "S256"
    assert {"state", "nonce", "code_challenge"} <= set(url.query)
    assert await complete(client, await at_provider(str(url))) == (303, "/orders?page=2")
    cookies = {one.key: one.value for one in client.session.cookie_jar}
    assert cookies == {"user": "ann|ann@example.org"}


async def test_what_is_set(aiohttp_client: AiohttpClient, issuer: str) -> None:
    """The redirect has a cookie for this login alone, which nobody can read, and is not cached."""
    client = await aiohttp_client(app_with(login_of(issuer)).build())
    async with client.get("/login", allow_redirects=False) as response:
        (cookie,) = response.headers.getall("Set-Cookie")
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["Location"].startswith(f"{issuer}/auth?")
    value, *attributes = cookie.split("; ")
    assert re.match(r"openid-login-[0-9a-f]{8}=", value)
    assert sorted(attributes) == ["HttpOnly", "Max-Age=600", "Path=/", "SameSite=Lax"]
    state = URL(response.headers["Location"]).query["state"]
    assert state not in cookie
    assert len(state) == 43


async def test_the_cookie_of_an_https_application(issuer: str) -> None:
    """Its name binds it to the host and to HTTPS."""
    login = login_of(issuer, redirect_uri="https://shop.example/callback")
    (morsel,) = (await login.start(browser())).cookies.values()
    assert re.fullmatch(r"__Host-openid-login-[0-9a-f]{8}", morsel.key)
    assert morsel["secure"]
    assert (morsel["path"], morsel["domain"]) == ("/", "")


async def test_several_tabs(aiohttp_client: AiohttpClient, issuer: str) -> None:
    """Each tab of a browser completes its own login, in any order."""
    client = await aiohttp_client(app_with(login_of(issuer)).build())
    started = [await begin(client, f"/tab/{at}") for at in range(3)]
    for at in (1, 2, 0):
        assert await complete(client, await at_provider(started[at])) == (303, f"/tab/{at}")
    assert [one.key for one in client.session.cookie_jar] == ["user"]


async def test_a_browser_keeps_few_logins(aiohttp_client: AiohttpClient, issuer: str) -> None:
    """The head of a request does not grow without a limit."""
    client = await aiohttp_client(app_with(login_of(issuer)).build())
    started = [await begin(client, f"/tab/{at}") for at in range(8)]
    assert len(list(client.session.cookie_jar)) == 5
    assert await complete(client, await at_provider(started[7])) == (303, "/tab/7")


async def test_cookies_of_others_stay(issuer: str) -> None:
    """Only cookies of logins are deleted, the first ones of the request, whatever names a client sends."""
    names = ["openid-login", "openid-login-XXXXXXXX", "openid-login-0123456", "session", "openid-login-\u00e9\r\n"]
    logins = [f"openid-login-{at:08x}" for at in range(7)]
    response = await login_of(issuer).start(browser(*names, *logins))
    deleted = [name for name, morsel in response.cookies.items() if not morsel.value]
    assert deleted == logins[:3]


async def test_another_browser(aiohttp_client: AiohttpClient, issuer: str) -> None:
    """An attacker cannot log a victim in to an account of the attacker's."""
    app = app_with(login_of(issuer))
    attacker = await aiohttp_client(app.build())
    victim = await aiohttp_client(app_with(login_of(issuer)).build())
    query = await at_provider(await begin(attacker))
    assert await complete(victim, query) == (400, NOT_THIS_BROWSER)
    await begin(victim)
    assert await complete(victim, query) == (400, NOT_THIS_BROWSER)


@pytest.mark.parametrize("state", ["", "x", "\u00e9", None], ids=["empty", "other", "foreign", "absent"])
async def test_a_wrong_state(aiohttp_client: AiohttpClient, issuer: str, state: str | None) -> None:
    """The state must be that of the cookie."""
    client = await aiohttp_client(app_with(login_of(issuer)).build())
    query = await at_provider(await begin(client))
    changed = {name: value for name, value in {**query, "state": state}.items() if value is not None}
    assert await complete(client, changed) == (400, NOT_THIS_BROWSER)
    assert await complete(client, query) == (303, "/me")


async def test_once(aiohttp_client: AiohttpClient, issuer: str) -> None:
    """A callback that is requested twice at the same time, or later with the same cookie, completes one login."""
    client = await aiohttp_client(app_with(login_of(issuer)).build())
    url = await begin(client)
    cookie = cookie_of(client)
    query = await at_provider(url)
    assert await complete(client, query) == (303, "/me")
    client.session.cookie_jar.update_cookies(cookie, client.make_url("/"))
    assert await complete(client, query) == (400, NOT_THIS_BROWSER)


async def test_once_for_all_processes(
    aiohttp_client: AiohttpClient, issuer: str, shared_redis: RedisServer, redis_namespace: str
) -> None:
    """With a shared store, a second process does not complete it either; a login may end in another process."""
    async with RedisStore(shared_redis.url, namespace=redis_namespace, timeout=5) as store:
        first, second = [await aiohttp_client(app_with(login_of(issuer, store=store)).build()) for _ in range(2)]
        url = await begin(first)
        cookie = cookie_of(first)
        query = await at_provider(url)
        second.session.cookie_jar.update_cookies(cookie, second.make_url("/"))
        assert await complete(second, query) == (303, "/me")
        assert await complete(first, query) == (400, NOT_THIS_BROWSER)


async def test_the_store_is_away(aiohttp_client: AiohttpClient, issuer: str, unused_tcp_port: int) -> None:
    """Without the store no login is completed: it would not be known whether it was already."""
    async with RedisStore(f"redis://127.0.0.1:{unused_tcp_port}", timeout=0.3) as store:
        client = await aiohttp_client(app_with(login_of(issuer, store=store)).build())
        status, body = await complete(client, await at_provider(await begin(client)))
    assert (status, body["detail"]) == (503, "Logins cannot be completed now")


async def test_too_late(aiohttp_client: AiohttpClient, issuer: str) -> None:
    """A login that was started too long ago is not completed, whatever the browser keeps."""
    client = await aiohttp_client(app_with(login_of(issuer, expires=1.0)).build())
    url = await begin(client)
    cookie = cookie_of(client)
    query = await at_provider(url)
    await asyncio.sleep(1.1)
    client.session.cookie_jar.update_cookies(cookie, client.make_url("/"))
    assert await complete(client, query) == (400, NOT_THIS_BROWSER)


async def test_a_stolen_code(aiohttp_client: AiohttpClient, issuer: str) -> None:
    """A code is of no use in another login of the same client: the provider compares the challenge."""
    thief = await aiohttp_client(app_with(login_of(issuer)).build())
    client = await aiohttp_client(app_with(login_of(issuer)).build())
    stolen = (await at_provider(await begin(client)))["code"]
    query = await at_provider(await begin(thief), "mallory")
    status, body = await complete(thief, {**query, "code": stolen})
    assert (status, body["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize("secret", ["wrong", "shop secret: 100% +/= "])
async def test_a_wrong_client_secret(aiohttp_client: AiohttpClient, issuer: str, secret: str) -> None:
    """The provider refuses the client; the client of the application sees only that the login failed."""
    client = await aiohttp_client(app_with(login_of(issuer, client_secret=secret)).build())
    status, body = await complete(client, await at_provider(await begin(client)))
    assert (status, body["error"]) == (400, "invalid_client")


async def test_the_user_refuses(aiohttp_client: AiohttpClient, issuer: str) -> None:
    """The problem has the code of the provider."""
    client = await aiohttp_client(app_with(login_of(issuer)).build())
    query = await at_provider(await begin(client), None)
    refused = {**FAILED, "detail": "The identity provider has refused the login", "error": "access_denied"}
    assert await complete(client, query) == (400, refused)


@pytest.mark.parametrize(
    "change",
    [{"iss": "https://other.example"}, {"iss": ""}, {"iss": None}, {"code": None}, {"code": ""}],
    ids=["iss-other", "iss-empty", "iss-absent", "code-absent", "code-empty"],
)
async def test_a_response_that_is_not_whole(
    aiohttp_client: AiohttpClient, issuer: str, change: dict[str, str | None]
) -> None:
    """The provider names itself (RFC 9207), and sends a code; the code of another provider is not sent to this one."""
    client = await aiohttp_client(app_with(login_of(issuer)).build())
    query = await at_provider(await begin(client))
    changed = {name: value for name, value in {**query, **change}.items() if value is not None}
    assert await complete(client, changed) == (400, {**FAILED, "error": "invalid_response"})


async def test_refresh(aiohttp_client: AiohttpClient, issuer: str) -> None:
    """A refresh token gives new tokens, once; the provider rotates it."""
    kept, login = Kept(), login_of(issuer)
    client = await aiohttp_client(app_with(login, kept).build())
    assert (await complete(client, await at_provider(await begin(client))))[0] == 303
    first = kept.tokens
    assert first.expires_in is not None
    assert "***" in repr(first)
    assert first.refresh_token is not None
    second = await login.refresh(first.refresh_token, subject="ann")
    assert second.access_token != first.access_token
    assert second.refresh_token not in {None, first.refresh_token}
    with pytest.raises(LoginFailed) as raised:
        await login.refresh(first.refresh_token.reveal())
    assert raised.value.error == "invalid_grant"


async def test_refresh_of_another_user(aiohttp_client: AiohttpClient, issuer: str) -> None:
    """An ID token of another user is not accepted."""
    kept, login = Kept(), login_of(issuer)
    client = await aiohttp_client(app_with(login, kept).build())
    assert (await complete(client, await at_provider(await begin(client))))[0] == 303
    assert kept.tokens.refresh_token is not None
    with pytest.raises(LoginFailed) as raised:
        await login.refresh(kept.tokens.refresh_token, subject="bob")
    assert raised.value.error == "invalid_token"


async def test_logout(aiohttp_client: AiohttpClient, issuer: str) -> None:
    """The URL of the provider has the ID token, by which it knows the session."""
    kept, login = Kept(), login_of(issuer)
    client = await aiohttp_client(app_with(login, kept).build())
    assert (await complete(client, await at_provider(await begin(client))))[0] == 303
    url = await login.logout_url(id_token=kept.tokens.id_token, return_to="https://shop.example/")
    assert url is not None
    assert str(url.with_query(None)) == f"{issuer}/session/end"
    assert sorted(url.query) == ["client_id", "id_token_hint", "post_logout_redirect_uri"]
    async with ClientSession() as browser, browser.get(await login.logout_url(id_token=kept.tokens.id_token)) as page:  # type: ignore[arg-type]
        assert page.status == 200
    assert str(await login.logout_url()) == f"{issuer}/session/end?client_id=shop"
    assert dict((await login.logout_url(id_token="t")).query) == {"client_id": "shop", "id_token_hint": "t"}  # type: ignore[union-attr]


async def test_keys_change(aiohttp_client: AiohttpClient, issuer: str) -> None:
    """A provider that has new keys is asked for them with the first login that needs them."""
    client = await aiohttp_client(app_with(login_of(issuer)).build())
    assert (await complete(client, await at_provider(await begin(client))))[0] == 303
    async with ClientSession() as session:
        await session.get(f"{issuer}/rotate")
    assert await complete(client, await at_provider(await begin(client))) == (303, "/me")


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/" + "x" * 2_000, ""],
)
async def test_targets(issuer: str, target: str) -> None:
    """After the login the browser stays on this host."""
    with pytest.raises(BadRequest):
        await login_of(issuer).start(browser(), target)


async def test_bearer_tokens_of_the_provider(aiohttp_client: AiohttpClient, issuer: str) -> None:
    """Keys are discovered from the issuer, which is compared; the document has the URL of the configuration."""
    kept = Kept()
    client = await aiohttp_client(app_with(login_of(issuer), kept).build())
    assert (await complete(client, await at_provider(await begin(client))))[0] == 303
    assert kept.tokens.id_token is not None

    class Names(Controller):
        @get("/name")
        async def name(
            self,
            user: Annotated[
                User,
                OpenIdConnect(JWT(User, keys=JWKS.discover(issuer), algorithms=("RS256",), audience="shop")),
            ],
        ) -> str:
            """Return the name."""
            return user.sub

    app = App([Names])
    served = await aiohttp_client(app.build())
    async with served.get("/name", headers=bearer(kept.tokens.id_token.reveal())) as response:
        assert (response.status, await response.text()) == (200, "ann")
    (scheme,) = app.documents()["/openapi.json"]["components"]["securitySchemes"].values()
    assert scheme == {
        "type": "openIdConnect",
        "openIdConnectUrl": f"{issuer}/.well-known/openid-configuration",
    }

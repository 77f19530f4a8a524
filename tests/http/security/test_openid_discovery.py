"""OpenIDLogin and JWKS.discover against an issuer that is wrong, slow or away."""

import asyncio
import logging
import time
from base64 import b64decode
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import unquote_plus

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from joserfc.jwk import RSAKey
from pytest_aiohttp.plugin import AiohttpServer
from yarl import URL

from framework.http_errors import HTTPError, ServiceUnavailable
from framework.security import JWKS, AuthorizationResponse, LoginFailed, OpenIDLogin
from tests.http.security.identity import REDIRECT_URI
from tests.http.security.tokens import RSA, User, claims_of, sign, verifier
from tests.waiting import PATIENCE

OTHER = RSAKey.generate_key(2048, {"kid": "rsa"})
Change = Callable[[dict[str, Any]], None]


class Issuer:
    """A provider whose every response can be changed."""

    def __init__(self) -> None:
        self.server: TestServer | None = None
        self.configuration: dict[str, Any] = {}
        self.claims: dict[str, Any] = {}
        self.header: dict[str, Any] = {"alg": "RS256", "kid": "rsa"}
        self.key: Any = RSA
        self.keys: list[Any] = [RSA]
        self.issued: dict[str, Any] = {}
        self.nonce = ""
        self.forms: list[dict[str, Any]] = []
        self.credentials: list[str | None] = []
        self.token_response: Callable[[], web.StreamResponse] | None = None
        self.asked = {"configuration": 0, "jwks": 0, "token": 0}
        self.hanging: asyncio.Event | None = None
        self.away = False
        self.server_fails: set[str] = set()

    @property
    def url(self) -> str:
        """The issuer."""
        assert self.server is not None
        return str(self.server.make_url("/")).rstrip("/")

    async def configure(self, _: web.Request) -> web.StreamResponse:
        """Publish the configuration."""
        await self._wait("configuration")
        usual = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/auth?tenant=1",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks",
        }
        found = {**usual, **self.configuration}
        return web.json_response({name: value for name, value in found.items() if value is not ...})

    async def publish(self, _: web.Request) -> web.StreamResponse:
        """Publish the keys."""
        await self._wait("jwks")
        return web.json_response({"keys": [one.as_dict(private=False) for one in self.keys]})

    async def issue(self, request: web.Request) -> web.StreamResponse:
        """Issue tokens."""
        await self._wait("token")
        self.forms.append(dict(await request.post()))
        self.credentials.append(request.headers.get("Authorization"))
        if self.token_response is not None:
            return self.token_response()
        claims = claims_of(**{"iss": self.url, "aud": "shop", "nonce": self.nonce, **self.claims})
        token = sign(self.header, claims, self.key, "RS256")
        issued = {"access_token": "a", "token_type": "Bearer", "expires_in": 60, "id_token": token, **self.issued}
        return web.json_response({name: value for name, value in issued.items() if value is not ...})

    async def _wait(self, what: str) -> None:
        self.asked[what] += 1
        if self.away or what in self.server_fails:
            raise web.HTTPBadGateway
        if self.hanging is not None:
            await self.hanging.wait()

    def login(self, **options: Any) -> OpenIDLogin[User]:
        """Return a login at this issuer."""
        usual = {
            "issuer": self.url,
            "client_id": "shop",
            "client_secret": "s:1",
            "redirect_uri": REDIRECT_URI,
            "secret": "s" * 32,
        }
        return OpenIDLogin(User, **{**usual, **options})

    async def complete(self, login: OpenIDLogin[User]) -> User:
        """Start and finish a login; return the claims."""
        redirect = await login.start(NO_COOKIES)
        query = URL(redirect.headers["Location"]).query
        self.nonce = query["nonce"]
        (cookie,) = redirect.cookies.values()
        request: Any = _Callback({cookie.key: cookie.value})
        return (await login.finish(request, AuthorizationResponse(state=query["state"], code="c"))).claims


class _Callback:
    """What is read of the request for the callback."""

    def __init__(self, cookies: dict[str, str]) -> None:
        self.cookies = cookies


NO_COOKIES: Any = _Callback({})


@pytest.fixture
async def issuer(aiohttp_server: AiohttpServer) -> AsyncIterator[Issuer]:
    """Run an issuer."""
    made = Issuer()
    application = web.Application()
    application.router.add_get("/.well-known/openid-configuration", made.configure)
    application.router.add_get("/jwks", made.publish)
    application.router.add_post("/token", made.issue)
    made.server = await aiohttp_server(application)
    yield made
    if made.hanging is not None:
        made.hanging.set()


async def test_what_is_sent(issuer: Issuer) -> None:
    """Client and code are authenticated; a query of the endpoint is kept, and parameters are added."""
    login = issuer.login(parameters={"prompt": "login"}, scopes=("openid", "a b"[:1]))
    url = URL((await login.start(NO_COOKIES)).headers["Location"])
    assert {name: url.query[name] for name in ("tenant", "prompt", "client_id", "scope", "response_type")} == {
        "tenant": "1",
        "prompt": "login",
        "client_id": "shop",
        "scope": "openid a",
        "response_type": "code",
    }
    assert await issuer.complete(login) == User("ann")
    (form,) = issuer.forms
    assert (form["grant_type"], form["code"], form["redirect_uri"]) == ("authorization_code", "c", REDIRECT_URI)
    assert len(form["code_verifier"]) == 43
    assert "client_secret" not in form
    (credentials,) = issuer.credentials
    assert credentials is not None
    name, _, secret = b64decode(credentials.removeprefix("Basic ")).decode().partition(":")
    assert (unquote_plus(name), unquote_plus(secret)) == ("shop", "s:1")


async def test_a_secret_in_the_form(issuer: Issuer) -> None:
    """A provider that does not support Basic gets the secret in the form."""
    issuer.configuration["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
    assert await issuer.complete(issuer.login()) == User("ann")
    assert issuer.credentials == [None]
    assert (issuer.forms[0]["client_id"], issuer.forms[0]["client_secret"]) == ("shop", "s:1")


async def test_each_login_has_values_of_its_own(issuer: Issuer) -> None:
    """State, nonce and challenge are new each time."""
    login = issuer.login()
    found = [URL((await login.start(NO_COOKIES)).headers["Location"]).query for _ in range(3)]
    for name in ("state", "nonce", "code_challenge"):
        assert len({one[name] for one in found}) == 3


ACCEPTED: dict[str, dict[str, Any]] = {
    "plain": {},
    "aud-list": {"aud": ["shop"]},
    "azp": {"azp": "shop"},
    "aud-several": {"aud": ["shop", "other"], "azp": "shop"},
}
REFUSED: dict[str, dict[str, Any]] = {
    "nonce-other": {"nonce": "x" * 43},
    "nonce-absent": {"nonce": ...},
    "nonce-empty": {"nonce": ""},
    "nonce-number": {"nonce": 1},
    "aud-other": {"aud": "other"},
    "aud-absent": {"aud": ...},
    "aud-several": {"aud": ["shop", "other"]},
    "azp-other": {"azp": "other"},
    "aud-several-azp-other": {"aud": ["shop", "other"], "azp": "other"},
    "iss-other": {"iss": "https://i"},
    "iss-slash": {"iss": "SLASH"},
    "iss-absent": {"iss": ...},
    "exp-past": {"exp": int(time.time()) - 60},
    "exp-absent": {"exp": ...},
    "iat-future": {"iat": int(time.time()) + 3_600},
    "sub-absent": {"sub": ...},
    "sub-number": {"sub": 7},
    "claims": {"scopes": 7},
}


@pytest.mark.parametrize("claims", ACCEPTED.values(), ids=ACCEPTED)
async def test_id_tokens_that_are_accepted(issuer: Issuer, claims: dict[str, Any]) -> None:
    """Their claims are those of OpenID Connect Core 1.0, section 3.1.3.7."""
    issuer.claims = claims
    assert await issuer.complete(issuer.login()) == User("ann")


@pytest.mark.parametrize("claims", REFUSED.values(), ids=REFUSED)
async def test_id_tokens_that_are_refused(issuer: Issuer, claims: dict[str, Any]) -> None:
    """The client sees no reason."""
    issuer.claims = {**claims, "iss": f"{issuer.url}/"} if claims.get("iss") == "SLASH" else claims
    with pytest.raises(LoginFailed) as raised:
        await issuer.complete(issuer.login())
    assert (raised.value.detail, raised.value.error) == ("The login must be started again", "invalid_token")


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ({"alg": "RS256", "kid": "rsa"}, OTHER),
        ({"alg": "RS256", "kid": "other"}, RSA),
        ({"alg": "none"}, RSA),
        ({"alg": "RS256", "kid": "rsa", "typ": "at+jwt"}, RSA),
        ({"alg": "RS256", "kid": "rsa", "crit": ["x"]}, RSA),
    ],
    ids=["other-key", "unknown-key", "none", "access-token", "crit"],
)
async def test_signatures_that_are_refused(issuer: Issuer, header: dict[str, Any], key: Any) -> None:
    """An ID token is signed by a key of the issuer."""
    issuer.header, issuer.key = header, key
    with pytest.raises(LoginFailed) as raised:
        await issuer.complete(issuer.login())
    assert raised.value.error == "invalid_token"


def _json(status: int, body: Any) -> Callable[[], web.StreamResponse]:
    return lambda: web.json_response(body, status=status)


BROKEN: dict[str, tuple[Callable[[], web.StreamResponse], type[HTTPError], str]] = {
    "invalid_grant": (_json(400, {"error": "invalid_grant"}), LoginFailed, "has refused a grant: invalid_grant"),
    "strange": (_json(401, {"error": "<b>\r\nx"}), LoginFailed, "has refused a grant: invalid_response"),
    "no-error": (_json(400, {}), ServiceUnavailable, "Object missing required field `error`"),
    "500": (_json(500, {"error": "server_error"}), ServiceUnavailable, "its status is 500"),
    "redirect": (lambda: web.Response(status=307, headers={"Location": "/"}), ServiceUnavailable, "is 307"),
    "html": (lambda: web.Response(text="<p>", content_type="text/html"), ServiceUnavailable, "JSON is malformed"),
    "huge": (lambda: web.Response(body=b" " * (1 << 21)), ServiceUnavailable, "it is larger than 1048576 bytes"),
    "mac": (_json(200, {"access_token": "a", "token_type": "mac"}), ServiceUnavailable, "is not a bearer token"),
    "empty": (_json(200, {}), ServiceUnavailable, "Object missing required field `access_token`"),
    "expires": (
        _json(200, {"access_token": "a", "token_type": "bearer", "expires_in": "soon"}),
        ServiceUnavailable,
        "invalid literal for int()",
    ),
}


@pytest.mark.parametrize(("response", "error", "logged"), BROKEN.values(), ids=BROKEN)
async def test_a_token_endpoint_that_is_broken(
    issuer: Issuer,
    caplog: pytest.LogCaptureFixture,
    response: Callable[[], web.StreamResponse],
    error: type[HTTPError],
    logged: str,
) -> None:
    """A refusal is a failed login; everything else is a provider that is not available. One line is logged."""
    issuer.token_response = response
    with pytest.raises(error):
        await issuer.complete(issuer.login())
    (record,) = [one for one in caplog.records if one.levelno == logging.WARNING]
    assert logged in record.getMessage()


async def test_no_id_token(issuer: Issuer) -> None:
    """Without an ID token there is no login."""
    issuer.issued = {"id_token": ...}
    with pytest.raises(LoginFailed) as raised:
        await issuer.complete(issuer.login())
    assert raised.value.error == "invalid_token"


async def test_a_slow_token_endpoint(issuer: Issuer) -> None:
    """The timeout holds for the whole exchange."""
    login = issuer.login()
    assert await issuer.complete(login) == User("ann")
    issuer.hanging = asyncio.Event()
    login._timeout = 0.2  # noqa: SLF001  from now on an exchange has to fail
    with pytest.raises(ServiceUnavailable) as raised:
        await asyncio.wait_for(issuer.complete(login), PATIENCE)
    assert raised.value.headers == {"Retry-After": "1"}


async def test_refresh_without_an_id_token(issuer: Issuer) -> None:
    """A provider need not issue a new ID token or refresh token; the old refresh token stays in use."""
    issuer.issued = {"id_token": ..., "scope": "openid"}
    found = await issuer.login().refresh("r", subject="ann")
    assert found.refresh_token is not None
    assert (found.refresh_token.reveal(), found.id_token, found.scope) == ("r", None, "openid")
    assert issuer.forms == [{"grant_type": "refresh_token", "refresh_token": "r"}]


async def test_a_provider_without_logout(issuer: Issuer) -> None:
    """There is no URL."""
    assert await issuer.login().logout_url() is None


CONFIGURATIONS: dict[str, tuple[dict[str, Any], str]] = {
    "issuer-other": ({"issuer": "https://evil.example"}, "its issuer is another one"),
    "issuer-slash": ({"issuer": "SLASH"}, "its issuer is another one"),
    "jwks-http": ({"jwks_uri": "http://evil.example/jwks"}, "it has a URL that is not https"),
    "jwks-file": ({"jwks_uri": "file:///etc/passwd"}, "it has a URL that is not https"),
    "token-http": ({"token_endpoint": "http://evil.example/"}, "it has a URL that is not https"),
    "auth-script": ({"authorization_endpoint": "javascript:alert(1)"}, "it has a URL that is not https"),
    "logout-http": ({"end_session_endpoint": "http://evil.example/"}, "it has a URL that is not https"),
    "jwks-absent": ({"jwks_uri": ...}, "Object missing required field `jwks_uri`"),
    "issuer-number": ({"issuer": 7}, "Expected `str`, got `int` - at `$.issuer`"),
}


@pytest.mark.parametrize(("configuration", "why"), CONFIGURATIONS.values(), ids=CONFIGURATIONS)
async def test_a_configuration_that_is_wrong(
    issuer: Issuer, caplog: pytest.LogCaptureFixture, configuration: dict[str, Any], why: str
) -> None:
    """It is not used, for logins or for tokens: 503."""
    issuer.configuration = {"issuer": f"{issuer.url}/"} if configuration.get("issuer") == "SLASH" else configuration
    with pytest.raises(ServiceUnavailable):
        await issuer.login().start(NO_COOKIES)
    verify = verifier(keys=JWKS.discover(issuer.url), algorithms=("RS256",), issuer=None)
    with pytest.raises(ServiceUnavailable):
        await verify(token(issuer))
    assert issuer.asked == {"configuration": 2, "jwks": 0, "token": 0}
    messages = [one.getMessage() for one in caplog.records if one.levelno == logging.WARNING]
    assert messages[:2] == [f"The configuration of {issuer.url} could not be fetched: {why}"] * 2


async def test_a_provider_without_s256(issuer: Issuer) -> None:
    """Its logins could not be bound to this application."""
    issuer.configuration["code_challenge_methods_supported"] = ["plain"]
    with pytest.raises(ServiceUnavailable):
        await issuer.login().start(NO_COOKIES)


def token(issuer: Issuer, **changes: Any) -> str:
    """Return a token of the issuer for the audience ``api``."""
    return sign({"alg": "RS256", "kid": "rsa"}, claims_of(**{"iss": issuer.url, **changes}), issuer.key, "RS256")


async def test_discovered_keys(issuer: Issuer) -> None:
    """The configuration and the keys are fetched once; the issuer is compared although the JWT names none."""
    keys = JWKS.discover(issuer.url)
    verify = verifier(keys=keys, algorithms=("RS256",), issuer=None)
    assert await asyncio.gather(*(verify(token(issuer)) for _ in range(20))) == [User("ann")] * 20
    assert issuer.asked == {"configuration": 1, "jwks": 1, "token": 0}
    for iss in ("https://i", f"{issuer.url}/", ...):
        assert await verify(token(issuer, iss=iss)) is None
    assert repr(keys) == f"JWKS.discover({issuer.url!r})"


async def test_an_issuer_with_a_slash(issuer: Issuer) -> None:
    """The slash belongs to the issuer, and is not doubled in the URL of its configuration."""
    issuer.configuration["issuer"] = f"{issuer.url}/"
    verify = verifier(keys=JWKS.discover(f"{issuer.url}/"), algorithms=("RS256",), issuer=None)
    assert await verify(token(issuer, iss=f"{issuer.url}/")) == User("ann")


async def test_a_server_that_is_away(issuer: Issuer) -> None:
    """Old keys stay in use while configuration and keys cannot be fetched, and new ones are found afterwards."""
    keys = JWKS.discover(issuer.url, lifespan=0.05, cooldown=0.05, timeout=1)
    verify = verifier(keys=keys, algorithms=("RS256",), issuer=None)
    assert await verify(token(issuer)) == User("ann")
    issuer.away = True
    for _ in range(5):
        await asyncio.sleep(0.06)
        assert await verify(token(issuer)) == User("ann")
    issuer.away = False
    issuer.key = issuer.keys[0] = OTHER
    assert await asyncio.wait_for(_accepted(verify, issuer), 10) == User("ann")


async def test_logins_while_the_configuration_is_away(issuer: Issuer, caplog: pytest.LogCaptureFixture) -> None:
    """The known configuration and keys stay in use for logins too, as long as the token endpoint responds."""
    login = issuer.login()
    assert await issuer.complete(login) == User("ann")
    for published in (login._provider, login._tokens._keys):  # noqa: SLF001  an hour later
        published._fetched -= 3_601  # type: ignore[union-attr]  # noqa: SLF001
    issuer.server_fails = {"configuration", "jwks"}
    assert await issuer.complete(login) == User("ann")
    assert issuer.asked["configuration"] == 2
    messages = [one.getMessage() for one in caplog.records if one.levelno == logging.WARNING]
    assert messages[0] == f"The configuration of {issuer.url} could not be fetched: its status is 502"


async def _accepted(verify: Any, issuer: Issuer) -> User:
    while (found := await verify(token(issuer))) is None:  # noqa: ASYNC110  the issuer has no event
        await asyncio.sleep(0.02)
    user: User = found
    return user


async def test_a_server_that_was_never_reached(issuer: Issuer) -> None:
    """503 within the timeout; the next attempt after a pause succeeds."""
    verify = verifier(keys=JWKS.discover(issuer.url, timeout=0.1), algorithms=("RS256",), issuer=None)
    issuer.hanging = asyncio.Event()
    begun = time.monotonic()
    with pytest.raises(ServiceUnavailable) as raised:
        await verify(token(issuer))
    assert time.monotonic() - begun < 2
    assert raised.value.headers == {"Retry-After": "1"}
    issuer.hanging.set()
    issuer.hanging = None
    await asyncio.sleep(1.01)
    assert await verify(token(issuer)) == User("ann")


async def test_a_jwks_uri_that_moves(issuer: Issuer) -> None:
    """Where the keys are is read again with the configuration."""
    verify = verifier(keys=JWKS.discover(issuer.url, lifespan=0.01), algorithms=("RS256",), issuer=None)
    assert await verify(token(issuer)) == User("ann")
    issuer.configuration["jwks_uri"] = f"{issuer.url}/elsewhere"
    await asyncio.sleep(0.02)
    assert await verify(token(issuer)) == User("ann")
    assert issuer.asked["configuration"] >= 2
    assert issuer.asked["jwks"] == 1

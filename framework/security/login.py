"""Log in with an OpenID provider: the authorization code flow with PKCE (OpenID Connect Core 1.0, RFC 7636)."""

import asyncio
import hashlib
import hmac
import logging
import re
import secrets
from collections.abc import Mapping, Sequence
from math import ceil
from typing import Generic, TypeVar
from urllib.parse import urlsplit

import msgspec
from aiohttp import hdrs, web
from msgspec import Struct
from yarl import URL

from framework.errors import InvalidSecurityError
from framework.http_errors import BadRequest, ServiceUnavailable
from framework.option_errors import explained_class
from framework.responses import Redirect, SetCookie
from framework.security.discovery import Provider, ProviderMetadata
from framework.security.jwks import JWKS
from framework.security.jwt import JWT
from framework.security.login_options import LoginOptions, login_mistake
from framework.security.login_tokens import LoginFailed, LoginTokens, error_code, request_tokens
from framework.security.published import FAILURES
from framework.security.signing import Sealer, Secrets
from framework.security.token_format import Refused, decode, from_base64, read_token, to_base64
from framework.stores import MemoryStore, Store, StoreError
from framework.types import SecretStr

__all__ = ("AuthorizationResponse", "Login", "OpenIDLogin")

_T = TypeVar("_T")
_LOG = logging.getLogger("framework.security")
_LONGEST_TARGET = 2_000
"""The longest ``return_to`` in characters: it is stored in a cookie."""
_MOST_LOGINS = 5
"""The number of logins that a browser may have started at the same time; the oldest are forgotten."""
_AGAIN = "The login must be started again"


class AuthorizationResponse(Struct, frozen=True, kw_only=True):
    """The query of the callback (RFC 6749, section 4.1.2; RFC 9207): ``Annotated[AuthorizationResponse, Query()]``."""

    state: str = ""
    code: str | None = None
    iss: str | None = None
    error: str | None = None


class Login(Struct, Generic[_T], frozen=True, kw_only=True):
    """A completed login."""

    claims: _T
    """The claims of the ID token."""
    tokens: LoginTokens
    return_to: str
    cookie: str
    """The name of the cookie of the login, which is not used any more."""

    def redirect(self, *, cookies: Sequence[SetCookie] = ()) -> Redirect:
        """Return a redirect to ``return_to`` with the cookies of a session; it deletes the cookie of the login."""
        headers = {str(hdrs.CACHE_CONTROL): "no-store"}
        return Redirect(self.return_to, headers=headers, cookies=[SetCookie.deletion(self.cookie), *cookies])


class _Started(Struct, frozen=True):
    """What the browser keeps while the user is at the provider; the cookie is encrypted."""

    state: str
    nonce: str
    verifier: str
    return_to: str


class _IDClaims(Struct, frozen=True):
    """The claims of an ID token that are checked beside those of every JWT (OpenID Connect Core 1.0, section 2)."""

    sub: str
    aud: str | list[str]
    nonce: str | None = None
    azp: str | None = None


_ID_CLAIMS = msgspec.json.Decoder(_IDClaims)


@explained_class("OpenIDLogin", "OpenIDLogin(User, …)")
class OpenIDLogin(Generic[_T]):
    """Logs users in with an OpenID provider: ``await login.start(request)``, ``await login.finish(request, response)``.

    ``claims`` is the type of the claims of the ID token. ``issuer``, ``client_id``, ``client_secret`` (``None`` for a
    public client) and ``redirect_uri`` are as registered at the provider, whose configuration and keys are discovered.
    ``secret`` (one, or several to rotate them) encrypts the cookie that binds a login to the browser. ``scopes`` are
    requested, ``parameters`` are added to the authorization URL. ID tokens are signed with one of ``algorithms``. A
    login is completed within ``expires`` seconds, and once: ``store`` keeps which logins were completed.
    """

    def __init__(
        self,
        claims: type[_T],
        *,
        issuer: str,
        client_id: str,
        redirect_uri: str,
        secret: Secrets,
        client_secret: str | SecretStr | None = None,
        scopes: Sequence[str] = ("openid",),
        algorithms: Sequence[str] = ("RS256",),
        parameters: Mapping[str, str] | None = None,
        store: Store | None = None,
        expires: float = 600.0,
        leeway: float = 10.0,
        timeout: float = 5.0,
    ) -> None:
        given = {} if parameters is None else parameters
        provider = Provider(issuer, timeout=timeout, cooldown=30.0, lifespan=3600.0)
        tokens = JWT(
            claims, keys=JWKS.of(provider), algorithms=algorithms, audience=client_id, leeway=leeway, types=("JWT",)
        )
        options = LoginOptions(provider, tokens, client_id, client_secret, redirect_uri, scopes, given, store, expires)
        mistake = login_mistake(options)
        if mistake is not None:
            raise InvalidSecurityError("OpenIDLogin", mistake[0], hint=mistake[1])
        self._provider = provider
        self._tokens = tokens
        self._client_id = client_id
        self._client_secret = client_secret.reveal() if isinstance(client_secret, SecretStr) else client_secret
        self._redirect_uri = redirect_uri
        self._scope = " ".join(scopes)
        self._parameters = dict(given)
        self._expires = expires
        self._timeout = timeout
        self._sealer = Sealer(secret, purpose=f"openid-login {issuer} {client_id}")
        self._used = (MemoryStore() if store is None else store).namespace("openid-login")
        # A browser sends a cookie with this prefix only if this host has set it; it requires HTTPS.
        self._cookie = "__Host-openid-login" if redirect_uri.startswith("https:") else "openid-login"
        self._named = re.compile(rf"{self._cookie}-[0-9a-f]{{8}}")

    async def start(self, request: web.Request, return_to: str = "/") -> Redirect:
        """Return a redirect to the provider; after the login, the browser is sent to ``return_to``.

        Raises BadRequest if that is on another host, and ServiceUnavailable if the provider cannot be reached.
        """
        Redirect(return_to)
        if len(return_to) > _LONGEST_TARGET or urlsplit(return_to).netloc:
            raise BadRequest("The target of the login is not allowed")
        provider = await self._metadata()
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        begun = _Started(state, nonce, verifier, return_to)
        url = URL(provider.authorization_endpoint)
        cookie = SetCookie(
            name=self._name(begun.state),
            value=self._sealer.seal(begun, expires=self._expires),
            max_age=ceil(self._expires),
        )
        return Redirect(
            url.update_query({**self._parameters, **self._query(begun)}),
            hosts=(url.authority,),
            headers={str(hdrs.CACHE_CONTROL): "no-store"},
            cookies=[*self._old(request), cookie],
        )

    def _name(self, state: str) -> str:
        """Return the name of the cookie of a login: several tabs of a browser may each have one."""
        return f"{self._cookie}-{_digest(state)[:8]}"

    def _old(self, request: web.Request) -> list[SetCookie]:
        """Return the deletion of cookies of old logins; browsers send the oldest first (RFC 6265, section 5.4)."""
        found = [name for name in request.cookies if self._named.fullmatch(name)]
        return [SetCookie.deletion(name) for name in found[: max(0, len(found) + 1 - _MOST_LOGINS)]]

    def _query(self, begun: _Started) -> dict[str, str]:
        challenge = hashlib.sha256(begun.verifier.encode()).digest()
        return {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": self._redirect_uri,
            "scope": self._scope,
            "state": begun.state,
            "nonce": begun.nonce,
            "code_challenge": to_base64(challenge),
            "code_challenge_method": "S256",
        }

    async def finish(self, request: web.Request, response: AuthorizationResponse) -> Login[_T]:
        """Complete the login whose callback a browser requests; exchange the code, and verify the ID token.

        Raises LoginFailed, and ServiceUnavailable if the provider or the store cannot be reached.
        """
        begun = self._begun(request, response.state)
        await self._use(begun.state)
        provider = await self._metadata()
        code = self._code(provider, response)
        tokens = await self._request(
            provider,
            {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": self._redirect_uri,
                "code_verifier": begun.verifier,
            },
        )
        found, claims = await self._verified(tokens)
        if found.nonce is None or not hmac.compare_digest(found.nonce.encode(), begun.nonce.encode()):
            raise _rejected("its nonce is not that of the login")
        return Login(claims=claims, tokens=tokens, return_to=begun.return_to, cookie=self._name(begun.state))

    def _begun(self, request: web.Request, state: str) -> _Started:
        """Return the login that this browser has started; raises LoginFailed."""
        begun = self._sealer.open(request.cookies.get(self._name(state), ""), _Started)
        if begun is None or not hmac.compare_digest(begun.state.encode(), state.encode("utf-8", "replace")):
            raise LoginFailed(_AGAIN, error="invalid_state")
        return begun

    async def _use(self, state: str) -> None:
        """Let a login be completed once; raises LoginFailed for the second time."""
        try:
            is_first = await self._used.add(_digest(state), b"", ttl=self._expires)
        except StoreError as error:
            _LOG.warning("The store of OpenIDLogin cannot be reached: logins are refused (503). %s", error)
            raise ServiceUnavailable("Logins cannot be completed now", headers={"Retry-After": "1"}) from error
        if not is_first:
            raise LoginFailed(_AGAIN, error="invalid_state")

    def _code(self, provider: ProviderMetadata, response: AuthorizationResponse) -> str:
        """Return the code of a response; raises LoginFailed for an error, and for a response of another provider."""
        wanted = provider.authorization_response_iss_parameter_supported
        if response.iss != self._provider.issuer and (wanted or response.iss is not None):
            raise LoginFailed(_AGAIN, error="invalid_response")
        if response.error is not None:
            raise LoginFailed("The identity provider has refused the login", error=error_code(response.error))
        if not response.code:
            raise LoginFailed(_AGAIN, error="invalid_response")
        return response.code

    async def refresh(self, refresh_token: str | SecretStr, *, subject: str | None = None) -> LoginTokens:
        """Return new tokens for a refresh token (RFC 6749, section 6); store the new refresh token in its place.

        ``subject`` is the ``sub`` of the user, with which a new ID token is compared. Raises LoginFailed if the
        provider refuses the token: the user must log in again. Raises ServiceUnavailable if it cannot be reached.
        """
        old = SecretStr(refresh_token) if isinstance(refresh_token, str) else refresh_token
        form = {"grant_type": "refresh_token", "refresh_token": old.reveal()}
        new = await self._request(await self._metadata(), form)
        if new.id_token is not None:
            found, _ = await self._verified(new)
            # OpenID Connect Core 1.0, section 12.2.
            if subject is not None and found.sub != subject:
                raise _rejected("it is of another user")
        return new if new.refresh_token is not None else msgspec.structs.replace(new, refresh_token=old)

    async def logout_url(self, *, id_token: str | SecretStr | None = None, return_to: str | None = None) -> URL | None:
        """Return the URL at which the user ends the session at the provider, ``None`` if the provider has none.

        ``return_to`` is an absolute URL that is registered at the provider (OpenID Connect RP-Initiated Logout 1.0).
        """
        endpoint = (await self._metadata()).end_session_endpoint
        if endpoint is None:
            return None
        query = {"client_id": self._client_id}
        if id_token is not None:
            query["id_token_hint"] = id_token.reveal() if isinstance(id_token, SecretStr) else id_token
        if return_to is not None:
            query["post_logout_redirect_uri"] = return_to
        return URL(endpoint).update_query(query)

    async def _metadata(self) -> ProviderMetadata:
        found = await self._provider.current()
        challenges = found.code_challenge_methods_supported
        if challenges is not None and "S256" not in challenges:
            _LOG.warning("%s does not support PKCE with S256: logins are refused (503)", self._provider.issuer)
            raise ServiceUnavailable("The identity provider is not available")
        return found

    async def _request(self, provider: ProviderMetadata, form: Mapping[str, str]) -> LoginTokens:
        """Send a grant; raises LoginFailed, or ServiceUnavailable."""
        methods = provider.token_endpoint_auth_methods_supported
        client = (self._client_id, self._client_secret)
        try:
            async with asyncio.timeout(self._timeout):
                return await request_tokens(provider.token_endpoint, form, *client, methods)
        except LoginFailed as error:
            # A provider whose clients or codes are wrong is a reason to look at the configuration.
            _LOG.warning("%s has refused a grant: %s", self._provider.issuer, error.error)
            raise
        except FAILURES as error:
            reason = str(error) or type(error).__name__
            _LOG.warning("%s has not responded to a grant as it should: %s", self._provider.issuer, reason)
            detail = "The identity provider is not available"
            raise ServiceUnavailable(detail, headers={"Retry-After": "1"}) from error

    async def _verified(self, tokens: LoginTokens) -> tuple[_IDClaims, _T]:
        """Return the claims of a valid ID token (OpenID Connect Core 1.0, section 3.1.3.7); raises LoginFailed."""
        if tokens.id_token is None:
            raise _rejected("there is none")
        text = tokens.id_token.reveal()
        claims = await self._tokens(text)
        if claims is None:
            raise _rejected("its signature or its claims are not valid")
        try:
            found = decode(from_base64(read_token(text).payload), _ID_CLAIMS)
        except Refused as error:
            raise _rejected(str(error)) from None
        has_others = isinstance(found.aud, list) and len(found.aud) > 1
        if found.azp != self._client_id and (has_others or found.azp is not None):
            raise _rejected("it was issued to another client")
        return found, claims


def _digest(state: str) -> str:
    return hashlib.sha256(state.encode("utf-8", "surrogatepass")).hexdigest()


def _rejected(why: str) -> LoginFailed:
    _LOG.warning("An ID token was rejected: %s", why)
    return LoginFailed(_AGAIN, error="invalid_token")

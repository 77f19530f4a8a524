"""The token endpoint of an OpenID provider (RFC 6749, sections 4.1.3 and 6)."""

import re
from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote_plus

import msgspec
from aiohttp import ClientSession, ClientTimeout, hdrs
from msgspec import Struct

from framework.http_errors import HTTPError
from framework.security.published import read_body
from framework.types import SecretStr

__all__ = ("LoginFailed", "LoginTokens", "error_code", "request_tokens")

_CODE = re.compile(r"[a-z_]{1,40}")


class LoginFailed(HTTPError, status=400, title="Login failed"):
    """The login cannot be completed and must be started again.

    `error` is the code of the provider (RFC 6749, OpenID Connect Core 1.0), or `invalid_state`, `invalid_response` or
    `invalid_token`.
    """

    error: str


class LoginTokens(Struct, frozen=True, kw_only=True):
    """The tokens that a provider has issued; none of them is shown by ``repr``."""

    access_token: SecretStr
    refresh_token: SecretStr | None = None
    """For ``refresh``, if the provider issues one."""
    id_token: SecretStr | None = None
    """For ``logout_url``."""
    expires_in: int | None = None
    """Seconds until the access token expires."""
    scope: str | None = None
    """The granted scopes, if they are not the requested ones."""


class _Issued(Struct, frozen=True, kw_only=True):
    """The body of a successful response (RFC 6749, section 5.1)."""

    access_token: str
    token_type: str
    refresh_token: str | None = None
    id_token: str | None = None
    expires_in: int | str | None = None
    scope: str | None = None


class _Refused(Struct, frozen=True):
    """The body of an error (RFC 6749, section 5.2)."""

    error: str


async def request_tokens(
    url: str, form: Mapping[str, str], client_id: str, client_secret: str | None, methods: list[str]
) -> LoginTokens:
    """Send a grant and return the tokens.

    Raises LoginFailed if the provider refuses the grant, and one of FAILURES if it does not respond as it should.
    """
    headers, own = _client(client_id, client_secret, methods)
    async with (
        ClientSession(timeout=ClientTimeout(total=None)) as session,
        session.post(url, data={**form, **own}, headers=headers, allow_redirects=False) as response,
    ):
        body = await read_body(response)
        if response.status == 200:  # noqa: PLR2004  OK
            return _tokens(msgspec.json.decode(body, type=_Issued))
        if response.status in {400, 401}:
            raise LoginFailed(
                "The identity provider has refused the login",
                error=error_code(msgspec.json.decode(body, type=_Refused).error),
            )
        raise ValueError(f"its status is {response.status}")


def error_code(text: str) -> str:
    """Return an error code of a provider, ``invalid_response`` if it does not have the form of one."""
    return text if _CODE.fullmatch(text) else "invalid_response"


def _client(client_id: str, client_secret: str | None, methods: list[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the headers and the form fields that authenticate the client (OpenID Connect Core 1.0, section 9)."""
    headers = {str(hdrs.ACCEPT): "application/json"}
    if client_secret is None:
        return headers, {"client_id": client_id}
    # A provider that names no methods supports this one.
    if not methods or "client_secret_basic" in methods:
        pair = f"{quote_plus(client_id)}:{quote_plus(client_secret)}".encode()
        return {**headers, str(hdrs.AUTHORIZATION): f"Basic {b64encode(pair).decode()}"}, {}
    return headers, {"client_id": client_id, "client_secret": client_secret}


def _tokens(found: _Issued) -> LoginTokens:
    if found.token_type.lower() != "bearer":
        raise ValueError("its token is not a bearer token")
    expires: Any = found.expires_in
    return LoginTokens(
        access_token=SecretStr(found.access_token),
        refresh_token=None if found.refresh_token is None else SecretStr(found.refresh_token),
        id_token=None if found.id_token is None else SecretStr(found.id_token),
        expires_in=None if expires is None else int(expires),
        scope=found.scope,
    )

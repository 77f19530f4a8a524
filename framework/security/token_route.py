"""The token route of OAuth 2 (RFC 6749): its requests and its responses."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Literal

from aiohttp import hdrs, web
from msgspec import UNSET, Struct, UnsetType

from framework.http_errors import BadRequest, HTTPError, Unauthorized, UnprocessableContent, UnsupportedMediaType
from framework.openapi import handles
from framework.responses import Response
from framework.typedefs import ExceptionHandlers
from framework.types import SecretStr

__all__ = ("PasswordForm", "TokenError", "TokenErrorBody", "TokenResponse", "token_errors")

# RFC 6749, section 5.1.
_NOT_STORED = {str(hdrs.CACHE_CONTROL): "no-store", str(hdrs.PRAGMA): "no-cache"}
_GRANT_TYPE = "/grant_type"


class PasswordForm(Struct, kw_only=True):
    """A name and a password that are exchanged for a token: ``Annotated[PasswordForm, Form()]`` (RFC 6749, 4.3.2).

    The client may name itself in the form; better, it sends its own credentials as ``Basic``.
    """

    grant_type: Literal["password"]
    username: str
    password: SecretStr
    scope: str = ""
    client_id: str | None = None
    client_secret: SecretStr | None = None

    @property
    def scopes(self) -> tuple[str, ...]:
        """The requested scopes, separated by spaces."""
        return tuple(self.scope.split())


class TokenResponse(Struct, kw_only=True):
    """A token that was issued (RFC 6749, section 5.1); a handler that returns one sends ``Cache-Control: no-store``."""

    header_descriptions: ClassVar[Mapping[str, str]] = MappingProxyType(
        dict.fromkeys(_NOT_STORED, "No cache may keep a token.")
    )

    access_token: str
    token_type: str = "Bearer"  # noqa: S105  the name of a scheme
    expires_in: int | UnsetType = UNSET
    """Seconds until it expires."""
    refresh_token: str | UnsetType = UNSET
    scope: str | UnsetType = UNSET
    """The scopes of the token, if they are not the requested ones."""

    def headers(self, _: web.Request) -> Mapping[str, str]:
        """Return the headers of the response to a request."""
        return _NOT_STORED


class TokenError(HTTPError, status=400):
    """Why no token is issued (RFC 6749, section 5.2): ``TokenError("Wrong password", error="invalid_grant")``."""

    error: Literal["invalid_request", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope"]


class TokenErrorBody(Struct):
    """The body of an error (RFC 6749, section 5.2)."""

    error: str
    error_description: str | UnsetType = UNSET


@handles(status=400, media_type="application/json")
async def _refuse(_: web.Request, error: HTTPError) -> Response[TokenErrorBody]:
    """Send the error in a request for a token."""
    return Response(TokenErrorBody(_code(error), _description(error)), status=400, headers=_NOT_STORED)


@handles(status=401, media_type="application/json")
async def _refuse_client(_: web.Request, error: HTTPError) -> Response[TokenErrorBody]:
    """Send the error for an unknown client."""
    headers = {**_NOT_STORED, **(error.headers or {})}
    return Response(TokenErrorBody("invalid_client", _description(error)), status=401, headers=headers)


token_errors: ExceptionHandlers = MappingProxyType(
    {
        TokenError: _refuse,
        BadRequest: _refuse,
        UnprocessableContent: _refuse,
        UnsupportedMediaType: _refuse,
        Unauthorized: _refuse_client,
    }
)
"""The exception handlers of a token route: ``@post("/token", exception_handlers=token_errors)``."""


def _code(error: HTTPError) -> str:
    if isinstance(error, TokenError):
        return error.error
    wrong = [one for one in _fields(error) if one.pointer == _GRANT_TYPE]
    return "unsupported_grant_type" if wrong and wrong[0].code != "missing" else "invalid_request"


def _fields(error: HTTPError) -> Any:
    return error.errors if isinstance(error, UnprocessableContent) else ()


def _description(error: HTTPError) -> str | UnsetType:
    """Return an error message in the characters that RFC 6749, section 5.2, allows."""
    text = "; ".join(f"{one.pointer[1:]}: {one.detail}" for one in _fields(error)) or error.detail
    if text is None:
        return UNSET
    plain = text.replace('"', "'").replace("\\", "/")
    return "".join(one if " " <= one <= "~" else "?" for one in plain)

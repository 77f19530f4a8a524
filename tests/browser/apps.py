"""An application whose operations ask for credentials of each kind, with an OAuth 2 server in its own house."""

from typing import Annotated

from aiohttp import web
from msgspec import Struct
from yarl import URL

from framework import App, Controller, OpenAPI, Query, get, post
from framework.http_errors import BadRequest
from framework.security import APIKey, Basic, Bearer, OAuth2

__all__ = ("guarded_app",)

_CODE, _TOKEN = "the-code", "the-token"


class Visitor(Struct):
    """Who is asking."""

    name: str
    scopes: tuple[str, ...] = ("read",)


async def verify(credentials: str) -> Visitor | None:
    """Know one token."""
    return Visitor("ann") if credentials == _TOKEN else None


async def verify_password(name: str, password: str) -> Visitor | None:
    """Know one password."""
    return Visitor(name) if password == _TOKEN else None


_OAUTH2 = OAuth2(
    verify,
    flows={
        "authorizationCode": {"authorizationUrl": "/authorize", "tokenUrl": "/token", "scopes": {"read": "Read it."}}
    },
    scopes=("read",),
)


class GuardedController(Controller):
    """Operations behind credentials."""

    @get("/bearer", operation_id="bearer")
    async def bearer(self, visitor: Annotated[Visitor, Bearer(verify)]) -> Visitor:
        """Ask for a token."""
        return visitor

    @get("/basic", operation_id="basic")
    async def basic(self, visitor: Annotated[Visitor, Basic(verify_password)]) -> Visitor:
        """Ask for a password."""
        return visitor

    @get("/key", operation_id="key")
    async def key(self, visitor: Annotated[Visitor, APIKey(verify, header="X-Key")]) -> Visitor:
        """Ask for a key."""
        return visitor

    @get("/oauth2", operation_id="oauth2")
    async def oauth2(self, visitor: Annotated[Visitor, _OAUTH2]) -> Visitor:
        """Ask for a token that another server gives."""
        return visitor


class TokenController(Controller):
    """An OAuth 2 server that trusts everybody."""

    @get("/authorize", in_document=False)
    async def authorize(self, redirect_uri: str, state: str, scope: Annotated[str, Query()]) -> web.Response:
        """Send whoever asks for the right scope back with a code."""
        if scope != "read":
            raise BadRequest("Another scope")
        raise web.HTTPFound(URL(redirect_uri).update_query(code=_CODE, state=state))

    @post("/token", in_document=False)
    async def token(self, request: web.Request) -> dict[str, str]:
        """Give the token for the code."""
        form = await request.post()
        if form.get("code") != _CODE:
            raise BadRequest("Another code")
        return {"access_token": _TOKEN, "token_type": "bearer"}


def guarded_app() -> App:
    """Return the application."""
    return App([GuardedController, TokenController], openapi=OpenAPI(title="Guarded", version="1.0"))

"""Two applications: one behind credentials of each kind, with an OAuth 2 server of its own, and one of many texts."""

from typing import Annotated

from aiohttp import web
from msgspec import Meta, Struct
from yarl import URL

from framework import App, Body, Controller, HTTPError, OpenAPI, Query, get, post
from framework.http_errors import BadRequest
from framework.security import APIKey, Basic, Bearer, OAuth2

__all__ = ("guarded_app", "singing_app")

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


class NotSung(HTTPError, status=409, title="Not sung"):
    """The song is not sung any more."""

    since: int


class Song(Struct):
    """Something to be sung."""

    title: Annotated[str, Meta(min_length=1, description="As on the *record*")]
    verses: list["Song"] = []


class SongController(Controller):
    """Keeps songs."""

    path = "/songs"
    tags = ("songs",)

    @get()
    async def search(self, text: Annotated[str, Query(description="Part of the title")] = "") -> list[Song]:
        """Return songs.

        In **no** order:

        | of | how many |
        |----|----------|
        | all | `1` |
        """
        return [Song(f"Blackbird {text}")]

    @post(status=201, raises=(NotSung,))
    async def create(
        self,
        song: Annotated[Song, Body(examples={"short": Song("Her Majesty")})],
    ) -> Song:
        """Add a song to the repertoire."""
        return song

    @get("/{number}", guards=(Bearer(verify),))
    async def show(self, number: Annotated[int, Meta(ge=1)]) -> Song:
        """Return one song."""
        return Song(str(number))


def singing_app(*, redoc_path: str | None = None, scalar_path: str | None = None) -> App:
    """Return the application, with the pages that have a path."""
    openapi = OpenAPI(
        title="Songs",
        description='All that is *sung*.\n\n```json\n{"title": "Blackbird"}\n```',
        tags={"songs": "What is sung"},
        docs_path=None,
        redoc_path=redoc_path,
        scalar_path=scalar_path,
    )
    return App([SongController], openapi=openapi)

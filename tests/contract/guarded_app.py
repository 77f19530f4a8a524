"""An app with the whole catalogue: every middleware, limits, and JSON Web Tokens with a default guard."""

from collections.abc import AsyncIterator
from typing import Annotated

from msgspec import Meta, Struct

from framework import (
    App,
    Container,
    Controller,
    Form,
    HTTPError,
    Limits,
    OpenAPI,
    Path,
    Query,
    Request,
    UploadFile,
    get,
    patch,
    post,
    put,
)
from framework import delete as delete_
from framework.http_errors import NotFound, Unauthorized
from framework.middleware import (
    CORS,
    Compression,
    ConcurrencyLimit,
    HTTPSRedirect,
    ProxyHeaders,
    RateLimit,
    RequestID,
    SecurityHeaders,
    TrustedHosts,
)
from framework.responses import EventStream, Redirect, Response
from framework.security import (
    JWT,
    Bearer,
    LoginThrottle,
    OAuth2,
    PasswordForm,
    PasswordHasher,
    Policy,
    Roles,
    TokenError,
    TokenResponse,
    TooManyAttempts,
    public,
    token_errors,
)
from framework.telemetry import AccessLog

__all__ = ("KNOWN_ORIGIN", "User", "create_app", "token_for")

KNOWN_ORIGIN = "https://app.example"


class User(Struct):
    """The claims of a token."""

    sub: str
    scopes: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()


class Note(Struct, forbid_unknown_fields=True):
    """A note."""

    title: Annotated[str, Meta(min_length=1, max_length=40)]
    stars: Annotated[int, Meta(ge=0, le=5)] = 0


class Kept(Note):
    """A note with its number and owner."""

    number: int = 0
    owner: str = ""


class NoteNotFound(HTTPError, status=404):
    """There is no such note of the user."""


SECRET = "a secret for tests, of 32 bytes or more"  # noqa: S105  not a secret
TOKENS = JWT(User, keys=SECRET, algorithms=("HS256",), issuer="https://i", audience="notes")
OAUTH = OAuth2(
    TOKENS,
    flows={"password": {"tokenUrl": "/token", "scopes": {"notes:write": "Write notes"}}},
    realm="notes",
)
WRITER = OAuth2(TOKENS, flows=OAUTH.flows, realm="notes", scopes=("notes:write",))
MACHINE = Bearer(TOKENS)


def token_for(name: str, *, scopes: tuple[str, ...] = ("notes:write",), roles: tuple[str, ...] = ("admin",)) -> str:
    """Return a token of a user, by default one who may do everything."""
    return TOKENS.issue(User(name, scopes, roles), expires=3_600)


class Notes:
    """Keeps the notes of each user; the first has one."""

    def __init__(self) -> None:
        self._notes = {1: Kept("tea", number=1, owner="ann")}

    def add(self, user: User, note: Note) -> Kept:
        """Keep a note; always the same one, so that requests do not depend on each other."""
        return Kept(note.title, note.stars, 2, user.sub)

    def find(self, user: User, number: int) -> Kept:
        """Return a note of a user."""
        found = self._notes.get(number)
        if found is None or found.owner != user.sub:
            raise NoteNotFound
        return found


async def owns(user: Annotated[User, OAUTH], number: Annotated[int, Path()], notes: Notes) -> bool:
    """Return whether a note belongs to the user."""
    return notes.find(user, number).owner == user.sub


class NoteController(Controller):
    """Serves the notes of the user."""

    path = "/notes"

    def __init__(self, notes: Notes) -> None:
        self._notes = notes

    @get()
    async def search(
        self, user: Annotated[User, OAUTH], limit: Annotated[int, Meta(ge=1, le=100)] = 20, tag: tuple[str, ...] = ()
    ) -> list[Kept]:
        """Return notes."""
        return [self._notes.find(user, 1)][: limit + len(tag)]

    @post(status=201, guards=(WRITER,))
    async def add(self, user: Annotated[User, OAUTH], note: Note) -> Kept:
        """Add a note."""
        return self._notes.add(user, note)

    @get("/{number}", guards=(Policy(owns, error=NotFound),), raises=(NoteNotFound,))
    async def show(self, user: Annotated[User, OAUTH], number: int) -> Kept:
        """Return a note."""
        return self._notes.find(user, number)

    @put("/{number}", guards=(WRITER,), raises=(NoteNotFound,))
    async def replace(self, user: Annotated[User, OAUTH], number: int, note: Note) -> Kept:
        """Replace a note."""
        self._notes.find(user, number)
        return Kept(note.title, note.stars, number, user.sub)

    @patch("/{number}/stars", guards=(WRITER,), raises=(NoteNotFound,))
    async def rate(
        self, user: Annotated[User, OAUTH], number: int, stars: Annotated[int, Meta(ge=0, le=5), Query()]
    ) -> Kept:
        """Rate a note."""
        found = self._notes.find(user, number)
        return Kept(found.title, stars, number, user.sub)

    @delete_("/{number}", guards=(Roles(OAUTH, ("admin",)),))
    async def remove(self, number: int) -> None:
        """Remove a note."""

    @post("/{number}/picture", guards=(WRITER,))
    async def illustrate(self, number: int, picture: UploadFile) -> int:
        """Add a picture, and return the number of the note."""
        await picture.read()
        return number

    @get("/feed/events")
    async def events(self) -> EventStream[str]:
        """Stream."""
        yield "a"

    @get("/feed/lines")
    async def lines(self) -> AsyncIterator[Kept]:
        """Stream."""
        yield Kept("tea", number=1, owner="ann")

    @get("/feed/long")
    async def long(self) -> list[str]:
        """Return enough to be compressed."""
        return ["tea"] * 1_000

    @get("/old", status=308)
    async def old(self) -> Redirect:
        """Redirect."""
        return Redirect("/notes")


class MachineController(Controller):
    """Serves machines, by a second scheme."""

    path = "/machine"
    guards = (MACHINE,)

    @get("/ping")
    async def ping(self) -> str:
        """Respond."""
        return "pong"

    @get("/raw", media_type="application/octet-stream")
    async def raw(self, size: Annotated[int, Meta(ge=0, le=2_000)] = 1) -> Response[bytes]:
        """Return some bytes."""
        return Response(bytes(size), headers={"X-Size": str(size)})


class TokenController(Controller):
    """Issues tokens."""

    def __init__(self, hasher: PasswordHasher, throttle: LoginThrottle) -> None:
        self._hasher = hasher
        self._throttle = throttle

    @public
    @post("/token", exception_handlers=token_errors, raises=(TokenError, TooManyAttempts))
    async def token(self, request: Request, form: Annotated[PasswordForm, Form()]) -> TokenResponse:
        """Refuse all passwords."""
        await self._throttle.admit(form.username, request)
        await self._hasher.verify(None, form.password)
        raise TokenError("The name or the password is wrong", error="invalid_grant")

    @public
    @get("/health")
    async def health(self) -> str:
        """Respond to everybody."""
        return "ok"

    @public
    @get("/greeting", raises=(Unauthorized,))
    async def greeting(self, user: Annotated[User | None, OAUTH]) -> str:
        """Greet users, and others."""
        return "hello" if user is None else f"hello, {user.sub}"


def create_app() -> App:
    """Return the app."""
    container = Container()
    container.add_singleton(Notes)
    container.add_instance(PasswordHasher, PasswordHasher(at_once=1))
    container.add_instance(LoginThrottle, LoginThrottle(address_attempts=20))
    return App(
        controllers=[NoteController, MachineController, TokenController],
        container=container,
        default_guard=OAUTH,
        openapi=OpenAPI(title="Notes", version="1.0"),
        limits=Limits(body=65_536, timeout=20),
        middlewares=[
            ProxyHeaders(trusted=("10.0.0.0/8",)),
            RequestID(),
            TrustedHosts("127.0.0.1", "localhost", "notes.example"),
            HTTPSRedirect(),
            SecurityHeaders(hsts=31_536_000),
            CORS(origins=(KNOWN_ORIGIN,), credentials=True, headers=("Authorization",)),
            Compression(minimum_size=200),
            ConcurrencyLimit(200),
            RateLimit("1000000/minute"),
        ],
        observers=[AccessLog()],
    )

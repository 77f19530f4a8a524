"""All ways to carry credentials."""

from collections.abc import Sequence
from typing import Annotated

from msgspec import Struct

from framework import Controller, Request, get, post, put
from framework.http_errors import Unauthorized
from framework.security import APIKey, Basic, Bearer, OAuth2, OpenIdConnect, SecurityRequirement, states
from tests.contract.large.types import Name, Pair

__all__ = ("TOKEN", "SecuredController", "User")


class User(Struct):
    """Who is asking; he may read, and write where his name is long."""

    name: str

    @property
    def scopes(self) -> Sequence[str]:
        """What he may do."""
        return ("read", "write") if len(self.name) > 1 else ("read",)


TOKEN = "t-ann"  # noqa: S105  no secret
"""Who has it is Ann."""
READER = "t-bob"
"""Who has it may read alone."""


async def verify(token: str) -> User | None:
    """Know two tokens."""
    return {TOKEN: User("ann"), READER: User("b")}.get(token)


def verify_password(name: str, password: str) -> User | None:
    """Know, in a thread, whoever has the token for a password."""
    return User(name) if password == TOKEN else None


BEARER = Bearer(verify, format="JWT", description="A token.")
WRITER = Bearer(verify, scopes=("write",), name="writer")
BASIC = Basic(verify_password, realm="everything")
HEADER_KEY = APIKey(verify, header="X-API-Key")
QUERY_KEY = APIKey(verify, query="api_key")
COOKIE_KEY = APIKey(verify, cookie="api_session")
OAUTH = OAuth2(
    verify,
    flows={
        "authorizationCode": {
            "authorizationUrl": "https://id.example/authorize",
            "tokenUrl": "https://id.example/token",
            "scopes": {"read": "May read", "write": "May write"},
        },
        "clientCredentials": {"tokenUrl": "https://id.example/token", "scopes": {"read": "May read"}},
    },
    scopes=("read",),
)
OPEN_ID = OpenIdConnect(verify, url="https://id.example/.well-known/openid-configuration", scopes=("write",))
OWN = SecurityRequirement(scheme="own", document={"type": "apiKey", "in": "header", "name": "X-Own"})


@states(OWN)
async def require_own(request: Request) -> None:
    """Ask for something of our own."""
    if request.headers.get("X-Own") != TOKEN:
        raise Unauthorized(headers={"WWW-Authenticate": "Own"})


class SecuredController(Controller):
    """Where credentials are asked for."""

    path = "/secured"
    tags = ("secured",)

    @get("/bearer")
    async def bearer(self, user: Annotated[User, BEARER]) -> str:
        """Take a token."""
        return user.name

    @get("/optional")
    async def optional(self, user: Annotated[User | None, BEARER]) -> str:
        """Take a token, or none."""
        return "nobody" if user is None else user.name

    @post("/scoped", guards=(WRITER,))
    async def scoped(self, pair: Pair) -> Pair:
        """Take who may write."""
        return pair

    @get("/basic")
    async def basic(self, user: Annotated[User, BASIC]) -> str:
        """Take name and password."""
        return user.name

    @get("/keys/header", guards=(HEADER_KEY,))
    async def header_key(self) -> str:
        """Take a key in a header."""
        return "header"

    @get("/keys/query", guards=(QUERY_KEY,))
    async def query_key(self, name: Name = "x") -> str:
        """Take a key in the query."""
        return name

    @get("/keys/cookie", guards=(COOKIE_KEY,))
    async def cookie_key(self) -> str:
        """Take a key in a cookie."""
        return "cookie"

    @put("/either")
    async def either(self, pair: Pair, user: Annotated[User, BASIC | HEADER_KEY]) -> Pair:
        """Take one of two."""
        return Pair(pair.number, user.name)

    @get("/both", guards=(QUERY_KEY,))
    async def both(self, user: Annotated[User, BEARER]) -> str:
        """Take two together."""
        return user.name

    @get("/oauth", guards=(OAUTH,))
    async def oauth(self, user: Annotated[User, OAUTH]) -> str:
        """Take a token of OAuth 2."""
        return user.name

    @get("/openid", guards=(OPEN_ID,))
    async def open_id(self) -> str:
        """Take a token of OpenID Connect."""
        return "known"

    @get("/own", guards=(require_own,))
    async def own(self) -> str:
        """Take a guard of our own."""
        return "own"

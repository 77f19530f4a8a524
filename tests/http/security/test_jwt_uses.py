"""JSON Web Tokens in use: rotation, revocation, scopes, forms of keys and claims, and the document."""

from dataclasses import dataclass
from typing import Annotated, Any, TypedDict

import pytest
from joserfc.jwk import KeySet, RSAKey
from msgspec import Struct
from pytest_aiohttp.plugin import AiohttpClient

from framework import App, Controller, get
from framework.security import JWKS, JWT, Bearer
from tests.http.security.tokens import (
    EC,
    ISSUER,
    RSA,
    User,
    bearer,
    claims_of,
    header_of,
    make_token,
    naming,
    naming_controller,
    sign,
    verifier,
)
from tests.http.shapes import app_of


async def test_rotation() -> None:
    """The first key signs; tokens of the others stay valid as long as they are given."""
    old, new = "o" * 40, "n" * 40
    before = JWT(User, keys={"1": old}, algorithms=("HS256",))
    after = JWT(User, keys={"2": new, "1": old}, algorithms=("HS256",))
    last = JWT(User, keys={"2": new}, algorithms=("HS256",))
    token = before.issue(User("ann"))
    assert [await one(token) for one in (before, after, last)] == [User("ann"), User("ann"), None]
    token = after.issue(User("bob"))
    assert [await one(token) for one in (before, after, last)] == [None, User("bob"), User("bob")]


async def test_revoked(aiohttp_client: AiohttpClient) -> None:
    """Each request asks whether its token was revoked, also if it is remembered."""
    gone: set[str] = set()

    async def is_gone(user: User) -> bool:
        return user.sub in gone

    client = await aiohttp_client(naming(verifier(revoked=is_gone, remember=10)).build())
    headers = bearer(make_token())
    assert (await client.get("/name", headers=headers)).status == 200
    gone.add("ann")
    assert (await client.get("/name", headers=headers)).status == 401
    gone.clear()
    assert (await client.get("/name", headers=headers)).status == 200


async def test_scopes_of_a_token(aiohttp_client: AiohttpClient) -> None:
    """The claims have the scopes; who lacks one is 403."""

    class Names(Controller):
        @get("/name", guards=(Bearer(verifier(), scopes=("songs:write",)),))
        async def name(self, user: Annotated[User, Bearer(verifier())]) -> str:
            return user.sub

    client = await aiohttp_client(app_of(Names).build())
    assert (await client.get("/name", headers=bearer(make_token()))).status == 403
    assert (await client.get("/name", headers=bearer(make_token(scopes=["songs:write"])))).status == 200


def test_the_document_of_published_keys() -> None:
    """Without keys the response is 503, which the document has only where they are fetched."""
    keys = JWKS("https://id.example.org/jwks.json")
    for options, expected in (({"keys": keys}, {"200", "401", "406", "503"}), ({}, {"200", "401", "406"})):
        app = App([naming_controller(verifier(**options))])
        assert app.document()["paths"]["/name"]["get"]["responses"].keys() == expected


def test_the_document_names_the_form() -> None:
    """The scheme in the document says that its tokens are JWTs, unless it is told another form."""
    assert Bearer(verifier()).document() == {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    assert Bearer(verifier(), format="PAT").document()["bearerFormat"] == "PAT"


class Written(TypedDict):
    """Claims as a dictionary."""

    sub: str


@dataclass
class Plain:
    """Claims as a dataclass."""

    sub: str
    level: int | None


class Renamed(Struct, frozen=True, rename="camel"):
    """Claims with other names on the wire."""

    sub: str
    given_name: str = ""


@pytest.mark.parametrize(
    ("kind", "made", "found"),
    [
        (Written, {"sub": "ann"}, "ann"),
        (Plain, Plain("ann", 2), Plain("ann", 2)),
        (Plain, Plain("ann", None), Plain("ann", None)),
        (Renamed, Renamed("ann", "Ann"), Renamed("ann", "Ann")),
        (dict[str, Any], {"sub": "ann", "level": 3}, "ann"),
    ],
)
async def test_types_of_claims(aiohttp_client: AiohttpClient, kind: Any, made: Any, found: Any) -> None:
    """Claims are a Struct, a dataclass, a TypedDict or a dict, written and read by the same names."""
    tokens: JWT[Any] = JWT(kind, keys=EC, algorithms=("ES256",))
    read = await tokens(tokens.issue(made))
    assert (read["sub"] if isinstance(read, dict) else read) == found

    class Names(Controller):
        @get("/name")
        async def name(self, user: Annotated[kind, Bearer(tokens)]) -> str:  # pyright: ignore[reportInvalidTypeForm]  of each test
            return type(user).__name__

    client = await aiohttp_client(app_of(Names).build())
    answer = await client.get("/name", headers=bearer(tokens.issue(made)))
    assert (answer.status, await answer.text()) == (200, type(made).__name__)


async def test_a_plain_function_revokes() -> None:
    """The hook may be a plain function, if it does not wait; what it raises is raised."""
    assert await verifier(revoked=lambda user: user.sub == "ann")(make_token()) is None
    assert await verifier(revoked=lambda user: user.sub != "ann")(make_token()) == User("ann")
    with pytest.raises(ZeroDivisionError):
        await verifier(revoked=lambda _: 1 // 0)(make_token())


@pytest.mark.parametrize("form", ["pem", "bytes", "jwk", "set", "key", "joserfc"])
async def test_forms_of_keys(form: str) -> None:
    """A key may be given as PEM, JWK, JWK Set or as one of joserfc."""
    key = RSAKey.import_key(RSA.as_dict(private=True))
    given: Any = {
        "pem": {"rsa": key.as_pem(private=False).decode()},
        "bytes": {"rsa": key.as_pem(private=True)},
        "jwk": key.as_dict(private=False),
        "set": {"keys": [key.as_dict(private=False)]},
        "key": key,
        "joserfc": KeySet([key]),
    }[form]
    verify = verifier(keys=given, algorithms=("RS256",))
    assert await verify(sign(header_of(alg="RS256", kid="rsa"), claims_of(), RSA, "RS256")) == User("ann")


class Named(Struct):
    """A type that reads who issued a token, and for whom."""

    sub: str
    iss: str = ""
    aud: str = ""


async def test_claims_that_are_not_configured() -> None:
    """A token says nothing of issuer and audience if the verifier has none, whatever the value has in these fields."""
    tokens: JWT[Named] = JWT(Named, keys=EC, algorithms=("ES256",))
    assert await tokens(tokens.issue(Named("ann", ISSUER, "api"))) == Named("ann")
    issued: JWT[Named] = JWT(Named, keys=EC, algorithms=("ES256",), issuer=ISSUER, audience=("api", "admin"))
    with_list: JWT[dict[str, Any]] = JWT(
        dict[str, Any], keys=EC, algorithms=("ES256",), issuer=ISSUER, audience=("api", "admin")
    )
    assert await issued(issued.issue(Named("ann"))) is None
    found = await with_list(issued.issue(Named("ann")))
    assert found is not None
    assert (found["iss"], found["aud"]) == (ISSUER, ["api", "admin"])


async def test_options_are_copied() -> None:
    """A list of algorithms that somebody changes later changes nothing."""
    algorithms = ["ES256"]
    tokens: JWT[User] = JWT(User, keys=EC, algorithms=algorithms)
    algorithms[0] = "HS256"
    assert await tokens(tokens.issue(User("ann"))) == User("ann")

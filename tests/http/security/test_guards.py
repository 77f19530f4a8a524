"""Guards by scopes, by roles and by functions: who is refused, with which response."""

from enum import StrEnum
from typing import Annotated, Any

import pytest
from msgspec import Struct
from pytest_aiohttp.plugin import AiohttpClient

from framework import App, Container, Controller, Path, Request, get
from framework.errors import InvalidSecurityError
from framework.http_errors import NotFound
from framework.security import APIKey, Bearer, Policy, Roles, Scopes
from tests.http.security.tokens import bearer
from tests.http.shapes import app_of, problem
from tests.startup.expected import after, mistakes


class User(Struct):
    """Who is asking."""

    name: str
    roles: tuple[str, ...] | str = ()
    scopes: tuple[str, ...] = ()


async def verify(token: str) -> User | None:
    """Know who has what by the token: ``ann.admin-editor``."""
    name, _, rights = token.partition(".")
    given = tuple(rights.split("-"))
    return User(name, given, given)


SCHEME = Bearer(verify)
REFUSED = "The credentials do not allow this"


def guarded(*guards: Any) -> type[Controller]:
    """Return a controller whose only route has some guards."""

    class Songs(Controller):
        @get("/songs/{song_id}", guards=guards)
        async def show(self, song_id: int) -> int:
            return song_id

    return Songs


@pytest.mark.parametrize(
    ("guard", "token", "status"),
    [
        (Roles(SCHEME, ("admin", "editor")), "ann.editor", 200),
        (Roles(SCHEME, ("admin", "editor")), "ann.reader", 403),
        (Roles(SCHEME, ("admin", "editor"), every=True), "ann.editor", 403),
        (Roles(SCHEME, ("admin", "editor"), every=True), "ann.editor-admin-x", 200),
        (Roles(SCHEME, ("ann",), roles_of=lambda user: user.name), "ann.x", 200),
        (Roles(SCHEME, ("an",), roles_of=lambda user: user.name), "ann.x", 403),
        (Roles(SCHEME, ("b",), roles_of=lambda _: "a b"), "ann.x", 200),
    ],
)
async def test_roles(aiohttp_client: AiohttpClient, guard: Roles, token: str, status: int) -> None:
    """One of the roles is enough, unless all are required; who has none is 403, who is unknown 401."""
    client = await aiohttp_client(app_of(guarded(guard)).build())
    assert (await client.get("/songs/1")).status == 401
    answer = await client.get("/songs/1", headers=bearer(token))
    assert answer.status == status
    if status == 403:
        assert await answer.json() == problem(403, "/songs/1", REFUSED)


async def test_scopes_of_several_schemes(aiohttp_client: AiohttpClient) -> None:
    """The scopes are required of whichever scheme a request uses, beside those of the scheme itself."""
    either = Scopes(Bearer(verify, scopes=("a",)) | APIKey(verify, header="X-Key"), ("b",))

    class Names(Controller):
        @get("/name")
        async def name(self, user: Annotated[User, either]) -> str:
            return user.name

    client = await aiohttp_client(app_of(Names).build())
    refused = await client.get("/name", headers=bearer("ann.b"))
    assert (refused.status, refused.headers["WWW-Authenticate"]) == (
        403,
        'Bearer realm="api", error="insufficient_scope", scope="a b"',
    )
    assert (await client.get("/name", headers=bearer("ann.a-b"))).status == 200
    assert (await client.get("/name", headers={"X-Key": "ann.a"})).status == 403
    assert (await client.get("/name", headers={"X-Key": "ann.b"})).status == 200
    missing = await client.get("/name")
    assert (missing.status, missing.headers["WWW-Authenticate"].count("realm")) == (401, 2)


class Songs:
    """Knows whose a song is."""

    async def owner(self, song_id: int) -> str:
        """Return the name of the owner."""
        return "ann" if song_id == 1 else "bob"


async def owns(user: Annotated[User, SCHEME], song_id: Annotated[int, Path()], songs: "Songs") -> bool:
    """Tell whether somebody owns the song."""
    return await songs.owner(song_id) == user.name


def by_method(request: Request) -> bool:
    """Tell by the request alone."""
    return "X-Open" in request.headers


async def test_a_policy(aiohttp_client: AiohttpClient) -> None:
    """The function takes what a guard takes, and what it does not allow is 403."""
    container = Container()
    container.add_scoped(Songs)
    app = app_of(guarded(Policy(owns)), container=container)
    client = await aiohttp_client(app.build())
    assert (await client.get("/songs/1")).status == 401
    assert (await client.get("/songs/1", headers=bearer("ann"))).status == 200
    refused = await client.get("/songs/2", headers=bearer("ann"))
    assert (refused.status, await refused.json()) == (403, problem(403, "/songs/2", REFUSED))
    assert (await client.get("/songs/x", headers=bearer("ann"))).status == 422


@pytest.mark.parametrize(
    ("policy", "status", "detail"),
    [
        (Policy(by_method), 403, REFUSED),
        (Policy(by_method, detail="Not yours"), 403, "Not yours"),
        (Policy(by_method, error=NotFound), 404, None),
        (Policy(by_method, error=NotFound, detail="No such song"), 404, "No such song"),
    ],
)
async def test_how_a_policy_refuses(
    aiohttp_client: AiohttpClient, policy: Policy, status: int, detail: str | None
) -> None:
    """Another error may hide that there is something; it says nothing of credentials then."""
    client = await aiohttp_client(app_of(guarded(policy)).build())
    refused = await client.get("/songs/1")
    assert (refused.status, await refused.json()) == (status, problem(status, "/songs/1", detail))
    assert (await client.get("/songs/1", headers={"X-Open": "1"})).status == 200


async def test_verified_once(aiohttp_client: AiohttpClient) -> None:
    """All of them, and the handler, share one verification."""
    calls: list[str] = []

    async def find(token: str) -> User | None:
        calls.append(token)
        return await verify(token)

    scheme = Bearer(find)

    def anybody(user: Annotated[User, scheme]) -> bool:
        return bool(user.name)

    class Names(Controller):
        guards = (Scopes(scheme, ("a",)), Roles(scheme, ("a",)), Policy(anybody))

        @get("/name")
        async def name(self, user: Annotated[User, scheme]) -> str:
            return user.name

    client = await aiohttp_client(app_of(Names, default_guard=scheme).build())
    assert (await client.get("/name", headers=bearer("ann.a"))).status == 200
    assert calls == ["ann.a"]


def test_errors_in_the_document() -> None:
    """The document has the error with which a policy refuses."""
    for policy, expected in (
        (Policy(by_method), {"200", "400", "403", "406", "422"}),
        (Policy(by_method, error=NotFound), {"200", "400", "404", "406", "422"}),
    ):
        document = App([guarded(policy)]).document()
        assert document["paths"]["/songs/{song_id}"]["get"]["responses"].keys() == expected


def test_in_the_document() -> None:
    """The document has the credentials with their scopes, and 401 and 403."""
    container = Container()
    container.add_scoped(Songs)
    guards = (Scopes(SCHEME, ("a",)), Roles(SCHEME, ("admin",)), Policy(owns))
    app = App([guarded(*guards)], container=container)
    operation = app.document()["paths"]["/songs/{song_id}"]["get"]
    assert operation["security"] == [{"bearer": ["a"]}]
    assert {"401", "403"} <= operation["responses"].keys()
    assert app.routes()[0].access == ("bearer (a)", "Roles('admin')", "owns")


def test_roles_of_an_enum_are_shown_by_their_values() -> None:
    """In the list of routes, and in messages."""

    class Role(StrEnum):
        STAFF = "staff"

    assert App([guarded(Roles(SCHEME, (Role.STAFF, "admin")))]).routes()[0].access == (
        "bearer",
        "Roles('staff', 'admin')",
    )


def _not_credentials() -> Any:
    return verify


@pytest.mark.parametrize(
    ("label", "make", "what", "hint"),
    [
        (
            "Roles",
            lambda: Roles(SCHEME, ()),
            "it is given (), which names no roles",
            'give them in a tuple: Roles(bearer, ("admin",))',
        ),
        (
            "Scopes",
            lambda: Scopes(SCHEME, "songs:write"),  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  what is tested
            "it is given 'songs:write', which names no scopes",
            'give them in a tuple: Scopes(bearer, ("admin",))',
        ),
        (
            "Roles",
            lambda: Roles(SCHEME, ("a",), roles_of="roles"),  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  as above
            "roles_of='roles' cannot be called",
            "write it as roles_of=lambda user: user.groups",
        ),
        (
            "Policy",
            lambda: Policy(by_method, error=ValueError),  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  as above
            "error=<class 'ValueError'> is not an HTTPError class",
            "write it as error=NotFound",
        ),
    ],
)
def test_wrong_options(label: str, make: Any, what: str, hint: str) -> None:
    """What is wrong is reported where the guard is made."""
    with pytest.raises(InvalidSecurityError) as raised:
        make()
    place = "" if label == "Scopes" else f" ({after(make, 0)})"
    assert str(raised.value) == f"{label}{place}: {what}.\n  Hint: {hint}."


class Nobody(Struct):
    """Has no roles."""

    name: str


async def verify_nobody(token: str) -> Nobody | None:
    """Know somebody without roles."""
    return Nobody(token)


def test_somebody_without_roles() -> None:
    """A type of user that has no roles is reported when the app is built, unless a function tells them."""
    scheme = Bearer(verify_nobody)
    ((kind, text),) = mistakes(guarded(Roles(scheme, ("admin",))))
    assert kind is InvalidSecurityError
    assert text.endswith(
        ", parameter 'owner': it decides by roles, and Nobody has no roles.\n"
        "  Needed by: Songs.show -> Roles('admin')\n"
        "  Hint: give Nobody an attribute roles, or say roles_of=lambda owner: …."
    )
    assert app_of(guarded(Roles(scheme, ("ann",), roles_of=lambda user: user.name))).routes()


def test_something_that_is_not_a_scheme() -> None:
    """The scheme stands first."""
    for make in (lambda: Roles(_not_credentials(), ("a",)), lambda: Scopes(_not_credentials(), ("a",))):
        with pytest.raises(InvalidSecurityError, match=r": it is given .*, which is not a scheme\."):
            make()
    with pytest.raises(InvalidSecurityError, match=r"^Policy \(.*\): it is given .*, which is not a func"):
        Policy(Roles)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  what is tested

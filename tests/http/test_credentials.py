"""Credentials: read and verified with the guards, once, and refused as RFC 9110, 6750 and 7617 have it."""

import base64
import threading
from collections.abc import AsyncIterator
from typing import Annotated, Any

import pytest
from aiohttp import web
from msgspec import Struct
from pytest_aiohttp.plugin import AiohttpClient

from framework import App, Container, Controller, OpenAPI, Request, Router, get, post
from framework.credentials import Credentials
from framework.http_errors import HTTPError
from framework.security import APIKey, Basic, Bearer, OAuth2, OpenIdConnect
from tests.http.raw import exchange, make_request
from tests.http.shapes import Serve, app_of, logged, problem


class User(Struct):
    """Who is asking."""

    name: str
    scopes: tuple[str, ...] = ()


class Banned(HTTPError, status=403, title="Banned"):
    """Somebody who may not come in at all."""


async def verify(token: str) -> User | None:
    """Know two people."""
    if token == "banned":  # noqa: S105  no secret
        raise Banned("Go away")
    if token == "broken":  # noqa: S105  no secret
        raise RuntimeError("the database is away")
    return {"ann": User("ann", ("orders:read",)), "bob": User("bob", ("orders:read", "orders:write"))}.get(token)


async def verify_password(name: str, password: str) -> User | None:
    """Know somebody with letters in his password that are not ASCII."""
    return User(name) if password == "pässwörd" else None  # noqa: S105  no secret


def basic(text: bytes) -> str:
    """Return the value of an Authorization header."""
    return f"Basic {base64.b64encode(text).decode()}"


def answering(asked: Credentials) -> type[Controller]:
    """Return a controller that answers the name of who is asking."""

    class Names(Controller):
        @get("/name")
        async def name(self, user: Annotated[User, asked]) -> str:
            return user.name

        @get("/optional")
        async def optional(self, user: Annotated[User | None, asked]) -> str:
            return "nobody" if user is None else user.name

    return Names


CHALLENGE = 'Bearer realm="api"'
REQUIRED, WRONG = "Credentials are required", "The credentials are not valid"


@pytest.mark.parametrize(
    ("sent", "detail", "challenge"),
    [
        ([], REQUIRED, CHALLENGE),
        ([""], REQUIRED, CHALLENGE),
        (["Digest x"], REQUIRED, CHALLENGE),
        (["Bearer"], "The Authorization header has no token", CHALLENGE),
        (["Bearer   "], "The Authorization header has no token", CHALLENGE),
        (["Bearer nobody"], WRONG, f'{CHALLENGE}, error="invalid_token"'),
        (["Bearer a b"], "The token is malformed", f'{CHALLENGE}, error="invalid_token"'),
        (["Bearer ä"], "The token is malformed", f'{CHALLENGE}, error="invalid_token"'),
        (["Bearer ann", "Bearer bob"], "There is more than one Authorization header", CHALLENGE),
    ],
)
async def test_bad_tokens(aiohttp_client: AiohttpClient, sent: list[str], detail: str, challenge: str) -> None:
    """Without a good token the answer is 401 with a challenge, which names an error only where a token came."""
    client = await aiohttp_client(app_of(answering(Bearer(verify))).build())
    answer = await client.get("/name", headers=[("Authorization", one) for one in sent])
    assert (answer.status, answer.headers.getall("WWW-Authenticate")) == (401, [challenge])
    assert answer.content_type == "application/problem+json"
    assert await answer.json() == problem(401, "/name", detail)


@pytest.mark.parametrize("kind", ["Bearer", "bearer", "BEARER"])
async def test_a_good_token(aiohttp_client: AiohttpClient, kind: str) -> None:
    """The name of the scheme is read in any case, and who is asking reaches the handler."""
    client = await aiohttp_client(app_of(answering(Bearer(verify))).build())
    answer = await client.get("/name", headers={"Authorization": f"{kind} ann"})
    assert (answer.status, await answer.text()) == (200, "ann")


@pytest.mark.parametrize(
    ("sent", "status", "text"),
    [({}, 200, "nobody"), ({"Authorization": "Bearer ann"}, 200, "ann"), ({"Authorization": "Bearer x"}, 401, None)],
)
async def test_optional_credentials(
    aiohttp_client: AiohttpClient, sent: dict[str, str], status: int, text: str | None
) -> None:
    """Who sends none is nobody; who sends wrong ones is refused all the same."""
    client = await aiohttp_client(app_of(answering(Bearer(verify))).build())
    answer = await client.get("/optional", headers=sent)
    assert answer.status == status
    assert text is None or await answer.text() == text


@pytest.mark.parametrize(
    ("sent", "detail"),
    [
        (None, REQUIRED),
        ("Basic ", "The credentials are malformed"),
        ("Basic !!!", "The credentials are malformed"),
        ("Basic ä", "The credentials are malformed"),
        ("Basic YQ", "The credentials are malformed"),
        (basic(b"no colon"), "The credentials are malformed"),
        (basic(b"ann:\xff"), "The credentials are malformed"),
        (basic(b"ann:a\x00b"), "The credentials are malformed"),
        (basic(b"ann:wrong"), WRONG),
        (basic(b":"), WRONG),
    ],
)
async def test_bad_passwords(aiohttp_client: AiohttpClient, sent: str | None, detail: str) -> None:
    """What is not base64, no UTF-8, has no colon or is wrong is 401, with a challenge that asks for UTF-8."""
    client = await aiohttp_client(app_of(answering(Basic(verify_password))).build())
    answer = await client.get("/name", headers={} if sent is None else {"Authorization": sent})
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="api", charset="UTF-8"'
    assert await answer.json() == problem(401, "/name", detail)


async def test_a_good_password(aiohttp_client: AiohttpClient) -> None:
    """Name and password are UTF-8, and the password may have colons."""
    client = await aiohttp_client(app_of(answering(Basic(verify_password))).build())
    answer = await client.get("/name", headers={"Authorization": basic("änn:pässwörd".encode())})
    assert (answer.status, await answer.text()) == (200, "änn")


@pytest.mark.parametrize(
    ("place", "good", "twice", "empty"),
    [
        (
            {"header": "X-Key"},
            {"headers": {"X-Key": "ann"}},
            {"headers": [("X-Key", "ann"), ("X-Key", "ann")]},
            {"headers": {"X-Key": ""}},
        ),
        ({"query": "key"}, {"params": {"key": "ann"}}, {"params": [("key", "ann"), ("key", "x")]}, {"params": "key="}),
        ({"cookie": "key"}, {"cookies": {"key": "ann"}}, None, {}),
    ],
)
async def test_keys(aiohttp_client: AiohttpClient, place: Any, good: Any, twice: Any, empty: Any) -> None:
    """A key is read from its one place, and several are refused."""
    client = await aiohttp_client(app_of(answering(APIKey(verify, **place))).build())
    ((kind, name),) = place.items()
    nothing = await client.get("/name", **empty)
    assert (nothing.status, await nothing.json()) == (401, problem(401, "/name", REQUIRED))
    assert nothing.headers["WWW-Authenticate"] == f'APIKey realm="api", in="{kind}", name="{name}"'
    if twice is not None:
        both = await client.get("/name", **twice)
        assert await both.json() == problem(401, "/name", "There is more than one key")
    answer = await client.get("/name", **good)
    assert (answer.status, await answer.text()) == (200, "ann")


@pytest.mark.parametrize("header", [b"X-Key: \xff", b"Cookie: key=\xff"])
async def test_a_key_that_is_no_text(serve: Serve, header: bytes) -> None:
    """Bytes that are not UTF-8 are no key, and break nothing."""
    place: Any = {"header": "X-Key"} if header.startswith(b"X") else {"cookie": "key"}
    server = await serve(app_of(answering(APIKey(verify, **place))))
    request = b"GET /name HTTP/1.1\r\nHost: localhost\r\n" + header + b"\r\n\r\n"
    answer = await exchange(server, request, probe=make_request("GET", "/optional"))
    assert (answer.status, answer.problem) == (401, problem(401, "/name", "The key is malformed"))


@pytest.mark.parametrize(
    "asked",
    [
        OAuth2(verify, flows={"clientCredentials": {"tokenUrl": "/token", "scopes": {}}}),
        OpenIdConnect(verify, url="https://id.example.org/.well-known/openid-configuration"),
    ],
)
async def test_tokens_of_others(aiohttp_client: AiohttpClient, asked: Credentials) -> None:
    """OAuth 2 and OpenID Connect read a bearer token."""
    client = await aiohttp_client(app_of(answering(asked)).build())
    assert (await client.get("/name")).headers["WWW-Authenticate"] == CHALLENGE
    assert await (await client.get("/name", headers={"Authorization": "Bearer ann"})).text() == "ann"


async def test_one_of_several(aiohttp_client: AiohttpClient) -> None:
    """The first scheme that finds its credentials counts; without any, the answer challenges for all."""
    asked = Bearer(verify) | Basic(verify_password) | APIKey(verify, header="X-Key")
    client = await aiohttp_client(app_of(answering(asked)).build())

    async def ask(path: str, **headers: str) -> tuple[int, str]:
        answer = await client.get(path, headers={name.replace("_", "-"): one for name, one in headers.items()})
        return answer.status, await answer.text() if answer.status == 200 else answer.headers["WWW-Authenticate"]

    assert await ask("/name", X_Key="ann") == (200, "ann")
    assert await ask("/name", Authorization=basic("x:pässwörd".encode())) == (200, "x")
    assert await ask("/name", X_Key="ann", Authorization="Bearer no") == (401, f'{CHALLENGE}, error="invalid_token"')
    challenges = (CHALLENGE, 'Basic realm="api", charset="UTF-8"', 'APIKey realm="api", in="header", name="X-Key"')
    assert await ask("/name") == (401, ", ".join(challenges))
    assert await ask("/optional") == (200, "nobody")
    assert (await ask("/optional", X_Key="no"))[0] == 401


class Order(Struct):
    """A body."""

    sku: str


async def test_credentials_come_before_everything_that_is_read(aiohttp_client: AiohttpClient) -> None:
    """Who is unknown learns nothing of parameters or body: 401 where others get 413, 415, 400 or 422."""

    class Orders(Controller):
        @post("/orders", body_limit=10)
        async def create(self, order: Order, size: int, user: Annotated[User, Bearer(verify)]) -> str:
            return order.sku + str(size) + user.name

    client = await aiohttp_client(app_of(Orders).build())
    known = {"Authorization": "Bearer ann"}
    json = {"Content-Type": "application/json"}
    for data, headers, status in (
        (b"x" * 11, json, 413),
        (b"x", {"Content-Type": "text/plain"}, 415),
        (b"x", json, 400),
        (b"{}", json, 422),
    ):
        assert (await client.post("/orders", data=data, headers=headers)).status == 401
        assert (await client.post("/orders", data=data, headers=headers | known)).status == status
    assert (await client.options("/orders")).status == 204
    assert (await client.get("/orders")).status == 405
    assert (await client.get("/nowhere")).status == 404


@pytest.mark.parametrize(("token", "status"), [("ann", 403), ("bob", 200)])
async def test_scopes(aiohttp_client: AiohttpClient, token: str, status: int) -> None:
    """Good credentials that do not reach for all that is asked for are 403, with the scopes in the challenge."""
    client = await aiohttp_client(
        app_of(answering(Bearer(verify, scopes=("orders:read", "orders:write"), realm='a "shop"'))).build()
    )
    answer = await client.get("/name", headers={"Authorization": f"Bearer {token}"})
    assert answer.status == status
    if status == 403:
        assert await answer.json() == problem(403, "/name", "The credentials do not allow this")
        assert answer.headers["WWW-Authenticate"] == (
            r'Bearer realm="a \"shop\"", error="insufficient_scope", scope="orders:read orders:write"'
        )


async def test_who_tells_the_scopes(aiohttp_client: AiohttpClient) -> None:
    """A function may tell them, also as one text as OAuth 2 has it; schemes without tokens have no challenge for it."""

    async def person(key: str) -> str:
        return key

    asked = APIKey(person, header="X-Key", scopes=("a", "b"), scopes_of=lambda key: key.replace("+", " "))

    class Names(Controller):
        @get("/name")
        async def name(self, key: Annotated[str, asked]) -> str:
            return key

    client = await aiohttp_client(app_of(Names).build())
    assert (await client.get("/name", headers={"X-Key": "b+a+c"})).status == 200
    refused = await client.get("/name", headers={"X-Key": "b+c"})
    assert (refused.status, "WWW-Authenticate" in refused.headers) == (403, False)


class Calls(list[str]):
    """What was called, in order."""


async def counted(token: str, calls: Calls) -> User | None:
    """Note each verification."""
    calls.append(f"verify {token}")
    return await verify(token)


class Member(Struct):
    """Somebody with a number."""

    user: User


async def member(user: Annotated[User, Bearer(counted)], calls: Calls) -> Member:
    """Make a member of whoever is asking."""
    calls.append("member")
    return Member(user)


async def note(request: Request) -> None:
    """Note that another guard ran."""
    request.app["calls"].append("guard")


@pytest.mark.filterwarnings("ignore::aiohttp.web_exceptions.NotAppKeyWarning")
async def test_verified_once(aiohttp_client: AiohttpClient) -> None:
    """Guards on several levels, a provider and the handler share one verification, in the place of the first guard."""

    class Members(Controller):
        guards = (Bearer(counted, scopes=("orders:read",)),)

        @get("/member", guards=(note,))
        async def member(self, found: Member, user: Annotated[User, Bearer(counted)], calls: Calls) -> str:
            calls.append(f"handler {user is found.user}")
            return ""

        @get("/admin")
        async def admin(self, user: Annotated[User, Bearer(counted, scopes=("orders:write",))]) -> str:
            return user.name

    calls = Calls()
    container = Container()
    container.add_instance(Calls, calls)
    container.add_scoped(Member, member)
    app = app_of(Router(controllers=[Members], guards=(note, Bearer(counted))), container=container).build()
    app["calls"] = calls
    client = await aiohttp_client(app)
    assert (await client.get("/member", headers={"Authorization": "Bearer ann"})).status == 200
    assert calls == ["guard", "verify ann", "guard", "member", "handler True"]
    calls.clear()
    assert (await client.get("/admin", headers={"Authorization": "Bearer ann"})).status == 403
    assert calls == ["guard", "verify ann"]


async def test_what_verify_needs(aiohttp_client: AiohttpClient) -> None:
    """Its services are those of the request: opened after the credentials are found, shared, and closed at the end."""
    trace: list[str] = []

    class Session:
        """A service of one request."""

    async def open_session() -> AsyncIterator[Session]:
        trace.append("open")
        try:
            yield Session()
        except HTTPError as error:
            trace.append(f"failed with {error.status}")
            raise
        finally:
            trace.append("close")

    async def find(token: str, request: Request, session: Session) -> User | None:
        trace.append(f"verify {request.method} {isinstance(session, Session)}")
        return await verify(token)

    class Names(Controller):
        @get("/name")
        async def name(self, user: Annotated[User, Bearer(find)], session: Session, size: int) -> str:
            trace.append(f"handler {isinstance(session, Session)}")
            return user.name * size

    container = Container()
    container.add_scoped(Session, open_session)
    client = await aiohttp_client(app_of(Names, container=container).build())
    for token, size, expected in (
        (None, "1", []),
        ("no", "1", ["open", "verify GET True", "failed with 401", "close"]),
        ("ann", "x", ["open", "verify GET True", "failed with 422", "close"]),
        ("ann", "1", ["open", "verify GET True", "handler True", "close"]),
    ):
        trace.clear()
        await client.get(f"/name?size={size}", headers={} if token is None else {"Authorization": f"Bearer {token}"})
        assert trace == expected


async def test_a_plain_function_verifies_in_a_thread(aiohttp_client: AiohttpClient) -> None:
    """What may block does not block the loop."""
    seen: list[bool] = []

    def find(token: str) -> User | None:
        seen.append(threading.current_thread() is threading.main_thread())
        return User(token)

    client = await aiohttp_client(app_of(answering(Bearer(find))).build())
    assert await (await client.get("/name", headers={"Authorization": "Bearer x"})).text() == "x"
    assert seen == [False]


@pytest.mark.parametrize(("token", "status", "lines"), [("banned", 403, 0), ("broken", 500, 1)])
async def test_what_verify_raises(
    aiohttp_client: AiohttpClient, caplog: pytest.LogCaptureFixture, token: str, status: int, lines: int
) -> None:
    """An HTTPError is the answer; anything else is a 500 without detail, logged once."""
    client = await aiohttp_client(app_of(answering(Bearer(verify))).build())
    answer = await client.get("/name", headers={"Authorization": f"Bearer {token}"})
    assert answer.status == status
    assert len(logged(caplog)) == lines
    assert "database" not in await answer.text()


async def test_false_is_nobody(aiohttp_client: AiohttpClient) -> None:
    """A function whose annotation says less than it returns lets nobody in by that."""

    async def find(token: str) -> Any:
        return token == "good"  # noqa: S105  no secret

    class Names(Controller):
        @get("/name", guards=(Bearer(find),))
        async def name(self) -> str:
            return "in"

    client = await aiohttp_client(app_of(Names).build())
    assert (await client.get("/name", headers={"Authorization": "Bearer bad"})).status == 401
    assert (await client.get("/name", headers={"Authorization": "Bearer good"})).status == 200


async def test_exception_handlers_see_the_refusal(aiohttp_client: AiohttpClient) -> None:
    """What refuses is an error as any other."""

    async def render(_: Request, error: HTTPError) -> web.Response:
        return web.Response(status=error.status, text="no", headers=error.headers)

    client = await aiohttp_client(app_of(answering(Bearer(verify)), exception_handlers={401: render}).build())
    answer = await client.get("/name")
    assert (answer.status, await answer.text(), answer.headers["WWW-Authenticate"]) == (401, "no", CHALLENGE)


async def test_the_document_behind_credentials(aiohttp_client: AiohttpClient) -> None:
    """The guards of the document may be schemes as well; neither it nor its page says so in the document."""
    settings = OpenAPI(guards=(Basic(verify_password),))
    client = await aiohttp_client(App([answering(Bearer(verify))], openapi=settings).build())
    for path in ("/docs", "/openapi.json"):
        refused = await client.get(path)
        assert (refused.status, refused.headers["WWW-Authenticate"]) == (401, 'Basic realm="api", charset="UTF-8"')
    known = {"Authorization": basic("ann:pässwörd".encode())}
    assert (await client.get("/docs", headers=known)).status == 200
    document = await (await client.get("/openapi.json", headers=known)).json()
    assert list(document["components"]["securitySchemes"]) == ["bearer"]


async def test_a_controller_that_belongs_to_somebody(aiohttp_client: AiohttpClient) -> None:
    """A constructor may ask for who is asking; the controller is then made for each request."""

    class Names(Controller):
        def __init__(self, user: Annotated[User, Bearer(verify)]) -> None:
            self._user = user

        @get("/name", guards=(Bearer(verify),))
        async def name(self) -> str:
            return self._user.name

    client = await aiohttp_client(app_of(Names).build())
    for token in ("ann", "bob"):
        assert await (await client.get("/name", headers={"Authorization": f"Bearer {token}"})).text() == token
    assert (await client.get("/name")).status == 401

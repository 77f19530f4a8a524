"""Security in the document: schemes, requirements of each operation, and the answers that come with them."""

import json
from typing import Annotated, Any

import openapi_spec_validator
from aiohttp.web import Request
from msgspec import Struct
from pytest_aiohttp.plugin import AiohttpClient

from framework import App, Container, Controller, OpenAPI, Router, get, post
from framework.http_errors import HTTPError
from framework.security import APIKey, Basic, Bearer, OAuth2, OpenIdConnect, SecurityRequirement, states


class User(Struct):
    """Who is asking."""

    scopes: tuple[str, ...] = ()


class Expired(HTTPError, status=401, title="Expired"):
    """The session is too old."""


async def verify(token: str) -> User | None:
    """Verify."""
    return User() if token else None


async def verify_password(name: str, password: str) -> User | None:
    """Verify."""
    return User() if name == password else None


FLOWS = {"authorizationCode": {"authorizationUrl": "/authorize", "tokenUrl": "/token", "scopes": {"read": "Read."}}}
SESSION = SecurityRequirement(scheme="session", document={"type": "apiKey", "in": "cookie", "name": "sid"})
TENANT = SecurityRequirement(scheme="tenant", document={"type": "http", "scheme": "digest"}, scopes=("a",))


@states(SESSION)
async def require_session(_: Request) -> None:
    """Be a guard that verifies by itself."""


class Tenant:
    """A service that verifies by itself."""

    security = (TENANT,)


async def document(client: AiohttpClient, *controllers: Any, **settings: Any) -> dict[str, Any]:
    """Return the document that an app serves, which is valid."""
    served = await client(App(controllers, openapi=OpenAPI(), **settings).build())
    found: dict[str, Any] = json.loads(await (await served.get("/openapi.json")).read())
    openapi_spec_validator.validate(found)
    return found


async def test_the_schemes(aiohttp_client: AiohttpClient) -> None:
    """Each scheme stands once among the components, by its name."""

    class Things(Controller):
        @get("/a")
        async def a(self, user: Annotated[User, Bearer(verify, format="JWT", description="Ask for one.")]) -> None: ...
        @get("/b")
        async def b(self, user: Annotated[User, Basic(verify_password, name="password")]) -> None: ...
        @get("/c")
        async def c(self, user: Annotated[User, APIKey(verify, header="X-Key")]) -> None: ...
        @get("/d")
        async def d(self, user: Annotated[User, OAuth2(verify, flows=FLOWS, scopes=("read",))]) -> None: ...
        @get("/e")
        async def e(self, user: Annotated[User, OpenIdConnect(verify, url="https://id.example.org/")]) -> None: ...
        @get("/f")
        async def f(self) -> None: ...

    found = await document(aiohttp_client, Things)
    assert found["components"]["securitySchemes"] == {
        "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "Ask for one."},
        "header-X-Key": {"type": "apiKey", "in": "header", "name": "X-Key"},
        "oauth2": {"type": "oauth2", "flows": FLOWS},
        "openIdConnect": {"type": "openIdConnect", "openIdConnectUrl": "https://id.example.org/"},
        "password": {"type": "http", "scheme": "basic"},
    }
    operations = {path: item["get"] for path, item in found["paths"].items()}
    assert {path: one.get("security") for path, one in operations.items()} == {
        "/a": [{"bearer": []}],
        "/b": [{"password": []}],
        "/c": [{"header-X-Key": []}],
        "/d": [{"oauth2": ["read"]}],
        "/e": [{"openIdConnect": []}],
        "/f": None,
    }
    assert {path: list(one["responses"]) for path, one in operations.items()} == {
        "/a": ["204", "401"],
        "/b": ["204", "401"],
        "/c": ["204", "401"],
        "/d": ["204", "401", "403"],
        "/e": ["204", "401"],
        "/f": ["204"],
    }
    challenge = {
        "description": "How to authenticate (RFC 9110, section 11.6.1).",
        "schema": {"type": "string"},
    }
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    assert found["components"]["responses"] == {
        "Unauthorized": {
            "description": "The request has no credentials, or none that are valid.",
            "headers": {"WWW-Authenticate": {**challenge, "required": True}},
            "content": problem,
        },
        "Forbidden": {
            "description": "The credentials do not allow this.",
            "headers": {"WWW-Authenticate": challenge},
            "content": problem,
        },
    }


async def test_all_levels_together(aiohttp_client: AiohttpClient) -> None:
    """What stands in one requirement is needed together; the list has the choices, empty where it is optional."""

    class Things(Controller):
        guards = (Bearer(verify, scopes=("read",)),)

        @get("/either")
        async def either(self, user: Annotated[User, Bearer(verify) | Basic(verify_password)]) -> None: ...
        @post("/more")
        async def more(self, user: Annotated[User, Bearer(verify, scopes=("write",))]) -> None: ...
        @get("/optional")
        async def optional(self, user: Annotated[User | None, APIKey(verify, query="key")]) -> None: ...

    class Open(Controller):
        @get("/open")
        async def open(self, user: Annotated[User | None, Bearer(verify)]) -> None: ...

    found = await document(aiohttp_client, Router(controllers=[Things], guards=(Bearer(verify),)), Open)
    assert {path: one["security"] for path, item in found["paths"].items() for one in item.values()} == {
        "/either": [{"bearer": ["read"]}, {"bearer": ["read"], "basic": []}],
        "/more": [{"bearer": ["read", "write"]}],
        "/open": [{"bearer": []}, {}],
        "/optional": [{"bearer": ["read"], "query-key": []}, {"bearer": ["read"]}],
    }


async def test_what_guards_and_providers_state(aiohttp_client: AiohttpClient) -> None:
    """Those that verify by themselves say so, and the document believes them."""

    class Things(Controller):
        @get("/things", guards=(require_session,), raises=(Expired,))
        async def things(self, tenant: Tenant) -> None: ...

    container = Container()
    container.add_scoped(Tenant)
    found = await document(aiohttp_client, Things, container=container)
    operation = found["paths"]["/things"]["get"]
    assert operation["security"] == [{"session": [], "tenant": ["a"]}]
    assert list(operation["responses"]) == ["204", "401", "403"]
    refused = operation["responses"]["401"]
    assert list(refused["headers"]) == ["WWW-Authenticate"]
    assert refused["description"] == (
        "The request has no credentials, or none that are valid.\n\nThe session is too old."
    )

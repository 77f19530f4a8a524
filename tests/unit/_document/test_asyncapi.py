"""What AsyncAPI writes differently from OpenAPI, and what is read from plans that the proved app does not have."""

from typing import Annotated, Any

import jsonschema  # type: ignore[import-untyped]  # it has no types of its own
import pytest
from msgspec import Struct

from framework import App, Controller, Cookie, EventStream, Header, OpenAPI, Query, Request, WebSocket, route, websocket
from framework._document.asyncapi.draft_07 import as_draft_07
from framework._document.asyncapi.head import describe_info, describe_servers, security_scheme
from framework.credentials import SecurityRequirement
from framework.security import APIKey, states

REF = {"$ref": "#/components/schemas/A"}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (True, True),
        ({"items": False}, {"items": False}),
        ({"prefixItems": [REF], "items": False}, {"items": [REF], "additionalItems": False}),
        ({"prefixItems": [{"prefixItems": [REF]}], "items": {}}, {"items": [{"items": [REF]}]}),
        ({"prefixItems": [REF]}, {"items": [REF]}),
        (REF, REF),
        ({**REF, "description": "x"}, {"description": "x", "allOf": [REF]}),
        ({**REF, "default": 1, "allOf": [True]}, {"default": 1, "allOf": [REF, True]}),
        ({"oneOf": [REF, {**REF, "title": "x"}]}, {"oneOf": [REF, {"title": "x", "allOf": [REF]}]}),
        ({"oneOf": [REF], "discriminator": {"propertyName": "type"}}, {"oneOf": [REF]}),
        # Names of properties, and data, are no keywords.
        (
            {"properties": {"discriminator": True, "prefixItems": {"prefixItems": [True]}}},
            {"properties": {"discriminator": True, "prefixItems": {"items": [True]}}},
        ),
        (
            {"default": {"prefixItems": [1]}, "const": {"$ref": "a", "b": 1}, "examples": [{"discriminator": 1}]},
            {"default": {"prefixItems": [1]}, "const": {"$ref": "a", "b": 1}, "examples": [{"discriminator": 1}]},
        ),
        (
            {"additionalProperties": {"not": {"prefixItems": [], "items": False}}},
            {"additionalProperties": {"not": {"items": False}}},
        ),
    ],
)
def test_draft_07(schema: Any, expected: Any) -> None:
    """Tuples and what stands beside references are written in the old way; a schema of the draft comes out."""
    assert as_draft_07(schema) == expected
    jsonschema.Draft7Validator.check_schema(expected)


def test_draft_07_takes_the_same_tuples() -> None:
    """What the old draft says of a tuple is what the new one says."""
    new = {"prefixItems": [{"type": "integer"}, {"type": "string"}], "items": False, "minItems": 1}
    old = as_draft_07(new)

    for value in ([1], [1, "a"], [], ["a"], [1, 2], [1, "a", 3]):
        is_new = jsonschema.Draft202012Validator(new).is_valid(value)
        assert jsonschema.Draft7Validator(old).is_valid(value) is is_new


def test_the_head_without_settings() -> None:
    """What is not said is not there; a summary becomes the description, a licence loses its identifier."""
    assert describe_info(OpenAPI()) == {"title": "API", "version": "0.1.0"}
    settings = OpenAPI(summary="Short.", license={"name": "MIT", "identifier": "MIT", "url": "https://mit", "x-a": 1})
    assert describe_info(settings)["description"] == "Short."
    assert describe_info(settings)["license"] == {"name": "MIT", "url": "https://mit", "x-a": 1}


def test_servers() -> None:
    """Each is there once for each protocol that is spoken; those without a host or of other schemes are not."""
    servers = ("https://a.example/", {"url": "https://b.example/v1"}, "/v1", "ftp://c.example", "{scheme}://d.example")

    assert describe_servers(servers, sockets=True, streams=False) == {
        "wss": {"host": "a.example", "protocol": "wss"},
        "wss2": {"host": "b.example", "pathname": "/v1", "protocol": "wss"},
    }
    assert list(describe_servers(servers, sockets=True, streams=True)) == ["wss", "https", "wss2", "https2"]
    assert describe_servers((), sockets=True, streams=True) == {}


@pytest.mark.parametrize(
    ("scheme", "expected"),
    [
        ({"type": "http", "scheme": "basic"}, {"type": "http", "scheme": "basic"}),
        ({"type": "apiKey", "in": "query", "name": "k"}, {"type": "httpApiKey", "in": "query", "name": "k"}),
        ({"type": "mutualTLS", "description": "x"}, {"type": "X509", "description": "x"}),
        (
            {"type": "oauth2", "flows": {"password": {"tokenUrl": "u", "scopes": {"a": "A"}}}},
            {"type": "oauth2", "flows": {"password": {"tokenUrl": "u", "availableScopes": {"a": "A"}}}},
        ),
    ],
)
def test_security_schemes(scheme: dict[str, Any], expected: dict[str, Any]) -> None:
    """Some have other names in AsyncAPI."""
    assert security_scheme(scheme) == expected


class Sent(Struct):
    """Something."""

    text: str


def said(*controllers: type[Controller]) -> dict[str, Any]:
    """Return the document of an app."""
    return App(controllers).asyncapi()


def test_what_a_handshake_must_have() -> None:
    """Required headers and cookies are; a name that is no word is escaped where it is pointed to."""

    class Talks(Controller):
        @websocket("/talk", name="a/b c~d", summary="Said", description="More.")
        async def talk(
            self,
            socket: WebSocket[str],
            key: Annotated[str, Header(name="X-Key", description="Which")],
            theme: Annotated[str, Cookie()],
            page: Annotated[int, Query()],
        ) -> None:
            """Not this."""

    document = said(Talks)
    (channel,) = document["channels"].values()

    assert (channel["summary"], channel["description"]) == ("Said", "More.")
    assert channel["bindings"]["ws"]["query"] == {
        "type": "object",
        "properties": {"page": {"type": "integer"}},
        "required": ["page"],
    }
    assert channel["bindings"]["ws"]["headers"] == {
        "type": "object",
        "properties": {
            "x-key": {"type": "string", "description": "Which"},
            "Cookie": {"type": "string", "description": "With the cookies theme."},
        },
        "required": ["x-key", "Cookie"],
    }
    assert list(document["channels"]) == ["a/b c~d"]
    assert document["operations"]["a/b c~d.send"]["channel"] == {"$ref": "#/channels/a~1b%20c~0d"}


def test_credentials_of_a_guard_that_says_so() -> None:
    """One of a guard's own stands among the schemes; optional ones are asked of nobody."""
    tls = SecurityRequirement(scheme="tls", document={"type": "mutualTLS"})

    @states(tls)
    async def guard(_: Request) -> None: ...

    async def verify(token: str) -> str | None:
        return token

    key = APIKey(verify, header="X-Key", name="key")

    class Talks(Controller):
        @websocket("/a", guards=(guard,))
        async def first(self, socket: WebSocket[str]) -> None: ...

        @websocket("/b")
        async def second(self, socket: WebSocket[str], who: Annotated[str | None, key]) -> None: ...

    document = said(Talks)

    assert document["components"]["securitySchemes"] == {
        "key": {"type": "httpApiKey", "in": "header", "name": "X-Key"},
        "tls": {"type": "X509"},
    }
    assert document["operations"]["Talks.first.receive"]["security"] == [{"$ref": "#/components/securitySchemes/tls"}]
    assert "security" not in document["operations"]["Talks.second.receive"]


def test_a_stream_of_a_method_that_nobody_knows() -> None:
    """It stands in neither document."""

    class Streams(Controller):
        @route("/a", methods=("SUBSCRIBE", "POST"))
        async def texts(self) -> EventStream[str]:
            yield "a"

    (operation,) = said(Streams)["operations"].values()
    assert operation["bindings"]["http"]["method"] == "POST"


def test_two_channels_of_one_name() -> None:
    """A web socket and a stream whose ids are the same are told apart by their paths."""

    class Streams(Controller):
        @route("/a", methods=("GET",), operation_id="Talks.talk")
        async def texts(self) -> EventStream[str]:
            yield "a"

    class Talks(Controller):
        @websocket("/b")
        async def talk(self, socket: WebSocket[str]) -> None: ...

    assert list(said(Streams, Talks)["channels"]) == ["Talks.talk_a", "Talks.talk_b"]

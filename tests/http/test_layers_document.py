"""What compiled middlewares say of themselves: in the OpenAPI document, and to explain()."""

from typing import Annotated, Any

from openapi_spec_validator import OpenAPIV31SpecValidator

from framework import App, Controller, Header, OpenAPI, Request, Response, get, post, websocket
from framework.http_errors import Conflict, Forbidden, TooManyRequests
from framework.layers import Layer, Steps
from framework.routing import RouteInfo
from tests.http.layers import Fixed, Traced, called
from tests.http.shapes import app_of


class Limit(Layer):
    """Says what it responds with, and which headers it reads and adds."""

    def compile(self, _: RouteInfo | None) -> Steps:
        """Return what is said."""
        return Steps(
            raises=(TooManyRequests, Forbidden),
            response_headers={"RateLimit": "What is left.", "Vary": "Not this one."},
            request_headers={"X-Key": "Who asks.", "X-Known": "Not this one."},
        )


class Things(Controller):
    """Has a header of its own, and errors."""

    @get("/things")
    async def index(self, x_known: Annotated[str, Header()] = "") -> list[int]:
        """Respond."""
        return [len(x_known)]

    @post("/things", status=201, raises=(Forbidden,))
    async def make(self, body: dict[str, int]) -> dict[str, int]:
        """Respond."""
        return body


def document_of(**settings: Any) -> dict[str, Any]:
    """Return the document of an app, which is valid."""
    document = App([Things], openapi=OpenAPI(title="Things", version="1"), **settings).document()
    OpenAPIV31SpecValidator(document).validate()
    return document


RATE = {"description": "What is left.", "schema": {"type": "string"}}


def test_responses_and_headers_of_a_layer() -> None:
    """Its errors are responses of each route, and its headers are on all of them; what is known stays."""
    document = document_of(middlewares=[Limit()])
    operation = document["paths"]["/things"]["get"]
    responses = operation["responses"]
    assert list(responses) == ["200", "400", "403", "406", "422", "429"]
    assert {status: one["headers"]["RateLimit"] for status, one in responses.items()} == dict.fromkeys(responses, RATE)
    assert (
        responses["200"]["headers"]["Vary"]["description"] == "The headers of the request that the response depends on."
    )
    assert responses["429"] == {
        "description": "A rate limit is exceeded; set ``Retry-After`` with ``headers=``.",
        "headers": {"RateLimit": RATE, "Vary": {"description": "Not this one.", "schema": {"type": "string"}}},
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    assert [(one["name"], one.get("description"), one.get("required", False)) for one in operation["parameters"]] == [
        ("x-known", None, False),
        ("X-Key", "Who asks.", False),
    ]
    made = document["paths"]["/things"]["post"]
    assert [one["name"] for one in made["parameters"]] == ["X-Key", "X-Known"]
    assert all("RateLimit" in one["headers"] for one in made["responses"].values())


def test_without_headers_shared_responses_stay_shared() -> None:
    """A layer that says nothing changes nothing."""
    assert document_of(middlewares=[Fixed({"X-A": "1"}), Traced(name="a", trace=[])]) == document_of()


def test_an_exception_handler_takes_what_a_layer_raises() -> None:
    """If it stands on the level of the layer, or around it."""

    class Raising(Layer):
        def compile(self, _: RouteInfo | None) -> Steps:
            return Steps(raises=(Conflict,))

    async def show(_: Request, __: Conflict) -> Response[str]:
        return Response("conflict")

    def media_types(document: dict[str, Any]) -> list[str]:
        return list(document["paths"]["/things"]["get"]["responses"]["409"]["content"])

    outer = document_of(middlewares=[Raising()], exception_handlers={Conflict: show})
    assert media_types(outer) == ["text/plain"]
    inner = type("Inner", (Things,), {"exception_handlers": {Conflict: show}})
    document = App([inner], openapi=OpenAPI(title="Things", version="1"), middlewares=[Raising()]).document()
    assert media_types(document) == ["application/problem+json"]


def stages(app: App, method: str, path: str) -> list[str]:
    """Return the stages that explain() tells, without their numbers and places."""
    told = app.explain(method, path).split("\n\n")[1]
    return [line.partition(". ")[2].partition(" (tests")[0] for line in told.splitlines()]


def test_explain_tells_every_step() -> None:
    """In their order, those behind the guards in their places; a layer that does nothing is not there."""

    async def guard(_: Request) -> None:
        """Admit everybody."""

    class Nothing(Layer):
        def compile(self, _: RouteInfo | None) -> Steps | None:
            return None

    class Secure(Layer):
        def compile(self, _: RouteInfo | None) -> Steps:
            return Steps(secure_headers={"X-Secure": "1"})

    class Talking(Things):
        @websocket("/talk")
        async def talk(self, body: dict[str, int]) -> None:
            """Listen."""

    inner = [Traced(name="a", trace=[], behind_guards=True), Traced(name="b", trace=[], after_validation=True)]
    app = app_of(
        Talking, middlewares=[Fixed({"X-A": "1"}), called("own", []), Nothing(), Secure(), *inner], guards=[guard]
    )
    around = [
        "compiled middleware Fixed (app): headers X-A",
        "middleware middleware (app)",
        "compiled middleware Secure (app): over HTTPS X-Secure",
    ]
    assert stages(app, "POST", "/things")[:10] == [
        *around,
        "guard guard (app)",
        "compiled middleware Traced (app): before; after",
        "a media type that the client accepts, else 406: application/json or application/msgpack",
        "body of at most 1048576 bytes, else 413; application/json or application/msgpack, else 415",
        "parsing, else 400",
        "validation of all sources together, else 422",
        "compiled middleware Traced (app): before; after",
    ]
    assert not any("Traced" in stage for stage in stages(app, "WEBSOCKET", "/talk"))
    assert stages(app, "WEBSOCKET", "/talk")[:3] == around

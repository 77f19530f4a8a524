"""CORS: for each input (the rows of the specification are the ids) the headers by which browsers decide."""

from collections.abc import AsyncIterator
from typing import Any, ClassVar

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from framework import App, Controller, Request, Response, Router, get, options, post, put
from framework.errors import InvalidOptionError, LayerOrderError
from framework.http_errors import TooManyRequests, Unauthorized
from framework.layers import Layer, Steps
from framework.limits import Limits
from framework.middleware import CORS
from framework.responses import see_other
from framework.routing import RouteInfo
from tests.http.raw import Answer, connect, make_request
from tests.http.shapes import Serve, app_of, invalid, problem
from tests.startup.expected import mistakes, place

APP = "https://app.example"
K = CORS(
    origins=(APP, "https://*.app.example"),
    credentials=True,
    methods=("GET", "PUT"),
    headers=("X-A",),
    expose=("X-Total",),
    max_age=600,
)
VARY = {"Vary": "Origin"}
ALLOWED = {
    "Access-Control-Allow-Origin": APP,
    "Access-Control-Allow-Credentials": "true",
    "Access-Control-Expose-Headers": "X-Total",
    **VARY,
}
ASKED = {"Origin": APP, "Access-Control-Request-Method": "PUT"}
VARY_OF_PREFLIGHTS = {"Vary": "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"}
HEADERS = "Accept, Accept-Language, Content-Language, Content-Type"
PREFLIGHT = {
    "Access-Control-Allow-Origin": APP,
    "Access-Control-Allow-Credentials": "true",
    "Access-Control-Allow-Methods": "GET, PUT",
    "Access-Control-Allow-Headers": f"{HEADERS}, X-A",
    "Access-Control-Max-Age": "600",
    **VARY_OF_PREFLIGHTS,
}
ALLOW = {"Allow": "GET, HEAD, OPTIONS, PUT"}


class Limit(Layer):
    """Refuses what asks for it, and counts what it sees."""

    rank: ClassVar[int | None] = 90

    def __init__(self) -> None:
        self.seen = 0

    def compile(self, route: RouteInfo | None) -> Steps:
        """Look at every request."""
        del route
        return Steps(before=self.count)

    def count(self, request: web.Request) -> None:
        """Count."""
        self.seen += 1
        if "X-Often" in request.headers:
            raise TooManyRequests


async def refuse(request: Request) -> None:
    """Let nobody in."""
    del request
    raise Unauthorized


class Rooms(Controller):
    """Answers in every way."""

    path = "/rooms"

    @get()
    async def search(self, number: int = 0) -> str:
        """Return something."""
        return str(number)

    @put()
    async def replace(self) -> None:
        """Do nothing."""

    @post("/limited", limits=Limits(body=3))
    async def limited(self, body: dict[str, int]) -> int:
        """Take a little."""
        return len(body)

    @get("/guarded", guards=(refuse,))
    async def guarded(self) -> str:
        """Stay behind the guard."""
        return "in"

    @get("/broken")
    async def broken(self) -> str:
        """Fail."""
        raise RuntimeError

    @get("/moved")
    async def moved(self) -> web.StreamResponse:
        """Send elsewhere."""
        return see_other("/rooms")

    @get("/tagged", etag=lambda _: "v1")
    async def tagged(self) -> str:
        """Have a version."""
        return "tagged"

    @get("/lines")
    async def lines(self) -> AsyncIterator[int]:
        """Yield."""
        yield 1

    @options("/own")
    async def own(self) -> str:
        """Answer OPTIONS."""
        return "mine"

    @get("/varied")
    async def varied(self) -> Response[str]:
        """Depend on Accept."""
        return Response("varied", headers={"Vary": "Accept"})

    @get("/varied/{how}")
    async def varied_otherwise(self, how: str) -> Response[str]:
        """Depend on anything."""
        return Response(how, headers={"Vary": how})

    @get("/by-head")
    async def by_head(self) -> list[str]:
        """Depend on Accept, by a ready-made head."""
        return ["head"]


OTHER = CORS(origins=("https://other.example",), methods=("GET",))


class Mixed(Controller):
    """Has a policy for each of two routes."""

    path = "/mixed"

    @get(middlewares=(OTHER,))
    async def show(self) -> str:
        """Show something to other.example."""
        return "mixed"

    @put(middlewares=(K,))
    async def replace(self) -> str:
        """Let app.example replace it."""
        return "replaced"


class Inner(Rooms):
    """The same below a policy of its own."""

    middlewares = (K,)


APPS: dict[str, App] = {
    "K": app_of(Rooms, middlewares=[K, Limit()]),
    "wildcard": app_of(Rooms, middlewares=[CORS(origins=("https://*.app.example",))]),
    "null": app_of(Rooms, middlewares=[CORS(origins=("null",))]),
    "open": app_of(Rooms, middlewares=[CORS(origins=("*",), expose=("X-Total",))]),
    "guarded": app_of(Rooms, middlewares=[K], guards=[refuse]),
    "layered": app_of(Router("/in", [Inner]), Rooms, middlewares=[CORS(origins=("*",))]),
    "mixed": app_of(Mixed),
    "any headers": app_of(Rooms, middlewares=[CORS(origins=(APP,), headers="*", max_age=0)]),
    "plain": app_of(Rooms, middlewares=[CORS(origins=(APP,), max_age=None)]),
    "exposing": app_of(Rooms, middlewares=[CORS(origins=("*",), expose="*")]),
}


def seen(answer: Answer) -> dict[str, str]:
    """Return the headers that CORS is about; none may stand there twice."""
    names = [name for name in answer.headers if name.startswith("Access-Control-") or name in {"Vary", "Allow"}]
    assert len(names) == len(set(names))
    return {name: answer.headers[name] for name in names}


async def send(server: TestServer, method: str, target: str, headers: dict[str, str], *more: bytes) -> Answer:
    """Send a request; ``more`` are lines that a dictionary cannot hold."""
    body = b'{"a": 1}' if method == "POST" else None
    typed = {"Content-Type": "application/json"} if body else {}
    data = make_request(method, target, headers=typed | headers, body=body)
    head, end, rest = data.partition(b"\r\n\r\n")
    async with connect(server) as connection:
        return await connection.exchange(b"\r\n".join([head, *more]) + end + rest, method=method)


def from_origin(origin: str, **more: str) -> dict[str, str]:
    """Return the headers of a request from a page of an origin."""
    return {"Origin": origin, **more}


def allowed(origin: str) -> dict[str, str]:
    """Return the headers of K for an origin that it allows."""
    return ALLOWED | {"Access-Control-Allow-Origin": origin}


ROOMS, OPEN = "/rooms", {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "X-Total"}
SIMPLE = [
    ("C1", "K", "GET", ROOMS, from_origin(APP), 200, ALLOWED),
    ("C2", "K", "GET", ROOMS, {}, 200, VARY),
    ("C3", "K", "GET", ROOMS, from_origin("https://evil.example"), 200, VARY),
    ("C4", "K", "GET", ROOMS, from_origin("null"), 200, VARY),
    ("C4-listed", "null", "GET", ROOMS, from_origin("null"), 200, {"Access-Control-Allow-Origin": "null", **VARY}),
    ("C5", "K", "GET", ROOMS, from_origin("https://a.app.example"), 200, allowed("https://a.app.example")),
    ("C6", "K", "GET", ROOMS, from_origin("https://a.b.app.example"), 200, allowed("https://a.b.app.example")),
    ("C7", "wildcard", "GET", ROOMS, from_origin(APP), 200, VARY),
    ("C8", "K", "GET", ROOMS, from_origin("https://xapp.example"), 200, VARY),
    ("C9", "K", "GET", ROOMS, from_origin("https://app.example.evil.test"), 200, VARY),
    ("C10", "K", "GET", ROOMS, from_origin("https://evil.test/.app.example"), 200, VARY),
    ("C11", "K", "GET", ROOMS, from_origin("https://appXexample"), 200, VARY),
    ("C12", "K", "GET", ROOMS, from_origin("http://app.example"), 200, VARY),
    ("C13", "K", "GET", ROOMS, from_origin("https://app.example:8443"), 200, VARY),
    ("C14", "K", "GET", ROOMS, from_origin("https://app.example:443"), 200, VARY),
    ("C15", "K", "GET", ROOMS, from_origin("https://app.example/"), 200, VARY),
    ("C16", "K", "GET", ROOMS, from_origin("https://APP.example"), 200, VARY),
    ("C18", "open", "GET", ROOMS, from_origin("https://anybody.example"), 200, OPEN),
    ("C18-no-origin", "open", "GET", ROOMS, {}, 200, OPEN),
    ("C18-404", "open", "GET", "/nowhere", {}, 404, OPEN),
    ("C19", "K", "GET", "/nowhere", from_origin(APP), 404, ALLOWED),
    ("C20", "K", "DELETE", ROOMS, from_origin(APP), 405, ALLOWED | ALLOW),
    ("C21", "K", "GET", "/rooms?number=x", from_origin(APP), 422, ALLOWED),
    ("C22", "K", "GET", "/rooms/guarded", from_origin(APP), 401, ALLOWED),
    ("C23", "K", "GET", ROOMS, from_origin(APP, **{"X-Often": "1"}), 429, ALLOWED),
    ("C24", "K", "POST", "/rooms/limited", from_origin(APP), 413, ALLOWED),
    ("C25", "K", "GET", "/rooms/broken", from_origin(APP), 500, ALLOWED),
    ("C26", "K", "GET", "/rooms/moved", from_origin(APP), 303, ALLOWED),
    ("C27", "K", "GET", "/rooms/tagged", from_origin(APP, **{"If-None-Match": '"v1"'}), 304, ALLOWED),
    ("C28", "K", "GET", "/rooms/lines", from_origin(APP), 200, ALLOWED),
    ("HEAD", "K", "HEAD", ROOMS, from_origin(APP), 200, ALLOWED),
    ("C38-refused", "layered", "GET", "/in/rooms", from_origin("https://evil.example"), 200, VARY),
    ("C38-allowed", "layered", "GET", "/in/rooms", from_origin(APP), 200, ALLOWED),
    ("C38-outside", "layered", "GET", ROOMS, from_origin(APP), 200, {"Access-Control-Allow-Origin": "*"}),
    ("C39-simple", "mixed", "PUT", "/mixed", from_origin(APP), 200, ALLOWED),
    ("C39-simple-other", "mixed", "GET", "/mixed", from_origin(APP), 200, VARY),
    ("C40", "K", "GET", "/rooms/varied", {}, 200, {"Vary": "Accept, Origin"}),
    ("C40-allowed", "K", "GET", "/rooms/varied", from_origin(APP), 200, ALLOWED | {"Vary": "Accept, Origin"}),
    ("C40-star", "K", "GET", "/rooms/varied/*", from_origin(APP), 200, ALLOWED | {"Vary": "*"}),
    ("C40-known", "K", "GET", "/rooms/varied/ORIGIN", {}, 200, {"Vary": "ORIGIN"}),
    ("C40-head", "K", "GET", "/rooms/by-head", from_origin(APP), 200, ALLOWED | {"Vary": "Accept, Origin"}),
    ("expose-all", "exposing", "GET", ROOMS, {}, 200, OPEN | {"Access-Control-Expose-Headers": "*"}),
]
MORE = {"Access-Control-Request-Headers": "x-a,content-type"}
FOREIGN = ASKED | {"Origin": "https://evil.example"}
NO_CREDENTIALS = {name: value for name, value in PREFLIGHT.items() if not name.endswith("Credentials")}
PLAIN = {
    "Access-Control-Allow-Origin": APP,
    "Access-Control-Allow-Methods": "GET, HEAD, PUT",
    "Access-Control-Allow-Headers": HEADERS,
    **VARY_OF_PREFLIGHTS,
}
STANDARD = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"
PREFLIGHTS = [
    ("C29", "K", ROOMS, ASKED | MORE, 204, PREFLIGHT),
    ("C29-pattern", "K", ROOMS, ASKED | {"Origin": "https://a.app.example"}, 204, PREFLIGHT | {
        "Access-Control-Allow-Origin": "https://a.app.example"
    }),
    ("C30-method", "K", ROOMS, ASKED | {"Access-Control-Request-Method": "DELETE"}, 204, PREFLIGHT),
    ("C30-header", "K", ROOMS, ASKED | {"Access-Control-Request-Headers": "x-evil"}, 204, PREFLIGHT),
    ("C31", "K", ROOMS, FOREIGN, 403, VARY_OF_PREFLIGHTS),
    ("C32", "K", "/nowhere", ASKED, 204, PREFLIGHT),
    ("C32-foreign", "K", "/nowhere", FOREIGN, 403, VARY_OF_PREFLIGHTS),
    ("C33", "K", "/rooms/guarded", ASKED, 204, PREFLIGHT),
    ("C33-app", "guarded", ROOMS, ASKED, 204, PREFLIGHT),
    ("C34", "K", ROOMS, from_origin(APP), 204, ALLOWED | ALLOW | VARY_OF_PREFLIGHTS),
    ("C34-own", "K", "/rooms/own", from_origin(APP), 200, ALLOWED | VARY_OF_PREFLIGHTS),
    ("C35", "K", ROOMS, {"Access-Control-Request-Method": "PUT"}, 204, ALLOW | VARY_OF_PREFLIGHTS),
    ("C36", "K", "/rooms/own", ASKED, 204, PREFLIGHT),
    ("C37", "K", ROOMS, ASKED | {"Access-Control-Request-Private-Network": "true"}, 204, PREFLIGHT),
    ("C38-refused", "layered", "/in/rooms", FOREIGN, 403, VARY_OF_PREFLIGHTS),
    ("C38-allowed", "layered", "/in/rooms", ASKED, 204, PREFLIGHT),
    ("C39-named", "mixed", "/mixed", ASKED, 204, PREFLIGHT),
    ("C39-foreign", "mixed", "/mixed", ASKED | {"Access-Control-Request-Method": "GET"}, 403, VARY_OF_PREFLIGHTS),
    ("C39-head", "mixed", "/mixed", ASKED | {"Access-Control-Request-Method": "HEAD"}, 403, VARY_OF_PREFLIGHTS),
    ("C39-none", "mixed", "/mixed", ASKED | {"Access-Control-Request-Method": "PATCH"}, 204, {
        "Allow": "GET, HEAD, OPTIONS, PUT", **VARY_OF_PREFLIGHTS
    }),
    ("C41", "any headers", ROOMS, ASKED | {"Access-Control-Request-Headers": "authorization, x-q"}, 204, PLAIN | {
        "Access-Control-Allow-Headers": "authorization, x-q", "Access-Control-Max-Age": "0"
    }),
    ("C41-foul", "any headers", ROOMS, ASKED | {"Access-Control-Request-Headers": "x-q, x-q,, a b"}, 204, PLAIN | {
        "Access-Control-Allow-Headers": "x-q", "Access-Control-Max-Age": "0"
    }),
    ("C42", "any headers", ROOMS, ASKED, 204, {
        **{name: value for name, value in PLAIN.items() if name != "Access-Control-Allow-Headers"},
        "Access-Control-Max-Age": "0",
    }),
    ("C43", "plain", ROOMS, ASKED, 204, PLAIN),
    ("C44", "plain", "/nowhere", ASKED, 204, PLAIN | {"Access-Control-Allow-Methods": STANDARD}),
    ("C44-other-path", "plain", "/rooms/lines", ASKED, 204, PLAIN | {"Access-Control-Allow-Methods": "GET, HEAD"}),
    ("open", "open", ROOMS, ASKED, 204, PLAIN | {
        "Access-Control-Allow-Origin": "*", "Access-Control-Max-Age": "600"
    }),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "method", "target", "headers", "status", "expected"),
    [pytest.param(*row, id=number) for number, *row in SIMPLE],
)
async def test_a_response(
    serve: Serve, name: str, method: str, target: str, headers: dict[str, str], status: int, expected: dict[str, str]
) -> None:
    """What the page of an allowed origin may read is said on every response, and nothing to anybody else."""
    answer = await send(await serve(APPS[name]), method, target, headers)

    assert (answer.status, seen(answer)) == (status, expected)


@pytest.mark.parametrize(
    ("name", "target", "headers", "status", "expected"), [pytest.param(*row, id=number) for number, *row in PREFLIGHTS]
)
async def test_options(
    serve: Serve, name: str, target: str, headers: dict[str, str], status: int, expected: dict[str, str]
) -> None:
    """The response to a preflight comes from the policy of the method that it asks about."""
    answer = await send(await serve(APPS[name]), "OPTIONS", target, headers)

    assert (answer.status, seen(answer)) == (status, expected)
    if status == 403:
        assert answer.problem == problem(403, target)
    elif status == 204:
        assert answer.body == b""


async def test_two_origins(serve: Serve) -> None:
    """Two Origin fields are as none, in a preflight, too (C17)."""
    server = await serve(APPS["K"])

    answer = await send(server, "GET", ROOMS, from_origin(APP), b"Origin: https://evil.example")
    preflight = await send(server, "OPTIONS", ROOMS, ASKED, b"Origin: https://evil.example")

    assert (answer.status, seen(answer)) == (200, VARY)
    assert (preflight.status, seen(preflight)) == (204, ALLOW | VARY_OF_PREFLIGHTS)


async def test_nobody_counts_preflights(serve: Serve) -> None:
    """Limits stand inside of the policy, and see no preflight (C33)."""
    limit = Limit()
    server = await serve(app_of(Rooms, middlewares=[K, limit]))

    for target in (ROOMS, "/rooms/guarded", "/rooms/own", "/nowhere"):
        assert (await send(server, "OPTIONS", target, ASKED)).status == 204
    assert limit.seen == 0
    await send(server, "OPTIONS", ROOMS, from_origin(APP))
    await send(server, "GET", ROOMS, from_origin(APP))
    assert limit.seen == 2


async def test_the_page_reads_errors(serve: Serve) -> None:
    """The bodies of errors are what they are without a policy (C19, C21)."""
    server = await serve(APPS["K"])

    unknown = await send(server, "GET", "/nowhere", from_origin(APP))
    wrong = await send(server, "GET", "/rooms?number=x", from_origin(APP))

    assert unknown.problem == problem(404, "/nowhere")
    error = {"location": "query", "pointer": "/number", "code": "type", "detail": "Expected `int`, got `str`"}
    assert wrong.problem["errors"][0]["pointer"] == error["pointer"]
    assert wrong.problem == invalid("/rooms", *wrong.problem["errors"])


async def test_many_origins_of_a_pattern(serve: Serve) -> None:
    """More origins than are remembered are allowed all the same."""
    server = await serve(APPS["K"])
    async with connect(server) as connection:
        for number in range(300):
            origin = f"https://a{number}.app.example"
            answer = await connection.exchange(make_request("GET", ROOMS, headers=from_origin(origin)))
            assert seen(answer) == allowed(origin)


async def test_two_apps_share_a_policy(serve: Serve) -> None:
    """A policy is a value: the same one may be given to several apps and routes."""
    for prefix in ("/a", "/b"):
        server = await serve(app_of(Router(prefix, [Rooms]), middlewares=[K]))
        answer = await send(server, "GET", f"{prefix}/rooms", from_origin(APP))
        assert (answer.status, seen(answer)) == (200, ALLOWED)


async def test_on_a_router(serve: Serve) -> None:
    """The policy of a router holds below it, and nowhere else; unknown paths have none."""
    server = await serve(app_of(Router("/in", [Rooms], middlewares=[K]), Rooms))

    inside = await send(server, "GET", "/in/rooms", from_origin(APP))
    preflight = await send(server, "OPTIONS", "/in/rooms", ASKED)
    outside = await send(server, "GET", ROOMS, from_origin(APP))
    asked_outside = await send(server, "OPTIONS", ROOMS, ASKED)
    unknown = await send(server, "OPTIONS", "/in/nowhere", ASKED)

    assert seen(inside) == ALLOWED
    assert (preflight.status, seen(preflight)) == (204, PREFLIGHT)
    assert seen(outside) == {}
    assert (asked_outside.status, seen(asked_outside)) == (204, ALLOW)
    assert (unknown.status, seen(unknown)) == (404, {})


def test_the_document() -> None:
    """Every response of a covered route says which headers it has."""
    app = App([Rooms], middlewares=[K])
    responses = app.document()["paths"]["/rooms"]["get"]["responses"]

    described = {name: one["description"] for name, one in responses["200"]["headers"].items()}
    assert described == {
        "Access-Control-Allow-Origin": "The origin whose pages may read the response",
        "Access-Control-Allow-Credentials": "Whether they may read it if the request was sent with credentials",
        "Access-Control-Expose-Headers": "The headers that they may read beside the safelisted ones",
    }
    assert set(responses["422"]["headers"]) == set(described)
    open_app = App([Rooms], middlewares=[CORS(origins=("*",))])
    headers = open_app.document()["paths"]["/rooms"]["get"]["responses"]["200"]["headers"]
    assert set(headers) == {"Access-Control-Allow-Origin"}


EXAMPLE = "  Hint: write it as 'https://app.example'."
WRONG: list[tuple[str, CORS, str, str]] = [
    (
        "C45",
        CORS(origins=("*",), credentials=True),
        'CORS(origins=("*",), credentials=True) would let every page act as the user',
        "name the origins, or drop credentials=True",
    ),
    (
        "C45-null",
        CORS(origins=(APP, "null"), credentials=True),
        'CORS(origins=("null",), credentials=True) would let every page in a sandbox act as the user',
        "name the origins, or drop credentials=True",
    ),
    (
        "C46",
        CORS(origins=(APP,), expose="*", credentials=True),
        'CORS(expose="*", credentials=True) exposes a header named *',
        "name the headers",
    ),
    *(
        (
            f"C47-{origin}",
            CORS(origins=(origin,)),
            f"CORS(origins=…): {origin!r} {why}, and no browser sends it",
            f"write it as {right!r}",
        )
        for origin, why, right in (
            ("app.example", "has no scheme", APP),
            ("", "has no scheme", APP),
            ("https://app.example/page", "has more than scheme, host and port", APP),
            ("https://app.example?page", "has more than scheme, host and port", APP),
            ("https://app.example/", "ends with a slash", APP),
            ("https://app.example:443", "names the default port of its scheme", APP),
            ("http://app.example:80", "names the default port of its scheme", "http://app.example"),
            ("https://App.Example", "has upper-case letters", APP),
            ("HTTPS://app.example", "has upper-case letters", APP),
            ("https://*", "allows every host", "https://*.app.example"),
            ("https://*.*", "allows every host", "https://*.app.example"),
            ("https://a.*.x", "has a * that is not the first label of its host", "https://*.app.example"),
            ("https://*app.example", "has a * that is not the first label of its host", "https://*.app.example"),
            ("https://app.example:*", "has a port that is not a number from 1 to 65535", APP),
            ("https://app.example:08443", "has a port that is not a number from 1 to 65535", APP),
            ("https://app.example:65536", "has a port that is not a number from 1 to 65535", APP),
            ("https://", "has a host that cannot be", APP),
            ("https://bücher.example", "has a host that cannot be", APP),
            ("https://user@app.example", "has a host that cannot be", APP),
        )
    ),
    (
        "C47-text",
        CORS(origins=APP),
        f"CORS(origins={APP!r}) does not list origins",
        'write it as origins=("https://app.example",)',
    ),
    (
        "C47-none",
        CORS(origins=()),
        "CORS(origins=()) does not list origins",
        'write it as origins=("https://app.example",)',
    ),
    (
        "C47-beside",
        CORS(origins=("*", APP)),
        f"CORS(origins=('*', {APP!r})) names others beside *",
        'write it as origins=("*",), or drop the *',
    ),
    (
        "C48",
        CORS(origins=(APP,), max_age=-1),
        "CORS(max_age=-1) is not a number of seconds",
        "write it as max_age=600, or max_age=0",
    ),
    (
        "C49-method",
        CORS(origins=(APP,), methods=("GET", "P T")),
        "CORS(methods=…): 'P T' is not a name (RFC 9110, section 5.6.2)",
        'write it as methods=("GET", "PUT")',
    ),
    (
        "C49-case",
        CORS(origins=(APP,), methods=("put",)),
        "CORS(methods=…): 'put' is another method than 'PUT'",
        "write it as 'PUT'",
    ),
    (
        "C49-methods",
        CORS(origins=(APP,), methods="PUT"),
        "CORS(methods='PUT') is not a sequence of names",
        'write it as methods=("GET", "PUT")',
    ),
    (
        "C49-any-method",
        CORS(origins=(APP,), methods=("*",)),
        "CORS(methods=…): * stands for itself among names",
        "leave methods= out for those of the path",
    ),
    (
        "C49-header",
        CORS(origins=(APP,), headers=("X A",)),
        "CORS(headers=…): 'X A' is not a name (RFC 9110, section 5.6.2)",
        'write it as headers=("X-Requested-With",)',
    ),
    (
        "C49-any-header",
        CORS(origins=(APP,), headers=("*",)),
        "CORS(headers=…): * stands for itself among names",
        'write it as headers="*"',
    ),
    (
        "C49-expose",
        CORS(origins=(APP,), expose=("X-A:",)),
        "CORS(expose=…): 'X-A:' is not a name (RFC 9110, section 5.6.2)",
        'write it as expose=("X-Total-Count",)',
    ),
    (
        "credentials",
        CORS(origins=(APP,), credentials="yes"),  # type: ignore[arg-type]  # what is tested
        "CORS(credentials='yes') is not True or False",
        "write it as credentials=True",
    ),
]


@pytest.mark.parametrize(("policy", "what", "hint"), [pytest.param(*row, id=number) for number, *row in WRONG])
def test_a_wrong_policy(policy: CORS, what: str, hint: str) -> None:
    """Options that no browser understands, or that would let everybody in, are reported when the app is built."""

    class Place(Controller):
        middlewares = (policy,)

        @get("/place")
        async def show(self) -> str:
            return ""

    where = f"Place ({place(Place)})"
    assert mistakes(Place) == [(InvalidOptionError, f"{where}: {what}.\n  Hint: {hint}.")]


@pytest.mark.parametrize(
    "origin",
    [
        "http://localhost:3000",
        "http://127.0.0.1:8080",
        "http://[::1]:3000",
        "https://*.localhost:3000",
        "https://xn--bcher-kva.example",
        "https://my_host.example",
        "chrome-extension://abcdefghijklmnop",
        "null",
    ],
)
async def test_a_right_origin(serve: Serve, origin: str) -> None:
    """Whatever a browser may send can be allowed, and is allowed then."""
    server = await serve(app_of(Rooms, middlewares=[CORS(origins=(origin,))]))
    sent = origin.replace("*", "a.b")

    answer = await send(server, "GET", ROOMS, from_origin(sent))

    assert seen(answer) == {"Access-Control-Allow-Origin": sent, **VARY}


def test_the_order() -> None:
    """A policy inside of a limit could not let a page read its refusals; one that replaces another may stand there."""
    (found,) = mistakes(Rooms, middlewares=[Limit(), K])
    assert found[0] is LayerOrderError

    app_of(Inner, middlewares=[CORS(origins=("*",)), Limit()]).build()


@pytest.mark.parametrize("name", ["K", "open"])
async def test_explained(name: str, serve: Serve) -> None:
    """The policy stands among what happens to a route."""
    app = APPS[name]
    await serve(app)

    assert "CORS" in app.explain("GET", "/rooms").partition("async def")[0]


def test_types_are_checked() -> None:
    """Every option has a name; nothing is positional."""
    wrong: Any = CORS
    with pytest.raises(
        InvalidOptionError, match=r"CORS \(.*\): too many positional arguments\.\n  Hint: write CORS\(o"
    ):
        wrong((APP,))

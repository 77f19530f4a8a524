"""SecurityHeaders: careful browsers on every response, and what the handler says stays."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from framework import App, Controller, Request, Response, get
from framework.layers import Layer, Steps, set_client
from framework.middleware import SecurityHeaders, csp_nonce
from framework.routing import RouteInfo
from framework.typedefs import CallNext
from tests.http.raw import Answer, ask
from tests.http.shapes import Serve, app_of, logged, problem

USUAL = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
CSP = "Content-Security-Policy"
HSTS = "Strict-Transport-Security"


class Pages(Controller):
    """Responds with values and pages."""

    @get("/json")
    async def json(self) -> dict[str, int]:
        """Respond with JSON."""
        return {"a": 1}

    @get("/lost")
    async def lost(self) -> str:
        """Fail."""
        raise KeyError

    @get("/page", media_type="text/html")
    async def page(self, request: Request) -> str:
        """Respond with a page that has a nonce, twice the same."""
        return f"{csp_nonce(request)} {csp_nonce(request)}"

    @get("/own")
    async def own(self, request: Request) -> Response[str]:
        """Have headers of its own."""
        return Response(csp_nonce(request), headers={CSP: "default-src *", "x-frame-options": "SAMEORIGIN"})

    @get("/late")
    async def late(self, request: Request) -> AsyncIterator[str]:
        """Ask for the nonce while the response is sent."""
        yield "begin"
        try:
            csp_nonce(request)
        except RuntimeError as error:
            yield str(error)


class Secure(Layer):
    """Says that the request came over HTTPS."""

    def compile(self, _: RouteInfo | None) -> Steps:
        """Return what changes the request."""

        def before(request: web.Request) -> None:
            set_client(request, scheme="https")

        return Steps(before=before)


def added(answer: Answer) -> dict[str, str]:
    """Return the headers of a response, but for those of any response."""
    usual = {"content-type", "content-length", "date", "vary", "allow", "server"}
    names = [name for name in answer.headers if name.lower() not in usual]
    assert len(names) == len({name.lower() for name in names})
    return {name: answer.headers[name] for name in names}


@pytest.mark.both_loops
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/json", 200),
        ("HEAD", "/json", 200),
        ("GET", "/lost", 500),
        ("GET", "/nowhere", 404),
        ("PUT", "/json", 405),
        ("OPTIONS", "/json", 204),
    ],
)
async def test_every_response_has_them(serve: Serve, method: str, path: str, status: int) -> None:
    """Without options they are those of an API, and nothing names the server."""
    server = await serve(app_of(Pages, middlewares=[SecurityHeaders()]))
    answer = await ask(server, method, path)
    assert (answer.status, added(answer)) == (status, USUAL)
    assert "Server" not in answer.headers
    assert "X-Powered-By" not in answer.headers


async def test_the_handlers_own_values_stay(serve: Serve) -> None:
    """Once each, whatever the case of their names."""
    server = await serve(app_of(Pages, middlewares=[SecurityHeaders(csp={"script-src": "'nonce'"})]))
    answer = await ask(server, "GET", "/own")
    assert (answer.headers.getall(CSP), answer.headers.getall("X-Frame-Options")) == (["default-src *"], ["SAMEORIGIN"])


async def test_every_option(serve: Serve) -> None:
    """Each is a header, and None is none."""
    everything = SecurityHeaders(
        csp={"default-src": "'self'  data:", "upgrade-insecure-requests": (), "sandbox": ()},
        report_only=True,
        nosniff=False,
        frame_options="SAMEORIGIN",
        referrer_policy="no-referrer",
        opener_policy="same-origin-allow-popups",
        resource_policy="same-site",
        embedder_policy="credentialless",
        permissions_policy="camera=(), geolocation=()",
    )
    assert added(await ask(await serve(app_of(Pages, middlewares=[everything])), "GET", "/json")) == {
        "Content-Security-Policy-Report-Only": "default-src 'self' data:; upgrade-insecure-requests; sandbox",
        "X-Frame-Options": "SAMEORIGIN",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin-allow-popups",
        "Cross-Origin-Resource-Policy": "same-site",
        "Cross-Origin-Embedder-Policy": "credentialless",
        "Permissions-Policy": "camera=(), geolocation=()",
    }
    nothing = SecurityHeaders(csp=None, nosniff=False, frame_options=None, referrer_policy=None, opener_policy=None)
    assert added(await ask(await serve(app_of(Pages, middlewares=[nothing])), "GET", "/json")) == {}


POLICY = {"script-src": ("'nonce'", "'strict-dynamic'"), "style-src": "'nonce'", "base-uri": ("'none'",)}


@pytest.mark.both_loops
@pytest.mark.parametrize("report_only", [True, False])
async def test_a_nonce_for_each_request(serve: Serve, *, report_only: bool) -> None:
    """It is the same in the header and the page, and another for the next request."""
    server = await serve(app_of(Pages, middlewares=[SecurityHeaders(csp=POLICY, report_only=report_only)]))
    name = f"{CSP}-Report-Only" if report_only else CSP
    found: set[str] = set()
    for _ in range(2):
        answer = await ask(server, "GET", "/page")
        nonce, again = answer.body.decode().split()
        assert nonce == again
        assert len(nonce) == 22  # 128 bits in base64
        assert answer.headers.getall(name) == [
            f"script-src 'nonce-{nonce}' 'strict-dynamic'; style-src 'nonce-{nonce}'; base-uri 'none'"
        ]
        assert (CSP in answer.headers) is not report_only
        found.add(nonce)
    assert len(found) == 2


async def test_a_response_without_a_nonce_allows_none(serve: Serve) -> None:
    """Nobody has asked for one, so the policy is constant and without it."""
    server = await serve(app_of(Pages, middlewares=[SecurityHeaders(csp=POLICY)]))
    for path in ("/json", "/nowhere"):
        value = (await ask(server, "GET", path)).headers[CSP]
        assert value == "script-src 'strict-dynamic'; style-src 'none'; base-uri 'none'"


async def test_a_nonce_that_comes_too_late(serve: Serve) -> None:
    """It would be in no header."""
    server = await serve(app_of(Pages, middlewares=[SecurityHeaders(csp=POLICY)]))
    body = (await ask(server, "GET", "/late")).body
    assert body == b"begincsp_nonce(request) is called when the headers of the response are decided already"


async def test_a_nonce_for_an_error_page(serve: Serve) -> None:
    """An exception handler may ask for it."""

    async def show(request: Request, _: KeyError) -> Response[str]:
        return Response(csp_nonce(request), status=500)

    layer = SecurityHeaders(csp={"script-src": "'nonce'"})
    answer = await ask(
        await serve(app_of(Pages, middlewares=[layer], exception_handlers={KeyError: show})), "GET", "/lost"
    )
    assert answer.headers.getall(CSP) == [f"script-src 'nonce-{answer.body.decode()}'"]


@pytest.mark.parametrize(
    ("options", "value"),
    [
        ({}, "max-age=31536000; includeSubDomains"),
        ({"hsts_subdomains": False}, "max-age=31536000"),
        ({"hsts_preload": True}, "max-age=31536000; includeSubDomains; preload"),
        ({"hsts": 0}, "max-age=0; includeSubDomains"),
    ],
)
async def test_strict_transport_security(serve: Serve, options: dict[str, Any], value: str) -> None:
    """Over HTTPS on every response, over HTTP on none (RFC 6797, section 7.2)."""
    layer = SecurityHeaders(**{"hsts": 31_536_000, **options})
    over_tls = await serve(app_of(Pages, middlewares=[Secure(), layer]))
    plain = await serve(app_of(Pages, middlewares=[layer]))
    for path in ("/json", "/lost", "/nowhere"):
        assert (await ask(over_tls, "GET", path)).headers.getall(HSTS) == [value]
        assert HSTS not in (await ask(plain, "GET", path)).headers


async def test_the_nearest_policy_counts(serve: Serve) -> None:
    """Pages have another one than the rest of the app."""

    class Inner(Controller):
        path = "/inner"
        middlewares = (SecurityHeaders(csp={"default-src": "'self'"}, frame_options=None),)

        @get()
        async def index(self) -> str:
            return ""

    server = await serve(app_of(Pages, Inner, middlewares=[SecurityHeaders()]))
    answer = await ask(server, "GET", "/inner")
    assert (answer.headers[CSP], "X-Frame-Options" in answer.headers) == ("default-src 'self'", False)
    assert (await ask(server, "GET", "/json")).headers[CSP] == USUAL[CSP]


async def test_the_page_of_the_document_keeps_its_policy(serve: Serve) -> None:
    """Swagger UI has a policy that lets it load what it needs."""
    plain = await ask(await serve(App([Pages])), "GET", "/docs")
    covered = await ask(await serve(App([Pages], middlewares=[SecurityHeaders()])), "GET", "/docs")
    assert plain.status == covered.status == 200
    assert covered.headers.getall(CSP)[0].partition("nonce")[0] == plain.headers[CSP].partition("nonce")[0]
    assert len(covered.headers.getall(CSP)) == 1


async def test_a_middleware_of_ones_own_asks_too_late(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """Outside of SecurityHeaders the header is decided: the error says so."""

    async def ask_late(request: Request, call_next: CallNext) -> web.StreamResponse:
        response = await call_next(request)
        csp_nonce(request)
        return response

    server = await serve(app_of(Pages, middlewares=[ask_late, SecurityHeaders(csp=POLICY)]))
    assert (await ask(server, "GET", "/json")).problem == problem(500, "/json")
    assert logged(caplog) == ["GET /json failed"]

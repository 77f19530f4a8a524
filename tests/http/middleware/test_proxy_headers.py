"""ProxyHeaders: the rows P1 to P22 of its specification, and row 61 of the bad inputs."""

import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any
from unittest.mock import Mock

import pytest
from aiohttp import ClientSession, UnixConnector, web
from aiohttp.test_utils import make_mocked_request

from framework import App, Container, Controller, Inject, OpenAPI, Request, Router, get
from framework.http_errors import Conflict
from framework.layers import Layer
from framework.middleware import HTTPSRedirect, ProxyHeaders, TrustedHosts, forwarded
from framework.middleware.networks import Address, read_node
from framework.typedefs import CallNext
from tests.http.raw import ask, connect
from tests.http.shapes import Serve, app_of, problem
from tests.startup.expected import told

HERE = "127.0.0.1"
"""The peer of all requests over the socket, and a proxy unless a test says otherwise."""
TRUSTED = (HERE, "10.0.0.0/8")
NAMES = {"XFF": "X-Forwarded-For", "XFP": "X-Forwarded-Proto", "XFH": "X-Forwarded-Host", "P": "X-Forwarded-Prefix"}


class Mirror(Controller):
    """Responds with what a request says of its client."""

    @get("/client")
    async def client(self, request: Request) -> dict[str, Any]:
        """Return it."""
        return {"remote": request.remote, "scheme": request.scheme, "host": request.host, "url": str(request.url)}

    @get("/taken")
    async def taken(self) -> None:
        """Refuse."""
        raise Conflict


def app_with(piece: ProxyHeaders, *more: Any) -> App:
    """Return an app that believes the proxies of a piece."""
    return app_of(Mirror, middlewares=[piece, *more])


def request_of(*fields: tuple[str, str]) -> bytes:
    """Return the bytes of a request with header fields in their order, a name twice if need be."""
    lines = [f"{NAMES.get(name, name)}: {value}" for name, value in fields]
    return "\r\n".join(["GET /client HTTP/1.1", "Host: inner", *lines, "", ""]).encode()


async def seen(serve: Serve, piece: ProxyHeaders, *fields: tuple[str, str]) -> tuple[str, str, str]:
    """Return remote, scheme and host of a request with header fields."""
    async with connect(await serve(app_with(piece))) as connection:
        found = (await connection.exchange(request_of(*fields))).json
    assert found["url"] == f"{found['scheme']}://{found['host']}/client"
    return found["remote"], found["scheme"], found["host"]


_X_ROWS: list[Any] = [
    pytest.param([("XFF", "1.1.1.1, 203.0.113.9")], "203.0.113.9", "http", id="P2"),
    pytest.param([("XFF", "1.1.1.1, 203.0.113.9, 10.0.0.7")], "203.0.113.9", "http", id="P3"),
    pytest.param([("XFF", "10.0.0.3, 10.0.0.4")], "10.0.0.3", "http", id="P4"),
    pytest.param([("XFF", "1.1.1.1"), ("XFF", "203.0.113.9"), ("XFF", "10.0.0.7")], "203.0.113.9", "http", id="P5"),
    pytest.param([("XFF", "203.0.113.9, garbage, 10.0.0.7")], "10.0.0.7", "http", id="P6"),
    pytest.param([("XFF", "")], HERE, "http", id="P7-empty"),
    pytest.param([("XFF", "unknown")], HERE, "http", id="P7-unknown"),
    pytest.param([("XFF", "999.1.1.1")], HERE, "http", id="P7-range"),
    pytest.param([], HERE, "http", id="P7-none"),
    pytest.param([("XFF", "203.0.113.9:4711")], "203.0.113.9", "http", id="P8-port"),
    pytest.param([("XFF", "[2001:db8::1]:443")], "2001:db8::1", "http", id="P8-brackets"),
    pytest.param([("XFF", "2001:DB8:0::1")], "2001:db8::1", "http", id="P8-bare"),
    pytest.param([("XFF", "203.0.113.9, ::ffff:10.0.0.7")], "203.0.113.9", "http", id="P9"),
    pytest.param([("XFF", "::ffff:203.0.113.9")], "203.0.113.9", "http", id="P9-client"),
    pytest.param([("XFP", "https")], HERE, "https", id="P10"),
    pytest.param([("XFP", "HTTPS")], HERE, "https", id="P10-case"),
    pytest.param([("XFP", "wss")], HERE, "https", id="P10-socket"),
    pytest.param(
        [("XFF", "203.0.113.9, 10.0.0.7"), ("XFP", "https, http")], "203.0.113.9", "https", id="P11-equal-lengths"
    ),
    pytest.param(
        [("XFF", "1.1.1.1, 203.0.113.9, 10.0.0.7"), ("XFP", "http, https, http")], "203.0.113.9", "https", id="P11-lie"
    ),
    pytest.param(
        [("XFF", "1.1.1.1, 203.0.113.9"), ("XFP", "https, http")], "203.0.113.9", "http", id="P11-lie-downgraded"
    ),
    pytest.param([("XFF", "203.0.113.9"), ("XFP", "http, https")], "203.0.113.9", "https", id="P11-right-most"),
    pytest.param([("XFP", "http"), ("XFP", "https")], HERE, "https", id="P11-two-fields"),
    pytest.param([("XFP", "javascript")], HERE, "http", id="P12"),
    pytest.param([("XFP", "")], HERE, "http", id="P12-empty"),
    pytest.param([("XFP", "https"), ("Forwarded", "for=1.2.3.4;host=evil;proto=http")], HERE, "https", id="P13"),
    pytest.param([("XFF", "203.0.113.9"), ("XFH", "evil"), ("P", "/evil")], "203.0.113.9", "http", id="P13-others"),
]


@pytest.mark.both_loops
@pytest.mark.parametrize(("fields", "remote", "scheme"), _X_ROWS)
async def test_x_forwarded_for_and_proto(
    serve: Serve, fields: Sequence[tuple[str, str]], remote: str, scheme: str
) -> None:
    """Read by default, and nothing else is."""
    assert await seen(serve, ProxyHeaders(trusted=TRUSTED), *fields) == (remote, scheme, "inner")


@pytest.mark.both_loops
async def test_p1_a_peer_that_is_not_a_proxy_is_not_believed(serve: Serve) -> None:
    """Whatever headers are read from proxies (bad input 61)."""
    lies = [("XFF", "1.2.3.4"), ("XFP", "https"), ("XFH", "evil"), ("P", "/evil"), ("Forwarded", "for=1.2.3.4")]
    for headers in (tuple(NAMES.values()), ("Forwarded",)):
        piece = ProxyHeaders(trusted=("10.0.0.0/8",), headers=headers)
        assert await seen(serve, piece, *lies) == (HERE, "http", "inner")


_FORWARDED_ROWS: list[Any] = [
    pytest.param('for="[2001:db8::17]:4711";proto=https', "2001:db8::17", "https", id="P14"),
    pytest.param("for=1.1.1.1, For=203.0.113.9;Proto=https, for=10.0.0.7", "203.0.113.9", "https", id="P15"),
    pytest.param("for=203.0.113.9, for=10.0.0.7;proto=https", "203.0.113.9", "http", id="P15-other-hop"),
    pytest.param(r'for="a\"b;c,d", for=10.0.0.7', "10.0.0.7", "http", id="P16-quoted"),
    pytest.param("for=203.0.113.9, for=_hidden", HERE, "http", id="P16-hidden"),
    pytest.param("for=unknown;proto=https", HERE, "https", id="P16-unknown"),
    pytest.param("proto=https", HERE, "https", id="P16-absent"),
    pytest.param("for=2001:db8::1;proto=https", HERE, "http", id="P17-unquoted"),
    pytest.param("for = 1.1.1.1;proto=https", HERE, "http", id="P17-space"),
    pytest.param('for="1.1.1.1;proto=https', HERE, "http", id="P17-quote"),
    pytest.param("for=1.1.1.1;for=2.2.2.2;proto=https", HERE, "http", id="P17-twice"),
    pytest.param("for=203.0.113.9;proto=javascript", "203.0.113.9", "http", id="P12"),
]


@pytest.mark.parametrize(("field", "remote", "scheme"), _FORWARDED_ROWS)
async def test_forwarded_where_it_is_named(serve: Serve, field: str, remote: str, scheme: str) -> None:
    """RFC 7239; X-Forwarded headers, which a client may have sent, are not read then."""
    piece = ProxyHeaders(trusted=TRUSTED, headers=("forwarded",))
    lies = [("XFF", "1.2.3.4"), ("XFP", "https"), ("XFH", "evil")]
    assert await seen(serve, piece, ("Forwarded", field), *lies) == (remote, scheme, "inner")


async def test_forwarded_names_the_host(serve: Serve) -> None:
    """As the hop of the client had it; what is not a host is ignored."""
    piece = ProxyHeaders(trusted=TRUSTED, headers=("Forwarded",))
    two = "for=203.0.113.9;host=shop.example;proto=https, for=10.0.0.7;host=edge"
    assert await seen(serve, piece, ("Forwarded", two)) == ("203.0.113.9", "https", "shop.example")
    assert await seen(serve, piece, ("Forwarded", 'host="a@b"')) == (HERE, "http", "inner")


@pytest.mark.parametrize(
    ("fields", "host", "status"),
    [
        pytest.param(["evil.test, shop.example"], "inner", 200, id="P18"),
        pytest.param(["evil.test", "shop.example:8443"], "inner", 200, id="P18-fields"),
        pytest.param(["shop.example, evil.test"], "shop.example", 400, id="P18-evil"),
        pytest.param(["a@shop.example"], "inner", 400, id="P18-malformed"),
        pytest.param([], "shop.example", 200, id="P18-none"),
    ],
)
async def test_trusted_hosts_judges_the_forwarded_host(
    serve: Serve, fields: Sequence[str], host: str, status: int
) -> None:
    """It is what counts where the proxy's header is named; the proxy's own Host is not compared then."""
    piece = ProxyHeaders(trusted=TRUSTED, headers=("X-Forwarded-Host",))
    server = await serve(app_with(piece, TrustedHosts("shop.example")))
    sent = request_of(*(("XFH", one) for one in fields)).replace(b"Host: inner", f"Host: {host}".encode(), 1)
    async with connect(server) as connection:
        assert (await connection.exchange(sent)).status == status


class Links(Controller):
    """Responds with URLs of the app."""

    def __init__(self, app: Annotated[App, Inject("links")]) -> None:
        self._app = app

    @get("/links")
    async def links(self) -> str:
        """Return the URL of another handler."""
        return str(self._app.url_for(Mirror.client))


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        pytest.param("/api", "/api", id="P19"),
        pytest.param("/api/v1/", "/api/v1", id="P19-slash"),
        pytest.param("/evil, /api", "/api", id="P19-right-most"),
        pytest.param("//evil.test", "", id="P19-host"),
        pytest.param("/..", "", id="P19-dots"),
        pytest.param("api", "", id="P19-relative"),
        pytest.param("/a%2f", "", id="P19-escape"),
    ],
)
async def test_a_prefix_that_a_proxy_took_off(serve: Serve, prefix: str, expected: str) -> None:
    """URLs, problems and documents begin with it, for this request alone."""
    container = Container()
    piece = ProxyHeaders(trusted=TRUSTED, headers=("X-Forwarded-Prefix",))
    app = App([Mirror, Links], container=container, openapi=OpenAPI(), middlewares=[piece])
    container.add_instance(App, app, qualifier="links")
    server = await serve(app)
    sent = {"X-Forwarded-Prefix": prefix}

    assert (await ask(server, "GET", "/links", headers=sent)).body.decode() == f"{expected}/client"
    assert (await ask(server, "GET", "/taken", headers=sent)).problem == problem(409, f"{expected}/taken")
    assert (await ask(server, "GET", "/none", headers=sent)).problem == problem(404, f"{expected}/none")
    servers = (await ask(server, "GET", "/openapi.json", headers=sent)).json.get("servers")
    assert servers == ([{"url": expected}] if expected else None)
    assert (await ask(server, "GET", "/links")).body == b"/client"
    assert app.url_for(Mirror.client).path == "/client"


async def test_p20_a_long_chain_is_walked_for_32_hops(serve: Serve) -> None:
    """The rest, which the client may have sent, is not looked at."""
    hops = ", ".join(f"10.0.{number // 250}.{number % 250}" for number in range(500))
    piece = ProxyHeaders(trusted=TRUSTED)
    assert await seen(serve, piece, *[("XFF", hops)] * 4) == ("10.0.1.218", "http", "inner")


@pytest.mark.parametrize(
    ("headers", "fields"),
    [
        ((), [("XFF", ", ".join(["10.0.0.7"] * 500))] * 4),
        ((), [("XFF", ", ".join(f"10.0.{at}.7" for at in range(250)))] * 8),
        (("Forwarded",), [("Forwarded", ", ".join(["for=10.0.0.7"] * 500))] * 4),
    ],
    ids=["equal", "different", "Forwarded"],
)
async def test_p20_the_hops_of_a_long_chain_are_counted(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, headers: tuple[str, ...], fields: list[tuple[str, str]]
) -> None:
    """Of 2 000 hops in several fields, 32 are read as addresses: the work does not grow with the chain."""
    read: list[str] = []

    def counted(text: str) -> Address | None:
        read.append(text)
        return read_node(text)

    monkeypatch.setattr(forwarded, "read_node", counted)
    piece = ProxyHeaders(trusted=TRUSTED, headers=headers) if headers else ProxyHeaders(trusted=TRUSTED)
    remote, _, _ = await seen(serve, piece, *fields)
    assert sum(value.count(",") + 1 for _, value in fields) == 2_000
    assert len(read) == 32
    assert remote == read[-1].removeprefix("for=")


@pytest.mark.parametrize(
    ("peer", "family", "trusted", "believed"),
    [
        pytest.param(("10.0.0.1", 4711), socket.AF_INET, ("10.0.0.0/8",), True, id="P9-plain"),
        pytest.param(("::ffff:10.0.0.1", 4711, 0, 0), socket.AF_INET6, ("10.0.0.0/8",), True, id="P9-mapped"),
        pytest.param(("::ffff:11.0.0.1", 4711, 0, 0), socket.AF_INET6, ("10.0.0.0/8",), False, id="P9-mapped-other"),
        pytest.param(("2001:db8::1", 4711, 0, 0), socket.AF_INET6, ("2001:db8::/32",), True, id="IPv6"),
        pytest.param("", socket.AF_UNIX, ("10.0.0.0/8",), False, id="P22"),
        pytest.param("", socket.AF_UNIX, ("10.0.0.0/8", "unix"), True, id="P22-listed"),
        pytest.param("/run/client.sock", socket.AF_UNIX, ("unix",), True, id="P22-named"),
        pytest.param(("203.0.113.5", 4711), socket.AF_INET, ("unix",), False, id="P22-not-unix"),
        pytest.param(None, socket.AF_INET, ("10.0.0.0/8", "unix"), False, id="unknown"),
    ],
)
def test_who_is_a_proxy(
    peer: object, family: socket.AddressFamily, trusted: tuple[str, ...], *, believed: bool
) -> None:
    """By the address of the peer; an IPv4 address that is mapped into IPv6 is the IPv4 address."""
    known = {"peername": peer, "socket": Mock(family=family)}
    transport = Mock(get_extra_info=known.get)
    request = make_mocked_request("GET", "/", headers={"X-Forwarded-For": "203.0.113.9"}, transport=transport)
    steps = ProxyHeaders(trusted=trusted).compile(None)
    assert steps.before is not None
    assert steps.before(request) is None
    assert (request.remote == "203.0.113.9") is believed


async def test_p22_a_proxy_on_a_unix_socket(tmp_path: Path) -> None:
    """Over a real socket, on the framework's own protocol."""
    runner = web.AppRunner(app_with(ProxyHeaders(trusted=("unix",))).build())
    await runner.setup()
    try:
        await web.UnixSite(runner, str(tmp_path / "app.sock")).start()
        async with (
            ClientSession(connector=UnixConnector(str(tmp_path / "app.sock"))) as session,
            session.get("http://inner/client", headers={"X-Forwarded-For": "203.0.113.9"}) as response,
        ):
            assert (await response.json())["remote"] == "203.0.113.9"
    finally:
        await runner.cleanup()


async def test_what_proxies_report_survives_a_copy_of_the_request(serve: Serve) -> None:
    """A middleware further in may hand on a clone; what it changes itself counts."""

    async def copy(request: Request, call_next: CallNext) -> web.StreamResponse:
        return await call_next(request.clone(scheme="http") if "plain" in request.query else request.clone())

    server = await serve(app_with(ProxyHeaders(trusted=TRUSTED, headers=tuple(NAMES.values())), copy))
    sent = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "shop.example"}
    found = (await ask(server, "GET", "/client", headers=sent)).json
    assert (found["remote"], found["scheme"], found["host"]) == ("203.0.113.9", "https", "shop.example")
    assert (await ask(server, "GET", "/client?plain", headers=sent)).json["scheme"] == "http"


async def test_it_works_on_the_protocol_of_aiohttp(serve: Serve) -> None:
    """In an app that is mounted in an aiohttp application."""
    application = web.Application()
    pieces = (ProxyHeaders(trusted=TRUSTED), TrustedHosts("inner"), HTTPSRedirect())
    application.add_subapp("/sub", app_of(Mirror, middlewares=pieces).build())
    server = await serve(application)
    sent = {"Host": "inner", "X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}
    found = (await ask(server, "GET", "/sub/client", headers=sent)).json
    assert (found["remote"], found["scheme"]) == ("203.0.113.9", "https")
    plain = await ask(server, "GET", "/sub/client", headers={"Host": "inner"})
    assert (plain.status, plain.headers["Location"]) == (308, "https://inner/sub/client")
    assert (await ask(server, "GET", "/sub/client", headers={**sent, "Host": "evil"})).status == 400
    assert (await ask(server, "GET", "http://evil/sub/client", headers=sent)).status == 400


@pytest.mark.parametrize("level", ["app", "router", "controller", "route"])
async def test_it_stands_on_every_level(serve: Serve, level: str) -> None:
    """What it covers is what stands below; of several the innermost counts."""
    outer, inner = ProxyHeaders(trusted=("10.0.0.0/8",)), ProxyHeaders(trusted=TRUSTED)

    class Below(Controller):
        middlewares = (inner,) if level == "controller" else ()

        @get("/below", middlewares=(inner,) if level == "route" else ())
        async def below(self, request: Request) -> str:
            """Return the client."""
            return str(request.remote)

    router = Router("", controllers=[Below], middlewares=(inner,) if level == "router" else ())
    server = await serve(app_of(router, middlewares=[inner if level == "app" else outer]))
    answer = await ask(server, "GET", "/below", headers={"X-Forwarded-For": "203.0.113.9"})
    assert answer.body == b"203.0.113.9"


_NETWORK = 'write it as "10.0.0.0/8", "10.0.0.1" or "unix"'
_THEM = 'name the networks of the proxies: "10.0.0.0/8"'
_HEADERS = (
    "name those that the proxies set: "
    "X-Forwarded-For, X-Forwarded-Proto, X-Forwarded-Host, X-Forwarded-Prefix, Forwarded"
)


@pytest.mark.parametrize(
    ("options", "what", "hint"),
    [
        pytest.param(
            {"trusted": ()},
            "ProxyHeaders(trusted=()) names no networks",
            'write it as trusted=("10.0.0.0/8",), or leave the piece out',
            id="P21-none",
        ),
        pytest.param(
            {"trusted": "10.0.0.0/8"},
            "ProxyHeaders(trusted='10.0.0.0/8') names no networks",
            'write it as trusted=("10.0.0.0/8",), or leave the piece out',
            id="string",
        ),
        pytest.param(
            {"trusted": ("*",)},
            "ProxyHeaders(trusted=…): the network '*' would trust every client",
            _THEM,
            id="P21-star",
        ),
        pytest.param(
            {"trusted": ("0.0.0.0/0",)},
            "ProxyHeaders(trusted=…): the network '0.0.0.0/0' would trust every client",
            _THEM,
            id="P21-all",
        ),
        pytest.param(
            {"trusted": ("proxy.internal",)},
            "ProxyHeaders(trusted=…): the network 'proxy.internal' is neither an address nor a network",
            f"{_NETWORK}; names are not looked up",
            id="P21-name",
        ),
        pytest.param(
            {"trusted": ("10.0.0.1/8",)},
            "ProxyHeaders(trusted=…): the network '10.0.0.1/8' has bits set behind its prefix",
            'write it as "10.0.0.0/8", or as an address',
            id="P21-bits",
        ),
        pytest.param(
            {"trusted": ("::ffff:10.0.0.0/8",)},
            "ProxyHeaders(trusted=…): the network '::ffff:10.0.0.0/8' holds IPv4 addresses that are mapped into IPv6",
            "write IPv4 networks as such; mapped addresses are compared with them",
            id="P21-mapped",
        ),
        pytest.param(
            {"trusted": (7,)}, "ProxyHeaders(trusted=…): the network 7 is not a string", _NETWORK, id="P21-number"
        ),
        pytest.param(
            {"trusted": TRUSTED, "headers": ()}, "ProxyHeaders(headers=()) names no headers", _HEADERS, id="no-headers"
        ),
        pytest.param(
            {"trusted": TRUSTED, "headers": ("X-Real-IP",)},
            "ProxyHeaders(headers=…) has 'X-Real-IP', which is not read",
            _HEADERS,
            id="unknown-header",
        ),
        pytest.param(
            {"trusted": TRUSTED, "headers": ("Forwarded", "X-Forwarded-For")},
            "ProxyHeaders(headers=…) has Forwarded beside X-Forwarded headers that say the same",
            "name those alone that the proxies set; clients may send the others",
            id="both",
        ),
    ],
)
def test_wrong_options_are_reported(options: dict[str, Any], what: str, hint: str) -> None:
    """When the app is built."""
    ((_, text),) = told(app_with(ProxyHeaders(**options)))
    assert text.endswith(f": {what}.\n  Hint: {hint}.")


@pytest.mark.parametrize("outer", [TrustedHosts("a.example"), HTTPSRedirect()], ids=["O1", "O2"])
def test_it_stands_outside_of_what_reads_the_client(outer: Layer) -> None:
    """Any other order would show them the proxy's address, scheme or host."""
    ((_, text),) = told(app_of(Mirror, middlewares=[outer, ProxyHeaders(trusted=TRUSTED)]))
    name = type(outer).__name__
    assert text.endswith(
        f": the middleware ProxyHeaders is inside {name}.\n"
        f"  Hint: give them in this order, from the outside in: ProxyHeaders, {name}."
    )

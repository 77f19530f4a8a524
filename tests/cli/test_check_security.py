"""``framework check --security``: what an app leaves open, one line for each finding."""

import json
import re

import pytest

from framework.cli.security import CODES
from tests.cli.conftest import SHOP, Run, Write

HEAD = """\
from msgspec import Struct

from framework import App, Controller, OpenAPI, Router, get, post
from framework.middleware import (
    CORS, CSRF, ConcurrencyLimit, HTTPSRedirect, ProxyHeaders, RateLimit, SecurityHeaders, Session, Sessions,
    TrustedHosts,
)
from framework.security import APIKey, Basic, Bearer, public


class User:
    scopes = ()


async def verify(token: str) -> User | None:
    return None


async def verify_password(name: str, password: str) -> User | None:
    return None


class Cart(Struct):
    user: str | None = None


async def member(session: Session[Cart]) -> None:
    pass


SESSIONS = Sessions(Cart, secret="s" * 32)


class Orders(Controller):
    path = "/orders"

    @get()
    async def search(self) -> str:
        return ""

    @post()
    async def add(self) -> str:
        return ""


LAYERS = [TrustedHosts("shop.example"), HTTPSRedirect(), SecurityHeaders(), RateLimit("5/minute")]
"""


def test_an_app_without_any_protection(run: Run, write: Write) -> None:
    """Each finding is a line with its severity, its code and a hint; errors fail the command."""
    write("shop.py", SHOP)

    assert run("check", "--security", "shop:app") == (
        1,
        "error: no-default-guard: the app has no default_guard; routes that require nothing: GET /orders/{number}. "
        "Hint: with App(default_guard=...), only routes with @public are open.\n"
        "warning: open-document: the OpenAPI document is open to everybody: /docs, /openapi.json, /openapi.yaml. "
        "Hint: give it guards, OpenAPI(guards=...), or disable it, App(openapi=None).\n"
        "error: no-trusted-hosts: the app has no TrustedHosts; every Host header is served. "
        'Hint: add TrustedHosts("shop.example").\n'
        "error: no-limit: the app has neither RateLimit nor ConcurrencyLimit. "
        'Hint: add RateLimit("100/minute") or ConcurrencyLimit(100).\n'
        "error: no-security-headers: the app has no SecurityHeaders. Hint: add SecurityHeaders().\n"
        "4 errors, 1 warning.\n",
        "",
    )


def test_an_app_that_leaves_nothing_open(run: Run, write: Write) -> None:
    """There are no lines, and the command succeeds."""
    write("shop.py", f"{HEAD}app = App([Orders], default_guard=Bearer(verify), middlewares=LAYERS)\n")

    assert run("check", "--security", "shop:app") == (0, "0 errors, 0 warnings.\n", "")


def test_a_warning_alone_succeeds(run: Run, write: Write) -> None:
    """A document that is open on purpose is listed."""
    write(
        "shop.py",
        f"{HEAD}app = App([Orders], default_guard=Bearer(verify), middlewares=LAYERS, openapi=OpenAPI(guards=()))\n",
    )

    assert run("check", "--security", "shop:app") == (
        0,
        "warning: open-document: the OpenAPI document is open to everybody: /docs, /openapi.json, /openapi.yaml. "
        "Hint: give it guards, OpenAPI(guards=...), or disable it, App(openapi=None).\n0 errors, 1 warning.\n",
        "",
    )


FINDINGS = {
    "a guard on each controller, and no default": (
        "class Closed(Orders):\n    guards = (Bearer(verify),)\n\n\n"
        "app = App([Closed], middlewares=LAYERS, openapi=None)",
        "error: no-default-guard: the app has no default_guard; a new route without a guard would be open. "
        "Hint: with App(default_guard=...), only routes with @public are open.\n",
    ),
    "more open routes than are named": (
        "app = App([Router('/a', [Orders]), Router('/b', [Orders])], middlewares=LAYERS, openapi=None)",
        "error: no-default-guard: the app has no default_guard; routes that require nothing: "
        "GET /a/orders, POST /a/orders, GET /b/orders and 1 more. "
        "Hint: with App(default_guard=...), only routes with @public are open.\n",
    ),
    "credentials in cookies for all subdomains": (
        'CROSS = CORS(origins=("https://shop.example", "https://*.shop.example"), credentials=True)\n'
        "app = App([Orders], default_guard=Bearer(verify), middlewares=[*LAYERS[:3], CROSS, LAYERS[3]])",
        "error: cors-subdomains: CORS(credentials=True) lets every subdomain act as the user: https://*.shop.example. "
        "Hint: name the origins that send credentials.\n",
    ),
    "every origin": (
        'CROSS = CORS(origins=("*",))\n'
        "app = App([Orders], default_guard=Bearer(verify), middlewares=[*LAYERS[:3], CROSS, LAYERS[3]])",
        'warning: cors-open: CORS(origins=("*",)) covers routes that require credentials: GET /orders, POST /orders. '
        "Hint: name the origins, or give these routes a CORS of their own.\n",
    ),
    "every origin, and a nearer policy": (
        'CROSS = CORS(origins=("*",))\n'
        'INNER = Router("", [Orders], middlewares=[CORS(origins=("https://shop.example",))])\n'
        "app = App([INNER], default_guard=Bearer(verify), middlewares=[*LAYERS[:3], CROSS, LAYERS[3]])",
        "",
    ),
    "bearer tokens over plain HTTP": (
        "LAYERS[1:2] = []\napp = App([Orders], default_guard=Bearer(verify), middlewares=LAYERS)",
        "error: plain-http: credentials may be sent over plain HTTP: GET /orders, POST /orders. "
        "Hint: add HTTPSRedirect(), or SecurityHeaders(hsts=31_536_000) if a proxy redirects.\n",
    ),
    "passwords over plain HTTP on a public route": (
        "class Login(Controller):\n    guards = (Basic(verify_password),)\n\n"
        "    @public\n    @get('/login')\n    async def login(self) -> str:\n        return ''\n\n\n"
        "LAYERS[1:2] = []\n"
        "app = App([Login], default_guard=APIKey(verify, header='X-Key'), middlewares=LAYERS, openapi=None)",
        "error: plain-http: credentials may be sent over plain HTTP: GET /login. "
        "Hint: add HTTPSRedirect(), or SecurityHeaders(hsts=31_536_000) if a proxy redirects.\n",
    ),
    "HTTPS by Strict-Transport-Security": (
        "LAYERS[1:3] = [SecurityHeaders(hsts=31_536_000)]\n"
        "app = App([Orders], default_guard=Bearer(verify), middlewares=LAYERS)",
        "",
    ),
    "the prefix that any client sends": (
        "app = App(\n    [Orders], default_guard=Bearer(verify), middlewares=LAYERS,"
        " openapi=OpenAPI(forwarded_prefix=True)\n)",
        "error: forwarded-prefix: OpenAPI(forwarded_prefix=True) believes X-Forwarded-Prefix of every client: "
        "/openapi.json. Hint: use ProxyHeaders(trusted=..., headers=(..., 'X-Forwarded-Prefix')) instead.\n",
    ),
    "the prefix behind known proxies": (
        "PROXY = ProxyHeaders(trusted=('10.0.0.0/8',))\n"
        "app = App(\n    [Orders], default_guard=Bearer(verify), middlewares=[PROXY, *LAYERS],"
        " openapi=OpenAPI(forwarded_prefix=True)\n)",
        "",
    ),
    "sessions without CSRF": (
        "class Carts(Controller):\n"
        "    @get('/cart')\n    async def show(self, session: Session[Cart]) -> int:\n        return 1\n\n"
        "    @post('/cart')\n    async def add(self, session: Session[Cart]) -> int:\n        return 1\n\n"
        "    @post('/hook', metadata={'csrf': False})\n"
        "    async def hook(self, session: Session[Cart]) -> int:\n        return 1\n\n"
        "    @post('/plain')\n    async def plain(self) -> int:\n        return 1\n\n\n"
        "LAYERS[1:2] = []\n"
        "app = App([Carts], default_guard=member, middlewares=[*LAYERS, SESSIONS])",
        "error: no-csrf: pages of other origins may send requests with the cookies of the user: POST /cart, "
        "POST /plain. Hint: add CSRF(secret=...) inside of Sessions, or metadata={'csrf': False} where a guard checks "
        "the Origin.\n"
        "error: plain-http: credentials may be sent over plain HTTP: GET /cart, POST /cart, POST /hook and 1 more. "
        "Hint: add HTTPSRedirect(), or SecurityHeaders(hsts=31_536_000) if a proxy redirects.\n",
    ),
    "sessions with CSRF": (
        "app = App([Orders], default_guard=member, middlewares=[*LAYERS, SESSIONS, CSRF(secret='s' * 32)])",
        "",
    ),
    "a key in a cookie without CSRF": (
        "app = App([Orders], default_guard=APIKey(verify, cookie='key'), middlewares=LAYERS)",
        "error: no-csrf: pages of other origins may send requests with the cookies of the user: POST /orders. "
        "Hint: add CSRF(secret=...) inside of Sessions, or metadata={'csrf': False} where a guard checks the Origin.\n",
    ),
    "a rate limit as a guard": (
        "class Limited(Orders):\n    guards = (RateLimit('5/minute'),)\n\n\n"
        "app = App([Limited], default_guard=Bearer(verify), middlewares=LAYERS[:3])",
        "",
    ),
    "a concurrency limit": (
        "app = App([Orders], default_guard=Bearer(verify), middlewares=[*LAYERS[:3], ConcurrencyLimit(5)])",
        "",
    ),
    "a route of aiohttp's own": (
        "from aiohttp import web\n\n\nasync def metrics(request):\n    return web.Response()\n\n\n"
        "app = App([Orders], default_guard=Bearer(verify), middlewares=LAYERS)\n"
        "web_app = web.Application()\nweb_app.router.add_post('/metrics', metrics)\napp.attach(web_app)",
        "error: uncovered-route: default_guard does not cover POST /metrics, a route of aiohttp's own. "
        "Hint: make it a route of a controller, or check the credentials in its handler.\n",
    ),
}


@pytest.mark.parametrize(("program", "lines"), FINDINGS.values(), ids=FINDINGS)
def test_a_finding(run: Run, write: Write, program: str, lines: str) -> None:
    """An app with one gap has one line, and an app that closes it has none."""
    write("shop.py", f"{HEAD}\n\n{program}\n")

    code, out, err = run("check", "--security", "shop:app")

    findings, _, last = out.removesuffix("\n").rpartition("\n")
    assert (code, err) == (int(lines.startswith("error")), "")
    assert findings == lines.removesuffix("\n")
    assert re.fullmatch(r"\d errors?, \d warnings?\.", last)


def test_findings_that_are_accepted(run: Run, write: Write) -> None:
    """What a proxy does, for example, is left out by its code."""
    write("shop.py", SHOP)
    ignored = [word for code in CODES if code != "no-limit" for word in ("--ignore", code)]

    assert run("check", "--security", *ignored, "shop:app") == (
        1,
        "error: no-limit: the app has neither RateLimit nor ConcurrencyLimit. "
        'Hint: add RateLimit("100/minute") or ConcurrencyLimit(100).\n1 error, 0 warnings.\n',
        "",
    )
    assert run("check", "--security", *ignored, "--ignore", "no-limit", "shop:app") == (
        0,
        "0 errors, 0 warnings.\n",
        "",
    )


def test_findings_as_json(run: Run, write: Write) -> None:
    """Machines read a list; the exit code is the same."""
    write("shop.py", f"{HEAD}app = App([Orders], default_guard=Bearer(verify), middlewares=LAYERS[:3])\n")

    code, out, err = run("check", "--security", "--json", "shop:app")

    assert (code, err) == (1, "")
    assert json.loads(out) == [
        {
            "code": "no-limit",
            "severity": "error",
            "what": "the app has neither RateLimit nor ConcurrencyLimit",
            "hint": 'add RateLimit("100/minute") or ConcurrencyLimit(100)',
        }
    ]


def test_errors_of_the_app_come_first(run: Run, write: Write) -> None:
    """An app that cannot be built has no findings, but its errors."""
    write("shop.py", "from framework import App\n\napp = App(tags='shop')\n")

    assert run("check", "--security", "shop:app") == (
        1,
        "",
        "App (shop.py:3): tags='shop' is not a sequence of strings.\n"
        '  Hint: write it as tags=("orders",).\n'
        "1 error in the application.\nExplained by: framework explain E501\n",
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--ignore", "no-limit"), "Error: --ignore is an option of --security\n"),
        (
            ("--security", "--ignore", "limit"),
            f"Error: --ignore limit is not a code; the codes are {', '.join(CODES)}\n",
        ),
    ],
)
def test_wrong_options(run: Run, write: Write, words: tuple[str, ...], message: str) -> None:
    """A usage error, with exit code 2."""
    write("shop.py", SHOP)

    code, out, err = run("check", *words, "shop:app")

    assert (code, out) == (2, "")
    assert err.endswith(message)

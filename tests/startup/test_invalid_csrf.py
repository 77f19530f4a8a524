"""CSRF that would protect nothing, or stands in the wrong place (O6)."""

from typing import Any

import pytest

from framework import App, Controller, Router, WebSocket, post, websocket
from framework.errors import InvalidLayerError, InvalidOptionError, LayerOrderError
from framework.middleware import CSRF, CSRFToken, Sessions
from tests.startup.expected import after, mistakes, place, told
from tests.startup.test_invalid_sessions import SECRET, Cart

SESSIONS = Sessions(Cart, secret=SECRET)


class Bank(Controller):
    """Changes something."""

    @post("/transfer")
    async def transfer(self) -> str:
        """Respond."""
        return ""


class Forms(Controller):
    """Requires a token."""

    @post("/form")
    async def form(self, token: CSRFToken) -> str:
        """Respond."""
        return str(token)


def texts(**options: Any) -> list[str]:
    """Return what is reported of the options, without where they stand."""

    def make() -> App:
        return App([Bank], openapi=None, middlewares=[SESSIONS, CSRF(**{"secret": SECRET, **options})])

    where = f"App ({after(make, 1)}): "
    found = told(make())
    assert all(error is InvalidOptionError and text.startswith(where) for error, text in found)
    return [text.removeprefix(where) for _, text in found]


def test_right_ones() -> None:
    """Origins, names, several secrets; on the level of the sessions or further in."""
    assert texts(origins=("https://app.example", "https://*.app.example"), header="X-XSRF") == []
    assert texts(secret=(SECRET, b"t" * 32), field="a.b", cookie="x-y") == []
    inner = type("Inner", (Bank,), {"middlewares": (CSRF(secret=SECRET),)})
    assert mistakes(Router("/v1", [inner]), middlewares=[SESSIONS]) == []


def test_o6_outside_of_sessions() -> None:
    """O6: there would be no session to bind a token to."""

    def make() -> App:
        return App([Bank], openapi=None, middlewares=[CSRF(secret=SECRET), SESSIONS])

    assert told(make()) == [
        (
            LayerOrderError,
            f"App ({after(make, 1)}): the middleware Sessions is inside CSRF.\n"
            "  Hint: give them in this order, from the outside in: Sessions, CSRF.",
        )
    ]


def test_o6_without_sessions() -> None:
    """O6: nor without any, reported once for all routes."""
    text = (
        "CSRF: it covers routes without Sessions, so that there is no session to bind a token to.\n"
        "  Hint: give Sessions(…) outside of it, on the same level or an outer one."
    )
    assert mistakes(Bank, middlewares=[CSRF(secret=SECRET)]) == [(InvalidLayerError, text)]
    more = type("More", (Bank,), {"path": "/more"})
    assert mistakes(Bank, more, middlewares=[CSRF(secret=SECRET)]) == [(InvalidLayerError, text)]


def test_a_token_where_it_is_not_checked() -> None:
    """It would be worth nothing."""
    covered = type("Covered", (Bank,), {"middlewares": (CSRF(secret=SECRET),)})
    assert mistakes(covered, Forms, middlewares=[SESSIONS]) == [
        (
            InvalidLayerError,
            f"Forms.form ({place(Forms.form)}): it requires CSRFToken, which only the routes that CSRF covers have.\n"
            "  Hint: give the CSRF to the app, or to a router or controller around it.",
        )
    ]


def test_metadata_of_a_route() -> None:
    """Only False exempts it, and True says what is so anyway."""

    class Wrong(Controller):
        @post("/wrong", metadata={"csrf": "off"})
        async def wrong(self) -> str:
            return ""

        @post("/right", metadata={"csrf": True})
        async def right(self) -> str:
            return ""

    text = (
        "Wrong.wrong: its metadata 'csrf' is 'off'.\n"
        '  Hint: write metadata={"csrf": False} for a route without the check.'
    )
    assert mistakes(Wrong, middlewares=[SESSIONS, CSRF(secret=SECRET)]) == [(InvalidLayerError, text)]


def test_a_token_on_a_web_socket() -> None:
    """Its cookie could not be set; without a token, a web socket is covered and not changed."""

    class Talk(Controller):
        @websocket("/talk")
        async def talk(self, socket: WebSocket[str, str], token: CSRFToken) -> None:
            """Respond."""

        @websocket("/plain")
        async def plain(self, socket: WebSocket[str, str]) -> None:
            """Respond."""

    text = (
        "Talk.talk: it is a web socket and requires CSRFToken, whose cookie it cannot set.\n"
        "  Hint: make the token in a handler for GET."
    )
    assert mistakes(Talk, middlewares=[SESSIONS, CSRF(secret=SECRET)]) == [(InvalidLayerError, text)]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (
            {"secret": "short"},
            "CSRF(secret=…): it is given a secret that is too short.\n"
            "  Hint: give 32 bytes or more, for example of secrets.token_urlsafe(32).",
        ),
        ({"header": "X CSRF"}, "CSRF(header='X CSRF') is not a name.\n  Hint: write it as header=\"X-CSRF-Token\"."),
        ({"field": '"'}, 'CSRF(field=\'"\') is not a name.\n  Hint: write it as field="_csrf".'),
        ({"cookie": "__Host-csrf"}, "CSRF(cookie='__Host-csrf') is not a name.\n  Hint: write it as cookie=\"csrf\"."),
        (
            {"origins": "https://app.example"},
            "CSRF(origins='https://app.example') does not list origins.\n"
            '  Hint: write it as origins=("https://app.example",).',
        ),
        (
            {"origins": ("*",)},
            "CSRF(origins=…): '*' would let pages of strangers act as the user.\n  Hint: name the origins.",
        ),
        (
            {"origins": ("null",)},
            "CSRF(origins=…): 'null' would let pages of strangers act as the user.\n  Hint: name the origins.",
        ),
        (
            {"origins": ("https://app.example/",)},
            "CSRF(origins=…): 'https://app.example/' ends with a slash, and no browser sends it.\n"
            "  Hint: write it as 'https://app.example'.",
        ),
    ],
)
def test_options(options: dict[str, Any], text: str) -> None:
    """Each is reported, with what to write instead."""
    assert texts(**options) == [text]

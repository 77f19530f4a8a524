"""Sessions that cannot work, or would not be safe (N20), and routes that cannot have one."""

from dataclasses import dataclass
from typing import Any

import pytest
from msgspec import Struct

from framework import App, Controller, get
from framework.errors import InvalidLayerError, InvalidOptionError, LayerOrderError, MissingProviderError
from framework.middleware import CSRFToken, RateLimit, Session, Sessions
from framework.stores import MemoryStore
from tests.startup.expected import after, mistakes, place, told

SECRET = "s" * 32


class Cart(Struct):
    """A value."""

    items: list[str] = []


@dataclass
class Visit:
    """A value that is a dataclass."""

    count: int = 0


class Required(Struct):
    """A value that no new session can have."""

    user: int


class Other(Struct):
    """A value whose default is of another type."""

    user: int = "nobody"  # type: ignore[assignment]  # what is tested


class Opaque(Struct):
    """A value that msgspec does not know."""

    user: Any = object()


def texts(kind: Any = Cart, **options: Any) -> list[str]:
    """Return what is reported of the options, without where they stand."""

    def make() -> App:
        return App([], openapi=None, middlewares=[Sessions(kind, **options)])

    where = f"App ({after(make, 1)}): "
    found = told(make())
    assert all(error is InvalidOptionError and text.startswith(where) for error, text in found)
    return [text.removeprefix(where) for _, text in found]


PLACE = "  Hint: give secret= (encrypted cookies) or store= (a Store that keeps the values)."
LONGER = "  Hint: give 32 bytes or more, for example of secrets.token_urlsafe(32)."


@pytest.mark.parametrize("kind", [Cart, Visit])
def test_right_ones(kind: Any) -> None:
    """Each kind of value and of place."""
    assert texts(kind, secret=SECRET) == []
    assert texts(kind, secret=(SECRET, "t" * 32), idle=1, absolute=1.5, cookie="a-b_1", samesite="Strict") == []
    assert texts(kind, store=MemoryStore(), owner=id, fail="open", persistent=True) == []


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({}, f"Sessions has neither secret= nor store=.\n{PLACE}"),
        ({"secret": SECRET, "store": MemoryStore()}, f"Sessions has both secret= and store=.\n{PLACE}"),
        ({"secret": "s" * 31}, f"Sessions(secret=…): it is given a secret that is too short.\n{LONGER}"),
        ({"secret": (SECRET, b"x")}, f"Sessions(secret=…): it is given a secret that is too short.\n{LONGER}"),
        (
            {"secret": ()},
            "Sessions(secret=…): it is given no secret.\n  Hint: give a str or bytes, or several in a tuple.",
        ),
        (
            {"secret": SECRET, "owner": id},
            "Sessions(owner=…) has no effect on cookies.\n  Hint: give store= instead of secret=.",
        ),
        (
            {"store": "redis://"},
            "Sessions(store='redis://') is not a Store.\n"
            "  Hint: give a MemoryStore, a RedisStore or a Store of your own.",
        ),
        (
            {"store": MemoryStore(), "owner": "user"},
            "Sessions(owner='user') is not a function.\n"
            "  Hint: give a function of the value: owner=lambda it: it.user.",
        ),
        (
            {"secret": SECRET, "fail": "loudly"},
            "Sessions(fail='loudly') is not what can happen while the store cannot be reached.\n"
            '  Hint: give "closed" (503) or "open" (a new session that is not stored).',
        ),
        (
            {"secret": SECRET, "idle": 20, "absolute": 10},
            "Sessions(idle=20) is longer than absolute=10.\n  Hint: give an idle= that is not above absolute=.",
        ),
        (
            {"secret": SECRET, "idle": 0},
            "Sessions(idle=0) is not a number of seconds above 0.\n  Hint: write it as idle=3600.",
        ),
        (
            {"secret": SECRET, "idle": True},
            "Sessions(idle=True) is not a number of seconds above 0.\n  Hint: write it as idle=3600.",
        ),
        (
            {"secret": SECRET, "absolute": float("inf")},
            "Sessions(absolute=inf) is not a number of seconds above 0.\n  Hint: write it as absolute=3600.",
        ),
        (
            {"secret": SECRET, "absolute": float("nan")},
            "Sessions(absolute=nan) is not a number of seconds above 0.\n  Hint: write it as absolute=3600.",
        ),
        (
            {"secret": SECRET, "samesite": "None"},
            "Sessions(samesite='None') is not safe.\n"
            "  Hint: give 'Lax' or 'Strict': with 'None', every site could send requests with the session.",
        ),
        (
            {"secret": SECRET, "cookie": "__Host-session"},
            "Sessions(cookie='__Host-session') is not the name of a cookie.\n"
            '  Hint: write it as cookie="session"; the prefix __Host- is added.',
        ),
        (
            {"secret": SECRET, "cookie": "a b"},
            "Sessions(cookie='a b') is not the name of a cookie.\n"
            '  Hint: write it as cookie="session"; the prefix __Host- is added.',
        ),
        (
            {"secret": SECRET, "persistent": 1},
            "Sessions(persistent=1) is neither True nor False.\n  Hint: leave it out for False.",
        ),
    ],
)
def test_n20_options(options: dict[str, Any], text: str) -> None:
    """N20: each is reported, with what to write instead."""
    assert texts(**options) == [text]


DEFAULTS = "  Hint: give a msgspec.Struct or a dataclass whose fields have defaults."


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (dict, f"Sessions(dict) is not a Struct or dataclass.\n{DEFAULTS}"),
        (Cart(), f"Sessions(Cart(items=[])) is not a Struct or dataclass.\n{DEFAULTS}"),
        (
            Required,
            "Sessions(Required): a new session would be Required(), which raises "
            f"Missing required argument 'user'.\n{DEFAULTS}",
        ),
        (
            Other,
            "Sessions(Other): the value of a new session cannot be stored: Expected `int`, got `str` - at `$.user`.\n"
            "  Hint: change the type of the field.",
        ),
        (
            Opaque,
            "Sessions(Opaque): the value of a new session cannot be stored: "
            "Encoding objects of type object is unsupported.\n  Hint: change the type of the field.",
        ),
    ],
)
def test_types_of_values(kind: Any, text: str) -> None:
    """A new session has a value, and every value can be stored and validated."""
    assert texts(kind, secret=SECRET) == [text]


class Reads(Controller):
    """Requires a session."""

    @get("/cart")
    async def cart(self, session: Session[Cart]) -> list[str]:
        """Read it."""
        return session.value.items


def test_a_route_that_the_sessions_do_not_cover() -> None:
    """Nobody would write its session."""

    class Covered(Controller):
        middlewares = (Sessions(Cart, secret=SECRET),)

        @get("/covered")
        async def cart(self, session: Session[Cart]) -> list[str]:
            return session.value.items

    assert mistakes(Covered, Reads) == [
        (
            InvalidLayerError,
            f"Reads.cart ({place(Reads.cart)}): it requires Session[Cart], which only the routes that Sessions covers "
            "have.\n  Hint: give the Sessions to the app, or to a router or controller around it.",
        )
    ]


def test_a_route_without_sessions() -> None:
    """The hint is the middleware, not a provider."""

    class Lost(Controller):
        @get("/token")
        async def token(self, token: CSRFToken) -> str:
            return str(token)

    where = [
        f"{name} ({place(handler)}), parameter "
        for name, handler in (("Reads.cart", Reads.cart), ("Lost.token", Lost.token))
    ]
    assert mistakes(Reads, Lost) == [
        (
            MissingProviderError,
            f"{where[0]}'session': no provider for Session[Cart].\n"
            "  Needed by: Reads.cart\n"
            "  Hint: give Sessions(…) with the type of its value to the app: middlewares=[Sessions(Cart, store=…)].",
        ),
        (
            MissingProviderError,
            f"{where[1]}'token': no provider for CSRFToken.\n"
            "  Needed by: Lost.token\n"
            "  Hint: give CSRF(secret=…) to the app, inside of Sessions(…).",
        ),
    ]


def test_two_sessions_with_one_cookie() -> None:
    """They would overwrite each other."""
    middlewares = [Sessions(Cart, secret=SECRET), Sessions(Visit, secret=SECRET)]
    text = "two Sessions have the cookie 'session'.\n  Hint: give one of them another name: cookie=\"admin\"."
    assert mistakes(Reads, middlewares=middlewares) == [(InvalidLayerError, f"Reads.cart: {text}")]


def test_one_instance_on_two_levels() -> None:
    """It is the same session."""
    shared = Sessions(Cart, secret=SECRET)
    on_controller = type("OnController", (Reads,), {"middlewares": (shared,)})
    assert mistakes(on_controller, middlewares=[shared]) == []


def test_the_order() -> None:
    """Sessions are further in than limits."""

    def make() -> App:
        return App([Reads], openapi=None, middlewares=[Sessions(Cart, secret=SECRET), RateLimit("1/second")])

    assert told(make()) == [
        (
            LayerOrderError,
            f"App ({after(make, 1)}): the middleware RateLimit is inside Sessions.\n"
            "  Hint: give them in this order, from the outside in: RateLimit, Sessions.",
        )
    ]

"""The order of the catalogue's middlewares: what would undo the work of an inner one is reported; ids are rows.

O4 has no place here: AccessLog is an observer, which sees the address that ProxyHeaders has set (L8).
"""

from typing import Any

import pytest

from framework import App, Controller, Router, get, middleware
from framework.errors import LayerOrderError
from framework.layers import Layer
from framework.middleware import (
    CORS,
    Compression,
    ConcurrencyLimit,
    HTTPSRedirect,
    ProxyHeaders,
    RateLimit,
    RequestID,
    SecurityHeaders,
    TrustedHosts,
)
from tests.startup.expected import mistakes, told

# From the outside in; what comes behind the guards is not here.
PIECES: tuple[Layer, ...] = (
    ProxyHeaders(trusted=("10.0.0.0/8",)),
    RequestID(),
    TrustedHosts("shop.example"),
    HTTPSRedirect(),
    SecurityHeaders(),
    CORS(origins=("https://app.example",)),
    Compression(),
    ConcurrencyLimit(100),
    RateLimit("100/minute"),
)
NAMES = tuple(type(one).__name__ for one in PIECES)
ROWS = {
    "O1": ("TrustedHosts", "ProxyHeaders"),
    "O2": ("HTTPSRedirect", "ProxyHeaders"),
    "O3": ("RateLimit", "ProxyHeaders"),
    "O5-rate": ("RateLimit", "CORS"),
    "O5-concurrency": ("ConcurrencyLimit", "CORS"),
}
PAIRS = {f"{NAMES[inner]}-{NAMES[outer]}": (inner, outer) for inner in range(9) for outer in range(inner)}


class Orders(Controller):
    """A controller with nothing wrong."""

    @get("/orders")
    async def search(self) -> str:
        """Respond."""
        return ""


def piece(name: str) -> Any:
    """Return the piece with a name."""
    return PIECES[NAMES.index(name)]


@pytest.mark.parametrize(("first", "second"), ROWS.values(), ids=ROWS)
def test_rows(first: str, second: str) -> None:
    """The message names both, and the order that is right."""
    ((kind, message),) = mistakes(Orders, middlewares=[piece(first), piece(second)])
    assert kind is LayerOrderError
    assert f": the middleware {second} is inside {first}.\n" in message
    assert message.endswith(f"  Hint: give them in this order, from the outside in: {second}, {first}.")


@pytest.mark.parametrize(("inner", "outer"), PAIRS.values(), ids=PAIRS)
def test_every_pair(inner: int, outer: int) -> None:
    """One order of two pieces is right, on one level and across levels; the other is reported."""
    right, wrong = [PIECES[outer], PIECES[inner]], [PIECES[inner], PIECES[outer]]
    assert told(App([Orders], openapi=None, middlewares=right)) == []
    assert told(App([Router("/v1", [Orders], middlewares=right[1:])], openapi=None, middlewares=right[:1])) == []
    assert {kind for kind, _ in mistakes(Orders, middlewares=wrong)} == {LayerOrderError}
    assert {kind for kind, _ in mistakes(Router("/v1", [Orders], middlewares=wrong[1:]), middlewares=wrong[:1])} == {
        LayerOrderError
    }


def test_all_together() -> None:
    """The whole catalogue in its order builds, and the other way round each piece but the innermost is reported."""
    assert told(App([Orders], openapi=None, middlewares=list(PIECES))) == []
    assert len(mistakes(Orders, middlewares=list(reversed(PIECES)))) == 8


DOCUMENTED = (*NAMES, "Sessions", "CSRF")


def test_o6_to_o8_the_ranks_follow_the_documented_order() -> None:
    """What is further in has a higher rank: CSRF than Sessions, ResponseCache and Idempotency than Compression."""
    named = [name for name in (*DOCUMENTED, "ResponseCache", "Idempotency") if hasattr(middleware, name)]
    ranks = [getattr(middleware, name).rank for name in named]
    assert ranks == sorted(ranks)
    assert len(set(ranks)) == len(ranks)


def test_every_piece_of_the_catalogue_has_a_place() -> None:
    """Each Layer of ``framework.middleware`` has a rank."""
    layers = [one for name in middleware.__all__ if isinstance(one := getattr(middleware, name), type)]
    assert [one.__name__ for one in layers if issubclass(one, Layer) and one.rank is None] == []

"""A controller that counts how often its handlers run, for caches and idempotency."""

import asyncio
from typing import Annotated, Any

from msgspec import Struct

from framework import Controller, Request, Response, get, post, put
from framework.http_errors import Conflict, NotFound, ServiceUnavailable, TooManyRequests
from framework.security import Bearer

__all__ = (
    "BEARER",
    "CALLS",
    "GATES",
    "GONE",
    "HEADERS",
    "Mine",
    "Order",
    "Orders",
    "Plain",
    "Shelf",
    "User",
    "calls",
    "verify",
)

CALLS: list[str] = []
GATES: list[asyncio.Event] = []
"""What slow orders wait for, if a test has set it."""


def calls() -> list[str]:
    """Return what was called since the last time, and forget it."""
    made = [*CALLS]
    CALLS.clear()
    return made


class User(Struct):
    """Who sends a request."""

    name: str


async def verify(token: str) -> User | None:
    """Know everybody but those who are gone."""
    return None if token in GONE else User(token)


GONE: set[str] = set()
BEARER = Bearer(verify)


class Order(Struct):
    """What is ordered."""

    sku: str


HEADERS: dict[str, dict[str, str]] = {
    "plain": {},
    "private": {"Cache-Control": "Private"},
    "no-store": {"Cache-Control": "max-age=60, NO-STORE"},
    "no-cache": {"Cache-Control": "no-cache"},
    "no-cache-field": {"Cache-Control": 'no-cache="x-a"'},
    "max-age-0": {"Cache-Control": "max-age=0"},
    "max-age-two": {"Cache-Control": "max-age=60, max-age=0"},
    "max-age-bad": {"Cache-Control": "max-age=soon"},
    "s-maxage-0": {"Cache-Control": "max-age=60, s-maxage=0"},
    "expired": {"Expires": "0"},
    "expires-past": {"Expires": "Thu, 01 Jan 2026 00:00:00 GMT"},
    "vary-all": {"Vary": "Accept, *"},
    "set-cookie": {"Set-Cookie": "a=b"},
    "public": {"Cache-Control": 'public, max-age="60"'},
    "language": {"Vary": "Accept-Language"},
    "ten": {"Cache-Control": "max-age=10"},
    "aged": {"Cache-Control": "max-age=10", "Age": "8"},
}


class Shelf(Controller):
    """Has things to read and to change."""

    @get("/things/{name}")
    async def show(self, name: str, b: str = "") -> Response[str]:
        """Return a thing, with the headers of its name."""
        CALLS.append(f"show {name}{b}")
        return Response(f"{name} {len(CALLS)}", headers=HEADERS.get(name, {}))

    @put("/things/{name}")
    async def change(self, name: str, *, fail: bool = False) -> None:
        """Change a thing."""
        CALLS.append(f"change {name}")
        if fail:
            raise Conflict

    @get("/slow/{name}")
    async def slow(self, name: str) -> str:
        """Take a moment, or long enough for a busy machine."""
        CALLS.append(f"slow {name}")
        await asyncio.sleep(1.5 if name == "long" else 0.1)
        return name

    @get("/mine")
    async def mine(self, user: Annotated[User, BEARER]) -> str:
        """Return what a user may see."""
        CALLS.append(f"mine {user.name}")
        return f"of {user.name}"

    @get("/missing")
    async def missing(self) -> str:
        """Find nothing."""
        CALLS.append("missing")
        raise NotFound

    @get("/broken")
    async def broken(self) -> str:
        """Fail."""
        CALLS.append("broken")
        raise KeyError

    @get("/list")
    async def listed(self) -> list[int]:
        """Return a value that has several formats."""
        CALLS.append("list")
        return [1]

    @get("/tagged", etag=lambda _: "v1")
    async def tagged(self) -> list[int]:
        """Return a value with a version."""
        CALLS.append("tagged")
        return [1]

    @get("/bytes", ranges=True)
    async def part(self) -> bytes:
        """Return bytes of which a part can be requested."""
        CALLS.append("bytes")
        return b"0123456789"

    @get("/big/{size}")
    async def big(self, size: int) -> bytes:
        """Return so many bytes."""
        CALLS.append("big")
        return b"x" * size

    @get("/cookie")
    async def cookie(self) -> Response[str]:
        """Set a cookie."""
        CALLS.append("cookie")
        return Response("a", cookies={"a": "b"})


class Orders(Controller):
    """Takes orders."""

    @post("/orders", status=201)
    async def order(self, order: Order, mark: str = "") -> Response[Order]:
        """Take an order."""
        CALLS.append(f"order {order.sku}{mark}")
        made: Any = FAILURES.get(order.sku)
        if made is not None:
            raise made
        return Response(order, headers={"X-Number": str(len(CALLS))}, location="/orders/1", cookies={"a": "b"})

    @post("/slow", status=201)
    async def slow(self, order: Order) -> Order:
        """Take an order, and a moment, or as long as the test says."""
        CALLS.append(f"slow {order.sku}")
        await (GATES[0].wait() if GATES else asyncio.sleep(0.3))
        CALLS.append("done")
        return order

    @get("/orders")
    async def search(self) -> str:
        """Return all orders."""
        CALLS.append("search")
        return "all"

    @put("/orders")
    async def replace(self, order: Order) -> None:
        """Replace all orders."""
        CALLS.append(f"replace {order.sku}")

    @post("/raw", status=201)
    async def raw(self, request: Request) -> str:
        """Read the body by hand."""
        CALLS.append("raw")
        return (await request.text()).upper()


class Mine(Controller):
    """Takes the orders of users."""

    @post("/mine", status=201)
    async def mine(self, order: Order, user: Annotated[User, BEARER]) -> str:
        """Take an order of a user."""
        CALLS.append(f"{user.name} {order.sku}")
        return f"{order.sku} for {user.name}"


class Plain(Controller):
    """Takes orders, and does not look who sends them."""

    @post("/orders", status=201)
    async def order(self, order: Order) -> Order:
        """Take an order."""
        CALLS.append(f"order {order.sku}")
        return order


FAILURES: dict[str, Exception] = {
    "conflict": Conflict("Sold out"),
    "missing": NotFound(),
    "busy": TooManyRequests(),
    "away": ServiceUnavailable(),
    "broken": KeyError("broken"),
}

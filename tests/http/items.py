"""The controller that bad inputs are sent to."""

from msgspec import Struct

from framework import Controller, get, post
from tests.http.raw import make_request

__all__ = ("JSON", "PROBE", "Item", "ItemController")

JSON = {"Content-Type": "application/json"}
PROBE = make_request("GET", "/items")
"""A good request, to see whether a connection is still usable."""


class Item(Struct):
    """A flat model."""

    name: str
    count: int
    ratio: float = 0.0


class ItemController(Controller):
    """Reads from everywhere and answers what it has read."""

    path = "/items"

    @get()
    async def search(self, page: int = 1, text: str | None = None) -> dict[str, int | str | None]:
        """Answer the query."""
        return {"page": page, "text": text}

    @get("/{item_id}")
    async def show(self, item_id: int) -> dict[str, int]:
        """Answer the path."""
        return {"item_id": item_id}

    @get("/named/{name}")
    async def named(self, name: str) -> dict[str, str]:
        """Answer the path as text."""
        return {"name": name}

    @post()
    async def create(self, item: Item) -> Item:
        """Answer the body."""
        return item

    @get("/crash")
    async def crash(self) -> None:
        """Fail."""
        raise RuntimeError("a secret of the server")

"""Steps that the tests have in common."""

from typing import Any, TypeAlias

from aiohttp import web
from aiohttp.test_utils import TestClient

__all__ = ("ShopClient", "add_product", "order", "place", "read", "stock_of")

ShopClient: TypeAlias = TestClient[web.Request, web.Application]


def order(customer: str = "Ada", /, **quantities: int) -> dict[str, Any]:
    """Write an order, ``order(MUG_1=2)`` for two pieces of MUG-1."""
    lines = [{"sku": name.replace("_", "-"), "quantity": quantity} for name, quantity in quantities.items()]
    return {"customer": customer, "lines": lines}


async def place(client: ShopClient, **quantities: int) -> tuple[int, dict[str, Any]]:
    """Place an order and return the status and the body of the answer."""
    async with client.post("/orders", json=order(**quantities)) as response:
        return response.status, await response.json()


async def read(client: ShopClient, path: str) -> dict[str, Any]:
    """Get something that is there."""
    async with client.get(path) as response:
        assert response.status == 200
        body: dict[str, Any] = await response.json()
        return body


async def add_product(client: ShopClient, sku: str, *, stock: int) -> None:
    """Take a product into the assortment."""
    product = {"sku": sku, "name": sku.title(), "price_cents": 500, "stock": stock}
    async with client.post("/products", json=product) as response:
        assert response.status == 201


async def stock_of(client: ShopClient, sku: str) -> int:
    """Return how many pieces of a product there are."""
    stock: int = (await read(client, f"/products/{sku}"))["stock"]
    return stock

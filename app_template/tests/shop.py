"""Functions that the tests share."""

from typing import Any, TypeAlias

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient

from app_template.accounts.payloads import Account
from app_template.accounts.role import Role
from app_template.accounts.tokens import AccessTokens
from app_template.database.engine import open_engine
from app_template.settings import Settings

__all__ = (
    "ADA",
    "BOTH_DATABASES",
    "SAM",
    "ShopClient",
    "add_product",
    "fill",
    "login",
    "order",
    "place",
    "read",
    "stock_of",
)

# A test with this mark runs on both databases.
BOTH_DATABASES = pytest.mark.parametrize("database", ["sqlite", "postgresql"])
# The accounts of the samples.
ADA = Account(id=1, name="Ada", email="ada@shop.example", role=Role.CUSTOMER)
SAM = Account(id=2, name="Sam", email="sam@shop.example", role=Role.STAFF)

ShopClient: TypeAlias = TestClient[web.Request, Any]


async def fill(settings: Settings) -> None:
    """Make the tables and the samples, as the application does when it starts."""
    async for _ in open_engine(settings):
        pass


def login(settings: Settings, account: Account) -> dict[str, str]:
    """Return the headers of a user."""
    return {"Authorization": f"Bearer {AccessTokens(settings).issue(account).access_token}"}


def order(**quantities: int) -> dict[str, Any]:
    """Return the body of an order: ``order(MUG_1=2)`` orders two pieces of MUG-1."""
    lines = [{"sku": name.replace("_", "-"), "quantity": quantity} for name, quantity in quantities.items()]
    return {"lines": lines}


async def place(client: ShopClient, **quantities: int) -> tuple[int, dict[str, Any]]:
    """Place an order, in the request "place", and return the status and the body of the response."""
    async with client.post("/api/orders", json=order(**quantities), headers={"X-Request-ID": "place"}) as response:
        return response.status, await response.json()


async def read(client: ShopClient, path: str) -> dict[str, Any]:
    """Send a GET that must succeed, and return its body."""
    async with client.get(path) as response:
        assert response.status == 200
        body: dict[str, Any] = await response.json()
        return body


async def add_product(client: ShopClient, sku: str, *, stock: int) -> None:
    """Add a product, as the staff."""
    product = {"sku": sku, "name": sku.title(), "price_cents": 500, "stock": stock}
    async with client.post("/api/products", json=product) as response:
        assert response.status == 201


async def stock_of(client: ShopClient, sku: str) -> int:
    """Return the number of pieces in stock."""
    stock: int = (await read(client, f"/api/products/{sku}"))["stock"]
    return stock

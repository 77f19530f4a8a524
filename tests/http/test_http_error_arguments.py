"""How errors are raised: the detail first or by its name, as type checkers allow both."""

from aiohttp.pytest_plugin import AiohttpClient

from framework import App, Controller, HTTPError, get


class OutOfStock(HTTPError, status=409):
    """An error with a member."""

    sku: str


class Orders(Controller):
    """Refuses in two ways."""

    @get("/first", raises=(OutOfStock,))
    async def first(self) -> str:
        """Give the detail first."""
        raise OutOfStock("3 left", sku="A-1", headers={"Retry-After": "5"})

    @get("/named", raises=(OutOfStock,))
    async def named(self) -> str:
        """Give the detail by its name."""
        raise OutOfStock(detail="3 left", sku="A-1", headers={"Retry-After": "5"})


async def test_a_detail_by_its_name(aiohttp_client: AiohttpClient) -> None:
    """Both ways give the same problem."""
    client = await aiohttp_client(App([Orders]).build())

    for path in ("/first", "/named"):
        response = await client.get(path)

        assert (response.status, response.headers["Retry-After"]) == (409, "5")
        assert await response.json() == {
            "type": "about:blank",
            "title": "Conflict",
            "status": 409,
            "detail": "3 left",
            "instance": path,
            "sku": "A-1",
        }

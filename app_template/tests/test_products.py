"""Products over HTTP."""

from yarl import URL

from app_template.tests.shop import ShopClient, read

LAMP = {"sku": "LAMP-1", "name": "Desk lamp", "price_cents": 4500, "stock": 10}


async def test_the_list_has_pages(client: ShopClient) -> None:
    """An empty database holds a few samples, listed by SKU."""
    page = await read(client, "/products?limit=1&offset=1")

    assert page == {
        "items": [{"sku": "POT-1", "name": "Teapot", "price_cents": 3900, "stock": 3}],
        "total": 3,
        "limit": 1,
        "offset": 1,
    }


async def test_a_page_links_to_the_others(client: ShopClient) -> None:
    """Four links for a page in the middle."""
    response = await client.get("/products?limit=1&offset=1")

    assert {name: str(URL(link["url"]).relative()) for name, link in response.links.items()} == {
        "first": "/products?limit=1&offset=0",
        "prev": "/products?limit=1&offset=0",
        "next": "/products?limit=1&offset=2",
        "last": "/products?limit=1&offset=2",
    }


async def test_a_page_has_limits(client: ShopClient) -> None:
    """Both faults of the query are told at once."""
    response = await client.get("/products?limit=101&offset=-1")

    assert response.status == 422
    assert [(one["location"], one["pointer"]) for one in (await response.json())["errors"]] == [
        ("query", "/limit"),
        ("query", "/offset"),
    ]


async def test_a_product_is_added_and_read_back(client: ShopClient) -> None:
    """The answer is a 201 whose Location answers the product."""
    response = await client.post("/products", json=LAMP)

    assert response.status == 201
    assert response.headers["Location"] == "/products/LAMP-1"
    assert await response.json() == LAMP
    assert await read(client, "/products/LAMP-1") == LAMP


async def test_a_product_is_changed_in_part(client: ShopClient) -> None:
    """What is left out stays, and the pieces in stock are not for changing."""
    await client.post("/products", json=LAMP)
    changed = await client.patch("/products/LAMP-1", json={"price_cents": 3900})

    assert changed.status == 200
    assert await changed.json() == LAMP | {"price_cents": 3900}
    assert await read(client, "/products/LAMP-1") == LAMP | {"price_cents": 3900}
    for refused in ({"stock": 1}, {"name": None}, {"price_cents": -1}):
        assert (await client.patch("/products/LAMP-1", json=refused)).status == 422
    assert (await client.patch("/products/CUP-1", json={})).status == 404


async def test_a_sku_is_taken_once(client: ShopClient) -> None:
    """The second product with one SKU is a conflict, and the first stays as it is."""
    await client.post("/products", json=LAMP)
    response = await client.post("/products", json=LAMP | {"name": "Another lamp"})

    assert response.status == 409
    assert await response.json() == {
        "type": "about:blank",
        "title": "SKU taken",
        "status": 409,
        "instance": "/products",
        "sku": "LAMP-1",
    }
    assert await read(client, "/products/LAMP-1") == LAMP


async def test_an_unknown_product_is_not_found(client: ShopClient) -> None:
    """The answer repeats the SKU."""
    response = await client.get("/products/CUP-1")

    assert response.status == 404
    assert await response.json() == {
        "type": "about:blank",
        "title": "Product not found",
        "status": 404,
        "instance": "/products/CUP-1",
        "sku": "CUP-1",
    }


async def test_names_are_one_line(client: ShopClient) -> None:
    """Control characters, which PostgreSQL would partly refuse, come no further than the validation."""
    for name in ("", "Desk\nlamp", "Desk lamp\n", "Desk\0lamp"):
        response = await client.post("/products", json=LAMP | {"name": name})
        assert response.status == 422

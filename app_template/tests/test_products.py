"""Products over HTTP."""

from yarl import URL

from app_template.tests.shop import BOTH_DATABASES, ShopClient, place, read

NEW_LAMP = {"sku": "LAMP-1", "name": "Desk lamp", "price_cents": 4500, "stock": 10}
LAMP = NEW_LAMP | {"version": 1}

pytestmark = BOTH_DATABASES


async def test_the_list_has_pages(client: ShopClient) -> None:
    """An empty database gets a few samples, sorted by SKU."""
    page = await read(client, "/api/products?limit=1&offset=1")

    assert page == {
        "items": [{"sku": "POT-1", "name": "Teapot", "price_cents": 3900, "stock": 3, "version": 1}],
        "total": 3,
        "limit": 1,
        "offset": 1,
    }


async def test_a_page_links_to_the_others(client: ShopClient) -> None:
    """A page in the middle has four links."""
    response = await client.get("/api/products?limit=1&offset=1")

    assert {name: str(URL(link["url"]).relative()) for name, link in response.links.items()} == {
        "first": "/api/products?limit=1&offset=0",
        "prev": "/api/products?limit=1&offset=0",
        "next": "/api/products?limit=1&offset=2",
        "last": "/api/products?limit=1&offset=2",
    }


async def test_a_page_has_limits(client: ShopClient) -> None:
    """Both errors of the query are reported at once."""
    response = await client.get("/api/products?limit=101&offset=-1")

    assert response.status == 422
    assert [(error["location"], error["pointer"]) for error in (await response.json())["errors"]] == [
        ("query", "/limit"),
        ("query", "/offset"),
    ]


async def test_a_product_is_added_and_read_back(staff: ShopClient) -> None:
    """The response is a 201, and its Location is the URL of the product."""
    response = await staff.post("/api/products", json=NEW_LAMP)

    assert response.status == 201
    assert response.headers["Location"] == "/api/products/LAMP-1"
    assert await response.json() == LAMP
    assert await read(staff, "/api/products/LAMP-1") == LAMP


async def test_a_product_is_changed_in_part(staff: ShopClient) -> None:
    """Fields that are not sent keep their values, and the stock cannot be changed."""
    await staff.post("/api/products", json=NEW_LAMP)
    changed = await staff.patch("/api/products/LAMP-1", json={"price_cents": 3900})

    assert changed.status == 200
    assert await changed.json() == LAMP | {"price_cents": 3900, "version": 2}
    assert await read(staff, "/api/products/LAMP-1") == LAMP | {"price_cents": 3900, "version": 2}
    wrong: tuple[dict[str, object], ...] = ({"stock": 1}, {"name": None}, {"price_cents": -1})
    for refused in wrong:
        assert (await staff.patch("/api/products/LAMP-1", json=refused)).status == 422
    assert (await staff.patch("/api/products/CUP-1", json={})).status == 404


async def test_a_sku_is_taken_once(staff: ShopClient) -> None:
    """A second product with the same SKU is a conflict, and the first is unchanged."""
    await staff.post("/api/products", json=NEW_LAMP)
    response = await staff.post("/api/products", json=NEW_LAMP | {"name": "Another lamp"})

    assert response.status == 409
    assert await response.json() == {
        "type": "about:blank",
        "title": "SKU taken",
        "status": 409,
        "instance": "/api/products",
        "request_id": response.headers["X-Request-ID"],
        "sku": "LAMP-1",
    }
    assert await read(staff, "/api/products/LAMP-1") == LAMP


async def test_an_unknown_product_is_not_found(client: ShopClient) -> None:
    """The response has the SKU."""
    response = await client.get("/api/products/CUP-1")

    assert response.status == 404
    assert await response.json() == {
        "type": "about:blank",
        "title": "Product not found",
        "status": 404,
        "instance": "/api/products/CUP-1",
        "request_id": response.headers["X-Request-ID"],
        "sku": "CUP-1",
    }


async def test_names_are_one_line(staff: ShopClient) -> None:
    """Validation rejects control characters, some of which PostgreSQL would reject."""
    for name in ("", "Desk\nlamp", "Desk lamp\n", "Desk\0lamp"):
        response = await staff.post("/api/products", json=NEW_LAMP | {"name": name})
        assert response.status == 422


async def test_only_the_staff_changes_products(client: ShopClient, visitor: ShopClient) -> None:
    """Everybody reads products; writing is a 401 for visitors and a 403 for customers."""
    assert (await read(visitor, "/api/products/MUG-1"))["stock"] == 100
    for user, status in ((visitor, 401), (client, 403)):
        assert (await user.post("/api/products", json=NEW_LAMP)).status == status
        assert (await user.patch("/api/products/MUG-1", json={"price_cents": 1})).status == status
    assert (await read(visitor, "/api/products"))["total"] == 3


FILTERS = {
    "": ["MUG-1", "POT-1", "TEA-250"],
    "?search=TEA": ["POT-1", "TEA-250"],
    "?search=%25": [],
    "?sort=price": ["TEA-250", "MUG-1", "POT-1"],
    "?sort=-price&limit=1": ["POT-1"],
    "?sort=name": ["MUG-1", "TEA-250", "POT-1"],
    "?most_cents=1250&search=g": ["MUG-1", "TEA-250"],
    "?in_stock=true": ["MUG-1", "TEA-250"],
}


async def test_products_are_filtered_and_sorted(client: ShopClient) -> None:
    """A search is a part of the name in any case, and its percent sign is not a wildcard."""
    await place(client, POT_1=3)

    pages = {query: await read(client, f"/api/products{query}") for query in FILTERS}

    assert {query: [item["sku"] for item in page["items"]] for query, page in pages.items()} == FILTERS
    assert all(page["total"] >= len(page["items"]) for page in pages.values())


async def test_a_change_does_not_overwrite_another(staff: ShopClient) -> None:
    """A client that sends the tag of an old version gets 412, and the tag of the current one a 304."""
    first = await staff.get("/api/products/MUG-1")
    tag = {"If-Match": first.headers["ETag"]}

    changed = await staff.patch("/api/products/MUG-1", json={"price_cents": 1}, headers=tag)
    refused = await staff.patch("/api/products/MUG-1", json={"price_cents": 2}, headers=tag)
    again = await staff.get("/api/products/MUG-1", headers={"If-None-Match": changed.headers["ETag"]})

    assert (first.headers["ETag"], changed.headers["ETag"]) == ('"v1"', '"v2"')
    assert (changed.status, refused.status, again.status) == (200, 412, 304)
    assert (await read(staff, "/api/products/MUG-1"))["price_cents"] == 1


async def test_an_order_changes_the_version_of_its_products(client: ShopClient) -> None:
    """Their stock is a part of them."""
    await place(client, MUG_1=1)
    await client.post("/api/orders/1/cancel")

    assert (await read(client, "/api/products/MUG-1"))["version"] == 3

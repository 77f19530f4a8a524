"""Orders over HTTP."""

from app_template.tests.shop import BOTH_DATABASES, ShopClient, order, place, read, stock_of

pytestmark = BOTH_DATABASES


async def test_an_order_is_placed_and_read_back(client: ShopClient) -> None:
    """The response is a 201 with the order, and its Location is the URL of the same order."""
    response = await client.post("/api/orders", json=order(MUG_1=2, TEA_250=1))
    placed = await response.json()

    assert response.status == 201
    assert response.headers["Location"] == "/api/orders/1"
    assert await read(client, "/api/orders/1") == placed
    assert placed.pop("placed_at").endswith("Z")
    assert placed == {
        "id": 1,
        "customer": "Ada",
        "status": "placed",
        "lines": [
            {"sku": "MUG-1", "quantity": 2, "price_cents": 1250},
            {"sku": "TEA-250", "quantity": 1, "price_cents": 890},
        ],
        "total_cents": 3390,
    }
    assert await stock_of(client, "MUG-1") == 98


async def test_the_latest_orders_come_first(client: ShopClient) -> None:
    """A page is selected by limit and offset, and has the total number of orders."""
    for _ in range(3):
        await place(client, MUG_1=1)

    page = await read(client, "/api/orders?limit=2&offset=1")

    assert [item["id"] for item in page["items"]] == [2, 1]
    assert page["total"] == 3


async def test_all_errors_are_reported_at_once(client: ShopClient) -> None:
    """One response lists every error of the request, each with its place."""
    bad = {"lines": [{"sku": "mug", "quantity": 0}, {"sku": "MUG-1", "quantity": "2", "gift": True}]}
    response = await client.post("/api/orders", json=bad)
    problem = await response.json()

    assert response.status == 422
    assert response.content_type == "application/problem+json"
    assert problem["detail"] == "4 errors in the request"
    assert [(error["pointer"], error["code"]) for error in problem["errors"]] == [
        ("/lines/0/sku", "constraint"),
        ("/lines/0/quantity", "constraint"),
        ("/lines/1/quantity", "type"),
        ("/lines/1/gift", "unknown"),
    ]


async def test_a_product_may_be_in_one_line_only(client: ShopClient) -> None:
    """Two lines with the same product are rejected."""
    lines = order(MUG_1=1)["lines"] * 2
    response = await client.post("/api/orders", json={"lines": lines})

    assert response.status == 422
    assert (await response.json())["errors"] == [
        {"location": "body", "pointer": "", "code": "value", "detail": "Expected each product in one line only"}
    ]


async def test_unknown_products_are_validation_errors(client: ShopClient) -> None:
    """Each line with an unknown product is an error, in the format of all others."""
    status, problem = await place(client, CUP_1=1, MUG_1=1, CUP_2=1)

    assert status == 422
    assert problem["detail"] == "2 errors in the request"
    assert [(error["pointer"], error["code"]) for error in problem["errors"]] == [
        ("/lines/0/sku", "value"),
        ("/lines/2/sku", "value"),
    ]


async def test_an_unknown_order_is_not_found(client: ShopClient) -> None:
    """Reading and cancelling an unknown order are a 404 with its number."""
    for response in (await client.get("/api/orders/7"), await client.post("/api/orders/7/cancel")):
        assert response.status == 404
        assert await response.json() == {
            "type": "about:blank",
            "title": "Order not found",
            "status": 404,
            "instance": response.url.path,
            "request_id": response.headers["X-Request-ID"],
            "order_id": 7,
        }


async def test_a_number_beyond_the_column_is_rejected(client: ShopClient) -> None:
    """Validation rejects the number before the database is used."""
    response = await client.get(f"/api/orders/{2**31}")

    assert response.status == 422


async def test_cancelling_puts_the_pieces_back_once(client: ShopClient) -> None:
    """Cancelling again returns the same response and changes nothing."""
    await place(client, POT_1=2, MUG_1=1)

    for _ in range(2):
        response = await client.post("/api/orders/1/cancel")
        assert response.status == 200
        assert (await response.json())["status"] == "cancelled"

    assert (await read(client, "/api/orders/1"))["status"] == "cancelled"
    assert await stock_of(client, "POT-1") == 3
    assert await stock_of(client, "MUG-1") == 100


async def test_customers_see_their_own_orders_and_the_staff_sees_all(client: ShopClient, staff: ShopClient) -> None:
    """The order of somebody else does not exist for a customer, who cannot cancel it either."""
    await place(staff, MUG_1=1)
    await place(client, MUG_1=2)

    assert [item["id"] for item in (await read(client, "/api/orders"))["items"]] == [2]
    assert (await client.get("/api/orders/1")).status == 404
    assert (await client.post("/api/orders/1/cancel")).status == 404
    assert (await read(staff, "/api/orders"))["total"] == 2
    assert (await read(staff, "/api/orders/2"))["customer"] == "Ada"
    assert (await read(staff, "/api/orders/1"))["status"] == "placed"


async def test_visitors_have_no_orders(visitor: ShopClient) -> None:
    """Without credentials every route of orders is a 401, whatever is sent."""
    for method, path in (("GET", "/api/orders"), ("GET", "/api/orders/x"), ("POST", "/api/orders")):
        response = await visitor.request(method, path, json={})
        assert response.status == 401
        assert response.headers["WWW-Authenticate"] == 'Bearer realm="api"'


async def test_only_a_placed_order_is_cancelled_with_its_tag(client: ShopClient) -> None:
    """The tag of the placed order no longer matches when it is cancelled."""
    await place(client, POT_1=1)
    tag = {"If-Match": (await client.get("/api/orders/1")).headers["ETag"]}

    statuses = [(await client.post("/api/orders/1/cancel", headers=tag)).status for _ in range(2)]

    assert statuses == [200, 412]
    assert await stock_of(client, "POT-1") == 3

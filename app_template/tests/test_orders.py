"""Orders over HTTP."""

from app_template.tests.shop import ShopClient, order, place, read, stock_of


async def test_an_order_is_placed_and_read_back(client: ShopClient) -> None:
    """The answer is a 201 with the order, and its Location answers the same."""
    response = await client.post("/orders", json=order("Ada", MUG_1=2, TEA_250=1))
    placed = await response.json()

    assert response.status == 201
    assert response.headers["Location"] == "/orders/1"
    assert await read(client, "/orders/1") == placed
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
    """The list is cut by limit and offset, and says how long it is as a whole."""
    for _ in range(3):
        await place(client, MUG_1=1)

    page = await read(client, "/orders?limit=2&offset=1")

    assert [one["id"] for one in page["items"]] == [2, 1]
    assert page["total"] == 3


async def test_all_faults_are_told_at_once(client: ShopClient) -> None:
    """One answer names every fault of the request, each with its place."""
    bad = {"lines": [{"sku": "mug", "quantity": 0}, {"sku": "MUG-1", "quantity": "2", "gift": True}]}
    response = await client.post("/orders", json=bad)
    problem = await response.json()

    assert response.status == 422
    assert response.content_type == "application/problem+json"
    assert problem["detail"] == "5 errors in the request"
    assert [(one["pointer"], one["code"]) for one in problem["errors"]] == [
        ("/lines/0/sku", "constraint"),
        ("/lines/0/quantity", "constraint"),
        ("/lines/1/quantity", "type"),
        ("/lines/1/gift", "unknown"),
        ("/customer", "missing"),
    ]


async def test_a_product_stands_in_one_line_only(client: ShopClient) -> None:
    """Two lines of one product are refused."""
    lines = order(MUG_1=1)["lines"] * 2
    response = await client.post("/orders", json={"customer": "Ada", "lines": lines})

    assert response.status == 422
    assert (await response.json())["errors"] == [
        {"location": "body", "pointer": "", "code": "value", "detail": "Expected each product in one line only"}
    ]


async def test_unknown_products_are_faults_of_the_request(client: ShopClient) -> None:
    """Each line with an unknown product is a fault, in the shape of all others."""
    status, problem = await place(client, CUP_1=1, MUG_1=1, CUP_2=1)

    assert status == 422
    assert problem["detail"] == "2 errors in the request"
    assert [(one["pointer"], one["code"]) for one in problem["errors"]] == [
        ("/lines/0/sku", "value"),
        ("/lines/2/sku", "value"),
    ]


async def test_an_unknown_order_is_not_found(client: ShopClient) -> None:
    """Neither reading nor cancelling finds it; the answer repeats its number."""
    for response in (await client.get("/orders/7"), await client.post("/orders/7/cancel")):
        assert response.status == 404
        assert await response.json() == {
            "type": "about:blank",
            "title": "Order not found",
            "status": 404,
            "instance": response.url.path,
            "order_id": 7,
        }


async def test_a_number_beyond_the_column_is_refused(client: ShopClient) -> None:
    """It never reaches the database."""
    response = await client.get(f"/orders/{2**31}")

    assert response.status == 422


async def test_cancelling_puts_the_pieces_back_once(client: ShopClient) -> None:
    """Cancelling again answers the same and changes nothing."""
    await place(client, POT_1=2, MUG_1=1)

    for _ in range(2):
        response = await client.post("/orders/1/cancel")
        assert response.status == 200
        assert (await response.json())["status"] == "cancelled"

    assert (await read(client, "/orders/1"))["status"] == "cancelled"
    assert await stock_of(client, "POT-1") == 3
    assert await stock_of(client, "MUG-1") == 100

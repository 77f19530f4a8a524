"""The pages, without a browser."""

import re

import pytest

from app_template.tests.mails import KeptMails
from app_template.tests.shop import ShopClient, add_product

FROM_HERE = {"Sec-Fetch-Site": "same-origin"}
# The password of the samples.
KNOWN = "only for development"


async def send(client: ShopClient, path: str, **form: str) -> tuple[int, str]:
    """Send a form as a browser does, follow its redirect, and return status and page."""
    async with client.post(path, data=form, headers=FROM_HERE) as response:
        return response.status, await response.text()


async def look(client: ShopClient, path: str) -> str:
    """Return a page."""
    async with client.get(path) as response:
        assert response.status == 200
        return await response.text()


async def log_in(client: ShopClient, name: str = "ada") -> str:
    """Log in by the form, and return the page that follows."""
    status, page = await send(client, "/login", email=f"{name}@shop.example", password=KNOWN)
    assert status == 200
    return page


async def test_an_order_is_placed_and_cancelled(visitor: ShopClient) -> None:
    """Each step says once what has happened."""
    welcome = await log_in(visitor)
    _, orders = await send(visitor, "/orders", sku="MUG-1", quantity="2")
    again = await look(visitor, "/orders")
    _, cancelled = await send(visitor, "/orders/1/cancel")

    assert "Welcome, Ada." in welcome
    assert "Your order 1 is placed." in orders
    assert "25.00 €" in again
    assert "is placed" not in again
    assert "Order 1 is cancelled." in cancelled


async def test_visitors_are_sent_to_the_login(visitor: ShopClient) -> None:
    """For reading and for ordering."""
    assert "<h1>Log in</h1>" in await look(visitor, "/orders")
    assert "<h1>Log in</h1>" in (await send(visitor, "/orders", sku="MUG-1", quantity="1"))[1]


async def test_a_wrong_password_comes_back(visitor: ShopClient) -> None:
    """The form has the address and no password; after some attempts the next one has to wait."""
    answers = [await send(visitor, "/login", email="ada@shop.example", password="wrong") for _ in range(7)]

    assert answers[0][0] == 422
    assert "The address or the password is wrong" in answers[0][1]
    assert 'value="ada@shop.example"' in answers[0][1]
    assert 'value="wrong"' not in answers[0][1]
    assert answers[-1][0] == 429


async def test_logging_out_ends_the_session(visitor: ShopClient) -> None:
    """A copy of the cookie is worthless."""
    await log_in(visitor)
    cookies = {cookie.key: cookie.value for cookie in visitor.session.cookie_jar}
    await send(visitor, "/logout")
    visitor.session.cookie_jar.clear()

    async with visitor.get("/orders", cookies=cookies) as response:
        assert "<h1>Log in</h1>" in await response.text()


async def test_other_pages_can_send_nothing(visitor: ShopClient) -> None:
    """A form of another origin is refused; one without these headers requires the token of the page."""
    await log_in(visitor)
    form = {"sku": "MUG-1", "quantity": "1"}
    (token, *_) = re.findall('name="_csrf" value="([^"]+)"', await look(visitor, "/"))

    foreign: tuple[dict[str, str], ...] = ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {})
    for headers in foreign:
        assert (await visitor.post("/orders", data=form, headers=headers)).status == 403
    assert "order 1 is placed" in await (await visitor.post("/orders", data=form | {"_csrf": token})).text()


async def test_an_account_by_the_pages(mails: KeptMails, visitor: ShopClient) -> None:
    """Registered, confirmed by a button, a password lost and replaced."""
    new = {"name": "Eve <3", "email": "eve@shop.example", "password": "a long enough one"}
    _, page = await send(visitor, "/register", **new)
    while not mails.mails:
        await look(visitor, "/")
    confirmation = await look(visitor, f"/confirm?token={mails.token()}")
    _, confirmed = await send(visitor, "/confirm", token=mails.token())
    await send(visitor, "/lost-password", email=new["email"])
    while len(mails.mails) < 2:
        await look(visitor, "/")
    _, changed = await send(visitor, "/reset", token=mails.token(), password="another long one")
    _, welcome = await send(visitor, "/login", email=new["email"], password="another long one")

    assert "Look into your mailbox" in page
    assert "<button>Confirm</button>" in confirmation
    assert "Your address is confirmed" in confirmed
    assert "Your password is changed" in changed
    assert "Welcome, Eve &lt;3." in welcome


@pytest.mark.parametrize(("path", "more"), [("/confirm", {}), ("/reset", {"password": "another long one"})])
async def test_a_link_that_is_not_valid(visitor: ShopClient, path: str, more: dict[str, str]) -> None:
    """The page says so."""
    status, page = await send(visitor, path, token="x", **more)

    assert (status, "The link is not valid any more" in page) == (422, True)


async def test_a_short_password_comes_back(visitor: ShopClient) -> None:
    """With everything else that was sent."""
    status, page = await send(visitor, "/register", name="Eve", email="eve@shop.example", password="short")

    assert status == 422
    assert "Expected a password of 12 to 200 characters" in page
    assert 'value="eve@shop.example"' in page
    assert "short" not in page


async def test_the_staff_adds_products(visitor: ShopClient) -> None:
    """Others have no such form."""
    await log_in(visitor)
    assert (await send(visitor, "/products", sku="CUP-1"))[0] == 404
    await send(visitor, "/logout")
    assert "Add a product" in await log_in(visitor, "sam")
    taken = await send(visitor, "/products", sku="MUG-1", name="Cup", price_cents="100", stock="1")
    wrong = await send(visitor, "/products", sku="cup", name="Cup", price_cents="-1", stock="1")
    added = await send(visitor, "/products", sku="CUP-1", name="Cup & saucer", price_cents="100", stock="1")

    assert "Another product has this SKU" in taken[1]
    assert wrong[1].count('role="alert"') == 2
    assert "Cup &amp; saucer is added." in added[1]


async def test_more_than_the_stock(visitor: ShopClient) -> None:
    """The page says how many are left."""
    await log_in(visitor)

    assert "Only 3 left; nothing was ordered." in (await send(visitor, "/orders", sku="POT-1", quantity="4"))[1]


async def test_new_orders_are_sent_to_open_pages(client: ShopClient, visitor: ShopClient, staff: ShopClient) -> None:
    """The staff sees the orders of all, as HTML that is escaped, and continues after the last one that it has seen."""
    await add_product(staff, "LAMP-1", stock=10)
    await log_in(visitor, "sam")
    async with visitor.get("/orders/feed") as feed:
        position = (await feed.content.readuntil(b"\n\n")).decode().partition("\n")[0].removeprefix("id: ")
        refused = await client.post("/api/orders", json={"lines": [{"sku": "LAMP-1", "quantity": 11}]})
        await client.post("/api/orders", json={"lines": [{"sku": "LAMP-1", "quantity": 1}]})
        event = (await feed.content.readuntil(b"\n\n")).decode()
    async with visitor.get("/orders/feed", headers={"Last-Event-ID": position}) as feed:
        await feed.content.readuntil(b"\n\n")
        again = (await feed.content.readuntil(b"\n\n")).decode()

    assert refused.status == 409
    assert "event: order" in event
    assert 'id=\\"order-1\\"' in event
    assert "LAMP-1" in event
    assert again == event


async def test_a_feed_has_the_orders_of_its_user(client: ShopClient, visitor: ShopClient, staff: ShopClient) -> None:
    """A customer does not see the orders of others."""
    await add_product(staff, "LAMP-1", stock=10)
    await log_in(visitor)
    async with visitor.get("/orders/feed") as feed:
        await feed.content.readuntil(b"\n\n")
        await staff.post("/api/orders", json={"lines": [{"sku": "LAMP-1", "quantity": 2}]})
        await client.post("/api/orders", json={"lines": [{"sku": "LAMP-1", "quantity": 1}]})
        event = (await feed.content.readuntil(b"\n\n")).decode()

    assert 'id=\\"order-2\\"' in event

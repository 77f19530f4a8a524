"""The generated Python clients work: against the running template, and with a value of every type.

Here the committed ones are used, so that type checkers and formatters look at them, and at how they are used, with all
other modules.
"""

import datetime as dt
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import aiohttp
import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from framework import App
from tests.contract.committed import large_client as large
from tests.contract.committed import shop_client as shop
from tests.contract.large_app import create_app
from tests.contract.shop_app import create_shop

NOON = dt.datetime(2026, 5, 4, 12, 0, 0, 250, tzinfo=dt.UTC)
SOME_ID = UUID("12345678-1234-5678-1234-567812345678")


async def serve(app: App) -> AsyncIterator[tuple[aiohttp.ClientSession, str]]:
    """Serve an app on loopback, with a session for it."""
    server = TestServer(app.build())
    await server.start_server()
    try:
        async with aiohttp.ClientSession() as session:
            yield session, str(server.make_url(""))
    finally:
        await server.close()


@pytest.fixture
async def shop_api(tmp_path: Path) -> AsyncIterator[shop.Client]:
    """Connect to the template."""
    async for session, url in serve(create_shop(tmp_path)):
        yield shop.Client(session, url)


@pytest.fixture
async def api() -> AsyncIterator[large.Client]:
    """Connect to the app with everything."""
    async for session, url in serve(create_app()):
        yield large.Client(session, url)


async def test_a_shop_is_used(shop_api: shop.Client) -> None:
    """Products and orders are made, found and read back, as typed values."""
    made = await shop_api.product_create(shop.NewProduct(sku="TEA-1", name="Tea", price_cents=450, stock=5))
    placed = await shop_api.order_create(
        shop.NewOrder(customer="Ada", lines=[shop.NewOrderLine(sku="TEA-1", quantity=2)])
    )
    found = await shop_api.order_search(limit=1)

    assert made == shop.Product(sku="TEA-1", name="Tea", price_cents=450, stock=5)
    assert (await shop_api.product_show("TEA-1")).stock == 3
    assert (placed.total_cents, placed.status) == (900, "placed")
    assert placed.placed_at.tzinfo is not None
    assert found.items == [placed]
    assert (await shop_api.order_cancel(placed.id)).status == "cancelled"
    assert (await shop_api.order_show(placed.id)).status == "cancelled"


async def test_problems_are_typed(shop_api: shop.Client) -> None:
    """An error has its status, its problem, and the problem as the class that the document names."""
    order = shop.NewOrder(customer="Ada", lines=[shop.NewOrderLine(sku="MUG-1", quantity=1_000)])
    with pytest.raises(shop.ProblemError, match=r"^409 Out of stock") as caught:
        await shop_api.order_create(order)
    error = caught.value
    problem = error.decode(shop.OutOfStock)

    assert (error.status, error.problem["sku"]) == (409, "MUG-1")
    assert (problem.sku, problem.ordered, problem.instance) == ("MUG-1", 1_000, "/orders")
    with pytest.raises(msgspec.ValidationError):
        error.decode(shop.SkuTaken)

    with pytest.raises(shop.ProblemError, match=r"^422 Unprocessable Content 1 fault in the request$") as caught:
        await shop_api.order_search(limit=0)
    faults = caught.value.decode(shop.ValidationProblem).errors
    assert [(one.location, one.pointer, one.code) for one in faults] == [("query", "/limit", "constraint")]


async def test_an_error_without_a_problem(shop_api: shop.Client) -> None:
    """What a proxy answers, for example, is told all the same."""

    async def refuse(_: web.Request) -> web.Response:
        return web.Response(status=502, text="<h1>Bad gateway</h1>", content_type="text/html")

    other = web.Application()
    other.router.add_route("*", "/{rest:.*}", refuse)
    server = TestServer(other)
    await server.start_server()
    try:
        async with aiohttp.ClientSession() as session:
            with pytest.raises(shop.ProblemError, match=r"^502$") as caught:
                await shop.Client(session, str(server.make_url(""))).product_search()
    finally:
        await server.close()

    assert (caught.value.problem, caught.value.body) == ({}, b"<h1>Bad gateway</h1>")
    assert shop_api is not None


async def test_bodies_come_back(api: large.Client) -> None:
    """A value of every type is sent, read, written and read back as it was."""
    scalars = large.ScalarsInput(
        text="Ada", code="AB-1", small_number=3, share=0.5, is_set=True, identifier=SOME_ID, amount=Decimal("1.50"),
        data=b"\0\xff", colour="red", level=9, mode=7,
    )  # fmt: skip
    moments = large.MomentsInput(aware=NOON, day=NOON.date(), hour=dt.time(3, 4), length=dt.timedelta(hours=2.5))
    collections = large.Collections(
        numbers=[1, 2], names=["a"], frozen=[3], fixed=(1, "b", True), several=[0.5], by_name={"x": 1},
        by_code={"AB-1": [[1.0, 2.0, "p"]]}, by_level={"a": 1}, point=[1.0, 2.0, ""], pair=(1, "c"),
        shape=large.Square(side=2.0), version=large.Version2(new="n"), anything={"deep": [None]},
    )  # fmt: skip
    tree = large.TreeInput(label="root", children=[large.TreeInput(label="leaf")])

    # What is read has another type than what is answered where defaults make a difference.
    assert msgspec.structs.asdict(await api.body_scalars(scalars)) == msgspec.structs.asdict(scalars)
    assert msgspec.structs.asdict(await api.body_moments(moments)) == msgspec.structs.asdict(moments)
    assert await api.body_collections(collections) == collections
    assert msgspec.to_builtins(await api.body_tree(tree)) == msgspec.to_builtins(tree)
    assert await api.body_shape(large.Circle(radius=1.0)) == large.Circle(radius=1.0)
    assert await api.body_version(large.Version1(old="o")) == large.Version1(old="o")
    assert await api.body_version() is None
    assert await api.body_person(large.PersonInput(name="Ada", address=large.Address(street="S", city="C"))) is not None
    assert (await api.body_parcel(large.ParcelInput(weight=3))).weight == 3
    assert await api.body_points([[1.0, 2.0]]) == {"0": [1.0, 2.0, ""]}
    assert await api.body_anything({"a": [1]}) == {"a": [1]}
    assert await api.body_numbers([1, 2]) == 2
    assert await api.body_both(5, (1, "x"), limit=7) == (5, 7, (1, "x"))


async def test_parameters_arrive(api: large.Client) -> None:
    """Path, query, headers and cookies are written as the server reads them, collections in every style."""
    scalars = await api.query_scalars(
        text="a b&c/ü", the_number=-3, flag=True, colour="green", identifier=SOME_ID, amount=Decimal("2.5")
    )
    headers = await api.header_headers(x_client="me", x_build=4, x_trace="t", session=12)

    assert scalars == {"text": "a b&c/ü", "number": -3, "rest": [0.5, True, "green", str(SOME_ID), "2.5", None]}
    assert headers == [{"x_client": "me", "x_build": 4}, "t", 12]
    assert await api.query_collections(tags=["a", "b,c"], numbers=[1, 2, 3], colours=["red", "green"]) == [2, 3, 2]
    assert (await api.query_models(limit=3, filter=large.Filter(text="x y", least=2))).items == [
        "Filter(text='x y', least=2)"
    ]
    assert (await api.query_moments(at=NOON, length=dt.timedelta(minutes=3)))[3] == "0:03:00"
    assert await api.path_code("AB-12") == "AB-12"
    assert await api.path_identifier_paths_ids_identifier(SOME_ID) == SOME_ID
    assert await api.path_file("a b/c?d#e") == "a b/c?d#e"
    assert await api.path_day(NOON.date(), "red") == (2026, "red")


async def test_answers_of_every_kind(api: large.Client) -> None:
    """Nothing, texts, bytes, null and moments come as what they are."""
    assert await api.answer_text() == "text"
    assert await api.answer_data() == b"\0\xff"
    assert await api.answer_maybe() is None
    assert await api.answer_maybe(there=True) == [1.0, 2.0, ""]
    assert (await api.answer_now()).tzinfo is not None
    assert (await api.answer_page()).items[0].items == [None]
    nothing: list[None] = [
        await api.answer_nothing(),  # type: ignore[func-returns-value]
        await api.answer_accepted(),  # type: ignore[func-returns-value]
        await api.answer_head(),  # type: ignore[func-returns-value]
        await api.answer_options(),  # type: ignore[func-returns-value]
    ]
    assert nothing == [None] * 4
    with pytest.raises(large.ProblemError) as caught:
        await api.me(x_user="Ada")
    assert caught.value.status == 401

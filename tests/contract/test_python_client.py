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
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from framework import App
from tests.contract.committed import large_client as large
from tests.contract.committed import shop_client as shop
from tests.contract.large.secured import TOKEN
from tests.contract.large_app import create_app
from tests.contract.shop_app import create_shop, staff_token

NOON = dt.datetime(2026, 5, 4, 12, 0, 0, 250, tzinfo=dt.UTC)
# Tests of the app that the fixture api serves.
SHARED = pytest.mark.asyncio(loop_scope="module")
SOME_ID = UUID("12345678-1234-5678-1234-567812345678")


async def serve(app: App, **headers: str) -> AsyncIterator[tuple[aiohttp.ClientSession, str]]:
    """Serve an app on loopback, with a session for it."""
    server = TestServer(app.build())
    await server.start_server()
    try:
        async with aiohttp.ClientSession(headers=headers) as session:
            yield session, str(server.make_url(""))
    finally:
        await server.close()


@pytest.fixture
async def shop_api(tmp_path: Path) -> AsyncIterator[shop.Client]:
    """Connect to the template."""
    async for session, url in serve(create_shop(tmp_path), Authorization=f"Bearer {staff_token()}"):
        yield shop.Client(session, url)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def api() -> AsyncIterator[large.Client]:
    """Connect to the app with everything, which stores nothing."""
    async for session, url in serve(create_app()):
        yield large.Client(session, url)


async def test_a_shop_is_used(shop_api: shop.Client) -> None:
    """Products and orders are made, found and read back, as typed values."""
    made = await shop_api.product_create(shop.NewProduct(sku="TEA-1", name="Tea", price_cents=450, stock=5))
    placed = await shop_api.order_create(shop.NewOrder(lines=[shop.NewOrderLine(sku="TEA-1", quantity=2)]))
    found = await shop_api.order_search(limit=1)

    assert made == shop.Product(sku="TEA-1", name="Tea", price_cents=450, stock=5, version=1)
    # None would be a 304.
    shown, cancelled = await shop_api.product_show("TEA-1"), await shop_api.order_cancel(placed.id)
    assert shown is not None
    assert shown.stock == 3
    assert (placed.total_cents, placed.status) == (900, "placed")
    assert placed.placed_at.tzinfo is not None
    assert found.items == [placed]
    assert cancelled.status == "cancelled"
    assert await shop_api.order_show(placed.id) == cancelled


async def test_problems_are_typed(shop_api: shop.Client) -> None:
    """An error has its status, its problem, and the problem as the class that the document names."""
    order = shop.NewOrder(lines=[shop.NewOrderLine(sku="MUG-1", quantity=1_000)])
    with pytest.raises(shop.ProblemError, match=r"^409 Out of stock") as caught:
        await shop_api.order_create(order)
    error = caught.value
    problem = error.decode(shop.OutOfStock)

    assert (error.status, error.problem["sku"]) == (409, "MUG-1")
    assert (problem.sku, problem.ordered, problem.instance) == ("MUG-1", 1_000, "/api/orders")
    with pytest.raises(msgspec.ValidationError):
        error.decode(shop.SkuTaken)

    with pytest.raises(shop.ProblemError, match=r"^422 Unprocessable Content 1 error in the request$") as caught:
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


@SHARED
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


@SHARED
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


@SHARED
async def test_other_parameters_arrive(api: large.Client) -> None:
    """Lists in headers, models and mappings in the query, scalars and moments in the path."""
    lists = await api.header_lists(x_number=[1, 2], x_colours=["red", "green"], x_flag=True, x_range="a, b")
    others = await api.query_others(
        first=1,
        by="age",
        span=large.Span(start=NOON.date()),
        least={"a": 1},
        order=["red", "green"],
        colours=large.Colours(best="red"),
    )

    assert lists == [[1, 2], ["green", "red"], True, None, "a, b"]
    assert others[0] == {"first": 1, "last": None}
    assert others[1:] == [{"start": "2026-05-04"}, "age", {"a": 1}, 2, {"best": "red", "others": ""}]
    assert await api.header_cookies(theme_name="dark", visits=3, trace_id=SOME_ID) == [
        {"theme-name": "dark", "visits": 3},
        str(SOME_ID),
    ]
    assert await api.path_scalars(flag=True, share=0.5, amount=Decimal("1.5"), mode="fast") == [
        True,
        0.5,
        "1.5",
        "fast",
    ]
    assert await api.path_moments(NOON, dt.time(3, 4), dt.timedelta(hours=1)) == f"{NOON} 03:04:00 1:00:00"
    assert await api.name_query(443, email="ada@example.org", hosts=["a.example", "b.example"], x_secret=TOKEN) == [
        *(443, "ada@example.org", 1, ["a.example", "b.example"], False, None)
    ]


@SHARED
async def test_raw_bodies_are_sent_as_they_are(api: large.Client) -> None:
    """Bytes of a type that the caller names, texts, streams, and several values in one body."""
    assert await api.raw_body_data(b"\0\xff") == 2
    assert await api.raw_body_picture(b"\xff\xd8", content_type="image/jpeg") == b"\xff\xd8"
    assert await api.raw_body_image(b"GIF89a", content_type="image/gif") == 6
    assert await api.raw_body_text("Größe") == "Größe"
    assert await api.raw_body_stream(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert await api.raw_body_table(b"a,b\nc,d") == ["a,b", "c,d"]

    address = large.Address(street="S", city="C")
    several = await api.several_values(
        large.SeveralControllerValuesBody(
            person=large.PersonInput(name="Ada", address=address), point=[1.0, 2.0], colours=["red"]
        )
    )
    assert several == (large.Person(name="Ada", address=address, nicknames=[]), [1.0, 2.0, ""], "none", 1)
    assert (
        await api.several_embedded(large.SeveralControllerEmbeddedBody(parcel=large.ParcelInput(weight=2)))
    ).weight == 2
    assert await api.several_optional() is None
    assert await api.several_optional(3) == 3


@SHARED
async def test_forms_and_files_are_sent(api: large.Client) -> None:
    """Fields that repeat, files by themselves and in lists, with names or without, and values in parts."""
    album = large.AlbumInput(title="Food", year=1, made=NOON.date())

    assert await api.form_sign_up(large.FormSignUpBody(name="Ada", topics=["a", "b"], age=7)) == large.Signup(
        name="Ada", age=7, topics=["a", "b"], colour="red"
    )
    form = large.FormLogInBody(user="Ada", next="/x&y", remember=True, lucky=[3, 1])
    assert await api.form_log_in(form) == ["Ada", "/x&y", True, [1, 3], None]
    assert await api.upload_one(large.UploadOneBody(photo=b"\0" * 5, note="hey")) == "5 hey"
    several = large.UploadSeveralBody(photo=[b"1", large.FilePart(b"22", "two.txt", "text/plain")], extra=b"333")
    assert await api.upload_several(several) == [1, 2, 3]
    values = await api.upload_values(large.UploadValuesBody(album=album, pairs=[(1, "a"), (2, "b")], counts={"x": 1}))
    assert values == [{"title": "Food", "year": 1, "made": "2026-05-04"}, [[1, "a"], [2, "b"]], {"x": 1}]
    report = await api.upload_report(
        large.UploadReportBody(title="All", picture=b"12", pages=[b"1", b"2"], album=album)
    )
    assert (report["picture"], report["pages"], report["album"]["year"]) == (2, 2, 1)
    assert await api.upload_stream({"note": "text", "data": b"\xff" * 9}) == {"note": 4, "data": 9}
    assert await api.name_log_in(large.NameLogInBody(name="Ada", password=TOKEN)) == 8


@SHARED
async def test_formats_are_written_and_read(api: large.Client) -> None:
    """Types of our own, MessagePack where there is nothing else, and JSON before all others."""
    assert await api.negotiation_vendor(large.RowInput(name="a", number=2)) == large.Row(name="a", number=2)
    assert await api.negotiation_packed([1.0, 2.0, "p"]) == [1.0, 2.0, "p"]
    assert await api.negotiation_rows() == [large.Row(name="a", number=1), large.Row(name="b", number=0)]
    assert await api.negotiation_page() == "<!doctype html><title>Everything</title>"
    assert (await api.negotiation_picture())[:4] == b"\x89PNG"
    assert await api.negotiation_raw() == {"ready": True}


@SHARED
async def test_files_parts_and_redirects(api: large.Client) -> None:
    """Files are bytes, also where a value may come in their place; redirects are followed."""
    assert b"Types of every kind" in (await api.file_source() or b"")
    found = await api.file_maybe()
    assert isinstance(found, bytes)
    assert b"FileController" in found
    assert await api.file_maybe(there=False) == (1, "files.py")
    assert await api.file_of_aiohttp() == b"plain"
    assert await api.version_parts(length=4) == b"\0\1\2\3"
    assert await api.version_show(3) == large.Wiki(text="text", version=3, changed=NOON.replace(day=1, microsecond=0))
    edited = await api.version_edit(3, large.Edit(text="new"), if_match='"v3"')
    assert (edited.text, edited.version) == ("new", 4)
    with pytest.raises(large.ProblemError, match=r"^412 Precondition Failed"):
        await api.version_edit(3, large.Edit(text="new"), if_match='"v2"')
    nothing: list[None] = [
        await api.redirect_log_in(),  # type: ignore[func-returns-value]
        await api.redirect_log_out(),  # type: ignore[func-returns-value]
        await api.redirect_moved(),  # type: ignore[func-returns-value]
    ]
    assert nothing == [None] * 3


@SHARED
async def test_streams_are_read_item_by_item(api: large.Client) -> None:
    """JSON lines and server-sent events are typed items, as they come; texts and bytes come as a whole."""
    assert [one async for one in api.stream_lines(count=3)] == [(0, "line"), (1, "line"), (2, "line")]
    assert [one async for one in api.stream_lines(count=0)] == []
    people = [one async for one in api.stream_people()]
    assert [None if one is None else one.name for one in people] == [None, "Ada"]
    events = [one async for one in api.stream_events(last_event_id=4)]
    assert events[0] == large.ServerEvent(data=(4, "two\nlines"), event="told", id="4", retry=1_000)
    assert [one.id for one in events] == ["4", "5", "6"]
    assert [one.data async for one in api.stream_text_events(text="a\nb")] == ["a\nb"]
    shapes = [one async for one in api.stream_shape_events(large.Square(side=2.0))]
    assert shapes == [large.ServerEvent(data=large.Square(side=2.0))]
    assert await api.stream_texts(count=2) == "0\n1\n"
    assert len(await api.stream_data(count=2)) == 200
    with pytest.raises(large.ProblemError, match=r"^404 Not Found"):
        _ = [one async for one in api.stream_lines(count=13)]


@SHARED
async def test_lists_and_changes(api: large.Client) -> None:
    """Pages, cursors, and patches that name what they change and nothing else."""
    page = await api.list_search(limit=2, offset=40)
    first = await api.list_feed(limit=2)
    second = await api.list_feed(limit=2, cursor=first.next)
    changed = await api.list_change(3, large.PatchOfTask(note=None, labels={"fun": None, "work": 2}))

    assert ([one.id for one in page.items], page.total) == ([40, 41], 45)
    assert [number for number, _ in [*first.items, *second.items]] == [1, 2, 3, 4]
    assert (changed.title, changed.note, changed.labels) == ("Read", None, {"work": 2})
    assert await api.list_change_job(large.PatchOfJob(steps=[1])) == {"steps": [1]}
    assert (await api.old_search()).items == []


async def test_credentials_are_those_of_the_session() -> None:
    """Headers and cookies are the session's own; a key in the query is the client's."""
    async for session, url in serve(create_app()):
        session.headers.update({"Authorization": f"Bearer {TOKEN}", "X-API-Key": TOKEN, "X-Own": TOKEN})
        known, unknown = large.Client(session, url, query={"api_key": TOKEN}), large.Client(session, url)

        assert [await known.secured_bearer(), await known.secured_oauth(), await known.secured_both()] == ["ann"] * 3
        assert await known.secured_query_key(name="x") == "x"
        assert await known.secured_header_key() == "header"
        assert await known.secured_scoped((1, "a")) == (1, "a")
        assert await known.secured_own() == "own"
        with pytest.raises(large.ProblemError, match=r"^401 Unauthorized"):
            await unknown.secured_both()


@SHARED
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

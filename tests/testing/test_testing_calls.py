"""The typed client: arguments become requests, responses become values."""

import re
from datetime import date
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import pytest
from msgspec import UNSET

from framework import App, Container, Controller, Inject, Path, Request, Router, get
from framework.http_errors import FieldError
from framework.testing import PROVIDED, AppClient, AppClientFactory, ProblemError, UnexpectedStatus, upload
from framework.types import SecretStr
from tests.testing.called_shop import (
    ChatController,
    Colour,
    Filter,
    Found,
    Line,
    Login,
    NewOrder,
    Order,
    OrderController,
    Paging,
    Profile,
    ValueController,
    shop,
)


@pytest.fixture
async def client(app_client: AppClientFactory) -> AppClient:
    """Serve the shop."""
    return await app_client(shop())


async def test_a_call_returns_the_value_of_the_handler(client: AppClient) -> None:
    """Path parameters and a body are sent, by name or by position; the result is decoded to the annotated type."""
    lines = [Line("MUG-1", 2)]
    assert await client.call(OrderController.show, order_id=7) == Order(7, "Ada")
    assert await client.call(OrderController.show, 8) == Order(8, "Ada")
    created = await client.call(OrderController.create, order=NewOrder("Ada", lines, Decimal("1.50")), tasks=PROVIDED)
    assert created == Order(7, "Ada", lines, Decimal("1.50"))
    assert await client.call(OrderController.replace, order_id=3, customer="Ada", count=2) == Found("3 Ada 2")
    assert await client.call(OrderController.count, order=NewOrder("Ada", lines * 3)) == 3
    assert (await client.send(ValueController.nothing)).value is None


async def test_a_response_and_a_stream_have_values(client: AppClient) -> None:
    """``Response[T]`` gives T, a stream of JSON lines a list; ``send`` also gives status and headers."""
    assert await client.call(OrderController.sent, count=5) == []
    assert await client.call(OrderController.export, count=3) == [Order(number, "Ada") for number in range(3)]
    reply = await client.send(OrderController.sent, count=5)
    assert (reply.status, reply.headers["X-Count"], reply.body, reply.value) == (200, "0", b"[]", [])
    assert repr(reply) == "<Reply to GET /orders/sent/5: 200, 2 bytes>"


async def test_values_are_written_as_the_handler_reads_them(client: AppClient) -> None:
    """Enums, dates, paths, models, styles, repeated keys, headers and cookies arrive as they were given."""
    found = await client.call(
        ValueController.read,
        Colour.BLUE,
        date(2026, 2, 3),
        "a b/ü",
        Paging(page_size=5, with_total=True),
        tags=["x", "y"],
        where=Filter("Ada & Co", ("new", "old")),
        ids=(UUID(int=1), UUID(int=2)),
        user_agent="tests",
        session="s1",
        flag=True,
    )
    paging, where = Paging(page_size=5, with_total=True), Filter("Ada & Co", ("new", "old"))
    assert found.given == f"{Colour.BLUE} 2026-02-03 a b/ü {paging} ['x', 'y'] {where} 2 tests s1 True"


async def test_what_is_not_given_is_not_sent(client: AppClient) -> None:
    """Defaults of the handler apply."""
    found = await client.call(ValueController.read, Colour.RED, date(2026, 2, 3), "a", Paging(), user_agent="tests")
    assert found.given == f"{Colour.RED} 2026-02-03 a {Paging()} [] None 0 tests  False"


async def test_bodies_of_all_kinds(client: AppClient) -> None:
    """Secrets are sent, bytes are sent as they are, and forms have fields, collections and files."""
    assert await client.call(ValueController.login, Login("ada", SecretStr("hush"))) == Found("ada hush")
    assert await client.call(ValueController.raw, data=b"abc") == b"cba"
    assert await client.call(ValueController.form, name="mug & co", sizes=[1, 2]) == "mug & co [1, 2]"
    picture = await upload("a.png", b"\x89PNG", "image/png")
    assert await client.call(ValueController.profile, Profile("Ada", picture)) == "Ada a.png image/png 4 None"


async def test_a_problem_is_an_error_with_its_members(client: AppClient) -> None:
    """The error has the status, the problem and the headers, and says which request it was."""
    with pytest.raises(ProblemError) as caught:
        await client.call(OrderController.create, NewOrder("Ada", [Line("GONE")]), PROVIDED)
    error = caught.value
    assert (error.status, error.title, error.detail, error.problem["sku"]) == (409, "Out of stock", "None left", "GONE")
    assert error.headers["Content-Type"] == "application/problem+json"
    assert str(error) == "POST /orders responded with 409 Conflict (Out of stock): None left"


async def test_validation_errors_are_listed(client: AppClient) -> None:
    """An invalid argument is sent, because tests send invalid requests too; the error lists every validation error."""
    with pytest.raises(ProblemError) as caught:
        await client.call(OrderController.create, NewOrder("", [Line("", 0)]), PROVIDED)
    assert caught.value.errors == [
        FieldError("body", "/customer", "constraint", "Expected `str` of length >= 1"),
        FieldError("body", "/lines/0/stockUnit", "constraint", "Expected `str` of length >= 1"),
        FieldError("body", "/lines/0/quantity", "constraint", "Expected `int` >= 1"),
    ]
    assert str(caught.value) == (
        "POST /orders responded with 422 Unprocessable Content: 3 errors in the request\n"
        "  body /customer: Expected `str` of length >= 1\n"
        "  body /lines/0/stockUnit: Expected `str` of length >= 1\n"
        "  body /lines/0/quantity: Expected `int` >= 1"
    )


async def test_another_status_is_an_error(client: AppClient) -> None:
    """A redirect is not followed: it is not the value of the handler. ``send`` returns it."""
    with pytest.raises(UnexpectedStatus, match=r"^POST /orders/moved responded with 303 See Other$") as caught:
        await client.call(OrderController.move)
    assert not isinstance(caught.value, ProblemError)
    reply = await client.send(OrderController.move)
    assert (reply.status, reply.headers["Location"], reply.is_success) == (303, "/orders/1", False)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"order_id": 1, "colour": "red"}, "OrderController.show: no parameter 'colour' is read from the request"),
        ({}, "OrderController.show misses the path parameters: order_id"),
    ],
)
async def test_wrong_arguments_are_errors(client: AppClient, arguments: dict[str, int], message: str) -> None:
    """What type checkers would find is an error before anything is sent."""
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        await client.call(OrderController.show, **arguments)


async def test_a_provided_argument_cannot_be_given(client: AppClient) -> None:
    """The message says how to replace a service."""
    message = (
        "OrderController.create: 'tasks' is provided by the framework; write tasks=PROVIDED, and replace its service "
        "with `overrides`"
    )
    tasks: object = UNSET
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        await client.call(OrderController.create, NewOrder("Ada", []), tasks)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]


async def test_too_many_positional_arguments(client: AppClient) -> None:
    """As in any call."""
    with pytest.raises(TypeError, match=r"^OrderController.show takes 1 positional arguments, not 2$"):
        await client.call(OrderController.show, 1, 2)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]


async def test_handlers_of_other_apps_are_not_called(client: AppClient) -> None:
    """The error names the handler."""

    class Other(Controller):
        @get("/other")
        async def other(self) -> int:
            return 1

    with pytest.raises(LookupError, match=r"Other\.other is not a handler of this app$"):
        await client.call(Other.other)


async def test_a_handler_on_several_paths(app_client: AppClientFactory) -> None:
    """The longest path that the arguments fill is used; equal ones are an error."""

    class Both(Controller):
        @get("/all", "/of/{name}")
        async def some(self, name: str = "all") -> str:
            return name

        @get("/x", "/y")
        async def same(self) -> str:
            return "same"

    client = await app_client(App(controllers=[Both]))
    assert await client.call(Both.some) == "all"
    assert await client.call(Both.some, name="Ada") == "Ada"
    with pytest.raises(
        LookupError,
        match=r"same is on several paths \(/x, /y\); use client\.under\(prefix\), or client\.req",
    ):
        await client.call(Both.same)


async def test_a_controller_that_is_mounted_twice(app_client: AppClientFactory) -> None:
    """A client of one version calls the handlers of this version; it keeps the credentials of the first client."""
    versions = [Router(prefix, controllers=[Which]) for prefix in ("/v1", "/v10")]
    client = (await app_client(App(controllers=versions))).with_credentials(headers={"X-User": "ada"})

    assert await client.under("/v1").call(Which.which) == "/v1/which ada"
    assert await client.under("/v10/").with_credentials().call(Which.which) == "/v10/which ada"
    with pytest.raises(LookupError, match=r"Which\.which is on several paths \(/v1/which, /v10/which\)"):
        await client.call(Which.which)


class Which(Controller):
    """A controller of several versions."""

    @get("/which")
    async def which(self, request: Request | None = None) -> str:
        """Return the path and the user."""
        return "" if request is None else f"{request.path} {request.headers['X-User']}"


async def test_a_placeholder_of_a_service_only(app_client: AppClientFactory) -> None:
    """It is not an argument of the handler, so the path cannot be filled."""

    def tenant_of(tenant: Annotated[str, Path()]) -> str:
        return tenant

    class Tenants(Controller):
        @get("/{tenant}/name")
        async def name(self, tenant_name: Annotated[str, Inject("tenant")]) -> str:
            return tenant_name

    container = Container()
    container.add_scoped(str, tenant_of, qualifier="tenant")
    client = await app_client(App(controllers=[Tenants], container=container))
    message = r"^Tenants\.name has no parameter for \{tenant\} of /\{tenant\}/name: use request\(\)$"
    with pytest.raises(TypeError, match=message):
        await client.call(Tenants.name, PROVIDED)


async def test_any_request_by_path(client: AppClient) -> None:
    """As with aiohttp's test client."""
    async with client.request("POST", "/orders", json={"customer": "Ada"}) as response:
        assert response.status == 422
    response = await client.request("GET", "/orders/1")
    assert await response.json() == {"number": 1, "customer": "Ada", "lines": [], "price": "0"}


async def test_a_socket_is_not_called(client: AppClient) -> None:
    """``call`` is for responses with a value; ``socket`` is for web sockets."""
    with pytest.raises(LookupError, match=r"^OrderController.show is not a web socket$"):
        async with client.socket(OrderController.show, order_id=1):
            pass
    with pytest.raises(UnexpectedStatus, match="426"):
        await client.call(ChatController.echo, room="hall", socket=PROVIDED)

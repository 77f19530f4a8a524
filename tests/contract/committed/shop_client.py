"""A client of Shop 1.0.0.

Written from the OpenAPI document by `framework client python`: write it anew instead of editing it.
"""
# ruff: noqa

from __future__ import annotations

import datetime
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Generic, Literal, NamedTuple, TypeAlias, TypeVar
from urllib.parse import quote, urlencode

import aiohttp
import msgspec
import msgspec.msgpack
import msgspec.structs
from msgspec import UNSET, UnsetType
from yarl import URL

_T = TypeVar("_T")


class Account(msgspec.Struct, kw_only=True):
    """An account."""

    id: int
    name: str
    email: str
    role: Role


class Confirmation(msgspec.Struct, kw_only=True):
    """The token that was sent to the address of a new account."""

    token: str
    """The token of a link in a mail."""


class FieldError(msgspec.Struct, kw_only=True):
    """One error in a request."""

    location: Literal["body", "cookie", "form", "header", "path", "query"]
    pointer: str
    """Where below the location."""
    code: Literal["constraint", "key", "missing", "syntax", "tag", "type", "unknown", "value"]
    detail: str
    """What was expected."""


class ImageNotFound(msgspec.Struct, kw_only=True):
    """The product has no picture."""

    type: Literal["about:blank"] = "about:blank"
    title: Literal["Image not found"] = "Image not found"
    status: Literal[404] = 404
    detail: str | UnsetType = UNSET
    """What happened this time."""
    instance: str
    """The path of the request."""
    request_id: str | UnsetType = UNSET
    """The id of the request, if it has one."""
    sku: str


class ImageNotValid(msgspec.Struct, kw_only=True):
    """The file is not a JPEG."""

    type: Literal["about:blank"] = "about:blank"
    title: Literal["Image not valid"] = "Image not valid"
    status: Literal[422] = 422
    detail: str | UnsetType = UNSET
    """What happened this time."""
    instance: str
    """The path of the request."""
    request_id: str | UnsetType = UNSET
    """The id of the request, if it has one."""


class LinkNotValid(msgspec.Struct, kw_only=True):
    """The link has expired, was used before, or was changed."""

    type: Literal["about:blank"] = "about:blank"
    title: Literal["The link is not valid"] = "The link is not valid"
    status: Literal[400] = 400
    detail: str | UnsetType = UNSET
    """What happened this time."""
    instance: str
    """The path of the request."""
    request_id: str | UnsetType = UNSET
    """The id of the request, if it has one."""


class LostPassword(msgspec.Struct, kw_only=True):
    """The address of an account whose password is lost."""

    email: str


class NewOrder(msgspec.Struct, kw_only=True):
    """An order as it is sent. Each product may be in one line only."""

    lines: list[NewOrderLine]


class NewOrderLine(msgspec.Struct, kw_only=True):
    """A product and the ordered quantity."""

    sku: str
    """A stock-keeping unit."""
    quantity: int
    """Pieces."""


class NewPassword(msgspec.Struct, kw_only=True):
    """A new password, with the token that was sent by mail."""

    token: str
    """The token of a link in a mail."""
    password: str
    """At least 12 characters, of any kind."""


class NewProduct(msgspec.Struct, kw_only=True):
    """A product as it is sent."""

    sku: str
    """A stock-keeping unit."""
    name: str
    """One line of text."""
    price_cents: int
    """An amount of money in cents of a euro."""
    stock: int = 0
    """Pieces that can be ordered."""


class Order(msgspec.Struct, kw_only=True):
    """An order."""

    id: int
    """The number of an order."""
    customer: str
    """The name of the customer."""
    status: OrderStatus
    placed_at: datetime.datetime
    lines: list[OrderLine]
    total_cents: int
    """The total price, in cents of a euro."""


class OrderLine(msgspec.Struct, kw_only=True):
    """A product, the ordered quantity, and the price of one piece at the time of the order."""

    sku: str
    """A stock-keeping unit."""
    quantity: int
    """Pieces."""
    price_cents: int
    """An amount of money in cents of a euro."""


class OrderNotFound(msgspec.Struct, kw_only=True):
    """No order has this number."""

    type: Literal["about:blank"] = "about:blank"
    title: Literal["Order not found"] = "Order not found"
    status: Literal[404] = 404
    detail: str | UnsetType = UNSET
    """What happened this time."""
    instance: str
    """The path of the request."""
    request_id: str | UnsetType = UNSET
    """The id of the request, if it has one."""
    order_id: int


class OutOfStock(msgspec.Struct, kw_only=True):
    """The ordered quantity of a product exceeds its stock; nothing was sold."""

    type: Literal["about:blank"] = "about:blank"
    title: Literal["Out of stock"] = "Out of stock"
    status: Literal[409] = 409
    detail: str | UnsetType = UNSET
    """What happened this time."""
    instance: str
    """The path of the request."""
    request_id: str | UnsetType = UNSET
    """The id of the request, if it has one."""
    sku: str
    ordered: int
    available: int


class PageOfOrder(msgspec.Struct, kw_only=True):
    """A page of a list, by position.

    A response with a Page has a Link header: ``first``, ``prev``, ``next`` and ``last``.
    """

    items: list[Order]
    total: int
    """The number of items in the whole list."""
    limit: int
    """The most items of a part."""
    offset: int
    """The number of items before this page."""


class PageOfProduct(msgspec.Struct, kw_only=True):
    """A page of a list, by position.

    A response with a Page has a Link header: ``first``, ``prev``, ``next`` and ``last``.
    """

    items: list[Product]
    total: int
    """The number of items in the whole list."""
    limit: int
    """The most items of a part."""
    offset: int
    """The number of items before this page."""


class PatchOfProductDetails(msgspec.Struct, kw_only=True):
    """Changes of ProductDetails: what is left out stays as it is (RFC 7396)."""

    name: str | UnsetType = UNSET
    """One line of text."""
    price_cents: int | UnsetType = UNSET
    """An amount of money in cents of a euro."""


class Problem(msgspec.Struct, kw_only=True):
    """An error, as RFC 9457 describes it."""

    type: str
    """Identifies the kind of problem; `about:blank` if the status does."""
    title: str
    status: int
    """The status of the response."""
    detail: str | UnsetType = UNSET
    """What happened this time."""
    instance: str
    """The path of the request."""
    request_id: str | UnsetType = UNSET
    """The id of the request, if it has one."""


class Product(msgspec.Struct, kw_only=True):
    """A product."""

    sku: str
    """A stock-keeping unit."""
    name: str
    """One line of text."""
    price_cents: int
    """An amount of money in cents of a euro."""
    stock: int
    version: int
    """Increases with each change."""


class ProductChanged(msgspec.Struct, kw_only=True):
    """Somebody else has changed the product at the same moment; nothing was stored."""

    type: Literal["about:blank"] = "about:blank"
    title: Literal["Product changed"] = "Product changed"
    status: Literal[409] = 409
    detail: str | UnsetType = UNSET
    """What happened this time."""
    instance: str
    """The path of the request."""
    request_id: str | UnsetType = UNSET
    """The id of the request, if it has one."""
    sku: str


class ProductNotFound(msgspec.Struct, kw_only=True):
    """No product has this SKU."""

    type: Literal["about:blank"] = "about:blank"
    title: Literal["Product not found"] = "Product not found"
    status: Literal[404] = 404
    detail: str | UnsetType = UNSET
    """What happened this time."""
    instance: str
    """The path of the request."""
    request_id: str | UnsetType = UNSET
    """The id of the request, if it has one."""
    sku: str


class Registration(msgspec.Struct, kw_only=True):
    """A new account as it is sent."""

    name: str
    """One line of text."""
    email: str
    password: str
    """At least 12 characters, of any kind."""


class SkuTaken(msgspec.Struct, kw_only=True):
    """Another product already has this SKU."""

    type: Literal["about:blank"] = "about:blank"
    title: Literal["SKU taken"] = "SKU taken"
    status: Literal[409] = 409
    detail: str | UnsetType = UNSET
    """What happened this time."""
    instance: str
    """The path of the request."""
    request_id: str | UnsetType = UNSET
    """The id of the request, if it has one."""
    sku: str


class TokenErrorBody(msgspec.Struct, kw_only=True):
    """The body of an error (RFC 6749, section 5.2)."""

    error: str
    error_description: str | UnsetType = UNSET


class TokenResponse(msgspec.Struct, kw_only=True):
    """A token that was issued (RFC 6749, section 5.1); a handler that returns one sends ``Cache-Control: no-store``."""

    access_token: str
    token_type: str
    expires_in: int | UnsetType = UNSET
    """Seconds until it expires."""
    refresh_token: str | UnsetType = UNSET
    scope: str | UnsetType = UNSET
    """The scopes of the token, if they are not the requested ones."""


class ValidationProblem(msgspec.Struct, kw_only=True):
    """A request that cannot be parsed or is invalid, with all of its errors."""

    type: str
    """Identifies the kind of problem; `about:blank` if the status does."""
    title: str
    status: int
    """The status of the response."""
    detail: str | UnsetType = UNSET
    """What happened this time."""
    instance: str
    """The path of the request."""
    request_id: str | UnsetType = UNSET
    """The id of the request, if it has one."""
    errors: list[FieldError]


class ProductImageReplaceBody(msgspec.Struct, kw_only=True):
    """ProductImageReplaceBody, as it is sent and received."""

    image: bytes | FilePart


class AccountLogInBody(msgspec.Struct, kw_only=True):
    """AccountLogInBody, as it is sent and received."""

    grant_type: Literal["password"] = "password"
    username: str
    password: str
    scope: str = ""
    client_id: str | UnsetType = UNSET
    client_secret: str | UnsetType = UNSET


OrderStatus: TypeAlias = Literal["placed", "cancelled"]
ProductOrder: TypeAlias = Literal["sku", "name", "price", "-price"]
Role: TypeAlias = Literal["customer", "staff"]


class ProblemError(Exception):
    """An answer that is an error.

    ``problem`` is its body as RFC 9457 has it, empty where the answer is not a problem; ``decode`` gives it with types.
    """

    def __init__(self, status: int, body: bytes, problem: dict[str, Any]) -> None:
        super().__init__(" ".join(str(one) for one in (status, problem.get("title"), problem.get("detail")) if one))
        self.status = status
        self.body = body
        self.problem = problem

    def decode(self, kind: type[_T]) -> _T:
        """Return the problem as one of the classes above. Raises msgspec.ValidationError where it is another one."""
        return msgspec.json.decode(self.body, type=kind)


class FilePart(NamedTuple):
    """A file of a form with more than its bytes."""

    content: bytes
    filename: str
    content_type: str = "application/octet-stream"


class ServerEvent(msgspec.Struct, Generic[_T]):
    """A server-sent event; the data is UNSET where it has none."""

    data: _T | UnsetType = UNSET
    event: str | None = None
    id: str | None = None
    retry: int | None = None
    """Milliseconds after which a client that has lost its connection should come back."""


class _Answer(NamedTuple):
    status: int
    body: bytes
    content_type: str


def _decode(answer: _Answer, kind: Any) -> Any:
    if isinstance(kind, dict):
        kind = kind.get(answer.status)
    if kind is None:
        return None
    if kind is bytes:
        return answer.body
    if answer.content_type == "application/json" or answer.content_type.endswith("+json"):
        return msgspec.json.decode(answer.body, type=kind)
    if answer.content_type == "application/msgpack":
        return msgspec.msgpack.decode(answer.body, type=kind)
    return answer.body.decode() if kind is str else answer.body


async def _lines(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    rest = b""
    async for chunk in response.content.iter_any():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line.removesuffix(b"\r")
    if rest:
        yield rest


async def _items(response: aiohttp.ClientResponse, kind: Any) -> AsyncIterator[Any]:
    async for line in _lines(response):
        if line:
            yield msgspec.json.decode(line, type=kind)


async def _events(response: aiohttp.ClientResponse, kind: Any) -> AsyncIterator[Any]:
    found: dict[str, list[str]] = {}
    async for line in _lines(response):
        name, _, value = line.decode().partition(":")
        if name:
            found.setdefault(name, []).append(value.removeprefix(" "))
        elif not line and found:
            yield _event(found, kind)
            found = {}


def _event(found: Mapping[str, Sequence[str]], kind: Any) -> ServerEvent[Any]:
    event: ServerEvent[Any] = ServerEvent(
        event=found["event"][-1] if "event" in found else None,
        id=found["id"][-1] if "id" in found else None,
        retry=int(found["retry"][-1]) if "retry" in found else None,
    )
    if "data" in found:
        text = "\n".join(found["data"])
        event.data = text if kind is str else msgspec.json.decode(text, type=kind)
    return event


def _text(value: Any) -> str:
    plain = msgspec.to_builtins(value)
    return plain if isinstance(plain, str) else msgspec.json.encode(plain).decode()


def _segment(value: Any) -> str:
    return quote(_text(value), safe="")


def _pairs(items: Sequence[tuple[str, Any]]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, value in items:
        several = value if isinstance(value, list | tuple | set | frozenset) else [value]
        found += [(name, _text(one)) for one in several if one is not None]
    return found


def _joined(values: Any, separator: str) -> str | None:
    return None if values is None else separator.join(_text(one) for one in values)


def _deep(name: str, value: Any) -> list[tuple[str, Any]]:
    fields = {} if value is None else msgspec.to_builtins(value)
    return [(f"{name}[{key}]", one) for key, one in fields.items()]


def _form(body: Any, content_type: str, parts: Sequence[str] = ()) -> aiohttp.FormData:
    form = aiohttp.FormData(default_to_multipart=content_type == "multipart/form-data")
    for name, value in _fields(body):
        if value is None or value is UNSET:
            continue
        if name in parts:
            form.add_field(name, msgspec.json.encode(value).decode(), content_type="application/json")
            continue
        for one in value if isinstance(value, list | set | frozenset) else [value]:
            if isinstance(one, bytes):
                one = FilePart(one, name)
            if isinstance(one, FilePart):
                form.add_field(name, one.content, filename=one.filename, content_type=one.content_type)
            else:
                form.add_field(name, _text(one))
    return form


def _fields(body: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(body, Mapping):
        return body.items()
    return [(one.encode_name, getattr(body, one.name)) for one in msgspec.structs.fields(body)]


def _encoded(body: Any, content_type: str, parts: Sequence[str]) -> Any:
    if content_type in ("multipart/form-data", "application/x-www-form-urlencoded"):
        return _form(body, content_type, parts)
    if content_type == "application/json" or content_type.endswith("+json"):
        return msgspec.json.encode(body)
    return msgspec.msgpack.encode(body) if content_type == "application/msgpack" else body


def _problem_in(answer: _Answer) -> dict[str, Any]:
    if not answer.content_type.endswith("json"):
        return {}
    try:
        return msgspec.json.decode(answer.body, type=dict[str, Any])
    except msgspec.DecodeError:
        return {}


class Client:
    """Sends requests; the session is the caller's, who closes it.

    Every method raises ProblemError for an answer that is an error, and what aiohttp raises where there is none.
    Credentials in headers and cookies are the session's; ``query`` goes with every request, a key for example.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        base_url: str,
        *,
        query: Mapping[str, str] | None = None,
    ) -> None:
        self._session = session
        self._base_url = base_url.rstrip("/")
        self._query = tuple((query or {}).items())

    async def _send(self, method: str, path: str, **words: Any) -> _Answer:
        async with self._open(method, path, **words) as response:
            return _Answer(response.status, await response.read(), response.content_type)

    async def _stream(self, read: Any, kind: Any, method: str, path: str, **words: Any) -> AsyncIterator[Any]:
        # A stream may have no end.
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=30)
        async with self._open(method, path, timeout=timeout, **words) as response:
            async for one in read(response, kind):
                yield one

    @asynccontextmanager
    async def _open(
        self,
        method: str,
        path: str,
        *,
        query: Sequence[tuple[str, Any]] = (),
        headers: Mapping[str, Any] | None = None,
        cookies: Mapping[str, Any] | None = None,
        accept: str | None = None,
        body: Any = UNSET,
        content_type: str | None = None,
        parts: Sequence[str] = (),
        timeout: aiohttp.ClientTimeout | None = None,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        sent = {name: _text(value) for name, value in (headers or {}).items() if value is not None}
        if accept is not None:
            sent["Accept"] = accept
        data: Any = None
        if content_type is not None and body is not UNSET:
            data = _encoded(body, content_type, parts)
            if not isinstance(data, aiohttp.FormData):
                sent["Content-Type"] = content_type
        pairs = _pairs([*self._query, *query])
        url = URL(f"{self._base_url}{path}" + (f"?{urlencode(pairs)}" if pairs else ""), encoded=True)
        crumbs = {name: _text(value) for name, value in (cookies or {}).items() if value is not None}
        async with self._session.request(
            method, url, headers=sent, cookies=crumbs or None, data=data, timeout=timeout or self._session.timeout
        ) as response:
            if response.status >= 400:
                answer = _Answer(response.status, await response.read(), response.content_type)
                raise ProblemError(answer.status, answer.body, _problem_in(answer))
            yield response

    async def account_register(self, body: Registration, *, x_request_id: str | None = None) -> None:
        """Register an account. The address gets a mail with a link that confirms it.

        Raises ProblemError: 400, 408, 413, 415, 422, 503.
        """
        await self._send(
            "POST", "/api/accounts", headers={"X-Request-ID": x_request_id}, body=body, content_type="application/json"
        )

    async def account_confirm(self, body: Confirmation, *, x_request_id: str | None = None) -> None:
        """Confirm an address with the token of the mail.

        Raises ProblemError: 400 (LinkNotValid), 408, 413, 415, 422, 503.
        """
        await self._send(
            "POST",
            "/api/accounts/confirm",
            headers={"X-Request-ID": x_request_id},
            body=body,
            content_type="application/json",
        )

    async def account_lose_password(self, body: LostPassword, *, x_request_id: str | None = None) -> None:
        """Ask for a new password. The address gets a mail with a link, if it has an account.

        Raises ProblemError: 400, 408, 413, 415, 422, 503.
        """
        await self._send(
            "POST",
            "/api/accounts/lost-password",
            headers={"X-Request-ID": x_request_id},
            body=body,
            content_type="application/json",
        )

    async def account_show(self, *, x_request_id: str | None = None) -> Account:
        """Return the account of the user.

        Raises ProblemError: 401, 406, 503.
        """
        answer = await self._send(
            "GET", "/api/accounts/me", headers={"X-Request-ID": x_request_id}, accept="application/json"
        )
        result: Account = _decode(answer, Account)
        return result

    async def account_set_password(self, body: NewPassword, *, x_request_id: str | None = None) -> None:
        """Set a new password with the token of the mail.

        Raises ProblemError: 400 (LinkNotValid), 408, 413, 415, 422, 503.
        """
        await self._send(
            "POST",
            "/api/accounts/password",
            headers={"X-Request-ID": x_request_id},
            body=body,
            content_type="application/json",
        )

    async def order_search(
        self,
        *,
        limit: int | None = None,
        offset: int | None = None,
        x_request_id: str | None = None,
    ) -> PageOfOrder:
        """Return a page of the orders of the user, latest first. The staff sees the orders of all.

        Raises ProblemError: 400, 401, 406, 422, 503.
        """
        answer = await self._send(
            "GET",
            "/api/orders",
            query=[("limit", limit), ("offset", offset)],
            headers={"X-Request-ID": x_request_id},
            accept="application/json",
        )
        result: PageOfOrder = _decode(answer, PageOfOrder)
        return result

    async def order_create(
        self,
        body: NewOrder,
        *,
        x_request_id: str | None = None,
        idempotency_key: str | None = None,
    ) -> Order:
        """Place an order.

        Either all lines are sold at the current prices, or none. A request that is sent again with the same
        ``Idempotency-Key`` gets the same response, and nothing is sold twice.

        Raises ProblemError: 400, 401, 406, 408, 409 (OutOfStock), 413, 415, 422, 503.
        """
        answer = await self._send(
            "POST",
            "/api/orders",
            headers={"X-Request-ID": x_request_id, "Idempotency-Key": idempotency_key},
            accept="application/json",
            body=body,
            content_type="application/json",
        )
        result: Order = _decode(answer, Order)
        return result

    async def live_order_feed(
        self,
        *,
        last_event_id: str | None = None,
        x_request_id: str | None = None,
    ) -> AsyncIterator[ServerEvent[Order]]:
        """Send new orders as events. A client that returns with its last id gets those that it has missed.

        Raises ProblemError: 400, 401, 406, 422, 503.
        """
        async for one in self._stream(
            _events,
            Order,
            "GET",
            "/api/orders/feed",
            headers={"last-event-id": last_event_id, "X-Request-ID": x_request_id},
            accept="text/event-stream",
        ):
            yield one

    async def order_show(self, order_id: int, *, x_request_id: str | None = None) -> Order | None:
        """Return one order.

        Raises ProblemError: 400, 401, 404 (OrderNotFound), 406, 412, 422, 503.
        """
        answer = await self._send(
            "GET",
            f"/api/orders/{_segment(order_id)}",
            headers={"X-Request-ID": x_request_id},
            accept="application/json",
        )
        result: Order | None = _decode(answer, {200: Order, 304: None})
        return result

    async def order_cancel(
        self,
        order_id: int,
        *,
        if_match: str | None = None,
        x_request_id: str | None = None,
        idempotency_key: str | None = None,
    ) -> Order:
        """Cancel an order and return its pieces to the stock.

        Cancelling it again changes nothing, unless ``If-Match`` has the ``ETag`` of the placed order.

        Raises ProblemError: 400, 401, 404 (OrderNotFound), 406, 409, 412, 422, 503.
        """
        answer = await self._send(
            "POST",
            f"/api/orders/{_segment(order_id)}/cancel",
            headers={"If-Match": if_match, "X-Request-ID": x_request_id, "Idempotency-Key": idempotency_key},
            accept="application/json",
        )
        result: Order = _decode(answer, Order)
        return result

    async def product_search(
        self,
        *,
        search: str | None = None,
        in_stock: bool | None = None,
        most_cents: int | None = None,
        sort: ProductOrder | None = None,
        limit: int | None = None,
        offset: int | None = None,
        x_request_id: str | None = None,
    ) -> PageOfProduct:
        """Return a page of the products.

        Raises ProblemError: 400, 406, 422, 503.
        """
        answer = await self._send(
            "GET",
            "/api/products",
            query=[
                ("search", search),
                ("in_stock", in_stock),
                ("most_cents", most_cents),
                ("sort", sort),
                ("limit", limit),
                ("offset", offset),
            ],
            headers={"X-Request-ID": x_request_id},
            accept="application/json",
        )
        result: PageOfProduct = _decode(answer, PageOfProduct)
        return result

    async def product_create(self, body: NewProduct, *, x_request_id: str | None = None) -> Product:
        """Add a product.

        Raises ProblemError: 400, 401, 403, 406, 408, 409 (SkuTaken), 413, 415, 422, 503.
        """
        answer = await self._send(
            "POST",
            "/api/products",
            headers={"X-Request-ID": x_request_id},
            accept="application/json",
            body=body,
            content_type="application/json",
        )
        result: Product = _decode(answer, Product)
        return result

    async def product_show(self, sku: str, *, x_request_id: str | None = None) -> Product | None:
        """Return one product.

        Raises ProblemError: 400, 404 (ProductNotFound), 406, 412, 422, 503.
        """
        answer = await self._send(
            "GET", f"/api/products/{_segment(sku)}", headers={"X-Request-ID": x_request_id}, accept="application/json"
        )
        result: Product | None = _decode(answer, {200: Product, 304: None})
        return result

    async def product_change(
        self,
        sku: str,
        body: PatchOfProductDetails,
        *,
        if_match: str | None = None,
        x_request_id: str | None = None,
    ) -> Product:
        """Change the name or the price of a product. Fields that are not sent keep their values.

        With the ``ETag`` of the product in ``If-Match``, nobody else's change is overwritten.

        Raises ProblemError: 400, 401, 403, 404 (ProductNotFound), 406, 408, 409 (ProductChanged), 412, 413, 415,
        422, 503.
        """
        answer = await self._send(
            "PATCH",
            f"/api/products/{_segment(sku)}",
            headers={"If-Match": if_match, "X-Request-ID": x_request_id},
            accept="application/json",
            body=body,
            content_type="application/json",
        )
        result: Product = _decode(answer, Product)
        return result

    async def product_image_show(self, sku: str, *, x_request_id: str | None = None) -> bytes | None:
        """Return the picture of a product.

        Raises ProblemError: 400, 404 (ImageNotFound), 406, 412, 422, 503.
        """
        answer = await self._send(
            "GET", f"/api/products/{_segment(sku)}/image", headers={"X-Request-ID": x_request_id}, accept="image/jpeg"
        )
        result: bytes | None = _decode(answer, {200: bytes, 304: None})
        return result

    async def product_image_replace(
        self,
        sku: str,
        body: ProductImageReplaceBody,
        *,
        x_request_id: str | None = None,
    ) -> None:
        """Store a JPEG of at most 2 MB.

        Raises ProblemError: 400, 401, 403, 404 (ProductNotFound), 408, 413, 415, 422 (ImageNotValid), 503.
        """
        await self._send(
            "PUT",
            f"/api/products/{_segment(sku)}/image",
            headers={"X-Request-ID": x_request_id},
            body=body,
            content_type="multipart/form-data",
        )

    async def account_log_in(self, body: AccountLogInBody, *, x_request_id: str | None = None) -> TokenResponse:
        """Exchange an address and a password for an access token of 15 minutes.

        Raises ProblemError: 400 (TokenErrorBody), 406, 408, 413, 429, 503.
        """
        answer = await self._send(
            "POST",
            "/api/token",
            headers={"X-Request-ID": x_request_id},
            accept="application/json",
            body=body,
            content_type="application/x-www-form-urlencoded",
        )
        result: TokenResponse = _decode(answer, TokenResponse)
        return result

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


class FieldError(msgspec.Struct, kw_only=True):
    """One thing that is wrong with a request."""

    location: Literal["body", "cookie", "form", "header", "path", "query"]
    pointer: str
    """Where below the location."""
    code: Literal["constraint", "key", "missing", "syntax", "tag", "type", "unknown", "value"]
    detail: str
    """What was expected."""


class NewOrder(msgspec.Struct, kw_only=True):
    """What somebody wants to buy; each product stands in one line."""

    customer: str
    """One line of text."""
    lines: list[NewOrderLine]


class NewOrderLine(msgspec.Struct, kw_only=True):
    """How many pieces of a product are ordered."""

    sku: str
    """A stock-keeping unit."""
    quantity: int
    """Pieces."""


class NewProduct(msgspec.Struct, kw_only=True):
    """A product to be sold from now on."""

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
    """One line of text."""
    status: OrderStatus
    placed_at: datetime.datetime
    lines: list[OrderLine]
    total_cents: int
    """What the customer pays, in cents of a euro."""


class OrderLine(msgspec.Struct, kw_only=True):
    """Pieces of a product, and what one of them cost when it was ordered."""

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
    order_id: int


class OutOfStock(msgspec.Struct, kw_only=True):
    """More pieces of a product are ordered than there are; nothing was sold."""

    type: Literal["about:blank"] = "about:blank"
    title: Literal["Out of stock"] = "Out of stock"
    status: Literal[409] = 409
    detail: str | UnsetType = UNSET
    """What happened this time."""
    instance: str
    """The path of the request."""
    sku: str
    ordered: int
    available: int


class PageOfOrder(msgspec.Struct, kw_only=True):
    """A part of a list, by position.

    A handler that returns one answers with a Link header: ``first``, ``prev``, ``next`` and ``last``.
    """

    items: list[Order]
    total: int
    """The number of items in the whole list."""
    limit: int
    """The most items of a part."""
    offset: int
    """How many items stand before this part."""


class PageOfProduct(msgspec.Struct, kw_only=True):
    """A part of a list, by position.

    A handler that returns one answers with a Link header: ``first``, ``prev``, ``next`` and ``last``.
    """

    items: list[Product]
    total: int
    """The number of items in the whole list."""
    limit: int
    """The most items of a part."""
    offset: int
    """How many items stand before this part."""


class PatchOfProductDetails(msgspec.Struct, kw_only=True):
    """Changes of ProductDetails: what is left out stays as it is (RFC 7396)."""

    name: str | UnsetType = UNSET
    """One line of text."""
    price_cents: int | UnsetType = UNSET
    """An amount of money in cents of a euro."""


class Problem(msgspec.Struct, kw_only=True):
    """An error, as RFC 9457 describes it."""

    type: str
    """Names the kind of problem; `about:blank` where the status does."""
    title: str
    status: int
    """The status of the response."""
    detail: str | UnsetType = UNSET
    """What happened this time."""
    instance: str
    """The path of the request."""


class Product(msgspec.Struct, kw_only=True):
    """A product."""

    sku: str
    """A stock-keeping unit."""
    name: str
    """One line of text."""
    price_cents: int
    """An amount of money in cents of a euro."""
    stock: int


class ProductNotFound(msgspec.Struct, kw_only=True):
    """No product has this SKU."""

    type: Literal["about:blank"] = "about:blank"
    title: Literal["Product not found"] = "Product not found"
    status: Literal[404] = 404
    detail: str | UnsetType = UNSET
    """What happened this time."""
    instance: str
    """The path of the request."""
    sku: str


class SkuTaken(msgspec.Struct, kw_only=True):
    """Another product has this SKU already."""

    type: Literal["about:blank"] = "about:blank"
    title: Literal["SKU taken"] = "SKU taken"
    status: Literal[409] = 409
    detail: str | UnsetType = UNSET
    """What happened this time."""
    instance: str
    """The path of the request."""
    sku: str


class ValidationProblem(msgspec.Struct, kw_only=True):
    """A request that cannot be parsed or is invalid, with all of its faults."""

    type: str
    """Names the kind of problem; `about:blank` where the status does."""
    title: str
    status: int
    """The status of the response."""
    detail: str | UnsetType = UNSET
    """What happened this time."""
    instance: str
    """The path of the request."""
    errors: list[FieldError]


OrderStatus: TypeAlias = Literal["placed", "cancelled"]


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

    async def order_search(self, *, limit: int | None = None, offset: int | None = None) -> PageOfOrder:
        """Return a page of the orders, the latest first.

        Raises ProblemError: 400, 406, 422.
        """
        answer = await self._send(
            "GET", "/orders", query=[("limit", limit), ("offset", offset)], accept="application/json"
        )
        result: PageOfOrder = _decode(answer, PageOfOrder)
        return result

    async def order_create(self, body: NewOrder) -> Order:
        """Place an order.

        All lines are sold at the prices of the moment, or none.

        Raises ProblemError: 400, 406, 408, 409 (OutOfStock), 413, 415, 422.
        """
        answer = await self._send(
            "POST", "/orders", accept="application/json", body=body, content_type="application/json"
        )
        result: Order = _decode(answer, Order)
        return result

    async def order_show(self, order_id: int) -> Order:
        """Return one order.

        Raises ProblemError: 400, 404 (OrderNotFound), 406, 422.
        """
        answer = await self._send("GET", f"/orders/{_segment(order_id)}", accept="application/json")
        result: Order = _decode(answer, Order)
        return result

    async def order_cancel(self, order_id: int) -> Order:
        """Cancel an order and put its pieces back into the stock.

        Cancelling it again changes nothing.

        Raises ProblemError: 400, 404 (OrderNotFound), 406, 422.
        """
        answer = await self._send("POST", f"/orders/{_segment(order_id)}/cancel", accept="application/json")
        result: Order = _decode(answer, Order)
        return result

    async def product_search(self, *, limit: int | None = None, offset: int | None = None) -> PageOfProduct:
        """Return a page of the products, by SKU.

        Raises ProblemError: 400, 406, 422.
        """
        answer = await self._send(
            "GET", "/products", query=[("limit", limit), ("offset", offset)], accept="application/json"
        )
        result: PageOfProduct = _decode(answer, PageOfProduct)
        return result

    async def product_create(self, body: NewProduct) -> Product:
        """Add a product.

        Raises ProblemError: 400, 406, 408, 409 (SkuTaken), 413, 415, 422.
        """
        answer = await self._send(
            "POST", "/products", accept="application/json", body=body, content_type="application/json"
        )
        result: Product = _decode(answer, Product)
        return result

    async def product_show(self, sku: str) -> Product:
        """Return one product.

        Raises ProblemError: 400, 404 (ProductNotFound), 406, 422.
        """
        answer = await self._send("GET", f"/products/{_segment(sku)}", accept="application/json")
        result: Product = _decode(answer, Product)
        return result

    async def product_change(self, sku: str, body: PatchOfProductDetails) -> Product:
        """Change the name or the price of a product; what is left out stays.

        Raises ProblemError: 400, 404 (ProductNotFound), 406, 408, 413, 415, 422.
        """
        answer = await self._send(
            "PATCH", f"/products/{_segment(sku)}", accept="application/json", body=body, content_type="application/json"
        )
        result: Product = _decode(answer, Product)
        return result

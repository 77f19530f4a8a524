"""A client of Everything 1.0.0.

Written from the OpenAPI document by `framework client python`: write it anew instead of editing it.
"""
# ruff: noqa

from __future__ import annotations

import datetime
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any, Generic, Literal, NamedTuple, TypeAlias, TypeVar
from urllib.parse import quote, urlencode
from uuid import UUID

import aiohttp
import msgspec
import msgspec.msgpack
import msgspec.structs
from msgspec import UNSET, UnsetType
from yarl import URL

_T = TypeVar("_T")


class Account(msgspec.Struct, kw_only=True):
    """Somebody's account."""

    email: str
    password: str
    homepage: str | None = None
    host: str | UnsetType = UNSET
    port: int = 80
    first: str | UnsetType = UNSET
    second: str | UnsetType = UNSET
    others: list[Any] = msgspec.field(default_factory=list)
    slug: str | None = None
    title: str = "untitled"
    visits: int = 0
    number: int = 1


class AccountAnswer(msgspec.Struct, kw_only=True):
    """What may be told of it."""

    email: str
    homepage: str | None
    host: str
    port: int
    addresses: list[Any]
    slug: str | None
    title: str
    number: int


class Address(msgspec.Struct, kw_only=True):
    """Where somebody lives."""

    city: str
    street: str


class Album(msgspec.Struct, kw_only=True):
    """A value in a part of its own."""

    title: str
    """One line of text."""
    year: int
    made: datetime.date | None


class AlbumInput(msgspec.Struct, kw_only=True):
    """A value in a part of its own."""

    title: str
    """One line of text."""
    year: int
    made: datetime.date | None = None


class Circle(msgspec.Struct, kw_only=True, tag_field="type", tag="circle"):
    """A circle."""

    radius: float


class Collections(msgspec.Struct, kw_only=True):
    """Collections of every kind."""

    numbers: list[int]
    names: list[str]
    frozen: list[int]
    fixed: tuple[int, str, bool]
    several: list[float]
    by_name: dict[str, int]
    by_code: dict[str, list[Point]]
    by_level: dict[str, int]
    point: Point
    pair: Pair
    shape: Circle | Square
    version: Version1 | Version2 | None = None
    anything: Any = None


class Colours(msgspec.Struct, kw_only=True):
    """Which colours."""

    best: Colour | UnsetType = UNSET
    others: str = ""


class CursorOfPair(msgspec.Struct, kw_only=True):
    """A page of a list, with the cursors of its neighbours.

    A response with a Cursor has a Link header: ``first``, ``prev`` and ``next``.
    """

    items: list[Pair]
    next: str | None
    """The cursor of the next part; null at the end."""
    previous: str | None
    """The cursor of the previous page; null if it is unknown."""


class Detail(msgspec.Struct, kw_only=True):
    """More about a task."""

    place: str
    """One line of text."""
    colour: Colour


class Edit(msgspec.Struct, kw_only=True):
    """What becomes of a page."""

    text: str
    """One line of text."""


class FieldError(msgspec.Struct, kw_only=True):
    """One error in a request."""

    location: Literal["body", "cookie", "form", "header", "path", "query"]
    pointer: str
    """Where below the location."""
    code: Literal["constraint", "key", "missing", "syntax", "tag", "type", "unknown", "value"]
    detail: str
    """What was expected."""


class Filter(msgspec.Struct, kw_only=True):
    """What is searched for."""

    text: str | None = None
    least: int = 0


class Frame(msgspec.Struct, kw_only=True):
    """What stands around a window."""

    width: int
    colour: Colour | None
    windows: list[Window]


class FrameInput(msgspec.Struct, kw_only=True):
    """What stands around a window."""

    width: int = 1
    colour: Colour | None = None
    windows: list[Window] = msgspec.field(default_factory=list)


class Gone(msgspec.Struct, kw_only=True):
    """What was asked for is gone."""

    type: Literal["https://example.com/problems/gone"] = "https://example.com/problems/gone"
    title: Literal["Gone for good"] = "Gone for good"
    status: Literal[410] = 410
    detail: str | UnsetType = UNSET
    """What happened this time."""
    instance: str
    """The path of the request."""
    request_id: str | UnsetType = UNSET
    """The id of the request, if it has one."""
    since: datetime.date
    colour: Colour


class Moments(msgspec.Struct, kw_only=True):
    """All that a clock and a calendar say."""

    aware: datetime.datetime
    naive: datetime.datetime | None
    day: datetime.date
    hour: datetime.time | None
    length: datetime.timedelta


class MomentsInput(msgspec.Struct, kw_only=True):
    """All that a clock and a calendar say."""

    aware: datetime.datetime
    naive: datetime.datetime | None = None
    day: datetime.date
    hour: datetime.time | None = None
    length: datetime.timedelta | UnsetType = UNSET


class NamedOfColourOrNone(msgspec.Struct, kw_only=True):
    """A value with a name."""

    name: str
    value: Colour | None


class NamedOfNamedOfColourOrNone(msgspec.Struct, kw_only=True):
    """A value with a name."""

    name: str
    value: NamedOfColourOrNone


class PageOfPageOfScalarsOrNone(msgspec.Struct, kw_only=True):
    """A part of a list."""

    items: list[PageOfScalarsOrNone]
    total: int


class PageOfScalarsOrNone(msgspec.Struct, kw_only=True):
    """A part of a list."""

    items: list[Scalars | None]
    total: int


class PageOfTask(msgspec.Struct, kw_only=True):
    """A page of a list, by position.

    A response with a Page has a Link header: ``first``, ``prev``, ``next`` and ``last``.
    """

    items: list[Task]
    total: int
    """The number of items in the whole list."""
    limit: int
    """The most items of a part."""
    offset: int
    """The number of items before this page."""


class Parcel(msgspec.Struct, kw_only=True):
    """Something sent."""

    weight: int
    fragile: bool


class ParcelInput(msgspec.Struct, kw_only=True):
    """Something sent."""

    weight: int
    fragile: bool = False


class PatchOfDetail(msgspec.Struct, kw_only=True):
    """Changes of Detail: what is left out stays as it is (RFC 7396)."""

    place: str | UnsetType = UNSET
    """One line of text."""
    colour: Colour | UnsetType = UNSET


class PatchOfJob(msgspec.Struct, kw_only=True):
    """Changes of Job: what is left out stays as it is (RFC 7396)."""

    title: str | UnsetType = UNSET
    """One line of text."""
    steps: list[int] | UnsetType = UNSET


class PatchOfTask(msgspec.Struct, kw_only=True):
    """Changes of Task: what is left out stays as it is (RFC 7396)."""

    id: int | UnsetType = UNSET
    title: str | UnsetType = UNSET
    """One line of text."""
    note: str | None | UnsetType = UNSET
    labels: dict[str, int | None] | UnsetType = UNSET
    detail: PatchOfDetail | None | UnsetType = UNSET


class Person(msgspec.Struct, kw_only=True):
    """Somebody."""

    name: str
    """One line of text."""
    address: Address
    nicknames: list[str]


class PersonInput(msgspec.Struct, kw_only=True):
    """Somebody."""

    name: str
    """One line of text."""
    address: Address
    nicknames: list[str] = msgspec.field(default_factory=list)


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


class Refused(msgspec.Struct, kw_only=True):
    """Somebody does not want it."""

    type: Literal["about:blank"] = "about:blank"
    title: Literal["Refused"] = "Refused"
    status: Literal[451] = 451
    detail: str | UnsetType = UNSET
    """What happened this time."""
    instance: str
    """The path of the request."""
    request_id: str | UnsetType = UNSET
    """The id of the request, if it has one."""
    by: str
    colours: list[Colour]
    since: datetime.date | None


class Row(msgspec.Struct, kw_only=True):
    """A line of a table."""

    name: str
    """One line of text."""
    number: int


class RowInput(msgspec.Struct, kw_only=True):
    """A line of a table."""

    name: str
    """One line of text."""
    number: int = 0


class Scalars(msgspec.Struct, kw_only=True):
    """One field for each scalar."""

    text: str
    """One line of text."""
    code: str
    small_number: int = msgspec.field(name="smallNumber")
    share: float
    is_set: bool = msgspec.field(name="isSet")
    identifier: UUID
    amount: Decimal
    data: bytes
    colour: Colour
    level: Level
    mode: Literal[7, "fast", "safe"]
    even: int
    maybe: int | None
    absent: str | UnsetType = UNSET
    odd_name: str = msgspec.field(name="odd-name")


class ScalarsInput(msgspec.Struct, kw_only=True):
    """One field for each scalar."""

    text: str
    """One line of text."""
    code: str
    small_number: int = msgspec.field(name="smallNumber")
    share: float
    is_set: bool = msgspec.field(name="isSet")
    identifier: UUID
    amount: Decimal
    data: bytes
    colour: Colour
    level: Level
    mode: Literal[7, "fast", "safe"]
    even: int = 0
    maybe: int | None = None
    absent: str | UnsetType = UNSET
    odd_name: str = msgspec.field(default="x", name="odd-name")


class SeveralControllerEmbeddedBody(msgspec.Struct, kw_only=True):
    """SeveralControllerEmbeddedBody, as it is sent and received."""

    parcel: ParcelInput


class SeveralControllerValuesBody(msgspec.Struct, kw_only=True):
    """SeveralControllerValuesBody, as it is sent and received."""

    person: PersonInput
    point: Point
    note: str = "none"
    """One line of text."""
    colours: list[Colour] | UnsetType = UNSET


class Signup(msgspec.Struct, kw_only=True):
    """What is filled in."""

    name: str
    """One line of text."""
    age: int | None
    topics: list[str]
    colour: Colour


class Span(msgspec.Struct, kw_only=True):
    """The same, with other names."""

    start: datetime.date | UnsetType = UNSET
    stop: datetime.date | UnsetType = UNSET


class Square(msgspec.Struct, kw_only=True, tag_field="type", tag="square"):
    """A square."""

    side: float


class Task(msgspec.Struct, kw_only=True):
    """Something to do."""

    id: int
    title: str
    """One line of text."""
    note: str | None
    labels: dict[str, int]
    detail: Detail | None


class Told(msgspec.Struct, kw_only=True):
    """What others are told."""

    type: Literal["told"] = "told"
    pair: Pair
    scalars: Scalars | None


class TooOdd(msgspec.Struct, kw_only=True):
    """An odd number."""

    type: Literal["about:blank"] = "about:blank"
    title: Literal["Too odd"] = "Too odd"
    status: Literal[409] = 409
    detail: str | UnsetType = UNSET
    """What happened this time."""
    instance: str
    """The path of the request."""
    request_id: str | UnsetType = UNSET
    """The id of the request, if it has one."""
    number: int


class Tree(msgspec.Struct, kw_only=True):
    """A tree of texts."""

    label: str
    children: list[Tree]


class TreeInput(msgspec.Struct, kw_only=True):
    """A tree of texts."""

    label: str
    children: list[TreeInput] = msgspec.field(default_factory=list)


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


class Version1(msgspec.Struct, kw_only=True, tag_field="version", tag=1):
    """The first version."""

    old: str


class Version2(msgspec.Struct, kw_only=True, tag_field="version", tag=2):
    """The second version."""

    new: str


class Wiki(msgspec.Struct, kw_only=True):
    """A page of a wiki."""

    text: str
    version: int
    changed: datetime.datetime


class Window(msgspec.Struct, kw_only=True):
    """From where, until where."""

    first: int = 0
    last: int | None = None


class FrameworkPaginationPageOfStr_1(msgspec.Struct, kw_only=True):
    """A page of a list, by position.

    A response with a Page has a Link header: ``first``, ``prev``, ``next`` and ``last``.
    """

    items: list[str]
    total: int
    """The number of items in the whole list."""
    limit: int
    """The most items of a part."""
    offset: int
    """The number of items before this page."""


class FrameworkPaginationPageOfStr_2(msgspec.Struct, kw_only=True):
    """A page of a list, by position.

    A response with a Page has a Link header: ``first``, ``prev``, ``next`` and ``last``.
    """

    items: list[str]
    total: int
    """The number of items in the whole list."""
    limit: int
    """The most items of a part."""
    offset: int
    """The number of items before this page."""


class TestsContractLargeTypesPageOfStr(msgspec.Struct, kw_only=True):
    """A part of a list."""

    items: list[str]
    total: int


class FormLogInBody(msgspec.Struct, kw_only=True):
    """FormLogInBody, as it is sent and received."""

    user: str
    """Who it is."""
    next: str = "/"
    remember: bool = False
    lucky: list[int] = msgspec.field(default_factory=list)
    mode: Literal["fast", "safe"] | UnsetType = UNSET


class FormSignUpBody(msgspec.Struct, kw_only=True):
    """FormSignUpBody, as it is sent and received."""

    name: str
    """One line of text."""
    age: int | UnsetType = UNSET
    topics: list[str] = msgspec.field(default_factory=list)
    colour: Colour | UnsetType = UNSET


class NameLogInBody(msgspec.Struct, kw_only=True):
    """NameLogInBody, as it is sent and received."""

    name: str
    password: str


class UploadOneBody(msgspec.Struct, kw_only=True):
    """UploadOneBody, as it is sent and received."""

    photo: bytes | FilePart
    note: str = ""


class UploadReportBody(msgspec.Struct, kw_only=True):
    """UploadReportBody, as it is sent and received."""

    title: str
    """One line of text."""
    picture: bytes | FilePart | UnsetType = UNSET
    pages: list[bytes | FilePart] = msgspec.field(default_factory=list)
    album: AlbumInput | None | UnsetType = UNSET


class UploadSeveralBody(msgspec.Struct, kw_only=True):
    """UploadSeveralBody, as it is sent and received."""

    photo: list[bytes | FilePart]
    """One or more."""
    extra: bytes | FilePart | UnsetType = UNSET


class UploadValuesBody(msgspec.Struct, kw_only=True):
    """UploadValuesBody, as it is sent and received."""

    album: AlbumInput
    pairs: list[Pair] = msgspec.field(default_factory=list)
    counts: dict[str, int] = msgspec.field(default_factory=dict)


Colour: TypeAlias = Literal["red", "green"]
Level: TypeAlias = Literal[1, 9]
Pair: TypeAlias = tuple[int, str]
Point: TypeAlias = list[Any]


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
        base_url: str = "https://everything.example",
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

    async def answer_accepted(self) -> None:
        """Answer with a header alone."""
        await self._send("POST", "/answers/accepted")

    async def answer_data(self) -> bytes:
        """Answer bytes.

        Raises ProblemError: 406.
        """
        answer = await self._send("GET", "/answers/bytes", accept="application/octet-stream")
        result: bytes = _decode(answer, bytes)
        return result

    async def answer_generic(self) -> NamedOfNamedOfColourOrNone:
        """Answer a generic in itself.

        Raises ProblemError: 406.
        """
        answer = await self._send("GET", "/answers/generic", accept="application/json")
        result: NamedOfNamedOfColourOrNone = _decode(answer, NamedOfNamedOfColourOrNone)
        return result

    async def answer_head(self) -> None:
        """Answer HEAD."""
        await self._send("HEAD", "/answers/head")

    async def answer_headers(self) -> list[int]:
        """Answer typed headers and cookies of both kinds.

        Raises ProblemError: 406.
        """
        answer = await self._send("GET", "/answers/headers", accept="application/json")
        result: list[int] = _decode(answer, list[int])
        return result

    async def answer_keys(self) -> dict[str, Decimal]:
        """Answer a mapping with numbers for keys.

        Raises ProblemError: 406.
        """
        answer = await self._send("GET", "/answers/keys", accept="application/json")
        result: dict[str, Decimal] = _decode(answer, dict[str, Decimal])
        return result

    async def answer_maybe(self, *, there: bool | None = None) -> Point | None:
        """Answer a point or null.

        Raises ProblemError: 400, 406, 422.
        """
        answer = await self._send("GET", "/answers/maybe", query=[("there", there)], accept="application/json")
        result: Point | None = _decode(answer, Point | None)
        return result

    async def answer_methods_get(self) -> str:
        """Answer two methods.

        Raises ProblemError: 406.
        """
        answer = await self._send("GET", "/answers/methods", accept="text/plain")
        result: str = _decode(answer, str)
        return result

    async def answer_methods_put(self) -> str:
        """Answer two methods.

        Raises ProblemError: 406.
        """
        answer = await self._send("PUT", "/answers/methods", accept="text/plain")
        result: str = _decode(answer, str)
        return result

    async def answer_nothing(self) -> None:
        """Answer nothing."""
        await self._send("GET", "/answers/nothing")

    async def answer_now(self) -> datetime.datetime:
        """Answer a moment.

        Raises ProblemError: 406.
        """
        answer = await self._send("GET", "/answers/now", accept="application/json")
        result: datetime.datetime = _decode(answer, datetime.datetime)
        return result

    async def answer_options(self) -> None:
        """Answer OPTIONS."""
        await self._send("OPTIONS", "/answers/options")

    async def answer_page(self) -> PageOfPageOfScalarsOrNone:
        """Answer pages of pages.

        Raises ProblemError: 406.
        """
        answer = await self._send("GET", "/answers/page", accept="application/json")
        result: PageOfPageOfScalarsOrNone = _decode(answer, PageOfPageOfScalarsOrNone)
        return result

    async def answer_people(self) -> list[Person]:
        """Answer dataclasses.

        Raises ProblemError: 406.
        """
        answer = await self._send("GET", "/answers/people", accept="application/json")
        result: list[Person] = _decode(answer, list[Person])
        return result

    async def answer_text(self) -> str:
        """Answer a text.

        Raises ProblemError: 406.
        """
        answer = await self._send("GET", "/answers/text", accept="text/plain")
        result: str = _decode(answer, str)
        return result

    async def answer_union(self, *, which: int | None = None) -> int | str | list[int] | None:
        """Answer one of several types.

        Raises ProblemError: 400, 406, 422.
        """
        answer = await self._send("GET", "/answers/union", query=[("which", which)], accept="application/json")
        result: int | str | list[int] | None = _decode(answer, int | str | list[int] | None)
        return result

    async def body_address(self, body: Address) -> Address:
        """Return a dictionary with known keys.

        Raises ProblemError: 400, 406, 408, 413, 415, 422.
        """
        answer = await self._send(
            "POST", "/bodies/addresses", accept="application/json", body=body, content_type="application/json"
        )
        result: Address = _decode(answer, Address)
        return result

    async def body_anything(self, body: Any) -> Any:
        """Return anything.

        Raises ProblemError: 400, 406, 408, 413, 415.
        """
        answer = await self._send(
            "PATCH", "/bodies/any", accept="application/json", body=body, content_type="application/json"
        )
        result: Any = _decode(answer, Any)
        return result

    async def body_both(
        self,
        number: int,
        body: Pair,
        *,
        limit: int | None = None,
        offset: int | None = None,
    ) -> tuple[int, int, Pair]:
        """Return what came from three places.

        Raises ProblemError: 400, 406, 408, 413, 415, 422.
        """
        answer = await self._send(
            "POST",
            f"/bodies/both/{_segment(number)}",
            query=[("limit", limit), ("offset", offset)],
            accept="application/json",
            body=body,
            content_type="application/json",
        )
        result: tuple[int, int, Pair] = _decode(answer, tuple[int, int, Pair])
        return result

    async def body_collections(self, body: Collections) -> Collections:
        """Return the collections.

        Raises ProblemError: 400, 406, 408, 413, 415, 422.
        """
        answer = await self._send(
            "POST", "/bodies/collections", accept="application/json", body=body, content_type="application/json"
        )
        result: Collections = _decode(answer, Collections)
        return result

    async def body_frame(self, body: FrameInput) -> Frame:
        """Return a dataclass with slots.

        Raises ProblemError: 400, 406, 408, 413, 415, 422.
        """
        answer = await self._send(
            "POST", "/bodies/frames", accept="application/json", body=body, content_type="application/json"
        )
        result: Frame = _decode(answer, Frame)
        return result

    async def body_moments(self, body: MomentsInput) -> Moments:
        """Return the moments.

        Raises ProblemError: 400, 406, 408, 413, 415, 422.
        """
        answer = await self._send(
            "PUT", "/bodies/moments", accept="application/json", body=body, content_type="application/json"
        )
        result: Moments = _decode(answer, Moments)
        return result

    async def body_numbers(self, body: list[int]) -> int:
        """Return how many there are.

        Raises ProblemError: 400, 406, 408, 413, 415, 422.
        """
        answer = await self._send(
            "DELETE", "/bodies/numbers", accept="application/json", body=body, content_type="application/json"
        )
        result: int = _decode(answer, int)
        return result

    async def body_parcel(self, body: ParcelInput) -> Parcel:
        """Return a class of attrs.

        Raises ProblemError: 400, 406, 408, 413, 415, 422.
        """
        answer = await self._send(
            "POST", "/bodies/parcels", accept="application/json", body=body, content_type="application/json"
        )
        result: Parcel = _decode(answer, Parcel)
        return result

    async def body_person(self, body: PersonInput) -> Person:
        """Return a dataclass.

        Raises ProblemError: 400, 406, 408, 413, 415, 422.
        """
        answer = await self._send(
            "POST", "/bodies/people", accept="application/json", body=body, content_type="application/json"
        )
        result: Person = _decode(answer, Person)
        return result

    async def body_points(self, body: list[Point]) -> dict[str, Point]:
        """Return points by their place.

        Raises ProblemError: 400, 406, 408, 413, 415, 422.
        """
        answer = await self._send(
            "POST", "/bodies/points", accept="application/json", body=body, content_type="application/json"
        )
        result: dict[str, Point] = _decode(answer, dict[str, Point])
        return result

    async def body_scalars(self, body: ScalarsInput) -> Scalars:
        """Return the scalars.

        Raises ProblemError: 400, 406, 408, 413, 415, 422.
        """
        answer = await self._send(
            "POST", "/bodies/scalars", accept="application/json", body=body, content_type="application/json"
        )
        result: Scalars = _decode(answer, Scalars)
        return result

    async def body_shape(self, body: Circle | Square) -> Circle | Square:
        """Return one of two shapes.

        Raises ProblemError: 400, 406, 408, 413, 415, 422.
        """
        answer = await self._send(
            "POST", "/bodies/shapes", accept="application/json", body=body, content_type="application/json"
        )
        result: Circle | Square = _decode(answer, Circle | Square)
        return result

    async def body_tree(self, body: TreeInput) -> Tree:
        """Return a tree.

        Raises ProblemError: 400, 406, 408, 413, 415, 422.
        """
        answer = await self._send(
            "POST", "/bodies/trees", accept="application/json", body=body, content_type="application/json"
        )
        result: Tree = _decode(answer, Tree)
        return result

    async def body_version(self, body: Version1 | Version2 | None | UnsetType = UNSET) -> Version1 | Version2 | None:
        """Return a version, or null.

        Raises ProblemError: 400, 406, 408, 413, 415, 422.
        """
        answer = await self._send(
            "POST", "/bodies/versions", accept="application/json", body=body, content_type="application/json"
        )
        result: Version1 | Version2 | None = _decode(answer, Version1 | Version2 | None)
        return result

    async def body_window(self, body: Window) -> Window:
        """Return a dataclass with defaults.

        Raises ProblemError: 400, 406, 408, 413, 415, 422.
        """
        answer = await self._send(
            "POST", "/bodies/windows", accept="application/json", body=body, content_type="application/json"
        )
        result: Window = _decode(answer, Window)
        return result

    async def error_error(self, which: int) -> int:
        """Answer an error, or the number.

        Raises ProblemError: 400, 406, 410, 422, 429, 451 (Refused), 503.
        """
        answer = await self._send("GET", f"/errors/{_segment(which)}", accept="application/json")
        result: int = _decode(answer, int)
        return result

    async def file_of_aiohttp(self) -> bytes:
        """Return a response of aiohttp's."""
        answer = await self._send("GET", "/files/aiohttp", accept="*/*")
        result: bytes = _decode(answer, bytes)
        return result

    async def file_maybe(self, *, there: bool | None = None) -> Pair | bytes | None:
        """Return a file or what is known of it.

        Raises ProblemError: 400, 404, 412, 416, 422.
        """
        answer = await self._send("GET", "/files/maybe", query=[("there", there)], accept="application/json")
        result: Pair | bytes | None = _decode(answer, {200: Pair, 206: Pair, 304: None})
        return result

    async def file_saved(self, name: Literal["nothing", "types"], *, inline: bool | None = None) -> bytes | None:
        """Return a file to be saved, or nothing.

        Raises ProblemError: 400, 404, 412, 416, 422.
        """
        answer = await self._send("GET", f"/files/saved/{_segment(name)}", query=[("inline", inline)], accept="*/*")
        result: bytes | None = _decode(answer, {200: bytes, 206: bytes, 304: None})
        return result

    async def file_source(self) -> bytes | None:
        """Return a file, or a part of it.

        Raises ProblemError: 404, 412, 416.
        """
        answer = await self._send("GET", "/files/types.py", accept="*/*")
        result: bytes | None = _decode(answer, {200: bytes, 206: bytes, 304: None})
        return result

    async def negotiation_packed(self, body: Point) -> Point:
        """Take and return MessagePack alone.

        Raises ProblemError: 400, 406, 408, 413, 415, 422.
        """
        answer = await self._send(
            "POST", "/formats/packed", accept="application/msgpack", body=body, content_type="application/msgpack"
        )
        result: Point = _decode(answer, Point)
        return result

    async def negotiation_page(self) -> str:
        """Return a page.

        Raises ProblemError: 406.
        """
        answer = await self._send("GET", "/formats/page", accept="text/html")
        result: str = _decode(answer, str)
        return result

    async def negotiation_picture(self) -> bytes:
        """Return a picture.

        Raises ProblemError: 406.
        """
        answer = await self._send("GET", "/formats/picture", accept="image/png")
        result: bytes = _decode(answer, bytes)
        return result

    async def negotiation_raw(self) -> Any:
        """Return JSON that is written already.

        Raises ProblemError: 406.
        """
        answer = await self._send("GET", "/formats/raw", accept="application/json")
        result: Any = _decode(answer, Any)
        return result

    async def negotiation_rows(self) -> list[Row]:
        """Return rows in all formats of the app.

        Raises ProblemError: 406.
        """
        answer = await self._send("GET", "/formats/rows", accept="application/json")
        result: list[Row] = _decode(answer, list[Row])
        return result

    async def negotiation_add_rows(self, body: list[RowInput]) -> list[Row]:
        """Take and return rows in two of them.

        Raises ProblemError: 400, 406, 408, 413, 415, 422.
        """
        answer = await self._send(
            "POST", "/formats/rows", accept="application/json", body=body, content_type="application/json"
        )
        result: list[Row] = _decode(answer, list[Row])
        return result

    async def negotiation_scalars(self, body: ScalarsInput | None | UnsetType = UNSET) -> list[Scalars]:
        """Take nothing, or scalars, in any format.

        Raises ProblemError: 400, 406, 408, 413, 415, 422.
        """
        answer = await self._send(
            "POST", "/formats/scalars", accept="application/json", body=body, content_type="application/json"
        )
        result: list[Scalars] = _decode(answer, list[Scalars])
        return result

    async def negotiation_vendor(self, body: RowInput) -> Row:
        """Take and return a type of our own.

        Raises ProblemError: 400, 406, 408, 413, 415, 422.
        """
        answer = await self._send(
            "POST",
            "/formats/vendor",
            accept="application/vnd.everything+json",
            body=body,
            content_type="application/vnd.everything+json",
        )
        result: Row = _decode(answer, Row)
        return result

    async def form_log_in(self, body: FormLogInBody) -> list[Any]:
        """Take a form field by field.

        Raises ProblemError: 400, 406, 408, 413, 415, 422.
        """
        answer = await self._send(
            "POST",
            "/forms/login",
            accept="application/json",
            body=body,
            content_type="application/x-www-form-urlencoded",
        )
        result: list[Any] = _decode(answer, list[Any])
        return result

    async def form_sign_up(self, body: FormSignUpBody) -> Signup:
        """Take a form as a model.

        Raises ProblemError: 400, 406, 408, 413, 415, 422.
        """
        answer = await self._send(
            "POST",
            "/forms/signup",
            accept="application/json",
            body=body,
            content_type="application/x-www-form-urlencoded",
        )
        result: Signup = _decode(answer, Signup)
        return result

    async def handled_show(self, key: int) -> str:
        """Look into a dictionary.

        Raises ProblemError: 400, 404, 406, 422.
        """
        answer = await self._send("GET", f"/handled/{_segment(key)}", accept="text/plain")
        result: str = _decode(answer, str)
        return result

    async def header_headers(
        self,
        *,
        x_client: str,
        x_build: int | None = None,
        x_trace: str | None = None,
        session: int | None = None,
    ) -> list[Any]:
        """Return what was read, with a header and a cookie.

        Raises ProblemError: 400, 406, 422.
        """
        answer = await self._send(
            "GET",
            "/headers",
            headers={"x-client": x_client, "x-build": x_build, "x-trace": x_trace},
            cookies={"session": session},
            accept="application/json",
        )
        result: list[Any] = _decode(answer, list[Any])
        return result

    async def header_cookies(
        self,
        *,
        theme_name: Literal["dark", "light"] | None = None,
        visits: int | None = None,
        trace_id: UUID | None = None,
    ) -> list[Any]:
        """Return the cookies.

        Raises ProblemError: 400, 406, 422.
        """
        answer = await self._send(
            "GET",
            "/headers/cookies",
            cookies={"theme-name": theme_name, "visits": visits, "trace-id": trace_id},
            accept="application/json",
        )
        result: list[Any] = _decode(answer, list[Any])
        return result

    async def header_lists(
        self,
        *,
        x_number: Sequence[int] | None = None,
        x_colours: Sequence[Colour] | None = None,
        x_flag: bool | None = None,
        x_mode: Literal["fast", "safe"] | None = None,
        x_range: str | None = None,
    ) -> list[Any]:
        """Return lists in headers.

        Raises ProblemError: 400, 406, 422.
        """
        answer = await self._send(
            "GET",
            "/headers/lists",
            headers={
                "x-number": _joined(x_number, ","),
                "x-colours": _joined(x_colours, ","),
                "x-flag": x_flag,
                "x-mode": x_mode,
                "x-range": x_range,
            },
            accept="application/json",
        )
        result: list[Any] = _decode(answer, list[Any])
        return result

    async def name_create(self, slug: str, body: Account) -> AccountAnswer:
        """Return all but the secret.

        Raises ProblemError: 400, 406, 408, 413, 415, 422.
        """
        answer = await self._send(
            "POST",
            f"/names/accounts/{_segment(slug)}",
            accept="application/json",
            body=body,
            content_type="application/json",
        )
        result: AccountAnswer = _decode(answer, AccountAnswer)
        return result

    async def name_log_in(self, body: NameLogInBody) -> int:
        """Take a form with a secret.

        Raises ProblemError: 400, 406, 408, 413, 415, 422.
        """
        answer = await self._send(
            "POST",
            "/names/login",
            accept="application/json",
            body=body,
            content_type="application/x-www-form-urlencoded",
        )
        result: int = _decode(answer, int)
        return result

    async def name_query(
        self,
        port: int,
        *,
        email: str,
        number: int | None = None,
        hosts: Sequence[str] | None = None,
        x_secret: str | None = None,
        x_address: str | None = None,
    ) -> list[Any]:
        """Return what was read, but the secret.

        Raises ProblemError: 400, 406, 422.
        """
        answer = await self._send(
            "GET",
            f"/names/queries/{_segment(port)}",
            query=[("email", email), ("number", number), ("hosts", _joined(hosts, ","))],
            headers={"x-secret": x_secret, "x-address": x_address},
            accept="application/json",
        )
        result: list[Any] = _decode(answer, list[Any])
        return result

    async def old_now(self) -> str:
        """Return a word.

        Raises ProblemError: 406.
        """
        answer = await self._send("GET", "/old/now", accept="text/plain")
        result: str = _decode(answer, str)
        return result

    async def old_search(
        self,
        *,
        limit: int | None = None,
        offset: int | None = None,
    ) -> FrameworkPaginationPageOfStr_2:
        """Return a page of titles, as long as it lasts.

        Raises ProblemError: 400, 406, 422.
        """
        answer = await self._send(
            "GET", "/old/tasks", query=[("limit", limit), ("offset", offset)], accept="application/json"
        )
        result: FrameworkPaginationPageOfStr_2 = _decode(answer, FrameworkPaginationPageOfStr_2)
        return result

    async def path_code(self, code: str) -> str:
        """Return the code, from a thread.

        Raises ProblemError: 400, 406, 422.
        """
        answer = await self._send("GET", f"/paths/codes/{_segment(code)}", accept="text/plain")
        result: str = _decode(answer, str)
        return result

    async def path_day(self, day: datetime.date, colour: Colour) -> Pair:
        """Return year and colour.

        Raises ProblemError: 400, 406, 422.
        """
        answer = await self._send(
            "GET", f"/paths/days/{_segment(day)}/colours/{_segment(colour)}", accept="application/json"
        )
        result: Pair = _decode(answer, Pair)
        return result

    async def path_file(self, name: str) -> str:
        """Return the rest of the path.

        Raises ProblemError: 400, 406.
        """
        answer = await self._send("GET", f"/paths/files/{_segment(name)}", accept="text/plain")
        result: str = _decode(answer, str)
        return result

    async def path_identifier_paths_identifiers_identifier(self, identifier: UUID) -> UUID:
        """Return the id; it has two paths.

        Raises ProblemError: 400, 406, 422.
        """
        answer = await self._send("GET", f"/paths/identifiers/{_segment(identifier)}", accept="application/json")
        result: UUID = _decode(answer, UUID)
        return result

    async def path_identifier_paths_ids_identifier(self, identifier: UUID) -> UUID:
        """Return the id; it has two paths.

        Raises ProblemError: 400, 406, 422.
        """
        answer = await self._send("GET", f"/paths/ids/{_segment(identifier)}", accept="application/json")
        result: UUID = _decode(answer, UUID)
        return result

    async def path_level(self, level: Level) -> Level:
        """Return the level.

        Raises ProblemError: 400, 404, 406, 422.
        """
        answer = await self._send("GET", f"/paths/levels/{_segment(level)}", accept="application/json")
        result: Level = _decode(answer, Level)
        return result

    async def path_moments(self, at: datetime.datetime, hour: datetime.time, length: datetime.timedelta) -> str:
        """Return moments as Python writes them.

        Raises ProblemError: 400, 406, 422.
        """
        answer = await self._send(
            "GET", f"/paths/moments/{_segment(at)}/{_segment(hour)}/{_segment(length)}", accept="text/plain"
        )
        result: str = _decode(answer, str)
        return result

    async def path_number(self, number: int) -> int:
        """Return the number.

        Negative ones are gone, and some are too odd.

        Raises ProblemError: 400, 406, 409 (TooOdd), 410 (Gone), 422.
        """
        answer = await self._send("GET", f"/paths/numbers/{_segment(number)}", accept="application/json")
        result: int = _decode(answer, int)
        return result

    async def path_scalars(self, flag: bool, share: float, amount: Decimal, mode: Literal["fast", "safe"]) -> list[Any]:
        """Return what was read.

        Raises ProblemError: 400, 406, 422.
        """
        answer = await self._send(
            "GET",
            f"/paths/scalars/{_segment(flag)}/{_segment(share)}/{_segment(amount)}/{_segment(mode)}",
            accept="application/json",
        )
        result: list[Any] = _decode(answer, list[Any])
        return result

    async def query_collections(
        self,
        *,
        tags: Sequence[str] | None = None,
        numbers: Sequence[int] | None = None,
        colours: Sequence[Colour] | None = None,
    ) -> list[int]:
        """Return how many there are of each.

        Raises ProblemError: 400, 406, 422.
        """
        answer = await self._send(
            "GET",
            "/queries/collections",
            query=[("tags", tags), ("numbers", _joined(numbers, ",")), ("colours", _joined(colours, "|"))],
            accept="application/json",
        )
        result: list[int] = _decode(answer, list[int])
        return result

    async def query_models(
        self,
        *,
        limit: int | None = None,
        offset: int | None = None,
        filter: Filter | None = None,
    ) -> TestsContractLargeTypesPageOfStr:
        """Return a page of nothing.

        Raises ProblemError: 400, 406, 422.
        """
        answer = await self._send(
            "GET",
            "/queries/models",
            query=[("limit", limit), ("offset", offset), *_deep("filter", filter)],
            accept="application/json",
        )
        result: TestsContractLargeTypesPageOfStr = _decode(answer, TestsContractLargeTypesPageOfStr)
        return result

    async def query_moments(
        self,
        *,
        at: datetime.datetime,
        day: datetime.date | None = None,
        hour: datetime.time | None = None,
        length: datetime.timedelta | None = None,
    ) -> list[str]:
        """Return moments as Python writes them.

        Raises ProblemError: 400, 406, 422.
        """
        answer = await self._send(
            "GET",
            "/queries/moments",
            query=[("at", at), ("day", day), ("hour", hour), ("length", length)],
            accept="application/json",
        )
        result: list[str] = _decode(answer, list[str])
        return result

    async def query_others(
        self,
        *,
        first: int | None = None,
        last: int | None = None,
        span: Span | None = None,
        by: Literal["age", "name"] | None = None,
        descending: bool | None = None,
        least: dict[str, int] | None = None,
        order: Sequence[Colour] | None = None,
        colours: Colours | None = None,
    ) -> list[Any]:
        """Return models that are no Structs, and mappings.

        Raises ProblemError: 400, 406, 422.
        """
        answer = await self._send(
            "GET",
            "/queries/others",
            query=[
                ("first", first),
                ("last", last),
                *_deep("span", span),
                ("by", by),
                ("descending", descending),
                *_deep("least", least),
                ("order", _joined(order, ",")),
                *_deep("colours", colours),
            ],
            accept="application/json",
        )
        result: list[Any] = _decode(answer, list[Any])
        return result

    async def query_scalars(
        self,
        *,
        text: str,
        the_number: int,
        share: float | None = None,
        flag: bool | None = None,
        colour: Colour | None = None,
        identifier: UUID | None = None,
        amount: Decimal | None = None,
        deprecated: str | None = None,
    ) -> dict[str, Any]:
        """Return what was read.

        Raises ProblemError: 400, 406, 422.
        """
        answer = await self._send(
            "GET",
            "/queries/scalars",
            query=[
                ("text", text),
                ("the-number", the_number),
                ("share", share),
                ("flag", flag),
                ("colour", colour),
                ("identifier", identifier),
                ("amount", amount),
                ("deprecated", deprecated),
            ],
            accept="application/json",
        )
        result: dict[str, Any] = _decode(answer, dict[str, Any])
        return result

    async def raw_body_data(self, body: bytes, *, content_type: str = "application/octet-stream") -> int:
        """Return how many bytes came.

        Raises ProblemError: 400, 406, 408, 413, 415.
        """
        answer = await self._send("POST", "/raw/bytes", accept="application/json", body=body, content_type=content_type)
        result: int = _decode(answer, int)
        return result

    async def raw_body_image(self, body: bytes | UnsetType = UNSET, *, content_type: str) -> int:
        """Return how large an image is; there may be none.

        Raises ProblemError: 400, 406, 408, 413, 415.
        """
        answer = await self._send(
            "POST", "/raw/images", accept="application/json", body=body, content_type=content_type
        )
        result: int = _decode(answer, int)
        return result

    async def raw_body_name(self, body: str) -> int:
        """Return how long a short text is.

        Raises ProblemError: 400, 406, 408, 413, 415, 422.
        """
        answer = await self._send("POST", "/raw/names", accept="application/json", body=body, content_type="text/plain")
        result: int = _decode(answer, int)
        return result

    async def raw_body_picture(
        self,
        body: bytes,
        *,
        content_type: Literal["image/png", "image/jpeg"] = "image/png",
    ) -> bytes:
        """Return a small picture as it came.

        Raises ProblemError: 400, 406, 408, 413, 415, 422.
        """
        answer = await self._send(
            "PUT", "/raw/pictures", accept="application/octet-stream", body=body, content_type=content_type
        )
        result: bytes = _decode(answer, bytes)
        return result

    async def raw_body_stream(
        self,
        body: bytes | UnsetType = UNSET,
        *,
        content_type: str = "application/octet-stream",
    ) -> str:
        """Return the digest of what is read while it comes.

        Raises ProblemError: 400, 406, 408, 413, 415.
        """
        answer = await self._send("POST", "/raw/streams", accept="text/plain", body=body, content_type=content_type)
        result: str = _decode(answer, str)
        return result

    async def raw_body_table(self, body: bytes | UnsetType = UNSET) -> list[Any]:
        """Return the lines of a table, read at once.

        Raises ProblemError: 400, 406, 413, 415.
        """
        answer = await self._send("PATCH", "/raw/tables", accept="application/json", body=body, content_type="text/csv")
        result: list[Any] = _decode(answer, list[Any])
        return result

    async def raw_body_text(self, body: str) -> str:
        """Return a text as it came.

        Raises ProblemError: 400, 406, 408, 413, 415.
        """
        answer = await self._send("POST", "/raw/texts", accept="text/plain", body=body, content_type="text/plain")
        result: str = _decode(answer, str)
        return result

    async def redirect_away(self, number: int) -> None:
        """Lead to another host that is allowed.

        Raises ProblemError: 400, 422.
        """
        await self._send("GET", f"/redirects/away/{_segment(number)}")

    async def redirect_log_in(self) -> None:
        """Begin a session."""
        await self._send("POST", "/redirects/login")

    async def redirect_log_out(self) -> None:
        """End a session."""
        await self._send("POST", "/redirects/logout")

    async def redirect_moved(self) -> None:
        """Lead elsewhere for good."""
        await self._send("GET", "/redirects/moved")

    async def redirect_plain(self, *, to: str | None = None) -> None:
        """Lead where the client wants to go, on this host.

        Raises ProblemError: 400, 422.
        """
        await self._send("GET", "/redirects/plain", query=[("to", to)])

    async def secured_basic(self) -> str:
        """Take name and password.

        Raises ProblemError: 401, 406.
        """
        answer = await self._send("GET", "/secured/basic", accept="text/plain")
        result: str = _decode(answer, str)
        return result

    async def secured_bearer(self) -> str:
        """Take a token.

        Raises ProblemError: 401, 406.
        """
        answer = await self._send("GET", "/secured/bearer", accept="text/plain")
        result: str = _decode(answer, str)
        return result

    async def secured_both(self) -> str:
        """Take two together.

        Raises ProblemError: 401, 406.
        """
        answer = await self._send("GET", "/secured/both", accept="text/plain")
        result: str = _decode(answer, str)
        return result

    async def secured_either(self, body: Pair) -> Pair:
        """Take one of two.

        Raises ProblemError: 400, 401, 406, 408, 413, 415, 422.
        """
        answer = await self._send(
            "PUT", "/secured/either", accept="application/json", body=body, content_type="application/json"
        )
        result: Pair = _decode(answer, Pair)
        return result

    async def secured_cookie_key(self) -> str:
        """Take a key in a cookie.

        Raises ProblemError: 401, 406.
        """
        answer = await self._send("GET", "/secured/keys/cookie", accept="text/plain")
        result: str = _decode(answer, str)
        return result

    async def secured_header_key(self) -> str:
        """Take a key in a header.

        Raises ProblemError: 401, 406.
        """
        answer = await self._send("GET", "/secured/keys/header", accept="text/plain")
        result: str = _decode(answer, str)
        return result

    async def secured_query_key(self, *, name: str | None = None) -> str:
        """Take a key in the query.

        Raises ProblemError: 400, 401, 406, 422.
        """
        answer = await self._send("GET", "/secured/keys/query", query=[("name", name)], accept="text/plain")
        result: str = _decode(answer, str)
        return result

    async def secured_oauth(self) -> str:
        """Take a token of OAuth 2.

        Raises ProblemError: 401, 403, 406.
        """
        answer = await self._send("GET", "/secured/oauth", accept="text/plain")
        result: str = _decode(answer, str)
        return result

    async def secured_open_id(self) -> str:
        """Take a token of OpenID Connect.

        Raises ProblemError: 401, 403, 406.
        """
        answer = await self._send("GET", "/secured/openid", accept="text/plain")
        result: str = _decode(answer, str)
        return result

    async def secured_optional(self) -> str:
        """Take a token, or none.

        Raises ProblemError: 401, 406.
        """
        answer = await self._send("GET", "/secured/optional", accept="text/plain")
        result: str = _decode(answer, str)
        return result

    async def secured_own(self) -> str:
        """Take a guard of our own.

        Raises ProblemError: 401, 406.
        """
        answer = await self._send("GET", "/secured/own", accept="text/plain")
        result: str = _decode(answer, str)
        return result

    async def secured_scoped(self, body: Pair) -> Pair:
        """Take who may write.

        Raises ProblemError: 400, 401, 403, 406, 408, 413, 415, 422.
        """
        answer = await self._send(
            "POST", "/secured/scoped", accept="application/json", body=body, content_type="application/json"
        )
        result: Pair = _decode(answer, Pair)
        return result

    async def several_embedded(self, body: SeveralControllerEmbeddedBody) -> Parcel:
        """Return what came under one key.

        Raises ProblemError: 400, 406, 408, 413, 415, 422.
        """
        answer = await self._send(
            "PUT", "/several/embedded", accept="application/json", body=body, content_type="application/json"
        )
        result: Parcel = _decode(answer, Parcel)
        return result

    async def several_examples(self, body: Address) -> Address:
        """Return an address.

        Raises ProblemError: 400, 406, 408, 413, 415, 422.
        """
        answer = await self._send(
            "POST", "/several/examples", accept="application/json", body=body, content_type="application/json"
        )
        result: Address = _decode(answer, Address)
        return result

    async def several_optional(self, body: int | None | UnsetType = UNSET) -> int | None:
        """Return a number, or null for none and for nothing.

        Raises ProblemError: 400, 406, 408, 413, 415, 422.
        """
        answer = await self._send(
            "POST", "/several/optional", accept="application/json", body=body, content_type="application/json"
        )
        result: int | None = _decode(answer, int | None)
        return result

    async def several_values(self, body: SeveralControllerValuesBody) -> tuple[Person, Point, str, int]:
        """Return what came under four keys.

        Raises ProblemError: 400, 406, 408, 413, 415, 422.
        """
        answer = await self._send(
            "POST", "/several/values", accept="application/json", body=body, content_type="application/json"
        )
        result: tuple[Person, Point, str, int] = _decode(answer, tuple[Person, Point, str, int])
        return result

    async def stream_data(self, *, count: int | None = None) -> bytes:
        """Return pieces of bytes.

        Raises ProblemError: 400, 406, 422.
        """
        answer = await self._send("GET", "/streams/bytes", query=[("count", count)], accept="application/octet-stream")
        result: bytes = _decode(answer, bytes)
        return result

    async def stream_events(self, *, last_event_id: int | None = None) -> AsyncIterator[ServerEvent[Pair]]:
        """Return events from behind the last one that was seen.

        Raises ProblemError: 400, 406, 422.
        """
        async for one in self._stream(
            _events,
            Pair,
            "GET",
            "/streams/events",
            headers={"last-event-id": last_event_id},
            accept="text/event-stream",
        ):
            yield one

    async def stream_shape_events(self, body: Circle | Square) -> AsyncIterator[ServerEvent[Circle | Square]]:
        """Return a shape as an event.

        Raises ProblemError: 400, 406, 408, 413, 415, 422.
        """
        async for one in self._stream(
            _events,
            Circle | Square,
            "POST",
            "/streams/events/shapes",
            accept="text/event-stream",
            body=body,
            content_type="application/json",
        ):
            yield one

    async def stream_text_events(self, *, text: str | None = None) -> AsyncIterator[ServerEvent[str]]:
        """Return events that are texts.

        Raises ProblemError: 400, 406, 422.
        """
        async for one in self._stream(
            _events, str, "GET", "/streams/events/texts", query=[("text", text)], accept="text/event-stream"
        ):
            yield one

    async def stream_lines(self, *, count: int | None = None) -> AsyncIterator[Pair]:
        """Return lines of JSON, or an error before the first.

        Raises ProblemError: 400, 404, 406, 422.
        """
        async for one in self._stream(
            _items, Pair, "GET", "/streams/lines", query=[("count", count)], accept="application/jsonl"
        ):
            yield one

    async def stream_people(self) -> AsyncIterator[Person | None]:
        """Return lines of a dataclass.

        Raises ProblemError: 406.
        """
        async for one in self._stream(_items, Person | None, "GET", "/streams/people", accept="application/jsonl"):
            yield one

    async def stream_scalars(self, body: ScalarsInput, *, count: int | None = None) -> AsyncIterator[Scalars]:
        """Return what came, some times.

        Raises ProblemError: 400, 406, 408, 413, 415, 422.
        """
        async for one in self._stream(
            _items,
            Scalars,
            "POST",
            "/streams/scalars",
            query=[("count", count)],
            accept="application/jsonl",
            body=body,
            content_type="application/json",
        ):
            yield one

    async def stream_texts(self, *, count: int | None = None) -> str:
        """Return pieces of text.

        Raises ProblemError: 400, 406, 422.
        """
        answer = await self._send("GET", "/streams/texts", query=[("count", count)], accept="text/plain")
        result: str = _decode(answer, str)
        return result

    async def list_search(self, *, limit: int | None = None, offset: int | None = None) -> PageOfTask:
        """Return a page by its offset.

        Raises ProblemError: 400, 406, 422.
        """
        answer = await self._send(
            "GET", "/tasks", query=[("limit", limit), ("offset", offset)], accept="application/json"
        )
        result: PageOfTask = _decode(answer, PageOfTask)
        return result

    async def list_feed(self, *, limit: int | None = None, cursor: str | None = None) -> CursorOfPair:
        """Return what comes after a cursor.

        Raises ProblemError: 400, 406, 422.
        """
        answer = await self._send(
            "GET", "/tasks/feed", query=[("limit", limit), ("cursor", cursor)], accept="application/json"
        )
        result: CursorOfPair = _decode(answer, CursorOfPair)
        return result

    async def list_change_job(self, body: PatchOfJob) -> dict[str, Any]:
        """Tell what would change of a job.

        Raises ProblemError: 400, 406, 408, 413, 415, 422.
        """
        answer = await self._send(
            "PATCH", "/tasks/jobs", accept="application/json", body=body, content_type="application/json"
        )
        result: dict[str, Any] = _decode(answer, dict[str, Any])
        return result

    async def list_perhaps(
        self,
        *,
        limit: int | None = None,
        offset: int | None = None,
    ) -> FrameworkPaginationPageOfStr_1 | None:
        """Return a page if one is asked for.

        Raises ProblemError: 400, 406, 422.
        """
        answer = await self._send(
            "GET", "/tasks/perhaps", query=[("limit", limit), ("offset", offset)], accept="application/json"
        )
        result: FrameworkPaginationPageOfStr_1 | None = _decode(answer, FrameworkPaginationPageOfStr_1 | None)
        return result

    async def list_change(self, number: int, body: PatchOfTask) -> Task:
        """Change a task.

        Raises ProblemError: 400, 406, 408, 413, 415, 422.
        """
        answer = await self._send(
            "PATCH", f"/tasks/{_segment(number)}", accept="application/json", body=body, content_type="application/json"
        )
        result: Task = _decode(answer, Task)
        return result

    async def upload_albums(self, body: dict[str, Any]) -> list[Album]:
        """Take the parts that are albums.

        Raises ProblemError: 400, 406, 408, 413, 415, 422.
        """
        answer = await self._send(
            "POST", "/uploads/albums", accept="application/json", body=body, content_type="multipart/form-data"
        )
        result: list[Album] = _decode(answer, list[Album])
        return result

    async def upload_one(self, body: UploadOneBody) -> str:
        """Take a file and a text.

        Raises ProblemError: 400, 406, 408, 413, 415, 422.
        """
        answer = await self._send(
            "POST", "/uploads/one", accept="text/plain", body=body, content_type="multipart/form-data"
        )
        result: str = _decode(answer, str)
        return result

    async def upload_report(self, body: UploadReportBody) -> dict[str, Any]:
        """Take a model with files.

        Raises ProblemError: 400, 406, 408, 413, 415, 422.
        """
        answer = await self._send(
            "POST",
            "/uploads/reports",
            accept="application/json",
            body=body,
            content_type="multipart/form-data",
            parts=["album"],
        )
        result: dict[str, Any] = _decode(answer, dict[str, Any])
        return result

    async def upload_several(self, body: UploadSeveralBody) -> list[int]:
        """Take some files, and perhaps another.

        Raises ProblemError: 400, 406, 408, 413, 415, 422.
        """
        answer = await self._send(
            "POST", "/uploads/several", accept="application/json", body=body, content_type="multipart/form-data"
        )
        result: list[int] = _decode(answer, list[int])
        return result

    async def upload_stream(self, body: dict[str, Any]) -> dict[str, int]:
        """Take a form of any size, part by part.

        Raises ProblemError: 400, 406, 408, 413, 415, 422.
        """
        answer = await self._send(
            "POST", "/uploads/streams", accept="application/json", body=body, content_type="multipart/form-data"
        )
        result: dict[str, int] = _decode(answer, dict[str, int])
        return result

    async def upload_values(self, body: UploadValuesBody) -> list[Any]:
        """Take values in parts of their own.

        Raises ProblemError: 400, 406, 408, 413, 415, 422.
        """
        answer = await self._send(
            "PUT",
            "/uploads/values",
            accept="application/json",
            body=body,
            content_type="multipart/form-data",
            parts=["album", "counts", "pairs"],
        )
        result: list[Any] = _decode(answer, list[Any])
        return result

    async def me(self, *, x_user: str) -> str:
        """Who am I?

        Raises ProblemError: 400, 401, 403, 406, 422.
        """
        answer = await self._send("GET", "/v1/guarded/me", headers={"x-user": x_user}, accept="text/plain")
        result: str = _decode(answer, str)
        return result

    async def version_digest(self, *, text: str | None = None) -> list[str] | None:
        """Tag the bytes.

        Raises ProblemError: 400, 406, 412, 422.
        """
        answer = await self._send("GET", "/versions/digests", query=[("text", text)], accept="application/json")
        result: list[str] | None = _decode(answer, {200: list[str], 304: None})
        return result

    async def version_expensive(self, *, x_exists: bool | None = None) -> str | None:
        """Look before anything expensive is done.

        Raises ProblemError: 400, 406, 412, 422.
        """
        answer = await self._send("GET", "/versions/expensive", headers={"x-exists": x_exists}, accept="text/plain")
        result: str | None = _decode(answer, {200: str, 304: None})
        return result

    async def version_show(self, number: int) -> Wiki | None:
        """Tag the value.

        Raises ProblemError: 400, 406, 412, 422.
        """
        answer = await self._send("GET", f"/versions/pages/{_segment(number)}", accept="application/json")
        result: Wiki | None = _decode(answer, {200: Wiki, 304: None})
        return result

    async def version_edit(self, number: int, body: Edit, *, if_match: str | None = None) -> Wiki:
        """Change the version that the client has seen, and no other.

        Raises ProblemError: 400, 406, 408, 412, 413, 415, 422, 428.
        """
        answer = await self._send(
            "PUT",
            f"/versions/pages/{_segment(number)}",
            headers={"If-Match": if_match},
            accept="application/json",
            body=body,
            content_type="application/json",
        )
        result: Wiki = _decode(answer, Wiki)
        return result

    async def version_remove(self, number: int, *, if_match: str | None = None) -> None:
        """Remove a page, of the version that is meant, if one is.

        Raises ProblemError: 400, 404, 412, 422.
        """
        await self._send("DELETE", f"/versions/pages/{_segment(number)}", headers={"If-Match": if_match})

    async def version_parts(self, *, length: int | None = None) -> bytes | None:
        """Let clients ask for a part.

        Raises ProblemError: 400, 406, 412, 416, 422.
        """
        answer = await self._send(
            "GET", "/versions/parts", query=[("length", length)], accept="application/octet-stream"
        )
        result: bytes | None = _decode(answer, {200: bytes, 206: bytes, 304: None})
        return result

    async def version_picture_parts(self) -> bytes | None:
        """Let clients ask for a part of a picture.

        Raises ProblemError: 406, 412, 416.
        """
        answer = await self._send("GET", "/versions/parts/pictures", accept="image/gif")
        result: bytes | None = _decode(answer, {200: bytes, 206: bytes, 304: None})
        return result

    async def version_weak(self, number: int) -> Wiki | None | None:
        """Tag the value weakly.

        Raises ProblemError: 400, 406, 412, 422.
        """
        answer = await self._send("GET", f"/versions/weak/{_segment(number)}", accept="application/json")
        result: Wiki | None | None = _decode(answer, {200: Wiki | None, 304: None})
        return result

    async def work_write(self, body: Pair) -> Pair:
        """Send a letter at once, and one when it is answered.

        Raises ProblemError: 400, 406, 408, 409, 413, 415, 422.
        """
        answer = await self._send(
            "POST", "/work/letters", accept="application/json", body=body, content_type="application/json"
        )
        result: Pair = _decode(answer, Pair)
        return result

    async def work_remove(self, number: int, *, reason: str | None = None) -> dict[str, Any]:
        """Remove nothing, from a thread.

        Raises ProblemError: 400, 406, 422, 503.
        """
        answer = await self._send(
            "DELETE", f"/work/letters/{_segment(number)}", query=[("reason", reason)], accept="application/json"
        )
        result: dict[str, Any] = _decode(answer, dict[str, Any])
        return result

    async def work_rules(self) -> list[int]:
        """Return all rules.

        Raises ProblemError: 406.
        """
        answer = await self._send("GET", "/work/rules", accept="application/json")
        result: list[int] = _decode(answer, list[int])
        return result

"""A client of Everything 1.0.0.

Written from the OpenAPI document by `framework client python`: write it anew instead of editing it.
"""
# ruff: noqa

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal, NamedTuple, TypeAlias, TypeVar
from urllib.parse import quote, urlencode
from uuid import UUID

import aiohttp
import msgspec
from msgspec import UNSET, UnsetType
from yarl import URL

_T = TypeVar("_T")


class Address(msgspec.Struct, kw_only=True):
    """Where somebody lives."""

    city: str
    street: str


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


class Fault(msgspec.Struct, kw_only=True):
    """One thing that is wrong with a request."""

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


class Gone(msgspec.Struct, kw_only=True):
    """What was asked for is gone."""

    type: Literal["https://example.com/problems/gone"] = "https://example.com/problems/gone"
    title: Literal["Gone for good"] = "Gone for good"
    status: Literal[410] = 410
    detail: str | UnsetType = UNSET
    """What happened this time."""
    instance: str
    """The path of the request."""
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


class PageOfPageOfScalarsOrNone(msgspec.Struct, kw_only=True):
    """A part of a list."""

    items: list[PageOfScalarsOrNone]
    total: int


class PageOfScalarsOrNone(msgspec.Struct, kw_only=True):
    """A part of a list."""

    items: list[Scalars | None]
    total: int


class PageOfStr(msgspec.Struct, kw_only=True):
    """A part of a list."""

    items: list[str]
    total: int


class Parcel(msgspec.Struct, kw_only=True):
    """Something sent."""

    weight: int
    fragile: bool


class ParcelInput(msgspec.Struct, kw_only=True):
    """Something sent."""

    weight: int
    fragile: bool = False


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
    """Names the kind of problem; `about:blank` where the status does."""
    title: str
    status: int
    """The status of the response."""
    detail: str | UnsetType = UNSET
    """What happened this time."""
    instance: str
    """The path of the request."""


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


class Square(msgspec.Struct, kw_only=True, tag_field="type", tag="square"):
    """A square."""

    side: float


class TooOdd(msgspec.Struct, kw_only=True):
    """An odd number."""

    type: Literal["about:blank"] = "about:blank"
    title: Literal["Too odd"] = "Too odd"
    status: Literal[409] = 409
    detail: str | UnsetType = UNSET
    """What happened this time."""
    instance: str
    """The path of the request."""
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
    errors: list[Fault]


class Version1(msgspec.Struct, kw_only=True, tag_field="version", tag=1):
    """The first version."""

    old: str


class Version2(msgspec.Struct, kw_only=True, tag_field="version", tag=2):
    """The second version."""

    new: str


Colour: TypeAlias = Literal["red", "green"]
Level: TypeAlias = Literal[1, 9]
Pair: TypeAlias = tuple[int, str]
Point: TypeAlias = list[Any]


class ProblemError(Exception):
    """An answer that is an error.

    ``problem`` is its body as RFC 9457 has it, empty where the answer is no problem; ``decode`` gives it with types.
    """

    def __init__(self, status: int, body: bytes, problem: dict[str, Any]) -> None:
        super().__init__(" ".join(str(one) for one in (status, problem.get("title"), problem.get("detail")) if one))
        self.status = status
        self.body = body
        self.problem = problem

    def decode(self, kind: type[_T]) -> _T:
        """Return the problem as one of the classes above. Raises msgspec.ValidationError where it is another one."""
        return msgspec.json.decode(self.body, type=kind)


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
    if answer.content_type.startswith("text/"):
        return answer.body.decode()
    return msgspec.json.decode(answer.body, type=kind)


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


def _form(body: Any, content_type: str) -> aiohttp.FormData:
    form = aiohttp.FormData(default_to_multipart=content_type == "multipart/form-data")
    fields = msgspec.to_builtins(body, builtin_types=(bytes,))
    for name, value in fields.items():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, bytes):
                form.add_field(name, one, filename=name, content_type="application/octet-stream")
            elif one is not None:
                form.add_field(name, _text(one))
    return form


def _encoded(body: Any, content_type: str) -> Any:
    if content_type in ("multipart/form-data", "application/x-www-form-urlencoded"):
        return _form(body, content_type)
    if content_type == "application/json" or content_type.endswith("+json"):
        return msgspec.json.encode(body)
    return body


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
    """

    def __init__(self, session: aiohttp.ClientSession, base_url: str = "https://everything.example") -> None:
        self._session = session
        self._base_url = base_url.rstrip("/")

    async def _send(
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
    ) -> _Answer:
        sent = {name: _text(value) for name, value in (headers or {}).items() if value is not None}
        if accept is not None:
            sent["Accept"] = accept
        data: Any = None
        if content_type is not None and body is not UNSET:
            data = _encoded(body, content_type)
            if not isinstance(data, aiohttp.FormData):
                sent["Content-Type"] = content_type
        pairs = _pairs(query)
        url = URL(f"{self._base_url}{path}" + (f"?{urlencode(pairs)}" if pairs else ""), encoded=True)
        crumbs = {name: _text(value) for name, value in (cookies or {}).items() if value is not None}
        async with self._session.request(method, url, headers=sent, cookies=crumbs or None, data=data) as response:
            answer = _Answer(response.status, await response.read(), response.content_type)
        if answer.status >= 400:
            raise ProblemError(answer.status, answer.body, _problem_in(answer))
        return answer

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

    async def answer_head(self) -> None:
        """Answer HEAD."""
        await self._send("HEAD", "/answers/head")

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

    async def answer_text(self) -> str:
        """Answer a text.

        Raises ProblemError: 406.
        """
        answer = await self._send("GET", "/answers/text", accept="text/plain")
        result: str = _decode(answer, str)
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

    async def path_number(self, number: int) -> int:
        """Return the number.

        Negative ones are gone, and some are too odd.

        Raises ProblemError: 400, 406, 409 (TooOdd), 410 (Gone), 422.
        """
        answer = await self._send("GET", f"/paths/numbers/{_segment(number)}", accept="application/json")
        result: int = _decode(answer, int)
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
    ) -> PageOfStr:
        """Return a page of nothing.

        Raises ProblemError: 400, 406, 422.
        """
        answer = await self._send(
            "GET",
            "/queries/models",
            query=[("limit", limit), ("offset", offset), *_deep("filter", filter)],
            accept="application/json",
        )
        result: PageOfStr = _decode(answer, PageOfStr)
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

    async def me(self, *, x_user: str) -> str:
        """Who am I?

        Raises ProblemError: 400, 401, 403, 406, 422.
        """
        answer = await self._send("GET", "/v1/guarded/me", headers={"x-user": x_user}, accept="text/plain")
        result: str = _decode(answer, str)
        return result

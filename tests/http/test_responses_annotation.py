"""What is sent is what the annotation says: values of another class are converted, or are a logged 500."""

# ruff: noqa: S105  no secrets, but fields that are not to be sent

import dataclasses
import datetime as dt
import enum
import uuid
from collections.abc import Iterator
from typing import Any, Generic, Literal, NamedTuple, NotRequired, TypedDict, TypeVar

import attrs
import msgspec
import pytest
from msgspec import Struct

from framework import Controller, HTTPError, Response, get
from framework.errors import ResponseMismatchError
from framework.pagination import Cursor, Page
from tests.http.raw import ask
from tests.http.shapes import Serve, app_of, logged, problem

T = TypeVar("T")


class UserOut(Struct):
    """What is sent of a user."""

    id: int
    name: str = "Ada"


class UserRow(Struct):
    """What is stored of a user: another class with more fields."""

    id: int
    name: str
    password: str


class Camel(Struct, rename="camel"):
    """A Struct whose names on the wire are others."""

    user_id: int


class Cat(Struct, tag="cat"):
    """One of a tagged union."""

    name: str


class Dog(Struct, tag="dog"):
    """Another one, with the same fields."""

    name: str


class Box(Struct, Generic[T]):
    """A generic Struct."""

    value: T


class Color(enum.Enum):
    """An enum."""

    RED = "red"


@dataclasses.dataclass
class Plain:
    """A dataclass with a __dict__."""

    id: int


@attrs.define(slots=False)
class Attrs:
    """An attrs class with a __dict__."""

    id: int


class Typed(TypedDict):
    """A TypedDict."""

    id: int
    note: NotRequired[str]


class Named(NamedTuple):
    """A NamedTuple."""

    id: int
    user: UserOut


class Row:
    """An object with attributes, such as a mapped row."""

    def __init__(self, **columns: Any) -> None:
        vars(self).update(columns)


def _with_more(instance: Any) -> Any:
    instance.token = "secret"
    return instance


def _page(*items: Any) -> Any:
    return Page(items=list(items), total=1, limit=9, offset=0)


def _users() -> Iterator[Any]:
    yield UserRow(1, "Eva", "secret")


ROW = UserRow(1, "Eva", "secret")
DICT = {"id": 1, "name": "Eva", "password": "secret"}
SENT = {"id": 1, "name": "Eva"}
CONVERTED: list[tuple[Any, Any, Any]] = [
    (UserOut, ROW, SENT),
    (UserOut, DICT, SENT),
    (UserOut, Row(**DICT), SENT),
    (UserOut, {"id": 1}, {"id": 1, "name": "Ada"}),
    (UserOut | None, DICT, SENT),
    (UserOut | None, None, None),
    (list[UserOut], [UserOut(1, "Eva"), DICT, ROW, Row(**DICT)], [SENT, SENT, SENT, SENT]),
    (list[UserOut], (ROW,), [SENT]),
    (list[UserOut], _users(), [SENT]),
    (list[UserOut | None], [None, ROW], [None, SENT]),
    (list[list[UserOut]], [[UserOut(1, "Eva")], [DICT]], [[SENT], [SENT]]),
    (tuple[UserOut, ...], (DICT,), [SENT]),
    (tuple[int, UserOut], (1, ROW), [1, SENT]),
    (dict[str, UserOut], {"a": ROW}, {"a": SENT}),
    (dict[str, list[UserOut]], {"a": [DICT]}, {"a": [SENT]}),
    (Page[UserOut], _page(ROW), {"items": [SENT], "total": 1, "limit": 9, "offset": 0}),
    (Cursor[UserOut], Cursor(items=[DICT]), {"items": [SENT], "next": None, "previous": None}),
    (Box[UserOut], Box(DICT), {"value": SENT}),
    (Box[UserOut], {"value": ROW, "password": 1}, {"value": SENT}),
    (Camel, {"userId": 1, "password": 2}, {"userId": 1}),
    (Camel, {"user_id": 1}, {"userId": 1}),
    (Cat | Dog, {"type": "dog", "name": "Rex", "password": 1}, {"type": "dog", "name": "Rex"}),
    (Plain, _with_more(Plain(1)), {"id": 1}),
    (Plain, {"id": 1, "password": 2}, {"id": 1}),
    (list[Plain], [_with_more(Plain(1)), Row(id=2, password=3)], [{"id": 1}, {"id": 2}]),
    (Attrs, _with_more(Attrs(1)), {"id": 1}),
    (list[Attrs], [_with_more(Attrs(1))], [{"id": 1}]),
    (Box[Attrs], Box(_with_more(Attrs(1))), {"value": {"id": 1}}),
    (Typed, {"id": 1, "password": 2}, {"id": 1}),
    (list[Typed], [{"id": 1, "note": "n", "password": 2}], [{"id": 1, "note": "n"}]),
    (Named, (1, ROW), [1, SENT]),
    (Named, Named(1, UserOut(1, "Eva")), [1, SENT]),
    (int, True, 1),
    (float, 1, 1),
    (bool, False, False),
    (Color, "red", "red"),
    (Literal["a", "b"], "a", "a"),
    (uuid.UUID, str(uuid.UUID(int=1)), str(uuid.UUID(int=1))),
    (dt.datetime, "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
    (list[int], [1, True], [1, 1]),
    (dict[int, int], {1: 2}, {"1": 2}),
    (set[int], {1}, [1]),
    (msgspec.Raw, msgspec.Raw(b'{"a":1}'), {"a": 1}),
    (Any, ROW, DICT),
    (object, ROW, DICT),
    (list[Any], [ROW, 7], [DICT, 7]),
    (dict[str, Any], {"a": ROW}, {"a": DICT}),
]  # fmt: skip


def _route(annotation: Any, value: Any, **options: Any) -> type[Controller]:
    async def show(self: Controller) -> Any:  # noqa: ARG001  a method
        return value

    show.__annotations__["return"] = annotation
    return type("Shown", (Controller,), {"show": get("/", **options)(show)})


def _number(case: tuple[Any, Any, Any]) -> str:
    return f"{case[0]}-{type(case[1]).__name__}".replace(f"{__name__}.", "")


@pytest.mark.parametrize("case", CONVERTED, ids=_number)
async def test_a_value_of_another_class_is_converted(serve: Serve, case: tuple[Any, Any, Any]) -> None:
    """JSON has what the annotated type has, and nothing more."""
    annotation, value, sent = case
    answer = await ask(await serve(app_of(_route(annotation, value))), "GET", "/")
    assert (answer.status, msgspec.json.decode(answer.body)) == (200, sent)


@pytest.mark.parametrize(
    ("annotation", "value", "sent"),
    [(UserOut, ROW, SENT), (list[UserOut], [DICT], [SENT]), (Attrs, _with_more(Attrs(1)), {"id": 1})],
)
async def test_in_every_format(serve: Serve, annotation: Any, value: Any, sent: Any) -> None:
    """MessagePack has the same fields as JSON."""
    server = await serve(app_of(_route(annotation, value)))
    answer = await ask(server, "GET", "/", headers={"Accept": "application/msgpack"})
    assert msgspec.msgpack.decode(answer.body) == sent


@pytest.mark.parametrize(
    ("annotation", "value", "what"),
    [
        (UserOut, None, "at the top: expected `UserOut`, got `None`; annotate it -> UserOut | None, or raise NotFound"),
        (UserOut, 7, "at the top: expected `UserOut`, got `int`"),
        (UserOut, [1], "at the top: expected `UserOut`, got `list`"),
        (UserOut, Row(color=1), "at the top: expected `UserOut with 'id'`, got `Row`"),
        (UserOut, {"name": "x"}, "at the top: expected `UserOut with 'id'`, got `dict`"),
        (UserOut, {"id": "7"}, "at /id: expected `int`, got `str`"),
        (UserOut | None, 7, "at the top: expected `UserOut | None`, got `int`"),
        (list[UserOut], [ROW, None], "at /1: expected `UserOut`, got `None`"),
        (list[UserOut], UserOut(1), "at the top: expected `list[UserOut]`, got `UserOut`"),
        (list[UserOut], "ab", "at the top: expected `list[UserOut]`, got `str`"),
        (dict[str, list[UserOut]], {"a": [ROW, 7]}, "at /a/1: expected `UserOut`, got `int`"),
        (dict[str, UserOut], [1], "at the top: expected `dict[str, UserOut]`, got `list`"),
        (tuple[int, UserOut], (1,), "at the top: expected `tuple[int, UserOut]`, got `tuple`"),
        (Page[UserOut], Page(items=[7], total=1, limit=1, offset=0), "at /items/0: expected `UserOut`, got `int`"),
        (Cat | Dog, {"type": "cow", "name": "x"}, "at the top: expected `Cat | Dog`, got `dict`"),
        (Typed, {"note": "x"}, "at the top: expected `Typed with 'id'`, got `dict`"),
        (int, "7", "at the top: expected `int`, got `str`"),
        (str, 7, "at the top: expected `str`, got `int`"),
        (str, None, "at the top: expected `str`, got `None`; annotate it -> str | None, or raise NotFound"),
        (bytes, 7, "at the top: expected `bytes`, got `int`"),
        (bytes, "YQ==", "at the top: expected `bytes`, got `str`"),
        (Color, "blue", "at the top: expected `Color`, got `str`"),
        (Literal["a", "b"], "c", "at the top: expected `Literal['a', 'b']`, got `str`"),
        (list[int], [1, "2"], "at /1: expected `int`, got `str`"),
    ],
)  # fmt: skip
async def test_what_cannot_be_converted_is_a_500(
    serve: Serve, caplog: pytest.LogCaptureFixture, annotation: Any, value: Any, what: str
) -> None:
    """The log has the handler, where in the value, what was expected and what was found; the client nothing."""
    answer = await ask(await serve(app_of(_route(annotation, value))), "GET", "/")

    assert (answer.status, answer.problem) == (500, problem(500, "/"))
    (record,) = [one for one in caplog.records if one.name == "framework"]
    assert record.getMessage() == "GET / failed"
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], ResponseMismatchError)
    where, _, said = str(record.exc_info[1]).partition(" sends what its annotation does not allow, ")
    assert (where.partition(" ")[0], said) == ("Shown.show", what)


@pytest.mark.parametrize("value", [ROW, DICT, UserOut(1, "Eva")])
async def test_inside_of_a_response(serve: Serve, value: Any) -> None:
    """The value of a Response is converted as one that is returned, each time that the response is."""

    class Users(Controller):
        kept = Response(value, headers={"X-Kept": "1"})

        @get("/new")
        async def new(self) -> Response[UserOut]:
            return Response(value)

        @get("/kept")
        async def again(self) -> Response[UserOut]:
            return self.kept

        @get("/tagged", etag=True)
        async def tagged(self) -> Response[UserOut]:
            return Response(value)

    server = await serve(app_of(Users))
    for path in ("/new", "/kept", "/kept", "/tagged"):
        assert (await ask(server, "GET", path)).json == SENT


async def test_before_headers_and_versions(serve: Serve) -> None:
    """The headers of a page and the entity tag are those of the converted value."""

    class Users(Controller):
        @get("/page")
        async def page(self) -> Page[UserOut]:
            return {"items": [ROW], "total": 1, "limit": 5, "offset": 0}  # type: ignore[return-value]  # the subject

        @get("/tagged", etag=lambda user: user.name)
        async def tagged(self) -> UserOut:
            return DICT  # type: ignore[return-value]  # the subject

    server = await serve(app_of(Users))
    assert 'rel="first"' in (await ask(server, "GET", "/page")).headers["Link"]
    tagged = await ask(server, "GET", "/tagged")
    assert (tagged.headers["ETag"], tagged.json) == ('"Eva"', SENT)


class Taken(HTTPError, status=409, title="Taken"):
    """A name is taken."""

    by: UserOut


@pytest.mark.parametrize("value", [ROW, DICT])
async def test_members_of_problems(serve: Serve, value: Any) -> None:
    """A typed member of an error is sent as its annotation says."""

    class Users(Controller):
        @get("/", raises=(Taken,))
        async def show(self) -> None:
            raise Taken(by=value)

    answer = await ask(await serve(app_of(Users)), "GET", "/")
    assert (answer.status, answer.problem["by"]) == (409, SENT)


async def test_a_member_that_cannot_be_converted(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """It is a logged 500, and the problem it stands in is not sent."""

    class Users(Controller):
        @get("/", raises=(Taken,))
        async def show(self) -> None:
            raise Taken(by=7)  # type: ignore[arg-type]  # the subject

    answer = await ask(await serve(app_of(Users)), "GET", "/")
    assert (answer.status, answer.problem) == (500, problem(500, "/"))
    assert logged(caplog) == ["Taken cannot be sent"]
    assert "Taken.by sends what its annotation does not allow, at the top: expected `UserOut`, got `int`" in caplog.text

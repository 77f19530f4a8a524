"""Dataclasses of pydantic as bodies, parameters, responses and messages: with their checks, wherever they stand."""

import dataclasses
import threading
from typing import Annotated, Any, Generic, NamedTuple, TypedDict, TypeVar

import attrs
import msgspec
import pytest
from msgspec import Struct
from openapi_spec_validator import validate
from pydantic import BaseModel, ConfigDict, Field, computed_field, field_validator
from pydantic.dataclasses import dataclass
from pytest_aiohttp.plugin import AiohttpClient

from framework import App, Body, Controller, Cookie, EventStream, Form, Header, Query, WebSocket, get, post, websocket
from framework._pydantic_dataclasses import hiding
from framework.testing import check_contract
from tests.http.shapes import app_of, fault, invalid

T = TypeVar("T")


@dataclass(config=ConfigDict(extra="forbid"))
class User:
    """A dataclass with an alias, constraints, a validator, and what is not written."""

    name: Annotated[str, Field(alias="Name", min_length=2)]
    tags: list[int] = Field(default_factory=list)
    secret: str = Field(default="x", exclude=True)

    @field_validator("name")
    @classmethod
    def is_not_root(cls, name: str) -> str:
        """Refuse one name."""
        if name == "root":
            raise ValueError("Expected another name")
        return name

    @computed_field  # type: ignore[prop-decorator]  # as pydantic's documentation has it
    @property
    def shout(self) -> str:
        """Written, and not read."""
        return self.name.upper()


@dataclass
class Admin(User):
    """A subclass with a field of its own."""

    level: int = 1


@dataclass
class Page:
    """A dataclass of parameters."""

    limit: int = Field(default=10, ge=1, le=100)
    tag: list[str] = Field(default_factory=list)


@dataclass
class Token:
    """A dataclass of headers and cookies."""

    token: Annotated[str, Field(alias="x-token", min_length=3)]


@dataclass(frozen=True)
class Point:
    """A dataclass whose instances have a hash."""

    x: int


class Model(BaseModel):
    """A model that holds one."""

    user: User


class Team(Struct):
    """A Struct that holds some."""

    users: list[User]
    lead: User | None = None
    by_name: dict[str, User] = {}


class Box(Struct, Generic[T]):
    """A generic Struct."""

    item: T


@dataclasses.dataclass
class Data:
    """A dataclass of Python that holds one."""

    user: User


class Entry(TypedDict):
    """A TypedDict that does."""

    user: User


class Pair(NamedTuple):
    """A NamedTuple that does."""

    user: User
    number: int


@attrs.define
class Bag:
    """A class of attrs that does."""

    users: list[User]


class Users(Controller):
    """Sends back what it got."""

    @post("/user")
    async def user(self, user: User) -> User:
        """Send one."""
        return user

    @post("/optional")
    async def optional(self, user: User | None = None) -> User | None:
        """Send one or none."""
        return user

    @post("/users")
    async def users(self, users: list[User]) -> list[User]:
        """Send some."""
        return users

    @post("/points")
    async def points(self, points: set[Point]) -> set[Point]:
        """Send a set."""
        return points

    @post("/model")
    async def model(self, model: Model) -> Model:
        """Send a model."""
        return model

    @post("/team")
    async def team(self, team: Team) -> Team:
        """Send a Struct."""
        return team

    @post("/box")
    async def box(self, box: Box[User]) -> Box[User]:
        """Send a generic Struct."""
        return box

    @post("/data")
    async def data(self, data: Data) -> Data:
        """Send a dataclass."""
        return data

    @post("/entry")
    async def entry(self, entry: Entry) -> Entry:
        """Send a TypedDict."""
        return entry

    @post("/pair")
    async def pair(self, pair: Pair) -> Pair:
        """Send a NamedTuple."""
        return pair

    @post("/bag")
    async def bag(self, bag: Bag) -> Bag:
        """Send a class of attrs."""
        return bag

    @get("/page")
    async def page(self, page: Annotated[Page, Query()]) -> Page:
        """Send what the query has."""
        return page

    @get("/token")
    async def token(
        self, header: Annotated[Token, Header()], cookie: Annotated[Token | None, Cookie()] = None
    ) -> list[Token | None]:
        """Send what headers and cookies have."""
        return [header, cookie]

    @post("/form")
    async def form(self, page: Annotated[Page, Form()]) -> Page:
        """Send what a form has."""
        return page


ANN: dict[str, Any] = {"Name": "ann", "tags": [1]}
SENT: dict[str, Any] = {**ANN, "shout": "ANN"}
PLAIN: dict[str, Any] = {"Name": "ann", "tags": [], "shout": "ANN"}
EXCHANGES = [
    ("/user", ANN, SENT),
    ("/optional", ANN, SENT),
    ("/optional", None, None),
    ("/users", [ANN, ANN], [SENT, SENT]),
    ("/points", [{"x": 1}, {"x": 1}], [{"x": 1}]),
    ("/model", {"user": ANN}, {"user": SENT}),
    (
        "/team",
        {"users": [ANN], "lead": ANN, "by_name": {"a": ANN}},
        {"users": [SENT], "lead": SENT, "by_name": {"a": SENT}},
    ),
    ("/box", {"item": ANN}, {"item": SENT}),
    ("/data", {"user": ANN}, {"user": SENT}),
    ("/entry", {"user": ANN}, {"user": SENT}),
    ("/pair", [ANN, 1], [SENT, 1]),
    ("/bag", {"users": [ANN]}, {"users": [SENT]}),
]


@pytest.mark.parametrize("check_responses", [False, True])
@pytest.mark.parametrize(("path", "body", "sent"), EXCHANGES)
async def test_bodies_and_responses(
    aiohttp_client: AiohttpClient, path: str, body: Any, sent: Any, check_responses: bool
) -> None:
    """Alone, in containers and in all classes with fields; by aliases, with computed and without excluded fields."""
    client = await aiohttp_client(app_of(Users, check_responses=check_responses).build())

    async with client.post(path, json=body) as response:
        assert await response.json() == sent
    headers = {"Content-Type": "application/msgpack", "Accept": "application/msgpack"}
    async with client.post(path, data=msgspec.msgpack.encode(body), headers=headers) as response:
        assert msgspec.msgpack.decode(await response.read()) == sent


WRONG: dict[str, Any] = {"Name": "a", "tags": [1, "x", []], "more": 1}
ERRORS = [
    ("/Name", "constraint", "String should have at least 2 characters"),
    ("/tags/1", "value", "Input should be a valid integer, unable to parse string as an integer"),
    ("/tags/2", "type", "Input should be a valid integer"),
    ("/more", "unknown", "Unknown field"),
]


def _below(pointer: str) -> list[tuple[str, str, str]]:
    return [(pointer + place, code, detail) for place, code, detail in ERRORS]


@pytest.mark.parametrize(
    ("path", "body", "errors"),
    [
        ("/user", WRONG, ERRORS),
        ("/user", {}, [("/Name", "missing", "Field required")]),
        ("/user", {"Name": "root"}, [("/Name", "value", "Expected another name")]),
        ("/user", [], [("", "type", "Input should be an object")]),
        ("/optional", WRONG, ERRORS),
        ("/users", [ANN, WRONG, 5], [*_below("/1"), ("/2", "type", "Input should be an object")]),
        ("/users", [ANN] * 100 + [WRONG], _below("/100")),
        ("/points", [{"x": "y"}], [("/0/x", "value", ERRORS[1][2])]),
        ("/model", {"user": WRONG}, _below("/user")),
        (
            "/team",
            {"users": [WRONG], "lead": {}, "by_name": {"a": WRONG}},
            [*_below("/users/0"), ("/lead/Name", "missing", "Field required"), *_below("/by_name/a")],
        ),
        ("/box", {"item": WRONG}, _below("/item")),
        ("/data", {"user": WRONG}, _below("/user")),
        ("/entry", {"user": WRONG}, _below("/user")),
        ("/pair", [WRONG, "x"], [*_below("/0"), ("/1", "type", "Expected `int`, got `str`")]),
        ("/bag", {"users": [WRONG]}, _below("/users/0")),
    ],
)
async def test_all_errors_are_reported(
    aiohttp_client: AiohttpClient, path: str, body: Any, errors: list[tuple[str, str, str]]
) -> None:
    """Each with its pointer and a code of the house, and those of msgspec's types around them."""
    client = await aiohttp_client(app_of(Users).build())

    async with client.post(path, json=body) as response:
        assert response.status == 422
        assert await response.json() == invalid(path, *(fault("body", *one) for one in errors))


async def test_parameters(aiohttp_client: AiohttpClient) -> None:
    """Fields are spread, by their aliases, over the query, headers, cookies and forms."""
    client = await aiohttp_client(app_of(Users).build())

    async with client.get("/page?limit=5&tag=a&tag=b") as response:
        assert await response.json() == {"limit": 5, "tag": ["a", "b"]}
    async with client.get("/token", headers={"X-Token": "abc", "Cookie": "x-token=def"}) as response:
        assert await response.json() == [{"x-token": "abc"}, {"x-token": "def"}]
    async with client.post("/form", data={"limit": "5"}) as response:
        assert await response.json() == {"limit": 5, "tag": []}
    detail = "Input should be less than or equal to 100"
    async with client.get("/page?limit=500") as response:
        assert await response.json() == invalid("/page", fault("query", "/limit", "constraint", detail))
    async with client.get("/token") as response:
        assert await response.json() == invalid("/token", fault("header", "/x-token", "missing", "Field required"))
    async with client.post("/form", data={"limit": "500"}) as response:
        assert await response.json() == invalid("/form", fault("form", "/limit", "constraint", detail))


class Senders(Controller):
    """Sends what it makes."""

    @get("/subclass")
    async def subclass(self) -> User:
        """Send a subclass."""
        return Admin(Name="ann")  # type: ignore[call-arg]  # by its alias

    @get("/inner")
    async def inner(self) -> Team:
        """Send a Struct with some."""
        user = Admin(Name="ann")  # type: ignore[call-arg]  # by its alias
        return Team([user], user, {"a": user})

    @get("/mapping")
    async def mapping(self) -> list[User]:
        """Send a dict."""
        return [{"Name": "ann"}]  # type: ignore[list-item]  # converted

    @post("/default")
    async def default(
        self, points: Annotated[tuple[Point, ...], Body(example=[Point(3)])] = (Point(1), Point(2))
    ) -> tuple[Point, ...]:
        """Send what is there without a body."""
        return points

    @get("/wrong")
    async def wrong(self) -> User:
        """Send a dict that is not a user."""
        return {"Name": "a"}  # type: ignore[return-value]  # cannot be converted

    @get("/unchecked")
    async def unchecked(self) -> User:
        """Send one whose values have the wrong types."""
        user = User(Name="ann")  # type: ignore[call-arg]  # by its alias
        user.tags = "x"  # type: ignore[assignment]  # that is the point
        return user

    @get("/events")
    async def events(self) -> EventStream[User]:
        """Send events."""
        yield Admin(Name="ann")  # type: ignore[call-arg]  # by its alias

    @websocket("/socket")
    async def socket(self, socket: WebSocket[User, User]) -> None:
        """Send what comes."""
        async for user in socket:
            await socket.send(user)


async def test_a_subclass_adds_nothing(aiohttp_client: AiohttpClient) -> None:
    """At the top, in lists and in Structs; a dict is validated."""
    client = await aiohttp_client(app_of(Senders).build())

    for path, sent in (
        ("/subclass", PLAIN),
        ("/inner", {"users": [PLAIN], "lead": PLAIN, "by_name": {"a": PLAIN}}),
        ("/mapping", [PLAIN]),
    ):
        async with client.get(path) as response:
            assert await response.json() == sent
    async with client.post("/default") as response:
        assert await response.json() == [{"x": 1}, {"x": 2}]


@pytest.mark.parametrize(
    ("path", "told"),
    [("/wrong", "expected `User`, got `dict`"), ("/unchecked", "Expected `list[int]`")],
)
async def test_what_is_not_valid(
    aiohttp_client: AiohttpClient, caplog: pytest.LogCaptureFixture, path: str, told: str
) -> None:
    """A response that the annotation does not allow is a 500."""
    client = await aiohttp_client(app_of(Senders).build())

    async with client.get(path) as response:
        assert response.status == 500
    assert told in caplog.text


@pytest.mark.both_loops
async def test_streams_and_sockets(aiohttp_client: AiohttpClient) -> None:
    """Events are written; messages are read, written and refused."""
    client = await aiohttp_client(app_of(Senders).build())

    async with client.get("/events") as response:
        assert await response.text() == 'data: {"Name":"ann","tags":[],"shout":"ANN"}\n\n'
    async with client.ws_connect("/socket") as socket:
        await socket.send_json(ANN)
        assert await socket.receive_json() == SENT
        await socket.send_json({"Name": "a"})
        assert (await socket.receive()).data == 1008


def test_the_document() -> None:
    """Their JSON Schemas are components; what is read and what is written have two where they differ."""
    app = App([Users, Senders])
    document = app.document()
    validate(document)
    schemas = document["components"]["schemas"]

    assert schemas["User"] == {
        "title": "User",
        "description": "A dataclass with an alias, constraints, a validator, and what is not written.",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "Name": {"title": "Name", "type": "string", "minLength": 2},
            "tags": {"title": "Tags", "type": "array", "items": {"type": "integer"}},
            "shout": {
                "title": "Shout",
                "description": "Written, and not read.",
                "type": "string",
                "readOnly": True,
            },
        },
        "required": ["Name", "shout"],
    }
    assert schemas["UserInput"]["properties"].keys() == {"Name", "tags", "secret"}
    assert schemas["TeamInput"]["properties"]["users"]["items"] == {"$ref": "#/components/schemas/UserInput"}
    assert schemas["Team"]["properties"]["users"]["items"] == {"$ref": "#/components/schemas/User"}
    assert schemas["Model"]["properties"]["user"] == {"$ref": "#/components/schemas/User"}
    limit, tag = document["paths"]["/page"]["get"]["parameters"]
    assert limit["schema"] == {"default": 10, "maximum": 100, "minimum": 1, "title": "Limit", "type": "integer"}
    assert tag["schema"]["items"] == {"type": "string"}
    content = document["paths"]["/default"]["post"]["requestBody"]["content"]["application/json"]
    assert content["example"] == [{"x": 3}]
    assert content["schema"]["default"] == [{"x": 1}, {"x": 2}]
    assert {"User", "UserInput"} <= app.asyncapi()["components"]["schemas"].keys()


@dataclass(config=ConfigDict(strict=True))
class Paint:
    """What the contract tests generate; it reads no other JSON types than its schema has."""

    litres: float = Field(ge=0, le=100)
    names: list[Annotated[str, Field(min_length=1, max_length=5)]] = Field(default_factory=list)


class Paints(Controller):
    """Sends back what it got."""

    @post("/paints")
    async def create(self, paint: Paint) -> Paint:
        """Send it back."""
        return paint


def test_contract() -> None:
    """Generated requests are answered as the document says."""
    assert check_contract(App([Paints]), examples=5).cases > 0


def test_other_users_of_the_class_see_a_dataclass() -> None:
    """It is hidden from msgspec only, and only while an application is built."""
    app_of(Users).build()

    assert dataclasses.is_dataclass(User)
    assert [one.name for one in dataclasses.fields(User)] == ["name", "tags", "secret"]
    assert dataclasses.replace(Point(1), x=2) == Point(2)


def test_hidden_from_one_thread_only() -> None:
    """While one thread builds, the others see a dataclass."""
    app_of(Users).build()
    found: list[bool] = []

    with hiding():
        assert not hasattr(User, "__dataclass_fields__")
        other = threading.Thread(target=lambda: found.append(dataclasses.is_dataclass(User)))
        other.start()
        other.join()
    assert found == [True]
    assert hasattr(User, "__dataclass_fields__")

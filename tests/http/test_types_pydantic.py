"""Models of pydantic as bodies, parameters, responses and messages, alone and beside msgspec's types."""

import dataclasses
import enum
import subprocess
import sys
from typing import Annotated, Any, Literal, NamedTuple, TypedDict

import attrs
import msgspec
import pytest
from msgspec import Struct
from openapi_spec_validator import validate
from pydantic import BaseModel, ConfigDict, Field, RootModel, computed_field, field_validator
from pytest_aiohttp.plugin import AiohttpClient

from framework import (
    App,
    Controller,
    Cookie,
    EventStream,
    Form,
    Header,
    Query,
    WebSocket,
    get,
    post,
    websocket,
)
from framework.testing import check_contract
from tests.http.shapes import app_of, echoing, fault, invalid


class Cat(BaseModel):
    """One member of a tagged union."""

    kind: Literal["cat"] = "cat"
    lives: int = Field(9, ge=1, le=9)


class Dog(BaseModel):
    """Another."""

    kind: Literal["dog"] = "dog"


class User(BaseModel):
    """A model with aliases, constraints, a tagged union and a validator."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(alias="Name", min_length=2)
    pet: Annotated[Cat | Dog, Field(discriminator="kind")] = Field(default_factory=Dog)
    tags: list[int] = []
    ages: dict[int, str] = {}

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


class Admin(User):
    """A subclass with a field of its own."""

    level: int = 1


class Keys(RootModel[list[int]]):
    """A model that is not an object."""


class Page(BaseModel):
    """A model of parameters."""

    limit: int = Field(10, ge=1, le=100)
    tag: list[str] = []
    search: str = Field(alias="q")


class Token(BaseModel):
    """A model of headers and cookies."""

    token: str = Field(alias="x-token", min_length=3)


class Team(Struct):
    """A Struct that holds models."""

    users: list[User]
    lead: User | None = None


@dataclasses.dataclass
class Data:
    """A dataclass that does."""

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
        """Send a model."""
        return user

    @post("/users")
    async def users(self, users: list[User]) -> list[User]:
        """Send models."""
        return users

    @post("/keys")
    async def keys(self, keys: Keys) -> Keys:
        """Send what is not an object."""
        return keys

    @post("/team")
    async def team(self, team: Team) -> Team:
        """Send a Struct."""
        return team

    @get("/page")
    async def page(self, page: Annotated[Page, Query()]) -> Page:
        """Send a model of the query."""
        return page

    @get("/token")
    async def token(
        self, header: Annotated[Token, Header()], cookie: Annotated[Token | None, Cookie()] = None
    ) -> list[Token | None]:
        """Send models of headers and cookies."""
        return [header, cookie]

    @post("/form")
    async def form(self, page: Annotated[Page, Form()]) -> Page:
        """Send a model of a form."""
        return page


Holders = echoing("Holders", data=Data, entry=Entry, pair=Pair, bag=Bag)


class Senders(Controller):
    """Sends what it makes."""

    @get("/subclass")
    async def subclass(self) -> User:
        """Send a subclass."""
        return Admin(Name="ann")

    @get("/subclasses")
    async def subclasses(self) -> list[User | None]:
        """Send a list with one."""
        return [None, Admin(Name="ann")]

    @get("/inner")
    async def inner(self) -> Team:
        """Send a Struct with some."""
        return Team([Admin(Name="ann")], Admin(Name="bob"))

    @get("/mapping")
    async def mapping(self) -> User:
        """Send a dict."""
        return {"Name": "ann"}  # type: ignore[return-value]  # converted

    @get("/wrong")
    async def wrong(self) -> User:
        """Send a dict that is no user."""
        return {"Name": "a"}  # type: ignore[return-value]  # cannot be converted

    @get("/unchecked")
    async def unchecked(self) -> User:
        """Send a model whose values have the wrong types."""
        return User.model_construct(name="ann", tags="x")

    @get("/events")
    async def events(self) -> EventStream[User]:
        """Send events."""
        yield User(Name="ann")

    @websocket("/socket")
    async def socket(self, socket: WebSocket[User, User]) -> None:
        """Send what comes."""
        async for user in socket:
            await socket.send(user)


ANN: dict[str, Any] = {"Name": "ann", "pet": {"kind": "cat", "lives": 3}, "tags": [1], "ages": {"1": "x"}}
SENT: dict[str, Any] = {**ANN, "shout": "ANN"}
PLAIN: dict[str, Any] = {"Name": "ann", "pet": {"kind": "dog"}, "tags": [], "ages": {}, "shout": "ANN"}


@pytest.mark.parametrize(
    ("path", "body", "sent"),
    [
        ("/user", ANN, SENT),
        ("/users", [ANN, ANN], [SENT, SENT]),
        ("/keys", [1, 2], [1, 2]),
        ("/team", {"users": [ANN], "lead": ANN}, {"users": [SENT], "lead": SENT}),
        ("/data", {"user": ANN}, {"user": SENT}),
        ("/entry", {"user": ANN}, {"user": SENT}),
        ("/pair", [ANN, 1], [SENT, 1]),
        ("/bag", {"users": [ANN]}, {"users": [SENT]}),
    ],
)
async def test_bodies_and_responses(aiohttp_client: AiohttpClient, path: str, body: Any, sent: Any) -> None:
    """Alone, in containers and in msgspec's types; in JSON and MessagePack; by aliases, with computed fields."""
    client = await aiohttp_client(app_of(Users, Holders, check_responses=True).build())

    async with client.post(path, json=body) as response:
        assert await response.json() == sent
    headers = {"Content-Type": "application/msgpack", "Accept": "application/msgpack"}
    async with client.post(path, data=msgspec.msgpack.encode(body), headers=headers) as response:
        assert msgspec.msgpack.decode(await response.read()) == sent


WRONG: dict[str, Any] = {
    "Name": "a",
    "pet": {"kind": "cat", "lives": 10},
    "tags": [1, "x", []],
    "ages": {"x": "y"},
    "more": 1,
}
ERRORS = [
    ("/Name", "constraint", "String should have at least 2 characters"),
    ("/pet/lives", "constraint", "Input should be less than or equal to 9"),
    ("/tags/1", "value", "Input should be a valid integer, unable to parse string as an integer"),
    ("/tags/2", "type", "Input should be a valid integer"),
    ("/ages/x", "key", "Input should be a valid integer, unable to parse string as an integer"),
    ("/more", "unknown", "Unknown field"),
]


@pytest.mark.parametrize(
    ("path", "body", "errors"),
    [
        ("/user", WRONG, ERRORS),
        ("/user", {}, [("/Name", "missing", "Field required")]),
        ("/user", {"Name": "root"}, [("/Name", "value", "Expected another name")]),
        ("/user", {"Name": "ann", "pet": {"kind": "bird"}}, [("/pet/kind", "tag", "Invalid tag")]),
        ("/user", {"Name": "ann", "pet": {}}, [("/pet/kind", "missing", "Field required")]),
        ("/user", [], [("", "type", "Input should be an object")]),
        ("/users", [ANN, WRONG], [(f"/1{pointer}", *rest) for pointer, *rest in ERRORS]),
        (
            "/team",
            {"users": [WRONG, 5], "lead": {}},
            [
                *((f"/users/0{pointer}", *rest) for pointer, *rest in ERRORS),
                ("/users/1", "type", "Input should be an object"),
                ("/lead/Name", "missing", "Field required"),
            ],
        ),
        ("/keys", ["x"], [("/0", "value", "Input should be a valid integer, unable to parse string as an integer")]),
    ],
)
async def test_all_errors_are_reported(
    aiohttp_client: AiohttpClient, path: str, body: Any, errors: list[tuple[str, str, str]]
) -> None:
    """Each with its pointer and a code of the house, and those of msgspec's types around them."""
    client = await aiohttp_client(app_of(Users, Holders).build())

    async with client.post(path, json=body) as response:
        assert response.status == 422
        assert await response.json() == invalid(path, *(fault("body", *one) for one in errors))


async def test_what_does_not_parse(aiohttp_client: AiohttpClient) -> None:
    """A body that is not JSON is a 400, as for any other type."""
    client = await aiohttp_client(app_of(Users, Holders).build())

    async with client.post("/user", data=b'{"Name"', headers={"Content-Type": "application/json"}) as response:
        assert response.status == 400


async def test_models_of_parameters(aiohttp_client: AiohttpClient) -> None:
    """Their fields are spread, by their aliases."""
    client = await aiohttp_client(app_of(Users, Holders).build())

    async with client.get("/page?limit=5&tag=a&tag=b&q=x") as response:
        assert await response.json() == {"limit": 5, "tag": ["a", "b"], "q": "x"}
    async with client.get("/token", headers={"X-Token": "abc", "Cookie": "x-token=def"}) as response:
        assert await response.json() == [{"x-token": "abc"}, {"x-token": "def"}]
    async with client.post("/form", data={"limit": "5", "q": "x"}) as response:
        assert await response.json() == {"limit": 5, "tag": [], "q": "x"}
    async with client.get("/page?limit=500") as response:
        assert await response.json() == invalid(
            "/page",
            fault("query", "/limit", "constraint", "Input should be less than or equal to 100"),
            fault("query", "/q", "missing", "Field required"),
        )
    async with client.get("/token") as response:
        assert await response.json() == invalid("/token", fault("header", "/x-token", "missing", "Field required"))
    async with client.post("/form", data={"limit": "x", "q": "x"}) as response:
        detail = "Input should be a valid integer, unable to parse string as an integer"
        assert await response.json() == invalid("/form", fault("form", "/limit", "value", detail))


async def test_a_subclass_adds_nothing(aiohttp_client: AiohttpClient) -> None:
    """At the top, in lists and in Structs."""
    client = await aiohttp_client(app_of(Senders).build())
    bob = {**PLAIN, "Name": "bob", "shout": "BOB"}

    for path, sent in (
        ("/subclass", PLAIN),
        ("/subclasses", [None, PLAIN]),
        ("/inner", {"users": [PLAIN], "lead": bob}),
        ("/mapping", PLAIN),
    ):
        async with client.get(path) as response:
            assert await response.json() == sent


@pytest.mark.parametrize(
    ("path", "told"),
    [("/wrong", "expected `User`, got `dict`"), ("/unchecked", "Expected `list[int]`")],
)
async def test_what_is_no_model(
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
        assert '{"Name":"ann"' in await response.text()
    async with client.ws_connect("/socket") as socket:
        await socket.send_json(ANN)
        assert await socket.receive_json() == SENT
        await socket.send_json({"Name": "a"})
        assert (await socket.receive()).data == 1008


def test_the_document() -> None:
    """Definitions are components; what is read and what is written have two where they differ."""
    app = App([Users, Holders, Senders])
    document = app.document()
    validate(document)
    schemas = document["components"]["schemas"]

    assert {"Cat", "Dog", "Keys", "Team", "TeamInput", "User", "UserInput"} <= schemas.keys()
    assert "shout" in schemas["User"]["properties"]
    assert "shout" not in schemas["UserInput"]["properties"]
    assert schemas["UserInput"]["properties"]["Name"] == {"minLength": 2, "title": "Name", "type": "string"}
    assert schemas["TeamInput"]["properties"]["users"]["items"] == {"$ref": "#/components/schemas/UserInput"}
    assert schemas["Team"]["properties"]["users"]["items"] == {"$ref": "#/components/schemas/User"}
    mapping = schemas["User"]["properties"]["pet"]["discriminator"]["mapping"]
    assert set(mapping.values()) <= {f"#/components/schemas/{name}" for name in schemas}
    limit, tag, search = document["paths"]["/page"]["get"]["parameters"]
    assert limit["schema"] == {"default": 10, "maximum": 100, "minimum": 1, "title": "Limit", "type": "integer"}
    assert tag["schema"]["items"] == {"type": "string"}
    assert search["required"]
    messages = app.asyncapi()
    assert {"User", "UserInput"} <= messages["components"]["schemas"].keys()
    assert "$models" not in f"{document}{messages}"


def test_names_are_unique() -> None:
    """Two models of one name, and a Struct of that name, are three components."""

    def other() -> type[BaseModel]:
        class User(BaseModel):
            number: int

        return User

    def third() -> type[Struct]:
        class User(Struct):
            text: str

        return User

    first, second = other(), third()

    class Named(Controller):
        @post("/a")
        async def a(self, user: User) -> None:
            """Read the first."""

        @post("/b")
        async def b(self, user: first) -> None:  # type: ignore[valid-type]  # made above
            """Read the second."""

        @post("/c")
        async def c(self, user: second) -> None:  # type: ignore[valid-type]  # made above
            """Read the third."""

    document = App([Named]).document()
    paths = document["paths"]
    bodies = [paths[path]["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"] for path in paths]
    assert len(set(bodies)) == 3
    found = [document["components"]["schemas"][one.rpartition("/")[2]]["properties"] for one in bodies]
    assert [next(iter(one)) for one in found] == ["Name", "number", "text"]


class Colour(enum.Enum):
    """A component of pydantic's."""

    RED = "red"


class Paint(BaseModel):
    """What the contract tests generate; it reads no other JSON types than its schema has."""

    model_config = ConfigDict(strict=True)

    colour: Colour
    litres: float = Field(ge=0, le=100)
    names: list[Annotated[str, Field(min_length=1, max_length=5)]] = []


class Paints(Controller):
    """Sends back what it got."""

    @post("/paints")
    async def create(self, paint: Paint) -> Paint:
        """Send a model."""
        return paint


def test_contract() -> None:
    """Generated requests are answered as the document says."""
    assert check_contract(App([Paints]), examples=5).cases > 0


def test_pydantic_is_imported_by_its_users_only() -> None:
    """Importing the framework and building an app without models does not import it."""
    program = (
        "import sys\n"
        "from framework import App, Controller, get\n"
        "class Plain(Controller):\n"
        "    @get('/{number}')\n"
        "    async def show(self, number: int) -> list[int]: ...\n"
        "App([Plain]).build()\n"
        "print('pydantic' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603  a text of ours
    assert done.stdout == "False\n"

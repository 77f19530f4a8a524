"""Subclasses never leak, at any depth; streams, events and sockets send what is annotated; check_responses."""

# ruff: noqa: S105  no secrets, but fields that are not to be sent

import dataclasses
import gc
from collections.abc import AsyncIterator
from typing import Annotated, Any, Generic, NamedTuple, TypedDict, TypeVar

import attrs
import msgspec
import pytest
from aiohttp import web
from msgspec import Meta, Struct
from pytest_aiohttp.plugin import AiohttpClient

from framework import App, Controller, EventStream, Response, WebSocket, get, post, websocket
from framework._serve.streams.events import Event
from framework.pagination import Page
from framework.testing import ContractClient, ContractError
from tests.http.raw import ask
from tests.http.shapes import Serve, app_of, logged, problem

pytest_plugins = ["framework.testing.fixtures"]

T = TypeVar("T")


class Profile(Struct):
    """What has a subclass in this module."""

    city: str


class FullProfile(Profile):
    """The subclass."""

    secret: str


@dataclasses.dataclass
class Owner:
    """A dataclass with a subclass."""

    name: str


@dataclasses.dataclass
class FullOwner(Owner):
    """The subclass."""

    secret: str = "s"


@attrs.define
class Pet:
    """An attrs class with a subclass."""

    name: str


@attrs.define
class FullPet(Pet):
    """The subclass."""

    secret: str = "s"


class Counted(Struct, frozen=True):
    """A frozen Struct that changes what it is made of."""

    number: int

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "number", self.number + 1)


class FullCounted(Counted, frozen=True):
    """The subclass."""

    secret: str


class Cat(Struct, tag=True):
    """One of a tagged union."""

    lives: int


class Dog(Struct, tag=True):
    """The other one."""

    legs: int


class FullCat(Cat, tag=True):
    """A subclass with a tag of its own."""

    secret: str


class Tree(Struct):
    """A type that holds itself."""

    profile: Profile
    below: "list[Tree]" = []


class Entry(TypedDict):
    """A TypedDict deep inside."""

    id: int


class Pair(NamedTuple):
    """A NamedTuple with something in it."""

    id: int
    profile: Profile


class Box(Struct, Generic[T]):
    """A generic Struct."""

    value: T


class Holder(Struct):
    """Holds everything at once."""

    profile: Profile
    more: list[Profile] = []
    by_name: dict[str, Profile] = {}
    several: tuple[Profile, ...] = ()
    pair: tuple[int, Profile] | None = None
    maybe: Profile | None = None


@dataclasses.dataclass
class Kept:
    """A dataclass that holds one, frozen or not."""

    profile: Profile


PROFILE = FullProfile("Bonn", "s")
CITY = {"city": "Bonn"}


@pytest.mark.parametrize(
    ("annotation", "value", "sent"),
    [
        (Profile, PROFILE, CITY),
        (list[Profile], [PROFILE], [CITY]),
        (
            Page[Profile],
            Page(items=[PROFILE], total=1, limit=1, offset=0),
            {"items": [CITY], "total": 1, "limit": 1, "offset": 0},
        ),
        (Box[Box[Profile]], Box(Box(PROFILE)), {"value": {"value": CITY}}),
        (
            Holder,
            Holder(PROFILE, [PROFILE], {"a": PROFILE}, (PROFILE,), (1, PROFILE), PROFILE),
            {
                "profile": CITY,
                "more": [CITY],
                "by_name": {"a": CITY},
                "several": [CITY],
                "pair": [1, CITY],
                "maybe": CITY,
            },
        ),
        (list[Kept], [Kept(PROFILE)], [{"profile": CITY}]),
        (Pair, Pair(1, PROFILE), [1, CITY]),
        (
            Tree,
            Tree(Profile("Ulm"), [Tree(PROFILE)]),
            {"profile": {"city": "Ulm"}, "below": [{"profile": CITY, "below": []}]},
        ),
        (Box[Owner], Box(FullOwner("Ada")), {"value": {"name": "Ada"}}),
        (Box[Pet], Box(FullPet("Rex")), {"value": {"name": "Rex"}}),
        (Box[Entry], Box({"id": 1, "secret": 2}), {"value": {"id": 1}}),
        (Counted, FullCounted(4, "s"), {"number": 5}),
        (Box[Counted], Box(FullCounted(4, "s")), {"value": {"number": 5}}),
        (Box[Cat | Dog], Box(FullCat(9, "s")), {"value": {"type": "Cat", "lives": 9}}),
        (Profile | None, PROFILE, CITY),
    ],
)  # fmt: skip
@pytest.mark.parametrize("accept", ["application/json", "application/msgpack"])
async def test_a_subclass_never_leaks(serve: Serve, annotation: Any, value: Any, sent: Any, accept: str) -> None:
    """Not at the top, not in collections and not in fields; the value itself stays as it is."""
    before = msgspec.to_builtins(value)
    answer = await ask(await serve(app_of(_route(annotation, value))), "GET", "/", headers={"Accept": accept})
    decode = msgspec.json.decode if accept.endswith("json") else msgspec.msgpack.decode
    assert (answer.status, decode(answer.body)) == (200, sent)
    assert msgspec.to_builtins(value) == before


def _route(annotation: Any, value: Any) -> type[Controller]:
    async def show(self: Controller) -> Any:  # noqa: ARG001  a method
        return value

    show.__annotations__["return"] = annotation
    return type("Shown", (Controller,), {"show": get("/")(show)})


async def test_a_subclass_that_is_imported_before_the_app_starts(serve: Serve) -> None:
    """The app is built first; what is there when it starts counts."""

    class Late(Struct):
        id: int

    class Around(Struct):
        late: Late

    made: list[Any] = []

    class Shown(Controller):
        @get("/one")
        async def one(self) -> Around:
            return Around(made[0])

        @get("/many")
        async def many(self) -> list[Around]:
            return [Around(made[0])]

        @get("/stream")
        async def stream(self) -> AsyncIterator[Around]:
            yield Around(made[0])

    built = app_of(Shown).build()

    class FullLate(Late):
        secret: str

    made.append(FullLate(1, "s"))
    server = await serve(built)
    for path, sent in (
        ("/one", {"late": {"id": 1}}),
        ("/many", [{"late": {"id": 1}}]),
        ("/stream", {"late": {"id": 1}}),
    ):
        answer = await ask(server, "GET", path)
        assert b"secret" not in answer.body
        if path != "/stream":
            assert answer.json == sent


def test_explain_shows_the_check() -> None:
    """A stage says it, and names the subclasses because of which every value is converted."""

    class Bare(Struct):
        id: int

    gc.collect()
    plain = app_of(_route(list[Bare], [])).explain("GET", "/")
    assert "conversion of what is not of the annotated type, else 500\n" in plain
    assert "if type(result) is not list or not is_uniform(result, ITEM): result = as_annotated(result)\n" in plain
    filtered = app_of(_route(Kept, None)).explain("GET", "/")
    assert (
        "conversion of what is not of the annotated type, at every depth: there is FullProfile, else 500\n" in filtered
    )
    assert "        result = as_annotated(result)\n" in filtered
    assert "as_annotated" not in app_of(_route(Any, None)).explain("GET", "/")


class Flow(Controller):
    """Sends values item by item."""

    @get("/lines")
    async def lines(self) -> AsyncIterator[Profile]:
        """Yield lines."""
        yield PROFILE
        yield {"city": "Ulm", "secret": 1}  # type: ignore[misc]  # the subject

    @get("/events")
    async def events(self) -> EventStream[Profile | Event[Profile]]:
        """Yield events."""
        yield PROFILE
        yield Event(PROFILE, id="1")

    @get("/broken")
    async def broken(self) -> AsyncIterator[Profile]:
        """Yield what is none."""
        yield 7  # type: ignore[misc]  # the subject

    @websocket("/socket")
    async def talk(self, socket: WebSocket[str, Profile]) -> None:
        """Send, then send what is none."""
        await socket.send(PROFILE)
        await socket.send({"city": "Ulm", "secret": 1})  # type: ignore[arg-type]  # the subject
        await socket.send(7)  # type: ignore[arg-type]  # the subject

    @websocket("/listener")
    async def listen(self, message: Profile) -> Profile:
        """Send what is returned."""
        return FullProfile(message.city, "s")


async def test_streams_and_events(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """Each item is converted, and the data of each event."""
    server = await serve(app_of(Flow))
    lines = await ask(server, "GET", "/lines")
    assert b'{"city":"Bonn"}\n' in lines.body
    assert b'{"city":"Ulm"}\n' in lines.body
    events = await ask(server, "GET", "/events")
    assert b'data: {"city":"Bonn"}\n' in events.body
    assert b"secret" not in lines.body + events.body
    broken = await ask(server, "GET", "/broken")
    assert (broken.status, broken.problem) == (500, problem(500, "/broken"))
    assert "Flow.broken" in caplog.text
    assert "at the top: expected `Profile`, got `int`" in caplog.text


async def test_sockets(aiohttp_client: AiohttpClient, caplog: pytest.LogCaptureFixture) -> None:
    """Each message is converted; one that cannot be closes the socket with 1011, and is logged."""
    client = await aiohttp_client(app_of(Flow).build())
    async with client.ws_connect("/socket") as socket:
        assert await socket.receive_str() == '{"city":"Bonn"}'
        assert await socket.receive_str() == '{"city":"Ulm"}'
        assert (await socket.receive()).data == 1011
    assert logged(caplog) == ["GET /socket failed"]
    assert "at the top: expected `Profile`, got `int`" in caplog.text
    async with client.ws_connect("/listener") as socket:
        await socket.send_str('{"city":"Bonn"}')
        assert await socket.receive_str() == '{"city":"Bonn"}'


class Part(Struct):
    """Has no subclass."""

    number: Annotated[int, Meta(ge=1)]


class Whole(Struct):
    """Holds parts."""

    part: Part
    parts: list[Part] = []


@pytest.mark.parametrize(
    ("value", "what"),
    [
        (Whole(Part("1")), "at /part/number: expected `int`, got `str`"),  # type: ignore[arg-type]  # the subject
        (Whole({"number": 1, "secret": 2}), "at /part: expected `Part`, got `dict`"),  # type: ignore[arg-type]  # too
        (Whole(Part(1), [Part(0)]), "at /parts/0/number: expected `int >= 1`"),
    ],
)
async def test_everything_is_checked(serve: Serve, caplog: pytest.LogCaptureFixture, value: Whole, what: str) -> None:
    """With check_responses a wrong value is a logged 500 at any depth; without, nobody looks at fields."""
    answer = await ask(await serve(app_of(_route(Whole, value))), "GET", "/")
    assert answer.status == 200
    checked = await ask(await serve(app_of(_route(Whole, value), check_responses=True)), "GET", "/")
    assert (checked.status, checked.problem) == (500, problem(500, "/"))
    assert what in caplog.text


async def test_checked_values_pass(serve: Serve) -> None:
    """What is as annotated, or is converted, is sent as ever."""
    for annotation, value, sent in (
        (Whole, Whole(Part(1)), {"part": {"number": 1}, "parts": []}),
        (list[Whole], [{"part": {"number": 1}, "secret": 1}], [{"part": {"number": 1}, "parts": []}]),
        (Holder, Holder(PROFILE), msgspec.json.decode(msgspec.json.encode(Holder(Profile("Bonn"))))),
        (float, 1, 1),
    ):
        server = await serve(app_of(_route(annotation, value), check_responses=True))
        assert (await ask(server, "GET", "/")).json == sent


def test_the_switch_is_checked() -> None:
    """Another value is an error at start-up."""
    with pytest.raises(ExceptionGroup) as caught:
        App(check_responses=1).build()  # type: ignore[arg-type]  # the subject
    assert "check_responses=1 is not True or False" in str(caught.value.exceptions[0])


@dataclasses.dataclass
class Secretive:
    """A dataclass with a field that has a leading underscore."""

    id: int
    _hidden: int = 5


@attrs.define
class Shy:
    """The same of attrs."""

    id: int
    _hidden: int = 5


@pytest.mark.parametrize(("cls", "made"), [(Secretive, Secretive(1)), (Shy, Shy(1))])
@pytest.mark.parametrize("accept", ["application/json", "application/msgpack"])
async def test_fields_with_a_leading_underscore(
    aiohttp_client: AiohttpClient, cls: Any, made: Any, accept: str
) -> None:
    """They are fields as all others: documented, read and sent, in every format."""

    async def show(self: Controller) -> Any:  # noqa: ARG001  a method
        return made

    async def add(self: Controller, body: Any) -> Any:  # noqa: ARG001  a method
        return body

    show.__annotations__["return"] = cls
    add.__annotations__.update({"body": cls, "return": cls})
    app = App([type("Shown", (Controller,), {"show": get("/")(show), "add": post("/")(add)})])
    schema = app.document()["components"]["schemas"][cls.__name__]
    assert set(schema["properties"]) == {"id", "_hidden"}
    client = await aiohttp_client(app.build(), headers={"Accept": accept})
    decode = msgspec.json.decode if accept.endswith("json") else msgspec.msgpack.decode
    assert decode(await (await client.get("/")).read()) == {"id": 1, "_hidden": 5}
    answer = await client.post("/", json={"id": 2, "_hidden": 7})
    assert decode(await answer.read()) == {"id": 2, "_hidden": 7}


class Leaking(Controller):
    """Sends a field that no schema has, where the framework does not look."""

    @get("/deep")
    async def deep(self) -> Whole:
        """Return a dict in a field."""
        return Whole({"number": 1, "secret": 2})  # type: ignore[arg-type]  # the subject

    @get("/ready")
    async def ready(self) -> Response[Part]:
        """Return what is all right."""
        return Response(Part(1))


async def test_the_contract_finds_a_leaked_field(contract_client: ContractClient) -> None:
    """A field that the schema does not have fails the test, also where the schema does not forbid it."""
    client = await contract_client(App([Leaking]))
    assert await (await client.get("/ready")).json() == {"number": 1}
    with pytest.raises(
        ContractError, match=r"/part: Additional properties are not allowed \('secret' was unexpected\)"
    ):
        await client.get("/deep")


async def test_a_response_of_aiohttp_is_sent_as_it_is(serve: Serve) -> None:
    """Nothing is known of its body."""

    class Shown(Controller):
        @get("/")
        async def show(self) -> Profile | web.Response:
            return web.Response(text="as it is")

    assert (await ask(await serve(app_of(Shown)), "GET", "/")).body == b"as it is"

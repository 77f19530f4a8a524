"""Keys that a client chose so that they collide in a dict or set: bounded for bodies, forms, parts and messages."""

import datetime as dt
import json
import time
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import msgspec
import pytest
from aiohttp.test_utils import TestServer
from msgspec import Struct

from framework import Body, Controller, Form, Limits, post, websocket
from tests.http.forms import part, send_parts, send_urlencoded
from tests.http.frames import client_frame, handshake, raw_socket
from tests.http.raw import ask
from tests.http.shapes import Serve, app_of, fault, invalid, reading

pytestmark = [pytest.mark.usefixtures("few_lines"), pytest.mark.both_loops]

HASH = 2**61 - 1
"""What CPython's hashes of numbers are remainders of."""
MANY = 10_000
COLLIDING = "Too many keys with colliding hashes"
# A hundred times what refusing takes on a slow machine, and a tenth of what building the container takes there.
BOUND = 2.0

SAME = [number * HASH for number in range(MANY)]


def arc(bits: int) -> list[int]:
    """Return numbers with different hashes that meet in a dict whose table has 2**bits places.

    The first ones fill places that CPython looks at one after the other; each of the others is led to where they begin.
    """
    mask, half = 2**bits - 1, 2**bits // 2
    filled = [0]
    while len(filled) < half:
        filled.append((filled[-1] * 5 + 1) & mask)
    order = {place: number for number, place in enumerate(filled)}
    led = (one for one in range(2**bits, 2 ** (bits + 5)) if _leads(one, mask, order))
    return filled + [one for one, _ in zip(led, range(2**bits // 6 - 10), strict=False)]


def _leads(number: int, mask: int, order: dict[int, int]) -> bool:
    """Tell whether all places at which CPython looks for a number are filled, and the last one is among the first."""
    place, perturb = number & mask, number
    while perturb:
        if place not in order:
            return False
        perturb >>= 5
        place = (place * 5 + perturb + 1) & mask
    return order.get(place, mask) < len(order) // 2


ARC = arc(13)


class Frozen(Struct, frozen=True):
    """A value that can be hashed."""

    number: int


class Held(Struct):
    """A container inside of something."""

    by_number: dict[int, str] | None = None


BODIES: list[Any] = [
    pytest.param(dict[int, int], dict.fromkeys(map(str, SAME), 0), "", id="dict of int"),
    pytest.param(dict[Decimal, int], dict.fromkeys(map(str, SAME), 0), "", id="dict of Decimal"),
    pytest.param(dict[UUID, int], {str(UUID(int=one)): 0 for one in SAME}, "", id="dict of UUID"),
    pytest.param(dict[int, int], dict.fromkeys(map(str, ARC), 0), "", id="dict of int, other hashes"),
    pytest.param(dict[float, int], dict.fromkeys(map(str, ARC), 0), "", id="dict of float, other hashes"),
    pytest.param(dict[int, int], {**dict.fromkeys(map(str, SAME), 0), "x": 0}, "", id="dict of int, a wrong key"),
    pytest.param(list[Held], [{}, {"by_number": dict.fromkeys(map(str, SAME), "")}], "/1/by_number", id="deep"),
    pytest.param(list[frozenset[UUID]], [[str(UUID(int=one)) for one in SAME]], "/0", id="frozenset of UUID"),
    pytest.param(set[tuple[str, int]], [["", one] for one in SAME[:5000]], "", id="set of tuples"),
    pytest.param(set[Frozen], [{"number": one} for one in SAME[:5000]], "", id="set of Structs"),
]


async def refused(server: TestServer, body: bytes, pointer: str, media_type: str = "application/json") -> None:
    """Expect one validation error, soon."""
    begun = time.thread_time()
    answer = await ask(server, "POST", "/read", headers={"Content-Type": media_type}, body=body)
    assert time.thread_time() - begun < BOUND
    assert answer.problem == invalid("/read", fault("body", pointer, "value", COLLIDING))


@pytest.mark.parametrize(("annotation", "value", "pointer"), BODIES)
async def test_colliding_keys_of_a_json_body(serve: Serve, annotation: Any, value: Any, pointer: str) -> None:
    """The container is one validation error, however deep it is and whatever else is wrong with it."""
    server = await serve(app_of(reading(post("/read"), Annotated[annotation, Body()])))
    await refused(server, _json(value), pointer)


@pytest.mark.parametrize("annotation", [set[int], set, set[int | str]])
async def test_colliding_items_of_a_set(serve: Serve, annotation: Any) -> None:
    """The items of a set, which are numbers in JSON, with and without a type."""
    server = await serve(app_of(reading(post("/read"), Annotated[annotation, Body()])))
    await refused(server, _json(SAME), "")


@pytest.mark.parametrize(
    ("annotation", "value", "pointer"),
    [
        pytest.param(dict[Decimal, int], dict.fromkeys(map(str, SAME), 0), "", id="dict of Decimal"),
        pytest.param(set[UUID], [str(UUID(int=one)) for one in SAME], "", id="set of UUID"),
    ],
)
async def test_colliding_keys_of_a_messagepack_body(serve: Serve, annotation: Any, value: Any, pointer: str) -> None:
    """MessagePack is read as JSON is."""
    server = await serve(app_of(reading(post("/read"), Annotated[annotation, Body()])))
    await refused(server, msgspec.msgpack.encode(value), pointer, "application/msgpack")


@pytest.mark.parametrize("annotation", [dict[int, int], dict, dict[str, object], list[int], Held, str])
async def test_numbers_as_keys_of_messagepack(serve: Serve, annotation: Any) -> None:
    """MessagePack has numbers as keys, with and without a type, and whatever the type is that is not met."""
    server = await serve(app_of(reading(post("/read"), Annotated[annotation, Body()])))
    nested = {"a": [{(1, one): 0 for one in range(100)}, dict.fromkeys(ARC, 0)], "b": "\xde" * 100}
    for value in (dict.fromkeys(ARC, 0), nested) if annotation is not dict[int, int] else (dict.fromkeys(ARC, 0),):
        await refused(server, msgspec.msgpack.encode(value), "", "application/msgpack")


async def test_usual_keys_of_messagepack(serve: Serve) -> None:
    """Keys of all kinds that nobody chose to collide."""
    server = await serve(app_of(reading(post("/read"), dict[Any, Any])))
    value: dict[Any, Any] = {
        **dict.fromkeys(range(-3000, 70_000, 7), None),
        **{str(one) * 40: {one: b"\xde" * 300} for one in range(99)},
    }
    value |= {(one, "x"): [one, 1.5, True, "\u07c0" * one, dt.datetime.now(dt.UTC)] for one in range(99)}
    headers = {"Content-Type": "application/msgpack"}
    answer = await ask(server, "POST", "/read", headers=headers, body=msgspec.msgpack.encode(value))
    assert answer.body.decode() == repr(value)


class Elsewhere(Controller):
    """Reads sets that are no bodies."""

    @post("/form", limits=Limits(parts=2 * MANY))
    async def form(self, number: Annotated[set[int], Form()]) -> int:
        """Read repeated fields of a form."""
        return len(number)

    @post("/part")
    async def part(self, numbers: Annotated[dict[int, int], Form()]) -> int:
        """Read a part of a form."""
        return len(numbers)

    @websocket("/socket", invalid="report")
    async def socket(self, numbers: Annotated[set[int], Body()]) -> int:
        """Read messages."""
        return len(numbers)


async def test_colliding_items_of_a_form(serve: Serve) -> None:
    """A form that may have many fields."""
    server = await serve(app_of(Elsewhere))
    begun = time.thread_time()
    answer = await send_urlencoded(server, "/form", {"number": [str(one) for one in SAME]})
    assert time.thread_time() - begun < BOUND
    assert answer.problem == invalid("/form", fault("form", "/number", "value", COLLIDING))
    answer = await send_urlencoded(server, "/form", {"number": ["1", "2", "1"]})
    assert answer.json == 2


async def test_colliding_keys_of_a_part(serve: Serve) -> None:
    """A part of a form is read as a body is."""
    server = await serve(app_of(Elsewhere))
    sent = part("numbers", _json(dict.fromkeys(map(str, SAME), 0)), media_type="application/json")
    begun = time.thread_time()
    answer = await send_parts(server, "/part", sent)
    assert time.thread_time() - begun < BOUND
    assert answer.problem == invalid("/part", fault("form", "/numbers", "value", COLLIDING))


async def test_colliding_items_of_a_message(serve: Serve) -> None:
    """A message on a web socket is read as a body is."""
    async with raw_socket(await serve(app_of(Elsewhere)), handshake("/socket")) as socket:
        begun = time.thread_time()
        await socket.send(client_frame(_json(SAME)))
        _, data = await socket.frame()
        assert time.thread_time() - begun < BOUND
        assert msgspec.json.decode(data)["errors"] == [fault("body", "", "value", COLLIDING)]
        await socket.send(client_frame(b"[1, 2, 1]"))
        assert await socket.frame() == (1, b"2")


@pytest.mark.parametrize(
    "numbers",
    [
        pytest.param(range(50_000), id="one after the other"),
        pytest.param([one << 22 for one in range(20_000)], id="with zeros at the end"),
        pytest.param([one * 86_400_000 for one in range(-10_000, 10_000)], id="days in milliseconds"),
        pytest.param([one << 48 for one in range(20_000)], id="with many zeros at the end"),
        pytest.param([HASH * one for one in range(64)], id="few"),
    ],
)
async def test_usual_keys_are_as_many_as_fit(serve: Serve, numbers: list[int]) -> None:
    """Numbers that nobody chose to collide are read, however many."""
    server = await serve(app_of(reading(post("/read"), Annotated[dict[int, int], Body()])))
    answer = await ask(server, "POST", "/read", body=_json(dict.fromkeys(map(str, numbers), 0)))
    assert (answer.status, answer.body) == (200, repr(dict.fromkeys(numbers, 0)).encode())


async def test_keys_with_random_hashes_need_no_look(serve: Serve) -> None:
    """Texts and dates cannot be chosen to collide."""
    server = await serve(app_of(reading(post("/read"), Annotated[dict[dt.date, int], Body()])))
    days = {str(dt.date(2000, 1, 1) + dt.timedelta(one)): one for one in range(1000)}
    assert (await ask(server, "POST", "/read", body=_json(days))).status == 200


def _json(value: Any) -> bytes:
    # Not by msgspec, which writes integers beyond 64 bits as texts.
    return json.dumps(value).encode()

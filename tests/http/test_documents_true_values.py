"""The schemas of values beside what is read and sent: flags, literals of several types, fixed tuples."""

import enum
import json
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import jsonschema  # type: ignore[import-untyped]  # it has no types of its own
import pytest
from aiohttp.test_utils import TestClient
from msgspec import Struct
from pytest_aiohttp import AiohttpClient

from framework import App, Body, Controller, get, post

# Before Python 3.11.4, a Flag without a boundary of its own drops bits that it does not know.


class Rights(enum.Flag, boundary=enum.STRICT):
    """What somebody may do."""

    READ = 1
    WRITE = 2
    DELETE = 4


class Sparse(enum.Flag, boundary=enum.STRICT):
    """Bits with a hole."""

    NOTHING = 0
    FIRST = 1
    THIRD = 4


class Mask(enum.IntFlag):
    """Bits that may be joined by others."""

    LOW = 1
    HIGH = 2


class Wide(enum.Flag, boundary=enum.STRICT):
    """Bits from the second on."""

    A = 2
    B = 4
    C = 8
    D = 16
    E = 32
    F = 64


class Kept(Struct):
    """All kinds of fixed values."""

    rights: Rights
    sparse: Sparse
    mask: Mask
    mode: Literal["fast", 7, "safe"] | None
    fixed: tuple[int, str]
    nothing: tuple[()]


class Echo(Controller):
    """Sends back what it was sent."""

    path = "/echo"

    @post("/rights")
    async def rights(self, value: Annotated[Rights, Body()]) -> Rights:
        """Take a strict flag."""
        return value

    @post("/sparse")
    async def sparse(self, value: Annotated[Sparse, Body()]) -> Sparse:
        """Take a flag with a hole."""
        return value

    @post("/mask")
    async def mask(self, value: Annotated[Mask, Body()]) -> Mask:
        """Take a flag that keeps all bits."""
        return value

    @post("/wide")
    async def wide(self, value: Annotated[Wide, Body()]) -> Wide:
        """Take even numbers."""
        return value

    @post("/kept")
    async def kept(self, value: Kept) -> Kept:
        """Take all kinds."""
        return value

    @get("/query")
    async def query(self, rights: Rights = Rights.READ) -> Rights:
        """Take a flag in the query."""
        return rights

    @post("/keys")
    async def keys(self, value: dict[Mask, int]) -> dict[Mask, int]:
        """Take keys that are flags."""
        return value


@pytest.fixture
async def client(aiohttp_client: AiohttpClient) -> TestClient[Any, Any]:
    """Serve the echo."""
    return await aiohttp_client(App([Echo]).build())


def schema_at(document: dict[str, Any], path: str) -> jsonschema.Draft202012Validator:
    """Return what validates the body of an operation as its document says."""
    schema = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
    return jsonschema.Draft202012Validator({**schema, "components": document["components"]})


INTEGERS: Sequence[int] = (*range(-20, 20), 63, 126, 128, 2**63 - 1, 2**64 - 1, 2**64, -(2**63), -(2**63) - 1, 2**70)


@pytest.mark.parametrize("path", ["/echo/rights", "/echo/sparse", "/echo/mask", "/echo/wide"])
async def test_a_flag_is_read_as_its_schema_says(client: TestClient[Any, Any], path: str) -> None:
    """Any combination of its bits, and no integer that the schema refuses."""
    document = await (await client.get("/openapi.json")).json()
    validator = schema_at(document, path)

    for value in INTEGERS:
        response = await client.post(path, data=json.dumps(value), headers={"Content-Type": "application/json"})

        assert response.status == (200 if validator.is_valid(value) else 422), value
        if response.status == 200:
            assert validator.is_valid(await response.json())


async def test_flags_in_words(client: TestClient[Any, Any]) -> None:
    """The schema of a flag: a range where its bits follow one another, else a list."""
    document = await (await client.get("/openapi.json")).json()
    schemas = document["components"]["schemas"]

    assert schemas["Rights"] == {
        "description": "What somebody may do.",
        "type": "integer",
        "minimum": -8,
        "maximum": 7,
    }
    assert schemas["Wide"] == {
        "description": "Bits from the second on.",
        "type": "integer",
        "minimum": -128,
        "maximum": 126,
        "multipleOf": 2,
    }
    assert schemas["Sparse"]["enum"] == [-8, -7, -4, -3, 0, 1, 4, 5]
    keys = document["paths"]["/echo/keys"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert keys["propertyNames"] == {"pattern": "^-?[0-9]+$"}


async def test_a_flag_in_the_query(client: TestClient[Any, Any]) -> None:
    """It is read as in a body."""
    statuses = [(await client.get("/echo/query", params={"rights": str(one)})).status for one in (0, 5, 7, 8, -1)]

    assert statuses == [200, 200, 200, 422, 200]
    assert await (await client.get("/echo/query?rights=5")).json() == 5


async def test_keys_that_are_flags(client: TestClient[Any, Any]) -> None:
    """They are integers in strings."""
    response = await client.post("/echo/keys", json={"3": 1, "8": 2})

    assert await response.json() == {"3": 1, "8": 2}


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({}, 200),
        ({"mode": 7}, 200),
        ({"mode": None}, 200),
        ({"mode": 8}, 422),
        ({"mode": "7"}, 422),
        ({"fixed": [1]}, 422),
        ({"fixed": [1, "a", 2]}, 422),
        ({"nothing": [1]}, 422),
    ],
)
async def test_fixed_values_and_tuples(client: TestClient[Any, Any], changed: dict[str, Any], status: int) -> None:
    """What their schemas take is read, and nothing else."""
    document = await (await client.get("/openapi.json")).json()
    body = {"rights": 3, "sparse": 5, "mask": 9, "mode": "fast", "fixed": [1, "a"], "nothing": []} | changed

    assert schema_at(document, "/echo/kept").is_valid(body) is (status == 200)
    assert (await client.post("/echo/kept", json=body)).status == status

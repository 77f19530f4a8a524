"""Floats that are not finite: JSON has null in their place, and a schema of a number has none."""

import math
from typing import Any

import pytest
from msgspec import Struct
from pytest_aiohttp import AiohttpClient

from framework import App, Controller, get
from framework.testing import ContractViolatedError, check_contract


class Reading(Struct):
    """What was measured."""

    value: float
    maybe: float | None = None
    others: list[float] = []


READINGS = {
    "nan": Reading(math.nan),
    "inf": Reading(1.0, others=[1.0, -math.inf]),
    "maybe": Reading(1.0, maybe=math.nan),
    "good": Reading(1.0),
}


class Readings(Controller):
    """Sends what it has."""

    @get("/readings/{name}")
    async def show(self, name: str) -> Reading:
        """Return a reading."""
        return READINGS.get(name, READINGS["nan"])


@pytest.mark.parametrize(
    ("name", "place"),
    [("nan", "/value: expected `finite float`"), ("inf", "/others/1: expected"), ("maybe", ""), ("good", "")],
)
async def test_what_is_not_finite_is_reported(
    aiohttp_client: AiohttpClient, caplog: pytest.LogCaptureFixture, name: str, place: str
) -> None:
    """With ``check_responses`` it is a 500 with its place in the log, unless null is as good as the annotation says."""
    client = await aiohttp_client(App([Readings], check_responses=True).build())
    response = await client.get(f"/readings/{name}")

    assert response.status == (500 if place else 200)
    assert place in caplog.text
    if name == "maybe":
        assert await response.json() == {"value": 1.0, "maybe": None, "others": []}


def test_generated_requests_find_it() -> None:
    """Without the check, null is sent where the document has a number; a contract test finds that."""
    with pytest.raises(ContractViolatedError) as caught:
        check_contract(App([Readings]), examples=3, coverage=False)

    failures: Any = caught.value.report.failures
    assert {one.check for one in failures} == {"response_schema_conformance"}
    assert "/value: None is not of type 'number'" in failures[0].message


async def test_no_input_is_infinite(aiohttp_client: AiohttpClient) -> None:
    """Neither a parameter nor a body takes one."""

    class Inputs(Controller):
        @get("/inputs")
        async def show(self, value: float) -> float:
            return value

    client = await aiohttp_client(App([Inputs]).build())

    assert [(await client.get("/inputs", params={"value": one})).status for one in ("nan", "inf", "-inf", "1e999")] == [
        422
    ] * 4

"""Scalars from the query: what each type takes, and what it refuses."""

import datetime as dt
import enum
import uuid
from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest
from msgspec import UNSET, Meta, UnsetType

from framework import Cookie, Header, Path, Query, get
from tests.http.raw import Answer, ask
from tests.http.shapes import Serve, app_of, fault, invalid, reading

UTC = dt.UTC


class Color(enum.Enum):
    """An enum of texts."""

    RED = "red"
    NULL = "null"


class Level(enum.IntEnum):
    """An enum of numbers."""

    LOW = 1
    HIGH = 2


async def read(serve: Serve, annotation: Any, query: str, *default: Any) -> Answer:
    """Ask a handler with one query parameter."""
    server = await serve(app_of(reading(get("/read"), annotation, *default)))
    return await ask(server, "GET", f"/read{query}")


@pytest.mark.parametrize(
    ("annotation", "text", "expected"),
    [
        (str, "abc", "abc"),
        (str, "a%20b+c%2B", "a b c+"),
        (str, "", ""),
        (str, "null", "null"),
        (str, "%00", "\0"),
        (str, "5", "5"),
        (int, "-5", -5),
        (int, "0", 0),
        (int, "18446744073709551616", 2**64),
        (int, "5.0", 5),
        (float, "1.5", 1.5),
        (float, "1", 1.0),
        (float, "-1e-3", -0.001),
        (bool, "true", True),
        (bool, "True", True),
        (bool, "1", True),
        (bool, "false", False),
        (bool, "0", False),
        (Decimal, "1.10", Decimal("1.10")),
        (uuid.UUID, "12345678-1234-5678-1234-567812345678", uuid.UUID(int=0x12345678123456781234567812345678)),
        (uuid.UUID, "12345678123456781234567812345678", uuid.UUID(int=0x12345678123456781234567812345678)),
        (dt.date, "2026-11-22", dt.date(2026, 11, 22)),
        (dt.datetime, "2026-11-22T09:00:00Z", dt.datetime(2026, 11, 22, 9, tzinfo=UTC)),
        (dt.datetime, "2026-11-22T09:00:00%2B00:00", dt.datetime(2026, 11, 22, 9, tzinfo=UTC)),
        (dt.datetime, "2026-11-22T09:00:00", dt.datetime(2026, 11, 22, 9)),  # noqa: DTZ001  none was given
        (dt.time, "09:00:00", dt.time(9)),
        (dt.timedelta, "PT1H", dt.timedelta(hours=1)),
        (Color, "red", Color.RED),
        (Color, "null", Color.NULL),
        (Level, "2", Level.HIGH),
        (Literal["a", "b"], "b", "b"),
        (Literal[1, 2], "2", 2),
        (int | None, "5", 5),
        (str | None, "null", "null"),
        (int | str, "5", "5"),
        (int | str, "x", "x"),
        (Color | None, "red", Color.RED),
        (Annotated[int, Meta(ge=1, le=10)], "10", 10),
        (Annotated[str, Meta(max_length=3)] | None, "abc", "abc"),  # pyright: ignore[reportOperatorIssue]  Python allows it
        (Annotated[str, Meta(pattern="^a+$")], "aaa", "aaa"),
        (Any, "5", "5"),
    ],
)
async def test_scalar_is_converted(serve: Serve, annotation: Any, text: str, expected: object) -> None:
    """A text becomes what the annotation says."""
    answer = await read(serve, annotation, f"?value={text}")
    assert (answer.status, answer.body.decode()) == (200, repr(expected))


@pytest.mark.parametrize(
    ("annotation", "text", "code", "detail"),
    [
        (int, "", "type", "Expected `int`, got `str`"),
        (int, "x", "type", "Expected `int`, got `str`"),
        (int, "1.5", "type", "Expected `int`, got `str`"),
        (int, "null", "type", "Expected `int`, got `str`"),
        (int, "true", "type", "Expected `int`, got `str`"),
        (int, "1,2", "type", "Expected `int`, got `str`"),
        (int, "%201", "type", "Expected `int`, got `str`"),
        (int, "%EF%BC%95", "type", "Expected `int`, got `str`"),
        (int, "1_0", "type", "Expected `int`, got `str`"),
        (int, "007", "type", "Expected `int`, got `str`"),
        (float, "", "type", "Expected `float`, got `str`"),
        (float, "x", "type", "Expected `float`, got `str`"),
        (float, "nan", "value", "Expected a finite number"),
        (float, "inf", "value", "Expected a finite number"),
        (float, "-Infinity", "value", "Expected a finite number"),
        (float | None, "NaN", "value", "Expected a finite number"),
        (float, "null", "type", "Expected `float`, got `str`"),
        (Decimal, "NaN", "value", "Expected a finite number"),
        (Decimal, "-inf", "value", "Expected a finite number"),
        (Decimal, "x", "value", "Invalid decimal string"),
        (bool, "", "type", "Expected `bool`, got `str`"),
        (bool, "on", "type", "Expected `bool`, got `str`"),
        (bool, "2", "type", "Expected `bool`, got `str`"),
        (bool, "null", "type", "Expected `bool`, got `str`"),
        (int | None, "", "type", "Expected `int | null`, got `str`"),
        (int | None, "null", "type", "Expected `int`, got `null`"),
        (int | None, "NULL", "type", "Expected `int`, got `null`"),
        (bool | None, "null", "type", "Expected `bool`, got `null`"),
        (Level | None, "null", "type", "Expected `int`, got `null`"),
        (dt.datetime, "5", "type", "Expected `datetime`, got `int`"),
        (dt.datetime, "1.5", "type", "Expected `datetime`, got `float`"),
        (dt.datetime, "yesterday", "value", "Invalid RFC3339 encoded datetime"),
        (dt.timedelta, "5", "type", "Expected `duration`, got `int`"),
        (dt.date, "2026-02-30", "value", "Invalid RFC3339 encoded date"),
        (dt.date, "5", "value", "Invalid RFC3339 encoded date"),
        (uuid.UUID, "x", "value", "Invalid UUID"),
        (Color, "blue", "value", "Invalid enum value"),
        (Color, "RED", "value", "Invalid enum value"),
        (Level, "3", "value", "Invalid enum value"),
        (Literal["a", "b"], "c", "value", "Invalid enum value"),
        (Annotated[int, Meta(ge=1, le=10)], "11", "constraint", "Expected `int` <= 10"),
        (Annotated[int, Meta(multiple_of=5)], "11", "constraint", "Expected `int` that's a multiple of 5"),
        (Annotated[str, Meta(min_length=1)], "", "constraint", "Expected `str` of length >= 1"),
        (Annotated[str, Meta(pattern="^a+$")], "b", "constraint", "Expected `str` matching regex '^a+$'"),
        (
            Annotated[dt.datetime, Meta(tz=True)],
            "2026-11-22T09:00:00",
            "constraint",
            "Expected `datetime` with a timezone component",
        ),
    ],
)
async def test_text_that_is_no_such_scalar_is_a_fault(
    serve: Serve, annotation: Any, text: str, code: str, detail: str
) -> None:
    """Lax conversion ends where a URL could not mean it: no nulls, no infinities, no numbers for times."""
    answer = await read(serve, annotation, f"?value={text}")
    assert answer.problem == invalid("/read", fault("query", "/value", code, detail))


@pytest.mark.parametrize("query", ["", "?", "?other=1", "?Value=1", "?value[x]=1", "?&&"])
async def test_missing_scalar_is_a_fault(serve: Serve, query: str) -> None:
    """A parameter without a default must be there, under exactly its name."""
    answer = await read(serve, int, query)
    assert answer.problem == invalid("/read", fault("query", "/value", "missing", "Field required"))


async def test_name_without_a_value_is_an_empty_text(serve: Serve) -> None:
    """?value and ?value= are the same."""
    assert (await read(serve, str, "?value")).body == b"''"


async def test_optional_without_default_is_required(serve: Serve) -> None:
    """None among the types says what the value may be, not that it may be absent; only a default does."""
    answer = await read(serve, int | None, "")
    assert answer.problem == invalid("/read", fault("query", "/value", "missing", "Field required"))


@pytest.mark.parametrize(
    ("annotation", "default"),
    [
        (int | None, None),
        (int, 5),
        (str, ""),
        (Color, Color.RED),
        (int | UnsetType, UNSET),
        (Annotated[int | UnsetType, Query()], UNSET),
        (float, float("inf")),
    ],
)
async def test_absent_scalar_is_its_default(serve: Serve, annotation: Any, default: object) -> None:
    """A parameter with a default is optional, whatever the default is."""
    answer = await read(serve, annotation, "?other=1", default)
    assert (answer.status, answer.body.decode()) == (200, repr(default))


async def test_scalar_with_a_default_is_checked_when_it_is_there(serve: Serve) -> None:
    """A default does not hide what is wrong."""
    for annotation, default in ((int, 5), (int | UnsetType, UNSET), (Annotated[int, Meta(ge=1)], 5)):
        answer = await read(serve, annotation, "?value=x", default)
        assert answer.problem == invalid("/read", fault("query", "/value", "type", "Expected `int`, got `str`"))


@pytest.mark.parametrize(
    ("annotation", "target", "headers", "location", "pointer"),
    [
        (Annotated[int, Query(name="page-size")], "/read?page-size=5", {}, "query", "/page-size"),
        (Annotated[int, Query(name="a[b]")], "/read?a%5Bb%5D=5", {}, "query", "/a[b]"),
        (Annotated[int, Query(name="a/b~c")], "/read?a/b~c=5", {}, "query", "/a~1b~0c"),
        (Annotated[int, Header(name="X-Number")], "/read", {"x-number": "5"}, "header", "/x-number"),
        (Annotated[int, Header()], "/read", {"Value": "5"}, "header", "/value"),
        (Annotated[int, Header], "/read", {"VALUE": "5"}, "header", "/value"),
        (Annotated[int, Cookie(name="X.y")], "/read", {"Cookie": "a=1; X.y=5"}, "cookie", "/X.y"),
        (Annotated[int, Cookie()], "/read", {"Cookie": "value=5"}, "cookie", "/value"),
        (Annotated[Annotated[int, Meta(ge=1)], Header()], "/read", {"value": "5"}, "header", "/value"),
    ],
)
async def test_parameter_has_another_name_on_the_wire(
    serve: Serve, annotation: Any, target: str, headers: dict[str, str], location: str, pointer: str
) -> None:
    """name= is what stands on the wire and in the pointers of faults; header names are in lower case there."""
    server = await serve(app_of(reading(get("/read"), annotation)))
    assert (await ask(server, "GET", target, headers=headers)).body == b"5"
    missing = await ask(server, "GET", "/read")
    assert missing.problem == invalid("/read", fault(location, pointer, "missing", "Field required"))


async def test_path_parameter_has_another_name(serve: Serve) -> None:
    """Path(name=) names the placeholder."""
    server = await serve(app_of(reading(get("/read/{number}"), Annotated[int, Path(name="number")])))
    assert (await ask(server, "GET", "/read/5")).body == b"5"
    answer = await ask(server, "GET", "/read/x")
    assert answer.problem == invalid("/read/x", fault("path", "/number", "type", "Expected `int`, got `str`"))


@pytest.mark.parametrize("annotation", [uuid.UUID, dt.date, Color, Annotated[str, Meta(max_length=1)], bool, Decimal])
async def test_path_parameter_may_be_any_scalar(serve: Serve, annotation: Any) -> None:
    """Every scalar has its faults in the path as well, and none of them is a 404."""
    server = await serve(app_of(reading(get("/read/{value}"), annotation)))
    answer = await ask(server, "GET", "/read/nonsense")
    assert (answer.status, answer.problem["errors"][0]["location"]) == (422, "path")

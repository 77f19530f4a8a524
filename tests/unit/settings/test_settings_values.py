"""What the values of variables become."""

import ipaddress
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import Meta, Struct, field

from framework.settings import ByteSize, SettingsError, read_settings
from framework.types import HttpUrl, SecretStr


class Environment(StrEnum):
    """Where the application runs."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


def read_one(annotation: Any, text: str) -> Any:
    """Read one setting of a type."""
    cls: Any = msgspec.defstruct("One", [("value", annotation)])
    return read_settings(cls, {"VALUE": text}).value


@pytest.mark.parametrize(
    ("annotation", "text", "value"),
    [
        (str, "", ""),
        (str, " a ", " a "),
        (int, "-3", -3),
        (float, "1e3", 1000.0),
        (bool, "true", True),
        (bool, "0", False),
        (int | None, "3", 3),
        (Environment, "production", Environment.PRODUCTION),
        (Literal["a", 3], "3", 3),
        (HttpUrl, "https://example.org/a?b=c", "https://example.org/a?b=c"),
        (Path, "/srv/shop", Path("/srv/shop")),
        (ipaddress.IPv4Network, "10.0.0.0/8", ipaddress.IPv4Network("10.0.0.0/8")),
        (SecretStr, "sesame", SecretStr("sesame")),
    ],
)
def test_scalars(annotation: Any, text: str, value: object) -> None:
    """Scalars are read as query parameters are."""
    assert read_one(annotation, text) == value


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("1h30m", 5400), ("250ms", 0.25), ("1.5h", 5400), ("2d", 172_800), ("PT5M", 300), ("P1D", 86_400)],
)
def test_durations(text: str, seconds: float) -> None:
    """A duration has units, or the form of ISO 8601."""
    assert read_one(timedelta, text) == timedelta(seconds=seconds)
    assert read_one(timedelta | None, text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("1048576", 1_048_576),
        ("512B", 512),
        ("10MiB", 10 * 2**20),
        ("10 mib", 10 * 2**20),
        ("1.5GiB", 1_610_612_736),
        ("2kB", 2000),
        ("3TB", 3 * 10**12),
    ],
)
def test_sizes(text: str, number: int) -> None:
    """A size is a number of bytes, decimal or binary units behind it."""
    assert read_one(ByteSize, text) == number
    assert read_one(Annotated[ByteSize | None, Meta(description="the largest upload")], text) == number


@pytest.mark.parametrize(
    ("annotation", "text", "value"),
    [
        (list[str], "a, b,c", ["a", "b", "c"]),
        (list[str], "", []),
        (list[str], '["a,b", "c"]', ["a,b", "c"]),
        (list[str], "[::1]:80,b", ["[::1]:80", "b"]),
        (tuple[int, ...], "1,2", (1, 2)),
        (tuple[str, timedelta], "a,5s", ("a", timedelta(seconds=5))),
        (frozenset[int], "1,1", frozenset({1})),
        (list[ByteSize], "1KiB,2", [1024, 2]),
        (list[int], "[1, 2]", [1, 2]),
        (dict[str, int], '{"a": 1}', {"a": 1}),
    ],
)
def test_collections(annotation: Any, text: str, value: object) -> None:
    """Items are separated by commas, or are those of a JSON array; a dict is a JSON object."""
    assert read_one(annotation, text) == value


class Database(Struct, frozen=True):
    """A section."""

    url: SecretStr
    pool_size: int = 5


@dataclass(frozen=True)
class Cache:
    """An optional section."""

    url: str
    ttl: timedelta = timedelta(seconds=60)


class Settings(Struct, frozen=True, kw_only=True):
    """Settings with sections."""

    database: Database
    cache: Cache | None = None
    port: int = 8000
    region: str = field(name="AWS_REGION", default="eu-1")


def test_names_and_sections() -> None:
    """A prefix, sections after two underscores, and a field with a name of its own."""
    environ = {
        "SHOP_DATABASE__URL": "postgresql://h/shop",
        "SHOP_DATABASE__POOL_SIZE": "7",
        "SHOP_CACHE__URL": "redis://h",
        "AWS_REGION": "eu-2",
        "PORT": "1",
    }

    assert read_settings(Settings, environ, prefix="SHOP_") == Settings(
        database=Database(SecretStr("postgresql://h/shop"), 7), cache=Cache("redis://h"), region="eu-2"
    )


def test_an_optional_section_is_left_out() -> None:
    """None of its variables is set; with one of them it is read, and its required ones are missing."""
    assert read_settings(Settings, {"DATABASE__URL": "x"}).cache is None

    with pytest.raises(SettingsError, match=r"^CACHE__URL: it is not set\.\n"):
        read_settings(Settings, {"DATABASE__URL": "x", "CACHE__TTL": "5s"})


class Plain(Struct):
    """A section of defaults."""

    level: int = 3


class WithPlain(Struct):
    """Settings whose section is required, and all of whose variables have defaults."""

    plain: Plain


def test_a_section_of_defaults_needs_no_variable() -> None:
    """It is made of its defaults."""
    assert read_settings(WithPlain, {}) == WithPlain(Plain(3))


@dataclass
class Small:
    """A dataclass."""

    port: int


def test_a_dataclass_and_the_environment_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without environ=, the variables of the process are read."""
    monkeypatch.setenv("TEST_SMALL_PORT", "80")

    assert read_settings(Small, prefix="TEST_SMALL_") == Small(80)

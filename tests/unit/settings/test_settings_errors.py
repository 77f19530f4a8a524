"""What operators are shown: every error at once, with the variable and a hint, and never a value."""

import os
import subprocess
import sys
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import Meta, Struct

import framework
from framework.errors import InvalidOptionError
from framework.settings import ByteSize, SettingError, SettingsError, read_settings
from framework.types import Port, SecretStr


class Environment(StrEnum):
    """Where the application runs."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class Database(Struct, frozen=True):
    """A section."""

    url: SecretStr
    pool_size: int = 5


class Settings(Struct, frozen=True, kw_only=True):
    """Settings that can be wrong in several ways."""

    database: Database
    environment: Environment = Environment.DEVELOPMENT
    hosts: tuple[str, ...] = ()
    timeout: timedelta = timedelta(seconds=5)
    upload: ByteSize = 1024


def errors_of(cls: type[Any], environ: dict[str, str], **options: Any) -> list[SettingError]:
    """Return the errors of an environment."""
    with pytest.raises(SettingsError) as caught:
        read_settings(cls, environ, **options)
    assert caught.value.__context__ is None, "a traceback would show the errors twice"
    return list(caught.value.errors)


def test_all_errors_are_reported_at_once() -> None:
    """The message lists every error with its hint, and ends with their number."""
    environ = {
        "SHOP_DATABASE__POOL_SIZE": "many",
        "SHOP_ENVIRONMENT": "prodction",
        "SHOP_TIMEOUT": "5",
        "SHOP_UPLOAD": "10 Mi",
    }

    with pytest.raises(SettingsError) as caught:
        read_settings(Settings, environ, prefix="SHOP_")

    assert caught.value.listing() == (
        "SHOP_DATABASE__URL: it is not set.\n"
        "  Hint: set it, or SHOP_DATABASE__URL_FILE to the path of a file that contains it.\n"
        "SHOP_DATABASE__POOL_SIZE: expected `int`.\n"
        "  Hint: write an integer in its range.\n"
        "SHOP_ENVIRONMENT: expected development or production.\n"
        "  Hint: write production.\n"
        "SHOP_TIMEOUT: expected `duration`.\n"
        "  Hint: write 30s, 5m, 1h30m, 500ms or PT30S.\n"
        "SHOP_UPLOAD: expected a size in bytes.\n"
        "  Hint: write 512KiB, 10MiB, 2GB, or a number of bytes.\n"
        "5 errors in the settings."
    )


@pytest.mark.parametrize(
    ("annotation", "text", "what", "hint"),
    [
        (bool, "yes", "expected `bool`", "write true or false"),
        (float, "inf", "expected a finite number", "write a number in its range"),
        (Decimal, "x", "invalid decimal string", "write a number in its range"),
        (datetime, "5", "expected `datetime`", "write 2026-01-31T12:00:00Z"),
        (date, "x", "invalid RFC3339 encoded date", "write 2026-01-31"),
        (time, "x", "invalid RFC3339 encoded time", "write 12:00:00"),
        (Literal["a", "b"], "c", "expected a or b", "write a"),
        (Environment, "x", "expected development or production", "write development"),
        (Port, "0", "expected `int` >= 1", "write an integer in its range"),
        (Annotated[Port, Meta(description="a free port")], "x", "expected `int`", "set it to a free port"),
        (int, "tcp://10.0.0.1:80", "expected `int`", "Kubernetes sets it for a service of this name; set "
         "enableServiceLinks: false, or choose another prefix"),
        (list[int], "1,x", "item 2: expected `int`", "separate items by commas, or write a JSON array"),
        (tuple[int, int], "1,2,3", "expected `array` of length 2, got 3", "separate items by commas, or write a JSON "
         "array"),
        (list[Database], "x", "item 1: expected a JSON object", "write a JSON array"),
        (dict[str, int], "x", "expected a JSON object", "write a JSON object"),
        (dict[str, int], '{"a": {}}', "a: expected `int`", "write a JSON object"),
        (Annotated[str, Meta(min_length=2)], "", "expected `str` of length >= 2", "write a value that fits"),
    ],
)  # fmt: skip
def test_each_type_has_its_hint(annotation: Any, text: str, what: str, hint: str) -> None:
    """The error names what was expected, and the hint what to write."""
    cls = msgspec.defstruct("One", [("value", annotation)])

    assert errors_of(cls, {"VALUE": text}) == [SettingError("VALUE", what, hint=hint)]


def test_a_misspelt_variable() -> None:
    """With the prefix, a name that is nearly a setting is an error; other names belong to other programs."""
    environ = {"SHOP_DATABASE__URL": "x", "SHOP_TIMOUT": "5s", "SHOP_SERVICE_HOST": "h", "TIMOUT": "1"}

    assert errors_of(Settings, environ, prefix="SHOP_") == [
        SettingError("SHOP_TIMOUT", "no setting has this name", hint="write SHOP_TIMEOUT, or name it in ignore=")
    ]
    assert read_settings(Settings, environ, prefix="SHOP_", ignore=("SHOP_TIMOUT",)).timeout == timedelta(seconds=5)


def test_a_misspelt_variable_of_a_required_setting() -> None:
    """It is one error, that of the setting which is not set."""
    assert errors_of(Settings, {"SHOP_DATABSE__URL": "x"}, prefix="SHOP_") == [
        SettingError("SHOP_DATABASE__URL", "it is not set", hint="SHOP_DATABSE__URL is set; write SHOP_DATABASE__URL")
    ]


class Checked(Struct):
    """Settings that check themselves, and show what they got."""

    user: str
    password: str

    def __post_init__(self) -> None:
        raise ValueError(f"{self.user} with {self.password} cannot log in")


class Outer(Struct):
    """Settings with such a section."""

    mail: Checked


def test_values_are_never_shown() -> None:
    """Not even if a check of the application puts them into its message."""
    environ = {"MAIL__USER": "admin", "MAIL__PASSWORD": "admin-sesame"}

    assert errors_of(Outer, environ) == [
        SettingError("MAIL__*", "*** with *** cannot log in", hint="correct the variables that begin like this")
    ]


class TwoNames(Struct):
    """A section and a field of one name."""

    database: Database
    database__url: str = ""


class Endless(Struct):
    """A section that contains its own class."""

    inner: "Endless | None" = None


@pytest.mark.parametrize(
    ("cls", "message"),
    [
        (
            dict,
            "read_settings(dict): the settings are neither a Struct nor a dataclass.\n"
            "  Hint: write class Settings(Struct, frozen=True).",
        ),
        (
            TwoNames,
            "read_settings(TwoNames): the fields database.url and database__url are both read from DATABASE__URL.\n"
            '  Hint: give one of them a name of its own: field(name="DATABASE_URL").',
        ),
        (
            Endless,
            "read_settings(Endless): the section inner contains its own class, Endless.\n"
            "  Hint: write sections that end.",
        ),
    ],
)
def test_classes_that_cannot_be_read(cls: Any, message: str) -> None:
    """They are errors of the programmer."""
    with pytest.raises(InvalidOptionError) as caught:
        read_settings(cls, {})

    assert str(caught.value) == message


PROGRAM = """\
from msgspec import Struct
from framework.settings import read_settings

class Settings(Struct):
    port: int

read_settings(Settings, {"PORT": "x"})
"""


@pytest.mark.parametrize("traceback", [False, True])
def test_an_error_that_is_not_caught(traceback: bool) -> None:
    """Only the message is printed; a variable shows the traceback as well."""
    environment = {**os.environ, "FRAMEWORK_TRACEBACK": "1" if traceback else ""}

    done = subprocess.run(  # noqa: S603  fixed words
        [sys.executable, "-c", PROGRAM],
        cwd=Path(framework.__file__).parents[1],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    listing = "PORT: expected `int`.\n  Hint: write an integer in its range.\n1 error in the settings."
    assert done.returncode == 1
    if traceback:
        assert done.stderr.startswith("Traceback")
        assert done.stderr.endswith(f"SettingsError: {listing}\n")
    else:
        explained = "Explained by: framework explain E901"
        assert done.stderr == f"{listing} (FRAMEWORK_TRACEBACK=1 shows the traceback)\n{explained}\n"


def test_an_error_under_gunicorn(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is also one of gunicorn's own, which end it instead of starting another worker."""
    gunicorn: Any = import_module("gunicorn.errors")
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    with pytest.raises(SettingsError) as caught:
        read_settings(Settings, {})

    assert isinstance(caught.value, gunicorn.AppImportError)
    assert str(caught.value).endswith(
        "1 error in the settings. (FRAMEWORK_TRACEBACK=1 shows the traceback)\nExplained by: framework explain E901"
    )

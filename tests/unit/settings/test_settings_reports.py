"""What is kept of a reading, for ``framework config``."""

from datetime import timedelta
from pathlib import Path

import pytest
from msgspec import Struct

from framework.settings import read_settings, settings_reports
from framework.types import SecretStr


class Server(Struct):
    """Another server."""

    url: str


class Mail(Struct):
    """A section."""

    host: str


class Settings(Struct):
    """Some settings, secrets among them."""

    key: SecretStr
    database_url: str
    session_secret: str
    motd: str
    timeout: timedelta = timedelta(seconds=5)
    hosts: tuple[str, ...] = ("a", "b")
    tokens: list[SecretStr] = []
    optional: int | None = None
    mail: Mail | None = None


def test_values_and_sources_without_secrets(tmp_path: Path) -> None:
    """Hidden are secrets by type, by name, by file, and passwords of URLs."""
    file = tmp_path / "motd"
    file.write_text("from a file")
    environ = {
        "R_KEY": "sesame",
        "R_DATABASE_URL": "postgresql://ann:sesame@h/shop",
        "R_SESSION_SECRET": "sesame",
        "R_MOTD_FILE": str(file),
        "R_TOKENS": "sesame",
    }

    read_settings(Settings, environ, prefix="R_")

    (report,) = [one for one in settings_reports() if one.prefix == "R_"]
    assert report.settings == f"{__name__}.Settings"
    assert {one.variable: (one.field, one.value, one.source) for one in report.values} == {
        "R_KEY": ("key", "***", "environment"),
        "R_DATABASE_URL": ("database_url", "postgresql://ann:***@h/shop", "environment"),
        "R_SESSION_SECRET": ("session_secret", "***", "environment"),
        "R_MOTD": ("motd", "***", "R_MOTD_FILE (environment)"),
        "R_TIMEOUT": ("timeout", "PT5S", "default"),
        "R_HOSTS": ("hosts", '["a","b"]', "default"),
        "R_TOKENS": ("tokens", '["***"]', "environment"),
        "R_OPTIONAL": ("optional", "null", "default"),
        "R_MAIL__HOST": ("mail.host", "null", "default"),
    }


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://ann:se@same@h/shop", "postgresql://ann:***@h/shop"),
        ("postgresql+asyncpg://ann:se/same@h/shop", "postgresql+asyncpg://ann:***@h/shop"),
        ("redis://:sesame@h:6379/0", "redis://:***@h:6379/0"),
        ("postgresql://ann:12/34@h/shop", "postgresql://ann:***@h/shop"),
        ("redis://:1/2@h:6379/0", "redis://:***@h:6379/0"),
        ("redis://h:6379/0", "redis://h:6379/0"),
        ("https://ann:sesame@h/shop", "https://ann:***@h/shop"),
        ("WSS://h:8080/a@b", "WSS://h:8080/a@b"),
        ("http://h:8080/a@b", "http://h:8080/a@b"),
        ("http://h:8080", "http://h:8080"),
    ],
)
def test_passwords_of_urls_are_hidden_as_a_whole(url: str, shown: str) -> None:
    """Drivers accept passwords with ``@`` and ``/`` in them."""
    read_settings(Server, {"U_URL": url}, prefix="U_")

    (report,) = [one for one in settings_reports() if one.prefix == "U_"]
    assert [one.value for one in report.values] == [shown]


@pytest.mark.parametrize("port", ["80", "81"])
def test_a_class_is_reported_once(port: str) -> None:
    """The last reading of a class and prefix replaces the one before it."""
    read_settings(Mail, {"HOST": port})

    (report,) = [one for one in settings_reports() if one.settings == f"{__name__}.Mail"]
    assert [one.value for one in report.values] == [port]

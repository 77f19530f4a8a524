"""``framework config``: the settings of an app and their sources."""

import json

import pytest

from tests.cli.conftest import SHOP, Run, Write

SETTINGS = """\
from framework.settings import read_settings
from framework.types import SecretStr


class Settings(Struct):
    key: SecretStr
    port: int = 8000


read_settings(Settings, prefix="CONFIG_", env_file=".env")
"""


def test_settings_with_values_and_sources(run: Run, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """Secrets are hidden, in JSON too."""
    file = write("shop.py", SHOP + SETTINGS)
    write(".env", "CONFIG_KEY=sesame\n")
    monkeypatch.setenv("CONFIG_PORT", "81")

    code, out, err = run("config", "shop:app")

    assert (code, err) == (0, "")
    table = "shop.Settings\nVARIABLE     VALUE  SOURCE\nCONFIG_KEY   ***    .env:1\nCONFIG_PORT  81     environment\n"
    # Other tests of this process may have read settings too.
    assert table in out
    assert file.exists()
    listed = json.loads(run("config", "shop:app", "--json").out)
    (values,) = [one["values"] for one in listed if one["prefix"] == "CONFIG_"]
    assert values[0] == {"variable": "CONFIG_KEY", "field": "key", "value": "***", "source": ".env:1"}


def test_an_app_without_settings(run: Run, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line says so."""
    write("shop.py", SHOP)
    monkeypatch.setattr("framework.settings.settings_reports", tuple)

    assert run("config", "shop:app").out == "The app reads no settings with framework.settings.read_settings.\n"

"""Where values come from: the environment, files of secrets, and a file for development."""

import sys
from pathlib import Path

import pytest
from msgspec import Struct

from framework.errors import InvalidOptionError
from framework.settings import SettingError, SettingsError, read_settings, settings_reports
from framework.types import SecretStr


class Settings(Struct, frozen=True, kw_only=True):
    """Some settings."""

    key: SecretStr
    port: int = 8000
    log: str = "stderr"
    log_file: str = ""


def sources() -> dict[str, str]:
    """Return the sources of the last reading."""
    (report,) = [one for one in settings_reports() if one.settings.endswith("test_settings_sources.Settings")]
    return {one.variable: one.source for one in report.values}


def errors_of(environ: dict[str, str], env_file: Path | None = None) -> list[SettingError]:
    """Return the errors of an environment."""
    with pytest.raises(SettingsError) as caught:
        read_settings(Settings, environ, env_file=env_file)
    return list(caught.value.errors)


@pytest.mark.parametrize("content", ["sesame", "sesame\n", "sesame\r\n"])
def test_a_file_contains_the_secret(tmp_path: Path, content: str) -> None:
    """``KEY_FILE`` names it; its last line break is not part of the value."""
    file = tmp_path / "key"
    file.write_text(content, newline="")

    assert read_settings(Settings, {"KEY_FILE": str(file)}).key == SecretStr("sesame")
    assert sources()["KEY"] == "KEY_FILE (environment)"


def test_a_setting_may_itself_end_with_file() -> None:
    """``LOG_FILE`` is the setting of that name, not the file that contains ``LOG``."""
    settings = read_settings(Settings, {"KEY": "x", "LOG_FILE": "/var/log/shop"})

    assert (settings.log, settings.log_file) == ("stderr", "/var/log/shop")


def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    """The error names the variable and the reason, and not the path, which may be the secret itself."""
    binary, large = tmp_path / "binary", tmp_path / "large"
    binary.write_bytes(b"\xff")
    large.write_text("x" * 1_048_577)
    hint = "set it to the path of a file that contains the value"

    for path, reason in (
        ("sesame", "the file cannot be read: No such file or directory"),
        (str(tmp_path), "the file cannot be read: Is a directory"),
        ("a\0b", "the file cannot be read: it is not a UTF-8 text"),
        (str(binary), "the file cannot be read: it is not a UTF-8 text"),
        (str(large), "the file has more than 1048576 characters"),
    ):
        assert errors_of({"KEY_FILE": path}) == [SettingError("KEY_FILE", reason, hint=hint)]


def test_a_value_and_a_file(tmp_path: Path) -> None:
    """Both in one place contradict each other; the environment as a whole has priority over the file."""
    file, env_file = tmp_path / "key", tmp_path / ".env"
    file.write_text("from a file")
    env_file.write_text(f"KEY_FILE={file}\n")

    assert errors_of({"KEY": "x", "KEY_FILE": str(file)}) == [
        SettingError("KEY", "KEY_FILE is set as well", hint="set only one of them")
    ]
    assert read_settings(Settings, {"KEY": "x"}, env_file=env_file).key == SecretStr("x")


ENV_FILE = """\
# For development.

export KEY='ses$ame'  # a comment
PORT="81"
HOME_OF_LOGS=/var/log
LOG_FILE=${HOME_OF_LOGS}/${NAME:-shop}.log
EMPTY
"""


def test_a_file_for_development(tmp_path: Path) -> None:
    """Its grammar is that of python-dotenv; the environment has priority; each value has its line."""
    file = tmp_path / ".env"
    file.write_text(ENV_FILE)

    settings = read_settings(Settings, {"PORT": "82"}, env_file=file)

    assert settings == Settings(key=SecretStr("ses$ame"), port=82, log_file="/var/log/shop.log")
    assert sources() == {
        "KEY": f"{file}:3",
        "PORT": "environment",
        "LOG": "default",
        "LOG_FILE": f"{file}:6",
    }
    assert read_settings(Settings, {"NAME": "real"}, env_file=file).log_file == "/var/log/real.log"


def test_a_file_for_development_may_be_missing(tmp_path: Path) -> None:
    """Production has none, and needs no package for it."""
    assert read_settings(Settings, {"KEY": "x"}, env_file=str(tmp_path / ".env")).port == 8000


def test_errors_in_a_file_for_development(tmp_path: Path) -> None:
    """They are reported with all others, by line."""
    file = tmp_path / ".env"
    file.write_text("PORT=x\n\n'KEY\n")

    assert errors_of({}, file) == [
        SettingError("KEY", "it is not set", hint="set it, or KEY_FILE to the path of a file that contains it"),
        SettingError("PORT", "expected `int`", hint="write an integer in its range"),
        SettingError(f"{file}:3", "the line cannot be parsed", hint="write NAME=value, or NAME='a value'"),
    ]
    assert errors_of({"KEY": "x"}, tmp_path) == [
        SettingError(str(tmp_path), "the file cannot be read: Is a directory", hint="correct the file, or remove it")
    ]


def test_without_python_dotenv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that exists requires the extra."""
    monkeypatch.setitem(sys.modules, "dotenv.parser", None)
    file = tmp_path / ".env"
    file.write_text("KEY=x\n")

    with pytest.raises(InvalidOptionError, match=r"install framework-aiohttp\[dotenv\]"):
        read_settings(Settings, {}, env_file=file)

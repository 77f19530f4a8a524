"""Reads ``.env`` files by the grammar of python-dotenv, with the line of each variable."""

from collections.abc import Callable, Iterator, Mapping
from io import StringIO
from pathlib import Path

from framework.errors import InvalidOptionError
from framework.settings.errors import SettingError
from framework.settings.sources import Given

__all__ = ("read_env_file",)


def read_env_file(file: Path, environ: Mapping[str, str], report: Callable[[SettingError], None]) -> dict[str, Given]:
    """Return the variables of a file; an empty dict if there is no such file.

    ``${NAME}`` is replaced by a variable of the environment, or of an earlier line. Raises InvalidOptionError if
    python-dotenv is not installed.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        report(SettingError(str(file), f"the file cannot be read: {reason}", hint="correct the file, or remove it"))
        return {}
    return dict(_bindings(file, text, environ, report))


def _bindings(
    file: Path, text: str, environ: Mapping[str, str], report: Callable[[SettingError], None]
) -> Iterator[tuple[str, Given]]:
    try:
        from dotenv.parser import parse_stream  # an extra
        from dotenv.variables import parse_variables
    except ModuleNotFoundError as error:
        raise InvalidOptionError(
            "read_settings",
            f"env_file={str(file)!r} requires python-dotenv, which is not installed",
            hint="install framework-aiohttp[dotenv]",
        ) from error
    known: dict[str, str | None] = {}
    for one in parse_stream(StringIO(text)):
        # What is parsed for a binding includes the empty lines before it.
        blank = one.original.string[: len(one.original.string) - len(one.original.string.lstrip())]
        place = f"{file}:{one.original.line + blank.count(chr(10))}"
        if one.error:
            report(SettingError(place, "the line cannot be parsed", hint="write NAME=value, or NAME='a value'"))
        elif one.key is not None and one.value is not None:
            value = "".join(atom.resolve({**known, **environ}) for atom in parse_variables(one.value))
            known[one.key] = value
            yield one.key, Given(text=value, source=place)

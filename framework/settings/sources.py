"""Where the text of a setting comes from: a variable, or the file that ``NAME_FILE`` names."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from framework.settings.errors import SettingError

__all__ = ("Given", "UnusableError", "find_text")

_MOST = 1_048_576
"""The longest file, in characters."""
_FILE_HINT = "set it to the path of a file that contains the value"


class Given(Struct, frozen=True, kw_only=True):
    """The text of a setting, and its source."""

    text: str
    source: str
    """``environment``, a line of a file (``.env:3``), or ``SHOP_KEY_FILE (environment)``."""
    from_file: bool = False
    """Whether it is the content of a file, as secrets are."""


class UnusableError(Exception):
    """A setting is given and cannot be used; ``error`` is what is reported."""

    def __init__(self, variable: str, what: str, hint: str) -> None:
        super().__init__(what)
        self.error = SettingError(variable, what, hint=hint)


def find_text(name: str, layers: Sequence[Mapping[str, Given]], declared: frozenset[str]) -> Given | None:
    """Return the text of a variable from the first layer that has it, or its ``_FILE``; ``None`` if it is not set.

    ``declared`` are the names of all settings: a setting ``log_file`` is not the file of ``log``. Raises UnusableError.
    """
    other = f"{name}_FILE"
    for layer in layers:
        found = layer.get(name)
        file = None if other in declared else layer.get(other)
        if found is not None and file is not None:
            raise UnusableError(name, f"{other} is set as well", hint="set only one of them")
        if file is not None:
            return _content(other, file)
        if found is not None:
            return found
    return None


def _content(name: str, given: Given) -> Given:
    """Return the content of a file without its last line break."""
    try:
        with Path(given.text).open(encoding="utf-8", newline="") as file:
            text = file.read(_MOST + 1)
    except (OSError, ValueError) as error:
        # Without the path: the variable may contain the secret itself.
        reason = error.strerror if isinstance(error, OSError) else "it is not a UTF-8 text"
        raise UnusableError(name, f"the file cannot be read: {reason}", hint=_FILE_HINT) from error
    if len(text) > _MOST:
        raise UnusableError(name, f"the file has more than {_MOST} characters", hint=_FILE_HINT)
    return Given(text=text.removesuffix("\n").removesuffix("\r"), source=f"{name} ({given.source})", from_file=True)

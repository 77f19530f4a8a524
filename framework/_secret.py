"""Strings that must not appear in logs."""

from typing import Any, NoReturn

__all__ = ("SecretStr", "revealed")


class SecretStr:
    """A string that ``repr()`` and ``str()``, and so logs and tracebacks, do not show; read it with ``reveal()``.

    It can be read from a request and cannot be part of a response.
    """

    __module__ = "framework.types"

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the string itself."""
        return self._text

    def __repr__(self) -> str:
        return "SecretStr('***')"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SecretStr) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __bool__(self) -> bool:
        return bool(self._text)

    def __reduce__(self) -> NoReturn:
        # A pickle or a copy in a cache would show it.
        raise TypeError("a SecretStr cannot be pickled")

    def __copy__(self) -> "SecretStr":
        return self

    def __deepcopy__(self, _: object) -> "SecretStr":
        return self


def _unknown_attribute(_: SecretStr, name: str) -> NoReturn:
    hint = ": call reveal(), which returns the string" if name == "get_secret_value" else ""
    raise AttributeError(f"'SecretStr' object has no attribute {name!r}{hint}")


# Assigned after the class is created, so that type checkers do not accept every name.
SecretStr.__getattr__ = _unknown_attribute  # type: ignore[attr-defined]


def revealed(text: Any) -> Any:
    """Return the string of a SecretStr; anything else as it is."""
    return text.reveal() if isinstance(text, SecretStr) else text

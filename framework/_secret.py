"""Texts that nobody should see."""

from typing import NoReturn

__all__ = ("SecretStr",)


class SecretStr:
    """A text that neither ``repr()`` nor ``str()``, and so no log or traceback, shows; read it with ``reveal()``.

    It can be read from a request and cannot be part of an answer.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text itself."""
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
        # Pickled or copied to a cache, it would be there for all to read.
        raise TypeError("a SecretStr cannot be pickled")

    def __copy__(self) -> "SecretStr":
        return self

    def __deepcopy__(self, _: object) -> "SecretStr":
        return self

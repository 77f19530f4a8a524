"""Errors of operators: environment variables that are missing, misspelt or invalid."""

from collections.abc import Sequence
from typing import ClassVar

from msgspec import Struct

from framework.startup import ReportedError

__all__ = ("SettingError", "SettingsError")


class SettingError(Struct, frozen=True):
    """One error: the variable (or the place in a file), what is wrong, and a hint. Values are never part of it."""

    variable: str
    what: str
    hint: str = ""

    def __str__(self) -> str:
        hint = f"\n  Hint: {self.hint}." if self.hint else ""
        return f"{self.variable}: {self.what}.{hint}"


class SettingsError(ReportedError, Exception):
    """All errors of the settings, as ``read_settings`` raises them; the message lists them.

    If it is not caught, only the message is printed.
    """

    code: ClassVar[str] = "E901"
    """``framework explain CODE`` prints an explanation."""

    def __init__(self, errors: Sequence[SettingError]) -> None:
        super().__init__(errors)
        self.errors = tuple(errors)

    def listing(self) -> str:
        """Return all errors, one below the other, and their number."""
        number = f"{len(self.errors)} error{'s' if len(self.errors) > 1 else ''} in the settings."
        return "\n".join([*map(str, self.errors), number])

    def explained_by(self) -> str:
        """Return a line with the command that explains the errors."""
        return f"Explained by: framework explain {self.code}"

    def __str__(self) -> str:
        return self.listing()

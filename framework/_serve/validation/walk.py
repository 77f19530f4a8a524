"""The state of a walk through a rejected value."""

from msgspec import Struct

from framework.http_errors import FieldError

__all__ = ("FullError", "Walk")


class FullError(Exception):
    """There are more errors than may be reported."""


class Walk(Struct, frozen=True):
    """One walk: its settings, and the errors found so far."""

    location: str
    strict: bool
    limit: int
    errors: list[FieldError]

    def add(self, pointer: str, code: str, detail: str) -> None:
        """Add an error, or raise FullError if the limit is reached."""
        if len(self.errors) >= self.limit:
            raise FullError
        self.errors.append(FieldError(self.location, pointer, code, detail))

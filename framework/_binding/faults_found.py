"""What a walk through a refused value gathers."""

from msgspec import Struct

from framework.http_errors import FieldError

__all__ = ("FullError", "Walk")


class FullError(Exception):
    """There are more faults than may be reported."""


class Walk(Struct, frozen=True):
    """One walk: its settings, and the faults found so far."""

    location: str
    strict: bool
    limit: int
    faults: list[FieldError]

    def add(self, pointer: str, code: str, detail: str) -> None:
        """Keep a fault, or raise FullError where there is no room."""
        if len(self.faults) >= self.limit:
            raise FullError
        self.faults.append(FieldError(self.location, pointer, code, detail))

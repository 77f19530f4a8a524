"""The errors of a call whose response is not a success."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from framework.http_errors import FieldError, reason_phrase

__all__ = ("ProblemError", "UnexpectedStatus", "unexpected")

_SHOWN = 500


class UnexpectedStatus(AssertionError):
    """A handler was called and the status of the response is not 2xx."""

    def __init__(self, request: str, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body
        super().__init__(f"{request} responded with {status} {reason_phrase(status)}{self._about()}")

    def _about(self) -> str:
        text = self.body[:_SHOWN].decode(errors="replace")
        return f": {text}" if text else ""


class ProblemError(UnexpectedStatus):
    """A handler was called and the response is a problem (RFC 9457)."""

    def __init__(self, request: str, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.problem: dict[str, Any] = msgspec.json.decode(body, type=dict[str, Any])
        """The body, with the members of the error: ``error.problem["sku"]``."""
        super().__init__(request, status, headers, body)

    @property
    def title(self) -> str:
        """The title of the problem."""
        return str(self.problem["title"])

    @property
    def detail(self) -> str | None:
        """The detail of the problem, if it has one."""
        return self.problem.get("detail")

    @property
    def errors(self) -> Sequence[FieldError]:
        """The validation errors of the request."""
        return msgspec.convert(self.problem.get("errors", []), list[FieldError])

    def _about(self) -> str:
        title = "" if self.title == reason_phrase(self.status) else f" ({self.title})"
        detail = "" if self.detail is None else f": {self.detail}"
        lines = [f"\n  {one.location} {one.pointer or '(the whole)'}: {one.detail}" for one in self.errors]
        return f"{title}{detail}{''.join(lines)}"


def unexpected(request: str, status: int, headers: Mapping[str, str], body: bytes) -> UnexpectedStatus:
    """Return the error for a response: a ProblemError if its body is a problem."""
    is_problem = headers.get("Content-Type", "").partition(";")[0] == "application/problem+json"
    return (ProblemError if is_problem else UnexpectedStatus)(request, status, headers, body)

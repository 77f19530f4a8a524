"""Responses of called handlers, and their values."""

from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar

from framework.formats import JSON, Format
from framework.operations import Operation
from framework.testing.unexpected import unexpected

__all__ = ("Reader", "Reply")

_T = TypeVar("_T")
_FIRST, _LAST = 200, 299


class Reply(Generic[_T]):
    """The response to a call, with its value as the type that the handler returns."""

    def __init__(self, request: str, status: int, headers: Mapping[str, str], body: bytes, *, read: "Reader") -> None:
        self.status = status
        self.headers = headers
        self.body = body
        self._request = request
        self._read = read

    @property
    def is_success(self) -> bool:
        """Whether the status is 2xx."""
        return _FIRST <= self.status <= _LAST

    @property
    def value(self) -> _T:
        """The decoded body. Raises ProblemError or UnexpectedStatus if the status is not 2xx."""
        if not self.is_success:
            raise unexpected(self._request, self.status, self.headers, self.body)
        value: _T = self._read(self.body, self.headers.get("Content-Type", ""))
        return value

    def __repr__(self) -> str:
        return f"<Reply to {self._request}: {self.status}, {len(self.body)} bytes>"


class Reader:
    """Decodes the bodies of an operation's successful responses."""

    def __init__(self, operation: Operation, formats: Sequence[Format]) -> None:
        self._operation = operation
        self._formats = (*formats, JSON)

    def __call__(self, body: bytes, content_type: str) -> Any:
        """Return the value of a body, a list of all items of a stream."""
        operation = self._operation
        if operation.result is type(None):
            return None
        if not operation.has_result:
            raise TypeError(f"{operation.name} returns a response, not a value: use client.send(...)")
        if operation.stream in {"bytes", "text"}:
            return [body] if operation.stream == "bytes" else [body.decode()]
        if operation.stream == "JSON lines":
            decode = JSON.decoder(operation.result)
            return [decode(line) for line in body.splitlines() if line]
        if operation.stream is not None:
            raise TypeError(f"{operation.name} sends events: use client.events(...)")
        return self._whole(body, content_type.partition(";")[0].strip().lower())

    def _whole(self, body: bytes, media_type: str) -> Any:
        found = next((one for one in self._formats if one.reads(media_type)), None)
        if found is not None:
            return found.decoder(self._operation.result)(body)
        return body.decode() if media_type.startswith("text/") else body

"""Answers to a client that are errors, rendered as RFC 9457 problem details."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self, dataclass_transform

from msgspec import Struct

__all__ = (
    "BadRequest",
    "Conflict",
    "ContentTooLarge",
    "ExpectationFailed",
    "FieldError",
    "Forbidden",
    "Gone",
    "HTTPError",
    "InternalServerError",
    "MethodNotAllowed",
    "NotAcceptable",
    "NotFound",
    "NotImplementedMethod",
    "PreconditionFailed",
    "PreconditionRequired",
    "RangeNotSatisfiable",
    "RequestTimeout",
    "ServiceUnavailable",
    "TooManyRequests",
    "Unauthorized",
    "UnprocessableContent",
    "UnsupportedMediaType",
    "UpgradeRequired",
    "VersionNotSupported",
    "reason_phrase",
)

# RFC 9110, section 15, and RFC 6585; http.HTTPStatus changed four of these phrases in Python 3.13.
_PHRASES: dict[int, str] = {
    100: "Continue", 101: "Switching Protocols", 103: "Early Hints",
    200: "OK", 201: "Created", 202: "Accepted", 203: "Non-Authoritative Information", 204: "No Content",
    205: "Reset Content", 206: "Partial Content", 207: "Multi-Status", 208: "Already Reported", 226: "IM Used",
    300: "Multiple Choices", 301: "Moved Permanently", 302: "Found", 303: "See Other", 304: "Not Modified",
    307: "Temporary Redirect", 308: "Permanent Redirect",
    400: "Bad Request", 401: "Unauthorized", 402: "Payment Required", 403: "Forbidden", 404: "Not Found",
    405: "Method Not Allowed", 406: "Not Acceptable", 407: "Proxy Authentication Required", 408: "Request Timeout",
    409: "Conflict", 410: "Gone", 411: "Length Required", 412: "Precondition Failed", 413: "Content Too Large",
    414: "URI Too Long", 415: "Unsupported Media Type", 416: "Range Not Satisfiable", 417: "Expectation Failed",
    421: "Misdirected Request", 422: "Unprocessable Content", 423: "Locked", 424: "Failed Dependency", 425: "Too Early",
    426: "Upgrade Required", 428: "Precondition Required", 429: "Too Many Requests",
    431: "Request Header Fields Too Large", 451: "Unavailable For Legal Reasons",
    500: "Internal Server Error", 501: "Not Implemented", 502: "Bad Gateway", 503: "Service Unavailable",
    504: "Gateway Timeout", 505: "HTTP Version Not Supported", 506: "Variant Also Negotiates",
    507: "Insufficient Storage", 508: "Loop Detected", 511: "Network Authentication Required",
}  # fmt: skip


def reason_phrase(status: int) -> str:
    """Return the reason phrase of a status as RFC 9110 names it, on every Python version: 413 -> Content Too Large."""
    return _PHRASES.get(status, "")


class FieldError(Struct, frozen=True):
    """One entry of a problem's ``errors``: where in the request, which kind, and what was expected.

    ``location`` is path, query, header, cookie, body or form; ``pointer`` is a JSON pointer (RFC 6901) below it.
    """

    location: str
    pointer: str
    code: str
    detail: str


class _Required:
    """Marks a member of a problem that has no default."""


_REQUIRED = _Required()
# Attributes of every error, or of every exception, that a member of the same name would hide.
_TAKEN = frozenset(("add_note", "args", "detail", "headers", "members", "problem", "with_traceback"))


def _member(*, default: Any = _REQUIRED, kw_only: bool = True) -> Any:  # noqa: ARG001  read by type checkers only
    """Declare a member with a default (a field specifier of PEP 681)."""
    return default


@dataclass_transform(kw_only_default=True, field_specifiers=(_member,))
class _Members:
    """Gives subclasses a checked constructor from their annotated members."""

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)


class HTTPError(_Members, Exception):
    """An answer to a client that is an error; declare your own with a status, a title and typed members.

    ``class OutOfStock(HTTPError, status=409, title="Out of stock")`` with ``sku: str`` is raised as
    ``OutOfStock("3 left", sku="A-1", headers={...})``. The members stand in the problem body beside ``type``,
    ``title``, ``status``, ``detail`` and ``instance`` (RFC 9457).
    """

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal Server Error"
    type: ClassVar[str] = "about:blank"
    members: ClassVar[tuple[str, ...]] = ()

    detail: str | None = _member(default=None, kw_only=False)
    headers: Mapping[str, str] | None = _member(default=None)

    def __init_subclass__(
        cls,
        *,
        status: int | None = None,
        title: str | None = None,
        type: str | None = None,  # noqa: A002  the member's name in RFC 9457
        **keywords: Any,
    ) -> None:
        for name in keywords:
            instead = "status" if name in _STATUSES else "status, title or type"
            raise TypeError(f"class {cls.__name__}: an HTTPError has no option {name}=; write {instead}= instead")
        super().__init_subclass__()
        _check_attributes(cls)
        if status is not None:
            cls.status = status
        if "status" in vars(cls) and "title" not in vars(cls):
            cls.title = reason_phrase(cls.status)
        if title is not None:
            cls.title = title
        if type is not None:
            cls.type = type
        cls.members = _members_of(cls)

    def __new__(cls, *values: Any, **_: Any) -> Self:
        """Refuse a number where the detail stands: the status belongs to the class."""
        if values and isinstance(values[0], int):
            raise TypeError(f"{cls.__name__}({values[0]}): {_status_hint(values[0])}")
        return super().__new__(cls, *values)

    def __init__(self, detail: str | None = None, *, headers: Mapping[str, str] | None = None, **members: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.headers = headers
        unknown = [name for name in members if name not in self.members]
        if unknown:
            hint = f": {_status_hint(members[unknown[0]])}" if unknown[0] in _STATUSES else ""
            raise TypeError(f"{type(self).__name__}() has no member {unknown[0]!r}{hint}")
        for name in self.members:
            if name in members:
                setattr(self, name, members[name])
            elif not hasattr(type(self), name):
                raise TypeError(f"{type(self).__name__}() misses the member {name!r}")

    def problem(self, instance: str) -> dict[str, Any]:
        """Return the problem body (RFC 9457) for a request on ``instance``, the percent-encoded path."""
        body: dict[str, Any] = {"type": self.type, "title": self.title, "status": self.status}
        if self.detail is not None:
            body["detail"] = self.detail
        body["instance"] = instance
        for name in self.members:
            body[name] = getattr(self, name)
        return body

    def __str__(self) -> str:
        return f"{self.status} {self.title}" + (f": {self.detail}" if self.detail else "")


# What the status is called by others, and where HTTPError has it not.
_STATUSES = frozenset({"status_code", "code", "status"})


def _status_hint(status: object) -> str:
    ways = f"raise one of framework.http_errors, or declare class Name(HTTPError, status={status})"
    return f"the status belongs to the class; {ways}"


def _check_attributes(cls: type[HTTPError]) -> None:
    """Raise TypeError for what is not a status here: ``status_code = 404``."""
    for name in ("status_code", "code"):
        if isinstance(vars(cls).get(name), int) and name not in cls.__annotations__:
            raise TypeError(f"class {cls.__name__}: {name} = {vars(cls)[name]} has no effect; write status instead")


def _members_of(cls: type[HTTPError]) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for base in reversed(cls.__mro__):
        if base is HTTPError or not issubclass(base, HTTPError):
            continue
        for name, annotation in base.__annotations__.items():
            if "ClassVar" not in str(annotation):
                if name in _TAKEN:
                    raise TypeError(f"class {cls.__name__}: every HTTPError has {name} already; rename the member")
                names[name] = None
    return tuple(names)


class BadRequest(HTTPError, status=400):
    """What was sent cannot be parsed."""

    errors: Sequence[FieldError] = _member(default=())


class Unauthorized(HTTPError, status=401):
    """Who is asking must be known first; set ``WWW-Authenticate`` through ``headers``."""


class Forbidden(HTTPError, status=403):
    """Who is asking may not do this."""


class NotFound(HTTPError, status=404):
    """There is no such thing."""


class MethodNotAllowed(HTTPError, status=405):
    """The path exists, the method does not; ``Allow`` names those that do."""


class NotAcceptable(HTTPError, status=406):
    """No answer that the client accepts."""


class RequestTimeout(HTTPError, status=408):
    """The client sent too slowly."""


class Conflict(HTTPError, status=409):
    """The request contradicts what is."""


class Gone(HTTPError, status=410):
    """There was such a thing once."""


class PreconditionFailed(HTTPError, status=412):
    """``If-Match`` or another precondition did not hold."""


class ContentTooLarge(HTTPError, status=413):
    """The body exceeds a limit."""


class UnsupportedMediaType(HTTPError, status=415):
    """A Content-Type or Content-Encoding that the route does not read."""


class RangeNotSatisfiable(HTTPError, status=416):
    """The part that was asked for does not exist; ``Content-Range`` says how much there is."""


class ExpectationFailed(HTTPError, status=417):
    """An ``Expect`` header that cannot be met."""


class UnprocessableContent(HTTPError, status=422):
    """What was sent parses but is invalid; ``errors`` lists every error."""

    errors: Sequence[FieldError] = _member(default=())


class UpgradeRequired(HTTPError, status=426):
    """The path speaks another protocol; ``Upgrade`` names it."""


class PreconditionRequired(HTTPError, status=428):
    """The request must be conditional."""


class TooManyRequests(HTTPError, status=429):
    """A rate limit was met; set ``Retry-After`` through ``headers``."""


class InternalServerError(HTTPError, status=500):
    """The server failed; the client learns nothing more."""


class NotImplementedMethod(HTTPError, status=501):
    """A method that no resource of this server knows."""


class VersionNotSupported(HTTPError, status=505):
    """The request is of a version of HTTP that is not spoken here."""


class ServiceUnavailable(HTTPError, status=503):
    """The server cannot answer now."""

"""Error responses, rendered as problem details (RFC 9457)."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self, dataclass_transform

from msgspec import Struct

from framework._http.pointers import unescape
from framework._http.statuses import reason_phrase

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
    "InvalidForm",
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


class FieldError(Struct, frozen=True):
    """One entry of a problem's ``errors``: its place in the request, its kind, and what was expected.

    ``location`` is path, query, header, cookie, body or form; ``pointer`` is a JSON pointer (RFC 6901) below it.
    """

    location: str
    pointer: str
    code: str
    detail: str


class _Required:
    """Marks a member of a problem that has no default."""


_REQUIRED = _Required()
# Attributes of every HTTPError or exception, which a member of the same name would hide.
_TAKEN = frozenset(
    (
        "add_note", "args", "detail", "header_descriptions", "headers", "members", "problem", "renamed",
        "with_traceback",
    )
)  # fmt: skip


def _member(*, default: Any = _REQUIRED, kw_only: bool = True) -> Any:  # noqa: ARG001  read by type checkers only
    """Declare a member with a default (a field specifier of PEP 681)."""
    return default


@dataclass_transform(kw_only_default=True, field_specifiers=(_member,))
class _Members:
    """Gives subclasses a checked constructor from their annotated members."""

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)


class HTTPError(_Members, Exception):
    """An error response; declare subclasses with a status, a title and typed members.

    ``class OutOfStock(HTTPError, status=409, title="Out of stock")`` with ``sku: str`` is raised as
    ``OutOfStock("3 left", sku="A-1", headers={...})``. The members are in the problem body beside ``type``,
    ``title``, ``status``, ``detail`` and ``instance`` (RFC 9457).
    """

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal Server Error"
    type: ClassVar[str] = "about:blank"
    members: ClassVar[tuple[str, ...]] = ()
    renamed: ClassVar[Mapping[str, str]] = {}
    """Names that members have in the body, where these are not the same."""
    header_descriptions: ClassVar[Mapping[str, str]] = {}
    """The headers that the error always has, by their names, for the document."""

    detail: str | None = _member(default=None, kw_only=False)
    headers: Mapping[str, str] | None = _member(default=None)

    def __init_subclass__(
        cls,
        *,
        status: int | None = None,
        title: str | None = None,
        type: str | None = None,  # noqa: A002  the member's name in RFC 9457
        rename: Mapping[str, str] | None = None,
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
        if rename is not None:
            cls.renamed = {**cls.renamed, **rename}
        cls.members = _members_of(cls)

    def __new__(cls, *values: Any, **_: Any) -> Self:
        """Reject a number as detail: the status belongs to the class."""
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
            body[self.renamed.get(name, name)] = getattr(self, name)
        return body

    def __str__(self) -> str:
        return f"{self.status} {self.title}" + (f": {self.detail}" if self.detail else "")


# Names of the status in other frameworks, which HTTPError does not use.
_STATUSES = frozenset({"status_code", "code", "status"})


def _status_hint(status: object) -> str:
    ways = f"raise one of framework.http_errors, or declare class Name(HTTPError, status={status})"
    return f"the status belongs to the class; {ways}"


def _check_attributes(cls: type[HTTPError]) -> None:
    """Raise TypeError for attributes that would not set the status: ``status_code = 404``."""
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
    """The request cannot be parsed."""

    errors: Sequence[FieldError] = _member(default=())


class Unauthorized(HTTPError, status=401):
    """The request requires valid credentials; set ``WWW-Authenticate`` with ``headers=``."""


class Forbidden(HTTPError, status=403):
    """The credentials do not allow this request."""


class NotFound(HTTPError, status=404):
    """The resource does not exist."""


class MethodNotAllowed(HTTPError, status=405):
    """The path does not have this method; ``Allow`` lists its methods."""


class NotAcceptable(HTTPError, status=406):
    """No available media type is acceptable to the client."""


class RequestTimeout(HTTPError, status=408):
    """The client sent too slowly."""


class Conflict(HTTPError, status=409):
    """The request conflicts with the current state."""


class Gone(HTTPError, status=410):
    """The resource no longer exists."""


class PreconditionFailed(HTTPError, status=412):
    """``If-Match`` or another precondition did not hold."""


class ContentTooLarge(HTTPError, status=413):
    """The body exceeds a limit."""


class UnsupportedMediaType(HTTPError, status=415):
    """The route does not accept this Content-Type or Content-Encoding."""


class RangeNotSatisfiable(HTTPError, status=416):
    """The requested range does not exist; ``Content-Range`` has the size."""


class ExpectationFailed(HTTPError, status=417):
    """The ``Expect`` header cannot be met."""


class UnprocessableContent(HTTPError, status=422):
    """The request can be parsed but is invalid; ``errors`` lists every error."""

    errors: Sequence[FieldError] = _member(default=())


class InvalidForm(UnprocessableContent, status=422):
    """A form that can be parsed but is invalid; ``values`` has what was sent, so that a page can show it again.

    An exception handler for it renders the form with the errors. A handler of a form may raise it, too:
    ``raise InvalidForm("Taken", errors=[FieldError("form", "/name", "value", "Taken")], values={"name": form.name})``.
    """

    def __init__(
        self,
        detail: str | None = None,
        *,
        errors: Sequence[FieldError] = (),
        values: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail, errors=errors, headers=headers)
        self._values = {} if values is None else dict(values)

    @property
    def values(self) -> Mapping[str, Any]:
        """The strings that were sent, by the names of the fields; without files, separate parts and secrets."""
        return self._values

    @property
    def messages(self) -> Mapping[str, list[str]]:
        """The details of the errors by the names of the fields; those of the whole form are under an empty name."""
        found: dict[str, list[str]] = {}
        for one in self.errors:
            name = unescape(one.pointer[1:].partition("/")[0]) if one.location == "form" else ""
            found.setdefault(name, []).append(one.detail)
        return found


class UpgradeRequired(HTTPError, status=426):
    """The path requires another protocol; ``Upgrade`` has its name."""


class PreconditionRequired(HTTPError, status=428):
    """The request must be conditional."""


class TooManyRequests(HTTPError, status=429):
    """A rate limit is exceeded; set ``Retry-After`` with ``headers=``."""


class InternalServerError(HTTPError, status=500):
    """The server failed; the response has no details."""


class NotImplementedMethod(HTTPError, status=501):
    """No resource of this server has this method."""


class VersionNotSupported(HTTPError, status=505):
    """The server does not support this version of HTTP."""


class ServiceUnavailable(HTTPError, status=503):
    """The server cannot handle the request now."""

"""Path templates: ``/orders/{order_id}``, ``/files/{name:path}``, ``/reports/{year}.pdf``."""

import keyword
import re
from collections.abc import Mapping
from urllib.parse import quote

from msgspec import Struct

from framework.errors import InvalidPathError

__all__ = ("PathTemplate", "Segment", "join_paths", "parse_template")

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_NAME = re.compile(r"[^\W\d]\w*\Z")
# Literals that no request can match, or that are placeholders of another kind of router.
_REFUSED: tuple[tuple[re.Pattern[str], str, str], ...] = (
    (re.compile(r".*(\(\?P<|\\\w)|\^"), "is a regular expression", "write placeholders as {{name}}"),
    (re.compile(r".*[?#]"), "holds '?' or '#', which end a path", "declare what follows as a parameter"),
    (re.compile(r".*%"), "holds '%'", "write the character itself; paths are encoded when they are compared"),
    (re.compile(r"\.\.?\Z"), "holds the segment {!r}, which clients resolve", "write the intended path"),
    (re.compile(r":\w+\Z|<.+>\Z"), "holds the segment {!r}", "write placeholders as {{name}}"),
)
# RFC 3986, section 3.3: the characters of a segment that are not percent-encoded.
_SEGMENT_SAFE = "!$&'()*+,;=:@"


class Segment(Struct, frozen=True, kw_only=True):
    """A part between two slashes: a literal, a placeholder (perhaps inside literals), or the rest of the path."""

    before: str
    name: str | None = None
    after: str = ""
    rest: bool = False


_EMPTY = Segment(before="")


class PathTemplate(Struct, frozen=True, kw_only=True):
    """A path with placeholders, segment by segment; the string is the joined template."""

    text: str
    segments: tuple[Segment, ...]

    @property
    def placeholders(self) -> tuple[str, ...]:
        """The names of the placeholders, from left to right."""
        return tuple(one.name for one in self.segments if one.name is not None)

    @property
    def shape(self) -> tuple[tuple[str, str, bool] | str, ...]:
        """The key by which two templates match the same paths: ``{id}`` equals ``{user_id}``."""
        return tuple(one.before if one.name is None else (one.before, one.after, one.rest) for one in self.segments)

    def fill(self, values: Mapping[str, str]) -> str:
        """Return the percent-encoded path with the values of the placeholders: ``{id}`` and ``a/b`` -> ``a%2Fb``."""
        return "".join("/" + _filled(one, values) for one in self.segments)


def _filled(segment: Segment, values: Mapping[str, str]) -> str:
    before = quote(segment.before, safe=_SEGMENT_SAFE)
    if segment.name is None:
        return before
    safe = _SEGMENT_SAFE + "/" if segment.rest else _SEGMENT_SAFE
    return before + quote(values[segment.name], safe=safe) + quote(segment.after, safe=_SEGMENT_SAFE)


def join_paths(*parts: str) -> str:
    """Join paths without doubling slashes: ``/v1/`` and ``/orders`` -> ``/v1/orders``; without parts -> ``/``.

    A part that is empty or ``/`` adds nothing, so ``@get("/")`` is the controller's own path.
    """
    path = ""
    for part in parts:
        if part not in {"", "/"}:
            path = f"{path.rstrip('/')}/{part.lstrip('/')}"
    return path or "/"


def parse_template(path: str, where: str) -> PathTemplate:
    """Parse a joined path template; raises InvalidPathError."""
    segments = tuple(_parse_segment(text, path, where) for text in path[1:].split("/"))
    template = PathTemplate(text=path, segments=segments)
    if any(one == _EMPTY for one in segments[:-1]):
        raise InvalidPathError(where, path, "has an empty segment", hint="write the path alone, with single slashes")
    if any(one.rest for one in segments[:-1]):
        raise InvalidPathError(where, path, "goes on after its rest-of-path placeholder", hint="put {…:path} last")
    names = template.placeholders
    for name in names:
        if names.count(name) > 1:
            raise InvalidPathError(
                where, path, f"has the placeholder {{{name}}} twice", hint="give each placeholder a name of its own"
            )
    return template


def _parse_segment(text: str, path: str, where: str) -> Segment:
    found = list(_PLACEHOLDER.finditer(text))
    if "{" in _PLACEHOLDER.sub("", text) or "}" in _PLACEHOLDER.sub("", text):
        raise InvalidPathError(where, path, "has a brace without its partner", hint="write placeholders as {name}")
    for pattern, reason, hint in _REFUSED:
        if pattern.match(_PLACEHOLDER.sub("{}", text)):
            raise InvalidPathError(where, path, reason.format(text), hint=hint.format())
    if not found:
        return Segment(before=text)
    if len(found) > 1:
        raise InvalidPathError(
            where, path, f"has two placeholders in one segment ({text!r})", hint="put a slash between them"
        )
    name, colon, kind = found[0].group(1).partition(":")
    before, after = text[: found[0].start()], text[found[0].end() :]
    if not _NAME.match(name) or keyword.iskeyword(name):
        raise InvalidPathError(
            where, path, f"has the placeholder {{{name}}}, which is not a Python name", hint="use letters, digits and _"
        )
    if colon and (kind != "path" or before or after):
        raise InvalidPathError(
            where,
            path,
            f"has the placeholder {{{found[0].group(1)}}}",
            hint="write {name}, or {name:path} as a whole last segment; the type comes from the handler's annotation",
        )
    return Segment(before=before, name=name, after=after, rest=bool(colon))

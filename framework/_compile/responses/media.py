"""The media types in which a value is written: those of the app's formats, or of the route."""

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import inspect

from framework._http.media_types import essence
from framework._inspect.names import type_name
from framework._inspect.types import kind_of, subtypes
from framework._plan import Encoding, MediaPlan
from framework._serve.responses.encoders import encode_bytes, encode_msgspec, encode_orjson
from framework.errors import InvalidResponseError, UnencodableReturnError
from framework.formats import JSON, Format

__all__ = ("is_numpy", "plan_media")

_ENCODERS: dict[Encoding, Callable[[Any], bytes]] = {
    Encoding.TEXT: str.encode,
    Encoding.BYTES: encode_bytes,
    Encoding.MSGSPEC: encode_msgspec,
    Encoding.ORJSON: encode_orjson,
}
_AS_IT_IS = {
    Encoding.TEXT: "text/plain; charset=utf-8",
    Encoding.BYTES: "application/octet-stream",
}


def plan_media(
    annotation: Any, encoding: Encoding, *, where: str, formats: Sequence[Format], declared: str | Sequence[str] | None
) -> tuple[MediaPlan, ...]:
    """Return the encodings of a value; the first one is for clients without ``Accept``.

    Raises InvalidResponseError, UnencodableReturnError.
    """
    listed = (declared,) if isinstance(declared, str) else tuple(declared or ())
    if encoding in {Encoding.NONE, Encoding.PASS}:
        if listed:
            raise InvalidResponseError(
                where,
                f"media_type={declared!r} has no value to describe",
                hint="annotate it with the type of the value, or drop media_type=",
            )
        return ()
    if encoding in _AS_IT_IS:
        return _as_it_is(annotation, encoding, listed, where)
    usable = [one for one in formats if one is JSON or not _is_json_alone(annotation)]
    if not usable:
        raise UnencodableReturnError(where, type_name(annotation), "no format of the app but JSON writes it")
    if listed:
        return tuple(_as_declared(one, annotation, encoding, usable, where) for one in listed)
    return (
        *(MediaPlan(media_type=one.media_type, encode=_encoder(one, annotation, encoding)) for one in usable),
        *(
            MediaPlan(media_type=alias, encode=_encoder(one, annotation, encoding), listed=False)
            for one in usable
            for alias in one.aliases
        ),
    )


def is_numpy(annotation: Any) -> bool:
    """Return whether a type is one of numpy's, which only orjson writes."""
    return getattr(annotation, "__module__", "").partition(".")[0] == "numpy"


def _is_json_alone(annotation: Any) -> bool:
    # msgspec.Raw is encoded already.
    return is_numpy(annotation) or any(isinstance(one, inspect.RawType) for one in subtypes(kind_of(annotation)))


def _as_it_is(annotation: Any, encoding: Encoding, listed: Sequence[str], where: str) -> tuple[MediaPlan, ...]:
    if len(listed) > 1:
        raise InvalidResponseError(
            where,
            f"media_type= names {len(listed)} media types, and {type_name(annotation)} is written in one way",
            hint="keep one of them; if the handler chooses the type, return Response(value, media_type=…) instead",
        )
    media_type = listed[0] if listed else _AS_IT_IS[encoding]
    if encoding is Encoding.TEXT and media_type.startswith("text/") and "charset=" not in media_type.lower():
        media_type += "; charset=utf-8"
    return (MediaPlan(media_type=media_type, encode=_ENCODERS[encoding]),)


def _as_declared(
    media_type: str, annotation: Any, encoding: Encoding, formats: Sequence[Format], where: str
) -> MediaPlan:
    written_by = next((one for one in formats if one.reads(essence(media_type))), None)
    if written_by is None:
        known = ", ".join(one.media_type for one in formats)
        raise InvalidResponseError(
            where,
            f"no format of the app writes {type_name(annotation)} as {media_type}",
            hint=f"return str or bytes, or name {known} or a type that ends with a suffix of theirs",
        )
    return MediaPlan(media_type=media_type, encode=_encoder(written_by, annotation, encoding))


def _encoder(one: Format, annotation: Any, encoding: Encoding) -> Callable[[Any], bytes]:
    # The type decides which of two JSON encoders is faster.
    return _ENCODERS[encoding] if one is JSON else one.encoder(annotation)

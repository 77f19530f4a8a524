"""What schemathesis takes for a mistake of the app, and is none: it judges requests before they are written."""

import re
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from framework.formats import MSGPACK
from framework.media_types import essence
from framework.testing.extras import need

__all__ = ("is_no_mistake", "is_too_long", "is_unstable_example", "is_writable")

# aiohttp's max_line_size and max_field_size are 8190, with what stands around target and value.
_LONGEST = 8_100
_FORMS = frozenset({"multipart/form-data", "application/x-www-form-urlencoded"})
_FIELD = re.compile("/properties/([^/]+)")
_PROPERTY = re.compile("/properties/([^/]+)/type")
# Every part of a form is a text, and a name that comes once a list of one.
_OF_ANY_FORM = frozenset({"string", "array"})


def is_writable(case: Any) -> bool:
    """Tell whether a body can be sent: MessagePack has no integers beyond 64 bits, and no texts that are not UTF-8."""
    if case.media_type is None or not MSGPACK.reads(essence(case.media_type)):
        return True
    try:
        msgspec.msgpack.encode(case.body)
    except (OverflowError, TypeError, UnicodeEncodeError):
        return False
    return True


def is_unstable_example(event: Any) -> bool:
    """Tell whether an example could not be made twice alike: no request was sent, so nothing is said of the app."""
    return event.phase == "examples" and isinstance(event.value, need("hypothesis.errors").Flaky)


def is_no_mistake(check: str, case: Any, interaction: Any) -> bool:
    """Tell whether the answer that a check complains of is right all the same."""
    if interaction is None or interaction.response is None:
        return False
    if check == "negative_data_rejection" and (
        _is_good_as_written(case, interaction.request.body or b"")
        or _is_empty_as_written(case, interaction.request.uri)
    ):
        return True
    return is_too_long(interaction)


# Bad Request from aiohttp's own path, else URI Too Long (RFC 9110) or Request Header Fields Too Large (RFC 6585).
_TOO_LONG = frozenset({400, 414, 431})


def is_too_long(interaction: Any) -> bool:
    """Tell whether a head was longer than aiohttp reads: it is refused before the app has a say."""
    if interaction.response.status_code not in _TOO_LONG:
        return False
    request = interaction.request
    return any(len(one) > _LONGEST for one in (request.uri, *chain.from_iterable(request.headers.values())))


def _is_empty_as_written(case: Any, uri: str) -> bool:
    """Tell whether nothing is wrong but arrays of one empty string: between commas or pipes, that is an empty array."""
    mutations = case.meta.phase.data.mutations
    places = [_FIELD.match(one.schema_pointer) for one in mutations]
    names = [place[1] for place in places if place is not None]
    in_query = all(one.parameter_location is not None and one.parameter_location.name == "QUERY" for one in mutations)
    sent = parse_qs(urlsplit(uri).query, keep_blank_values=True)
    return bool(names) and len(names) == len(places) and in_query and all(_is_joined(case, one, sent) for one in names)


def _is_joined(case: Any, name: str, sent: Mapping[str, list[str]]) -> bool:
    """Tell whether nothing was sent of a parameter whose items stand between commas or pipes."""
    parameter = case.operation.query.get(name)
    return parameter is not None and parameter.definition.get("explode") is False and sent.get(name) == [""]


def _is_good_as_written(case: Any, sent: bytes) -> bool:
    """Tell whether nothing is wrong with a request but a body that is another one when it is written."""
    data = case.meta.phase.data
    places = {data.parameter_location, *(one.parameter_location for one in data.mutations)}
    body = case.operation.get_body_for_media_type(case.media_type) if case.media_type else None
    if body is None or any(one is not None and one.name != "BODY" for one in places):
        return False
    schema = body.definition.get("schema", {})
    if essence(case.media_type) in _FORMS:
        changed = list(_changed_types(data, schema.get("properties", {})))
        return bool(changed) and all(one in _OF_ANY_FORM for one in changed)
    if data.mutations and all(_misses_no_format(case.body, one) for one in data.mutations):
        return True
    # Any bytes are good bytes, if they are neither too many nor too few.
    return bool(schema.get("format") == "binary" and schema.get("minLength", 0) <= len(sent) <= schema["maxLength"])


def _misses_no_format(body: Any, mutation: Any) -> bool:
    """Tell whether what was to miss a format is not text: null has no format (JSON Schema, section 7)."""
    place = _FIELD.fullmatch(mutation.schema_pointer)
    if mutation.keywords != ("format",) or place is None or not isinstance(body, Mapping):
        return False
    return not isinstance(body.get(place[1], ""), str)


def _changed_types(data: Any, properties: Mapping[str, Any]) -> Iterator[Any]:
    """Yield what the types were of all fields that have another one; ``None`` for what else is wrong."""
    for one in data.mutations:
        if one.keywords == ("type",):
            yield one.original_value
        else:
            place = _FIELD.match(one.schema_pointer)
            field = properties.get(place[1], {}) if place is not None else {}
            # A file has no format that its bytes could miss.
            is_file = "binary" in {field.get("format"), field.get("items", {}).get("format")}
            yield "string" if one.keywords == ("format",) and is_file else None
    if not data.mutations:
        place = _PROPERTY.fullmatch(data.location or "")
        yield properties[place[1]].get("type") if place is not None and place[1] in properties else None

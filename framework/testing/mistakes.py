"""Filters false failures of schemathesis: it judges requests before they are encoded."""

import re
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from framework._http.media_types import essence
from framework.formats import JSON, MSGPACK
from framework.testing.extras import need

__all__ = ("is_no_mistake", "is_too_long", "is_unstable_example", "is_writable")

# aiohttp's max_line_size and max_field_size are 8190, including the bytes around target and value.
_LONGEST = 8_100
_FORMS = frozenset({"multipart/form-data", "application/x-www-form-urlencoded"})
_FIELD = re.compile("/properties/([^/]+)")
_PROPERTY = re.compile("/properties/([^/]+)/type")
_ALTERNATIVE = re.compile(r"/properties/([^/]+)/anyOf/\d+")
# Every part of a form is a string, and a name that is sent once is a list of one item.
_OF_ANY_FORM = frozenset({"string", "array"})


def is_writable(case: Any) -> bool:
    """Return whether a body can be sent: MessagePack has no integers beyond 64 bits, and only UTF-8 strings."""
    if case.media_type is None or not MSGPACK.reads(essence(case.media_type)):
        return True
    try:
        msgspec.msgpack.encode(case.body)
    except (OverflowError, TypeError, UnicodeEncodeError):
        return False
    return True


def is_unstable_example(event: Any) -> bool:
    """Return whether an example could not be generated twice alike: no request was sent, so the app did not fail."""
    return event.phase == "examples" and isinstance(event.value, need("hypothesis.errors").Flaky)


def is_no_mistake(check: str, case: Any, interaction: Any) -> bool:
    """Return whether the response that fails a check is correct nevertheless."""
    if interaction is None or interaction.response is None:
        return False
    if check == "negative_data_rejection" and (
        _is_good_as_written(case, interaction.request.body or b"") or _is_empty_as_written(case, interaction.request)
    ):
        return True
    return is_too_long(interaction)


# Bad Request on aiohttp's own path; otherwise URI Too Long (RFC 9110) or Request Header Fields Too Large (RFC 6585).
_TOO_LONG = frozenset({400, 414, 431})


def is_too_long(interaction: Any) -> bool:
    """Return whether a head was longer than aiohttp's limit: it is rejected before it reaches the app."""
    if interaction.response.status_code not in _TOO_LONG:
        return False
    request = interaction.request
    return any(len(one) > _LONGEST for one in (request.uri, *chain.from_iterable(request.headers.values())))


def _is_empty_as_written(case: Any, request: Any) -> bool:
    """Return whether the only errors are arrays of one empty string, which are empty arrays in csv and pipe style."""
    mutations = case.meta.phase.data.mutations
    return bool(mutations) and all(_is_empty_list(case, one, request) for one in mutations)


def _is_empty_list(case: Any, mutation: Any, request: Any) -> bool:
    """Return whether the sent value of a parameter with comma- or pipe-separated items is empty."""
    place = _FIELD.match(mutation.schema_pointer)
    location = None if mutation.parameter_location is None else mutation.parameter_location.name
    if place is None:
        return False
    if location == "HEADER":
        # The items of a header are always separated by commas.
        return bool(mutation.schema_pointer.endswith("/items") and request.headers.get(place[1]) == [""])
    parameter = case.operation.query.get(place[1]) if location == "QUERY" else None
    sent = parse_qs(urlsplit(request.uri).query, keep_blank_values=True)
    return parameter is not None and parameter.definition.get("explode") is False and sent.get(place[1]) == [""]


def _is_good_as_written(case: Any, sent: bytes) -> bool:
    """Return whether the only error of a request is in its body, and is lost when the body is encoded."""
    data = case.meta.phase.data
    places = {data.parameter_location, *(one.parameter_location for one in data.mutations)}
    body = case.operation.get_body_for_media_type(case.media_type) if case.media_type else None
    if body is None or any(one is not None and one.name != "BODY" for one in places):
        return False
    schema = body.definition.get("schema", {})
    if essence(case.media_type) in _FORMS:
        changed = list(_changed_types(data, schema.get("properties", {}), case.body))
        return bool(changed) and all(one in _OF_ANY_FORM for one in changed)
    if data.mutations and all(_misses_no_format(case.body, one) for one in data.mutations):
        return True
    if JSON.reads(essence(case.media_type)) and _satisfies(case, schema):
        return True
    # Any bytes are valid if their number is within the limits.
    return bool(schema.get("format") == "binary" and schema.get("minLength", 0) <= len(sent) <= schema["maxLength"])


def _satisfies(case: Any, schema: Mapping[str, Any]) -> bool:
    """Return whether a body is valid after all: what one alternative forbids, another one allows."""
    jsonschema = need("jsonschema")
    # Pointers of references start at the root.
    root = {"allOf": [schema], "components": case.operation.schema.raw_schema.get("components", {})}
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    return bool(jsonschema.Draft202012Validator(root, format_checker=checker).is_valid(case.body))


def _misses_no_format(body: Any, mutation: Any) -> bool:
    """Return whether a value to violate a format is not a string: null has no format (JSON Schema, section 7)."""
    place = _FIELD.fullmatch(mutation.schema_pointer)
    if mutation.keywords != ("format",) or place is None or not isinstance(body, Mapping):
        return False
    return not isinstance(body.get(place[1], ""), str)


def _is_allowed_null(mutation: Any, properties: Mapping[str, Any]) -> bool:
    """Return whether a field became null, which another alternative of its schema allows."""
    place = _ALTERNATIVE.fullmatch(mutation.schema_pointer)
    if place is None or mutation.new_value != "null":
        return False
    return {"type": "null"} in properties.get(place[1], {}).get("anyOf", ())


def _is_written_alike(mutation: Any, body: Any) -> bool:
    """Return whether a boolean became 0 or 1, which the field of a form may be."""
    place = _PROPERTY.fullmatch(mutation.schema_pointer) or _FIELD.fullmatch(mutation.schema_pointer)
    if place is None or mutation.original_value != "boolean" or not isinstance(body, Mapping):
        return False
    return any(body.get(place[1]) == one for one in (0, 1))


def _changed_types(data: Any, properties: Mapping[str, Any], body: Any) -> Iterator[Any]:
    """Yield the original type of each field with a changed type; ``None`` for each other error."""
    for one in data.mutations:
        if one.keywords == ("type",):
            good = _is_allowed_null(one, properties) or _is_written_alike(one, body)
            yield "string" if good else one.original_value
        else:
            place = _FIELD.match(one.schema_pointer)
            field = properties.get(place[1], {}) if place is not None else {}
            # A file has no format that its bytes could violate.
            is_file = "binary" in {field.get("format"), field.get("items", {}).get("format")}
            yield "string" if one.keywords == ("format",) and is_file else None
    if not data.mutations:
        place = _PROPERTY.fullmatch(data.location or "")
        yield properties[place[1]].get("type") if place is not None and place[1] in properties else None

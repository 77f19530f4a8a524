"""The request that opens a channel, in AsyncAPI's form: parameters of the address, query and headers."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from msgspec import inspect

from framework._document.schemas.scalars import Schema, compact
from framework._inspect.types import without_metadata
from framework._plan import SocketPlan

__all__ = ("channel_parameters", "headers_schema", "query_schema")

_Parameters: TypeAlias = Iterable[Mapping[str, Any]]
_Write: TypeAlias = Callable[[inspect.Type], Schema]


def channel_parameters(parameters: _Parameters) -> dict[str, Any]:
    """Return the placeholders of the address, which are strings in AsyncAPI."""
    return {
        one["name"]: compact(
            description=one.get("description"),
            enum=_values(without_metadata(one["schema"])),
            examples=_examples(one, str) or None,
        )
        for one in parameters
        if one["in"] == "path"
    }


def query_schema(parameters: _Parameters, write: _Write) -> Schema | None:
    """Return the object schema of all query parameters, ``None`` if there are none."""
    return _object([one for one in parameters if one["in"] == "query"], write, {})


def headers_schema(parameters: _Parameters, write: _Write, socket: SocketPlan | None) -> Schema | None:
    """Return the object schema of all request headers; cookies are part of the Cookie header."""
    headers = [one for one in parameters if one["in"] == "header"]
    cookies = [one for one in parameters if one["in"] == "cookie"]
    return _object(headers, write, _handshake(socket), cookies)


def _values(kind: inspect.Type) -> list[str] | None:
    if isinstance(kind, inspect.EnumType):
        return [str(one.value) for one in kind.cls]
    return [str(one) for one in kind.values] if isinstance(kind, inspect.LiteralType) else None


def _examples(parameter: Mapping[str, Any], write: Callable[[Any], Any]) -> list[Any]:
    named = [one["value"] for one in parameter.get("examples", {}).values()]
    return [write(one) for one in ([parameter["example"]] if "example" in parameter else named)]


def _object(
    parameters: Iterable[Mapping[str, Any]],
    write: _Write,
    more: Mapping[str, Schema],
    cookies: Iterable[Mapping[str, Any]] = (),
) -> Schema | None:
    properties = {one["name"]: _property(one, write) for one in parameters}
    required = [one["name"] for one in parameters if one.get("required")]
    cookie_names = [one["name"] for one in cookies]
    if cookie_names:
        properties["Cookie"] = {"type": "string", "description": f"With the cookies {', '.join(cookie_names)}."}
        required += ["Cookie"] if any(one.get("required") for one in cookies) else []
    properties |= more
    return compact(type="object", properties=properties, required=required or None) if properties else None


def _property(parameter: Mapping[str, Any], write: _Write) -> Schema:
    schema = write(parameter["schema"])
    described = compact(
        description=parameter.get("description"),
        deprecated=parameter.get("deprecated"),
        examples=_examples(parameter, lambda value: value) or None,
        **{"x-style": parameter.get("style"), "x-explode": parameter.get("explode")},
    )
    # Draft 07 ignores keys beside a reference.
    return {**described, "allOf": [schema]} if described and "$ref" in schema else {**schema, **described}


def _handshake(socket: SocketPlan | None) -> dict[str, Schema]:
    """Return the headers of the handshake that the web socket itself uses."""
    found: dict[str, Schema] = {}
    if socket is not None and socket.origins is not None and "*" not in socket.origins:
        admitted = f"Of pages in browsers: one of {', '.join(socket.origins)}."
        found["Origin"] = {"type": "string", "description": admitted, "examples": list(socket.origins)}
    if socket is not None and socket.subprotocols:
        spoken = f"Those that are spoken: {', '.join(socket.subprotocols)}."
        found["Sec-WebSocket-Protocol"] = {
            "type": "string",
            "description": spoken,
            "examples": list(socket.subprotocols),
        }
    return found

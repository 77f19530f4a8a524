"""Writes the request that calls a handler with the given arguments."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import msgspec
from aiohttp import FormData
from msgspec import Struct, field

from framework.formats import JSON
from framework.operations import BodySummary, Operation, ParameterSummary
from framework.requests import UploadFile
from framework.types import SecretStr

__all__ = ("PROVIDED", "OutgoingRequest", "choose", "name_arguments", "plain", "write_request")


class _Provided:
    def __repr__(self) -> str:
        return "PROVIDED"


PROVIDED: Any = _Provided()
"""Stands for an argument that the framework provides: ``client.call(OrderController.create, order=…, user=PROVIDED)``.

Type checkers require every parameter of the handler; services, the request and the owner of credentials are not sent.
"""

_PLACEHOLDER = re.compile(r"\{([^}:]+)(:[^}]*)?\}")
_SEPARATORS = {"csv": ",", "pipe": "|"}


class OutgoingRequest(Struct, kw_only=True):
    """A request to an application."""

    path: str
    """Percent-encoded, without the query."""
    query: list[tuple[str, str]] = field(default_factory=list)
    headers: list[tuple[str, str]] = field(default_factory=list)
    cookies: dict[str, str] = field(default_factory=dict)
    data: Any = None


def choose(operations: Sequence[Operation], handler: Callable[..., Any], given: Mapping[str, Any]) -> Operation:
    """Return the operation of a handler whose placeholders are among the given arguments, the longest path first.

    Raises LookupError for a handler that is not a route of the app, or that is on several such paths.
    """
    function = getattr(handler, "__func__", handler)
    known = [one for one in operations if one.function is function]
    name = getattr(function, "__qualname__", repr(function))
    if not known:
        raise LookupError(f"{name} is not a handler of this app")
    fitting = [(len(_placeholders(one)), one) for one in known if _placeholders(one) <= given.keys()]
    if not fitting:
        wanted = " or ".join(sorted({", ".join(sorted(_placeholders(one))) for one in known}))
        raise TypeError(f"{name} misses the path parameters: {wanted}")
    most = max(count for count, _ in fitting)
    best = [one for count, one in fitting if count == most]
    paths = sorted({one.path for one in best})
    if len(paths) > 1:
        hint = "use client.under(prefix), or client.request(method, path)"
        raise LookupError(f"{name} is on several paths ({', '.join(paths)}); {hint}")
    return best[0]


def _placeholders(operation: Operation) -> set[str]:
    return {one.argument for one in operation.parameters if one.source == "path"}


def name_arguments(handler: Callable[..., Any], args: Sequence[Any], named: Mapping[str, Any]) -> dict[str, Any]:
    """Return all given arguments by name, without those that are ``PROVIDED``; raises TypeError for surplus ones."""
    function: Any = getattr(handler, "__func__", handler)
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    code = function.__code__
    positional = code.co_varnames[1 : code.co_argcount]
    if len(args) > len(positional):
        raise TypeError(f"{function.__qualname__} takes {len(positional)} positional arguments, not {len(args)}")
    given = {**dict(zip(positional, args, strict=False)), **named}
    return {name: value for name, value in given.items() if value is not PROVIDED}


async def write_request(operation: Operation, given: Mapping[str, Any]) -> OutgoingRequest:
    """Return the request for the arguments of a handler. Raises TypeError for arguments that no client can send."""
    body = operation.body
    sent = {one.argument for one in operation.parameters} | set(() if body is None else body.arguments)
    for name in given:
        if name not in sent:
            raise TypeError(f"{operation.name}: {_not_sent(name, operation)}")
    texts = {
        name: given[one.argument]
        for one in operation.parameters
        if one.source == "path" and one.argument in given
        for name in one.names.values()
    }
    made = OutgoingRequest(path=_path(operation, texts))
    form: list[tuple[str, Any, ParameterSummary]] = []
    for one in operation.parameters:
        if one.argument not in given:
            continue
        value = given[one.argument]
        if one.source == "form":
            form += [(name, each, one) for name, each in _form_fields(one, value)]
        elif one.source != "path":
            _PLACES[one.source](made, list(_texts(one, value)))
    if body is not None and body.kind == "form":
        made.data = await _form(form, body)
    elif body is not None and not given.keys().isdisjoint(body.arguments):
        made.data = _written(body, given)
        made.headers.append(("Content-Type", body.media_type))
    return made


def _path(operation: Operation, values: Mapping[str, Any]) -> str:
    """Return the path for the values of its placeholders, of which ``{name:path}`` keeps its slashes."""

    def fill(placeholder: re.Match[str]) -> str:
        if placeholder[1] not in values:
            raise TypeError(
                f"{operation.name} has no parameter for {placeholder[0]} of {operation.path}: use request()"
            )
        return quote(_text(plain(values[placeholder[1]])), safe="/" if placeholder[2] else "")

    return _PLACEHOLDER.sub(fill, operation.path)


def _not_sent(name: str, operation: Operation) -> str:
    if name in operation.provided:
        return f"{name!r} is provided by the framework; write {name}=PROVIDED, and replace its service with `overrides`"
    return f"no parameter {name!r} is read from the request"


def plain(value: Any) -> Any:
    """Return a value as JSON represents it, with the contents of secrets."""
    return msgspec.to_builtins(value, enc_hook=_encode)


def _encode(value: Any) -> Any:
    return value.reveal() if isinstance(value, SecretStr) else JSON.parse(JSON.encoder(Any)(value))


def _texts(parameter: ParameterSummary, value: Any) -> Iterator[tuple[str, str]]:
    """Yield names and strings as they are sent; ``None`` is left out."""
    written = plain(value)
    if parameter.style == "deepObject":
        (name,) = parameter.names.values()
        pairs = [(f"{name}[{key}]", one) for key, one in (written or {}).items()]
    elif parameter.model:
        pairs = [(parameter.names.get(key, key), one) for key, one in (written or {}).items()]
    else:
        pairs = [(name, written) for name in parameter.names.values()]
    separator = "," if parameter.source == "header" else _SEPARATORS.get(parameter.style)
    for name, one in pairs:
        listed = [_text(each) for each in one] if isinstance(one, list | tuple) else None
        if listed is None:
            yield from [] if one is None else [(name, _text(one))]
        elif separator is not None:
            yield from [(name, separator.join(listed))] if listed else []
        else:
            yield from ((name, each) for each in listed)


def _text(value: Any) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


_PLACES: Mapping[str, Callable[[OutgoingRequest, list[tuple[str, str]]], None]] = {
    "query": lambda request, pairs: request.query.extend(pairs),
    "header": lambda request, pairs: request.headers.extend(pairs),
    "cookie": lambda request, pairs: request.cookies.update(pairs),
}


def _form_fields(parameter: ParameterSummary, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the fields of a form: files as they are, the parts of a model one by one."""
    if not parameter.model:
        yield from ((name, value) for name in parameter.names.values())
    elif value is not None:
        # A file in a model cannot be encoded, so the fields are read from the object.
        encoded = getattr(type(value), "__struct_encode_fields__", ())
        attributes: dict[str, str] = dict(zip(encoded, getattr(type(value), "__struct_fields__", ()), strict=True))
        for key, name in parameter.names.items():
            yield name, getattr(value, attributes.get(key, key), None)


async def _form(fields: Sequence[tuple[str, Any, ParameterSummary]], body: BodySummary) -> FormData:
    form = FormData(default_to_multipart=body.media_type == "multipart/form-data")
    for name, value, parameter in fields:
        listed = value if isinstance(value, list | tuple) and name not in parameter.parts else [value]
        for one in listed:
            if isinstance(one, UploadFile):
                form.add_field(name, await one.read(), filename=one.filename, content_type=one.content_type)
            elif name in parameter.parts:
                form.add_field(name, JSON.encoder(Any)(plain(one)).decode(), content_type=JSON.media_type)
            elif one is not None:
                form.add_field(name, _text(plain(one)))
    return form


def _written(body: BodySummary, given: Mapping[str, Any]) -> bytes:
    """Return the encoded body: one argument, or an object of several."""
    whole = [given[name] for name, key in body.arguments.items() if key is None and name in given]
    value: Any = whole[0] if whole else {key: given[name] for name, key in body.arguments.items() if name in given}
    if body.format is None:
        return value.encode() if isinstance(value, str) else bytes(value)
    if body.format is JSON:
        return JSON.encoder(Any)(plain(value))
    return body.format.encoder(body.annotation)(value)

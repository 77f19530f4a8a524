"""Checks the settings that were declared for their types, before anything is planned from them."""

import math
import os
from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime
from types import NoneType
from typing import Any

from msgspec import UNSET, Struct
from msgspec.structs import asdict

from framework._codecs import CustomType
from framework._compiler.document_options import check_document, is_part_of_document
from framework._compiler.elsewhere import hint_for_option
from framework._compiler.places import has_wrong_places
from framework._inspect.names import callable_name, value_name
from framework._openapi.settings import OpenAPI
from framework._sockets.handshake import ANY_ORIGIN, parse_origin
from framework.background import Periodic
from framework.caching import CacheControl
from framework.container import Container
from framework.deprecation import Deprecation, seconds
from framework.errors import DefinitionError, InvalidOptionError
from framework.formats import Format
from framework.limits import Limits
from framework.media_types import is_media_type
from framework.openapi import Callback, Link
from framework.routing import RouteDefinition, RouteOptions, SocketOptions

__all__ = ("check_options", "check_settings")


class _Shape(Struct, frozen=True):
    fits: Callable[[Any], bool]
    expected: str
    example: str
    optional: bool = False
    """Whether None says that it is not set."""


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_path(value: Any) -> bool:
    return isinstance(value, str | os.PathLike) and str(value) != ""


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_duration(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value > 0


def _is_series(value: Any) -> bool:
    return isinstance(value, Collection) and not isinstance(value, str | bytes | Mapping | type)


def _are_formats(value: Any) -> bool:
    return _is_series(value) and bool(value) and all(isinstance(one, Format) for one in value)


def _all_are(cls: type) -> Callable[[Any], bool]:
    return lambda value: _is_series(value) and all(isinstance(one, cls) for one in value)


def _are_texts(value: Any) -> bool:
    return _is_series(value) and all(isinstance(one, str) for one in value)


def _is_mapping(value: Any) -> bool:
    return isinstance(value, Mapping)


def _is_named(value: Any) -> bool:
    return isinstance(value, Mapping) and all(map(_is_name, value))


def _is_part(value: Any) -> bool:
    return isinstance(value, Mapping) and is_part_of_document(value)


def _are_links(value: Any) -> bool:
    return isinstance(value, Mapping) and all(_is_name(key) and isinstance(one, Link) for key, one in value.items())


def _are_callbacks(value: Any) -> bool:
    return isinstance(value, Mapping) and all(_is_name(key) and isinstance(one, Callback) for key, one in value.items())


def _are_media_types(value: Any) -> bool:
    listed = [value] if isinstance(value, str) else value
    return _is_series(listed) and bool(listed) and all(isinstance(one, str) and is_media_type(one) for one in listed)


def _is_cache_control(value: Any) -> bool:
    return isinstance(value, CacheControl)


def _is_switch_or_function(value: Any) -> bool:
    return isinstance(value, bool) or (callable(value) and not isinstance(value, type))


def _is_struct(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, Struct)


def _is_switch(value: Any) -> bool:
    return isinstance(value, bool)


def _is_deprecated(value: Any) -> bool:
    return isinstance(value, bool | Deprecation)


def _is_container(value: Any) -> bool:
    return isinstance(value, Container)


def _is_openapi(value: Any) -> bool:
    return isinstance(value, OpenAPI) or (_is_series(value) and all(isinstance(one, OpenAPI) for one in value))


def _is_format(value: Any) -> bool:
    return isinstance(value, Format)


def _is_policy(value: Any) -> bool:
    return value in ("close", "report")


def _are_origins(value: Any) -> bool:
    known = (ANY_ORIGIN, "null")
    return _are_texts(value) and all(one in known or parse_origin(one) is not None for one in value)


def _are_limits(value: Any) -> bool:
    return isinstance(value, Limits)


_SHAPES: Mapping[str, _Shape] = {
    "path": _Shape(_is_text, "a text", 'path="/orders"'),
    "name": _Shape(_is_name, "a text with something in it", 'name="orders"', optional=True),
    "status": _Shape(_is_whole, "a number", "status=201", optional=True),
    "raises": _Shape(_is_series, "a sequence of HTTPError classes", "raises=(OutOfStock,)"),
    "tags": _Shape(_are_texts, "a sequence of texts", 'tags=("orders",)'),
    "guards": _Shape(_is_series, "a sequence", "guards=(require_user,)"),
    "middlewares": _Shape(_is_series, "a sequence", "middlewares=(measure,)"),
    "exception_handlers": _Shape(_is_mapping, "a mapping", "exception_handlers={KeyError: not_found}"),
    "summary": _Shape(_is_text, "a text", 'summary="Return one order"', optional=True),
    "description": _Shape(_is_text, "a text", 'description="All orders."', optional=True),
    "operation_id": _Shape(_is_name, "a text with something in it", 'operation_id="show_order"', optional=True),
    "deprecated": _Shape(_is_deprecated, "True, False or a Deprecation", "deprecated=True", optional=True),
    "in_document": _Shape(_is_switch, "True or False", "in_document=False", optional=True),
    "metadata": _Shape(_is_named, "a mapping with names as its keys", 'metadata={"audit": True}'),
    "examples": _Shape(_is_mapping, "a mapping", 'examples={"cheap": Order(price=1)}'),
    "media_type": _Shape(_are_media_types, "a media type", 'media_type="text/csv"', optional=True),
    "cache_control": _Shape(
        _is_cache_control, "a CacheControl", "cache_control=CacheControl(max_age=60)", optional=True
    ),
    "etag": _Shape(_is_switch_or_function, "True, or a function of the value", "etag=True", optional=True),
    "last_modified": _Shape(callable, "a function of the value", "last_modified=changed_at", optional=True),
    "directory": _Shape(_is_path, "a path", 'directory="assets"'),
    "index": _Shape(_is_name, "the name of a file", 'index="index.html"', optional=True),
    "fallback": _Shape(_is_name, "the name of a file", 'fallback="index.html"', optional=True),
    "precompressed": _Shape(_are_texts, "a sequence of encodings", 'precompressed=("br", "gzip")'),
    "immutable": _Shape(_are_texts, "a sequence of patterns", 'immutable=("*-????????.js",)'),
    "ranges": _Shape(_is_switch, "True or False", "ranges=True"),
    "response_headers": _Shape(_is_struct, "a Struct class", "response_headers=PageHeaders", optional=True),
    "require_precondition": _Shape(_is_switch, "True or False", "require_precondition=True"),
    "body_limit": _Shape(_is_whole, "a number of bytes", "body_limit=65_536"),
    "timeout": _Shape(_is_duration, "a positive number of seconds", "timeout=2.5", optional=True),
    "keep_alive": _Shape(_is_duration, "a positive number of seconds", "keep_alive=15", optional=True),
    "links": _Shape(_are_links, "a mapping of names to Links", 'links={"order": Link("OrderController.show")}'),
    "callbacks": _Shape(
        _are_callbacks,
        "a mapping of names to Callbacks",
        'callbacks={"paid": Callback("{$request.body#/notify_url}", Payment)}',
    ),
    "extra": _Shape(_is_part, "a mapping of what JSON has", 'extra={"x-internal": True}', optional=True),
    "controllers": _Shape(_is_series, "a sequence", "controllers=[OrderController]"),
    "container": _Shape(_is_container, "a Container", "container=Container()", optional=True),
    "openapi": _Shape(_is_openapi, "an OpenAPI", 'openapi=OpenAPI(title="Shop")', optional=True),
    "formats": _Shape(_are_formats, "a sequence of Formats", "formats=(JSON, MSGPACK)"),
    "observers": _Shape(_is_series, "a sequence", "observers=[AccessLog()]"),
    "lifespan": _Shape(_is_series, "a sequence of functions", "lifespan=[open_bus]"),
    "periodic": _Shape(_all_are(Periodic), "a sequence of Periodic", "periodic=[Periodic(refresh, every=60)]"),
    "types": _Shape(
        _all_are(CustomType), "a sequence of CustomTypes", "types=[CustomType(ObjectId, decode=ObjectId, encode=str)]"
    ),
    "check_responses": _Shape(_is_switch, "True or False", "check_responses=True"),
    "shutdown_timeout": _Shape(_is_duration, "a positive number of seconds", "shutdown_timeout=2.5"),
    "limits": _Shape(_are_limits, "a Limits", "limits=Limits(body=65_536)"),
    "format": _Shape(_is_format, "a Format", "format=MSGPACK"),
    "invalid": _Shape(_is_policy, '"close" or "report"', 'invalid="report"'),
    "origins": _Shape(_are_origins, "a sequence of origins", 'origins=("https://shop.example",)'),
    "subprotocols": _Shape(_are_texts, "a sequence of texts", 'subprotocols=("chat.v1",)'),
    "heartbeat": _Shape(_is_duration, "a positive number of seconds", "heartbeat=20", optional=True),
    "compress": _Shape(_is_switch, "True or False", "compress=False"),
}


_BYTES = _Shape(_is_whole, "a number of bytes", "65_536")
_SECONDS = _Shape(_is_duration, "a positive number of seconds", "2.5", optional=True)
_LIMITS: Mapping[str, _Shape] = {
    "body": _BYTES,
    "parts": _Shape(_is_whole, "a number", "1_000"),
    "field": _BYTES,
    "file": _Shape(_is_whole, "a number of bytes", "65_536", optional=True),
    "body_rate": _Shape(_is_whole, "a number of bytes per second", "240"),
    "body_grace": _Shape(_is_duration, "a positive number of seconds", "2.5"),
    "head_timeout": _SECONDS,
    "write_timeout": _SECONDS,
    "message": _BYTES,
    "timeout": _SECONDS,
}


def check_options(
    where: str, definition: RouteDefinition, report: Callable[[DefinitionError], None]
) -> RouteOptions | SocketOptions:
    """Return the options of a route without those that are unknown or of the wrong type, which are reported."""
    options: Mapping[str, Any] = definition.options
    known = (SocketOptions if definition.socket else RouteOptions).__annotations__
    owner = "web socket" if definition.socket else "route"
    for name in options:
        if name not in known:
            what = f"no {owner} has an option {name}="
            report(InvalidOptionError(where, what, hint=hint_for_option(name, known)))
    kept = {name: value for name, value in options.items() if name in known}
    return check_settings(where, kept, report)  # type: ignore[return-value]  # a subset of what came in


def check_settings(
    where: str, settings: Mapping[str, Any], report: Callable[[DefinitionError], None]
) -> dict[str, Any]:
    """Return the settings without those of the wrong type, which are reported."""
    kept: dict[str, Any] = {}
    for name, value in settings.items():
        shape = _SHAPES.get(name)
        if isinstance(value, Limits):
            _check_limits(where, value, report)
        if isinstance(value, Deprecation) and not _check_deprecation(where, value, report):
            continue
        if name == "openapi" and not _check_documents(where, value, report):
            continue
        if shape is None or shape.fits(value) or (shape.optional and value is None):
            kept[name] = value
            continue
        given = callable_name(value) if callable(value) else value_name(value)
        hint = (
            f"write it as {_listed(name, given, shape) if callable(value) and shape.fits((value,)) else shape.example}"
        )
        report(InvalidOptionError(where, f"{name}={given} is not {shape.expected}", hint=hint))
    return kept


def _listed(name: str, given: str, shape: _Shape) -> str:
    """Return how one value is written where a sequence of such values is expected."""
    return f"{name}=[{given}]" if "=[" in shape.example else f"{name}=({given},)"


def _check_deprecation(where: str, value: Deprecation, report: Callable[[DefinitionError], None]) -> bool:
    """Report what is wrong with the moments of a deprecation, and tell whether nothing is."""
    for name in ("since", "sunset"):
        moment = getattr(value, name)
        naive = isinstance(moment, datetime) and moment.tzinfo is None
        if naive or not isinstance(moment, date | (NoneType if name == "sunset" else date)):
            what = f"Deprecation({name}={moment!r}) is not a date or a datetime with a time zone"
            report(InvalidOptionError(where, what, hint=f"write it as Deprecation({name}=date(2027, 1, 31))"))
            return False
    if value.sunset is not None and seconds(value.sunset) < seconds(value.since):
        what = f"its sunset {value.sunset} is before it is deprecated, {value.since}"
        report(InvalidOptionError(where, what, hint="give a sunset that is later than since"))
        return False
    if value.link is not None and not _is_link(value.link):
        what = f"Deprecation(link={value_name(value.link)}) is not a URL"
        report(InvalidOptionError(where, what, hint='write it as Deprecation(link="https://example.com/changes")'))
        return False
    return True


def _is_link(value: Any) -> bool:
    # RFC 8288: what would end the URL in a Link header, or the header.
    return isinstance(value, str) and value.isascii() and value.isprintable() and not set(value) & set('<> "')


def _check_limits(where: str, limits: Limits, report: Callable[[DefinitionError], None]) -> None:
    for name, value in asdict(limits).items():
        shape = _LIMITS[name]
        if not (value is UNSET or shape.fits(value) or (shape.optional and value is None)):
            what = f"Limits({name}={value_name(value)}) is not {shape.expected}"
            report(InvalidOptionError(where, what, hint=f"write it as Limits({name}={shape.example})"))


def _check_documents(where: str, value: Any, report: Callable[[DefinitionError], None]) -> bool:
    """Report what is wrong with the documents of an app, and tell whether nothing is."""
    listed = value if _is_series(value) else (value,)
    fit = [check_document(where, one, report) for one in listed if isinstance(one, OpenAPI)]
    return not has_wrong_places(where, value, report) and all(fit)

"""Checks the types of declared settings, before they are planned."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from types import NoneType
from typing import Any

from msgspec import UNSET
from msgspec.structs import asdict

from framework._codecs import CustomType
from framework._compile.declarations.document_paths import has_wrong_places
from framework._compile.declarations.documents import check_document, is_part_of_document
from framework._compile.declarations.shapes import (
    Shape,
    all_are,
    are_strings,
    is_bool,
    is_collection,
    is_duration,
    is_mapping,
    is_name,
    is_path,
    is_string,
    is_struct_class,
    is_whole_number,
)
from framework._http.media_types import is_media_type
from framework._inspect.names import callable_name, value_name
from framework._inspect.near_names import hint_for_option
from framework._serve.sockets.handshake import ANY_ORIGIN, parse_origin
from framework._topics import ChannelSettings, Declared
from framework.background import Periodic
from framework.caching import CacheControl
from framework.container import Container
from framework.credentials import Credentials
from framework.deprecation import Deprecation, seconds
from framework.errors import DefinitionError, InvalidOptionError
from framework.formats import Format
from framework.jobs import JobSettings
from framework.limits import Limits
from framework.openapi import Callback, Link, OpenAPI
from framework.routing import RouteDefinition, RouteOptions, SocketOptions

__all__ = ("check_options", "check_settings")


_PATH_FIRST = 'give the path first, without a name: @get("/path")'


def _are_formats(value: Any) -> bool:
    return is_collection(value) and bool(value) and all(isinstance(one, Format) for one in value)


def _is_named(value: Any) -> bool:
    return isinstance(value, Mapping) and all(map(is_name, value))


def _is_guard(value: Any) -> bool:
    return callable(value) or isinstance(value, Credentials)


def _is_part(value: Any) -> bool:
    return isinstance(value, Mapping) and is_part_of_document(value)


def _are_links(value: Any) -> bool:
    return isinstance(value, Mapping) and all(is_name(key) and isinstance(one, Link) for key, one in value.items())


def _are_callbacks(value: Any) -> bool:
    return isinstance(value, Mapping) and all(is_name(key) and isinstance(one, Callback) for key, one in value.items())


def _are_media_types(value: Any) -> bool:
    listed = [value] if isinstance(value, str) else value
    return is_collection(listed) and bool(listed) and all(isinstance(one, str) and is_media_type(one) for one in listed)


def _is_cache_control(value: Any) -> bool:
    return isinstance(value, CacheControl)


def _is_switch_or_function(value: Any) -> bool:
    return isinstance(value, bool) or (callable(value) and not isinstance(value, type))


def _is_deprecated(value: Any) -> bool:
    return isinstance(value, bool | Deprecation)


def _is_container(value: Any) -> bool:
    return isinstance(value, Container)


def _is_openapi(value: Any) -> bool:
    return isinstance(value, OpenAPI) or (is_collection(value) and all(isinstance(one, OpenAPI) for one in value))


def _are_channels(value: Any) -> bool:
    return isinstance(value, ChannelSettings) or (
        is_collection(value) and all(isinstance(one, Declared) for one in value)
    )


def _is_format(value: Any) -> bool:
    return isinstance(value, Format)


def _is_asgi(value: Any) -> bool:
    return callable(value) and not isinstance(value, type)


def _is_policy(value: Any) -> bool:
    return value in ("close", "report")


def _are_origins(value: Any) -> bool:
    known = (ANY_ORIGIN, "null")
    return are_strings(value) and all(one in known or parse_origin(one) is not None for one in value)


def _are_jobs(value: Any) -> bool:
    return isinstance(value, JobSettings) or is_collection(value)


def _are_limits(value: Any) -> bool:
    return isinstance(value, Limits)


_SHAPES: Mapping[str, Shape] = {
    "path": Shape(is_string, "a text", 'path="/orders"'),
    "name": Shape(is_name, "a text with something in it", 'name="orders"', optional=True),
    "status": Shape(is_whole_number, "a number", "status=201", optional=True),
    "raises": Shape(is_collection, "a sequence of HTTPError classes", "raises=(OutOfStock,)"),
    "tags": Shape(are_strings, "a sequence of strings", 'tags=("orders",)'),
    "guards": Shape(is_collection, "a sequence", "guards=(require_user,)"),
    "default_guard": Shape(_is_guard, "a guard", "default_guard=Bearer(verify)", optional=True),
    "middlewares": Shape(is_collection, "a sequence", "middlewares=(measure,)"),
    "exception_handlers": Shape(is_mapping, "a mapping", "exception_handlers={KeyError: not_found}"),
    "summary": Shape(is_string, "a text", 'summary="Return one order"', optional=True),
    "description": Shape(is_string, "a text", 'description="All orders."', optional=True),
    "operation_id": Shape(is_name, "a text with something in it", 'operation_id="show_order"', optional=True),
    "deprecated": Shape(_is_deprecated, "True, False or a Deprecation", "deprecated=True", optional=True),
    "in_document": Shape(is_bool, "True or False", "in_document=False", optional=True),
    "metadata": Shape(_is_named, "a mapping with names as its keys", 'metadata={"audit": True}'),
    "examples": Shape(is_mapping, "a mapping", 'examples={"cheap": Order(price=1)}'),
    "media_type": Shape(_are_media_types, "a media type", 'media_type="text/csv"', optional=True),
    "cache_control": Shape(
        _is_cache_control, "a CacheControl", "cache_control=CacheControl(max_age=60)", optional=True
    ),
    "etag": Shape(_is_switch_or_function, "True, or a function of the value", "etag=True", optional=True),
    "last_modified": Shape(callable, "a function of the value", "last_modified=changed_at", optional=True),
    "directory": Shape(is_path, "a path", 'directory="assets"'),
    "injected_calls": Shape(is_collection, "a sequence of functions", "injected_calls=(check_database,)"),
    "index": Shape(is_name, "the name of a file", 'index="index.html"', optional=True),
    "fallback": Shape(is_name, "the name of a file", 'fallback="index.html"', optional=True),
    "precompressed": Shape(are_strings, "a sequence of encodings", 'precompressed=("br", "gzip")'),
    "immutable": Shape(are_strings, "a sequence of patterns", 'immutable=("*-????????.js",)'),
    "public": Shape(is_bool, "True or False", "public=True"),
    "application": Shape(_is_asgi, "an ASGI application", "application=old_application"),
    "with_lifespan": Shape(is_bool, "True or False", "with_lifespan=False"),
    "ranges": Shape(is_bool, "True or False", "ranges=True"),
    "response_headers": Shape(is_struct_class, "a Struct class", "response_headers=PageHeaders", optional=True),
    "require_precondition": Shape(is_bool, "True or False", "require_precondition=True"),
    "body_limit": Shape(is_whole_number, "a number of bytes", "body_limit=65_536"),
    "timeout": Shape(is_duration, "a positive number of seconds", "timeout=2.5", optional=True),
    "keep_alive": Shape(is_duration, "a positive number of seconds", "keep_alive=15", optional=True),
    "links": Shape(_are_links, "a mapping of names to Links", 'links={"order": Link("OrderController.show")}'),
    "callbacks": Shape(
        _are_callbacks,
        "a mapping of names to Callbacks",
        'callbacks={"paid": Callback("{$request.body#/notify_url}", Payment)}',
    ),
    "extra": Shape(_is_part, "a mapping of what JSON has", 'extra={"x-internal": True}', optional=True),
    "controllers": Shape(is_collection, "a sequence", "controllers=[OrderController]"),
    "container": Shape(_is_container, "a Container", "container=Container()", optional=True),
    "openapi": Shape(_is_openapi, "an OpenAPI", 'openapi=OpenAPI(title="Shop")', optional=True),
    "formats": Shape(_are_formats, "a sequence of Formats", "formats=(JSON, MSGPACK)"),
    "observers": Shape(is_collection, "a sequence", "observers=[AccessLog()]"),
    "lifespan": Shape(is_collection, "a sequence of functions", "lifespan=[open_bus]"),
    "commands": Shape(is_collection, "a sequence of functions", "commands=[import_products]"),
    "periodic": Shape(all_are(Periodic), "a sequence of Periodic", "periodic=[Periodic(refresh, every=60)]"),
    "jobs": Shape(_are_jobs, "a sequence of Jobs classes or a JobSettings", "jobs=[Mail]"),
    "types": Shape(
        all_are(CustomType), "a sequence of CustomTypes", "types=[CustomType(ObjectId, decode=ObjectId, encode=str)]"
    ),
    "channels": Shape(_are_channels, "a ChannelSettings or a sequence of Topics and Presences", "channels=[ORDERS]"),
    "check_responses": Shape(is_bool, "True or False", "check_responses=True"),
    "shutdown_timeout": Shape(is_duration, "a positive number of seconds", "shutdown_timeout=2.5"),
    "limits": Shape(_are_limits, "a Limits", "limits=Limits(body=65_536)"),
    "format": Shape(_is_format, "a Format", "format=MSGPACK"),
    "invalid": Shape(_is_policy, '"close" or "report"', 'invalid="report"'),
    "origins": Shape(_are_origins, "a sequence of origins", 'origins=("https://shop.example",)'),
    "subprotocols": Shape(are_strings, "a sequence of strings", 'subprotocols=("chat.v1",)'),
    "heartbeat": Shape(is_duration, "a positive number of seconds", "heartbeat=20", optional=True),
    "compress": Shape(is_bool, "True or False", "compress=False"),
}


_BYTES = Shape(is_whole_number, "a number of bytes", "65_536")
_SECONDS = Shape(is_duration, "a positive number of seconds", "2.5", optional=True)
_LIMITS: Mapping[str, Shape] = {
    "body": _BYTES,
    "parts": Shape(is_whole_number, "a number", "1_000"),
    "field": _BYTES,
    "file": Shape(is_whole_number, "a number of bytes", "65_536", optional=True),
    "body_rate": Shape(is_whole_number, "a number of bytes per second", "240"),
    "body_grace": Shape(is_duration, "a positive number of seconds", "2.5"),
    "head_timeout": _SECONDS,
    "write_timeout": _SECONDS,
    "message": _BYTES,
    "timeout": _SECONDS,
    "outlive_credentials": Shape(is_bool, "True or False", "True"),
}


def check_options(
    where: str, definition: RouteDefinition, report: Callable[[DefinitionError], None]
) -> RouteOptions | SocketOptions:
    """Return the valid options of a route; report unknown options and values of the wrong type."""
    options: Mapping[str, Any] = definition.options
    known = (SocketOptions if definition.socket else RouteOptions).__annotations__
    owner = "web socket" if definition.socket else "route"
    for name in options:
        if name not in known:
            what = f"no {owner} has an option {name}="
            hint = _PATH_FIRST if name in {"path", "rule", "url"} else hint_for_option(name, known)
            report(InvalidOptionError(where, what, hint=hint))
    kept = {name: value for name, value in options.items() if name in known}
    return check_settings(where, kept, report)  # type: ignore[return-value]  # a subset of what came in


def check_settings(
    where: str, settings: Mapping[str, Any], report: Callable[[DefinitionError], None]
) -> dict[str, Any]:
    """Return the valid settings; report values of the wrong type."""
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


def _listed(name: str, given: str, shape: Shape) -> str:
    """Return a hint how to write one value if a sequence of such values is expected."""
    return f"{name}=[{given}]" if "=[" in shape.example else f"{name}=({given},)"


def _check_deprecation(where: str, value: Deprecation, report: Callable[[DefinitionError], None]) -> bool:
    """Report the errors in the dates of a deprecation, and return whether there are none."""
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
    # RFC 8288: characters that would end the URL in a Link header, or the header itself.
    return isinstance(value, str) and value.isascii() and value.isprintable() and not set(value) & set('<> "')


def _check_limits(where: str, limits: Limits, report: Callable[[DefinitionError], None]) -> None:
    for name, value in asdict(limits).items():
        shape = _LIMITS[name]
        if not (value is UNSET or shape.fits(value) or (shape.optional and value is None)):
            what = f"Limits({name}={value_name(value)}) is not {shape.expected}"
            report(InvalidOptionError(where, what, hint=f"write it as Limits({name}={shape.example})"))


def _check_documents(where: str, value: Any, report: Callable[[DefinitionError], None]) -> bool:
    """Report the errors in the documents of an app, and return whether there are none."""
    listed = value if is_collection(value) else (value,)
    fit = [check_document(where, one, report) for one in listed if isinstance(one, OpenAPI)]
    return not has_wrong_places(where, value, report) and all(fit)

"""Lists the handlers of all routers and controllers with their full paths and the levels around them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields
from typing import Any, NamedTuple, TypeAlias

from msgspec import Struct, field
from msgspec.structs import replace

from framework._compile.declarations.errors import check_errors
from framework._compile.declarations.handlers import (
    check_controller,
    check_methods,
    check_path,
    handler_of,
    is_handler,
    route_definitions,
)
from framework._compile.declarations.near_misses import check_attributes, check_lost_routes
from framework._compile.declarations.options import check_options, check_settings
from framework._compile.declarations.static import static_errors
from framework._inspect.names import callable_name, describe, describe_class, value_name
from framework._mount import Mount
from framework._serve.files.static import static_controller
from framework._serve.routing.template import PathTemplate, join_paths, parse_template
from framework.controller import Controller, Controllers, Router
from framework.deprecation import Deprecation
from framework.errors import DefinitionError
from framework.limits import Limits
from framework.routing import RouteDefinition, RouteOptions, SocketOptions
from framework.static import StaticFiles
from framework.typedefs import ExceptionHandlers, Guards, Middlewares

__all__ = ("Level", "Mounted", "Place", "Report", "collect_handlers", "make_level", "make_place")

Report: TypeAlias = Callable[[DefinitionError], None]
_ATTRIBUTES = (
    "path",
    "tags",
    "guards",
    "middlewares",
    "exception_handlers",
    "limits",
    "deprecated",
    "raises",
    "in_document",
    "metadata",
)
# Options of a route that set one limit.
_SHORT_LIMITS = {"body_limit": "body", "timeout": "timeout"}


class Level(Struct, frozen=True, kw_only=True, eq=False):
    """The layers that one place declares: the app, a router, a controller or a route."""

    label: str
    where: str
    guards: Guards = ()
    middlewares: Middlewares = ()
    exception_handlers: ExceptionHandlers = field(default_factory=dict)
    first: bool = False
    """Whether its guards run before those of all other levels."""


class Mounted(Struct, frozen=True, kw_only=True):
    """One handler on one path."""

    controller: type[Controller]
    function: Callable[..., Any]
    attribute: str
    """The name of the attribute in the controller, which may differ from the function's name."""
    where: str
    methods: tuple[str, ...]
    template: PathTemplate
    siblings: frozenset[str]
    """The placeholders of all paths of the handler."""
    name: str
    tags: tuple[str, ...]
    levels: tuple[Level, ...]
    limits: Limits
    """The names of router, controller and route together."""
    deprecated: bool | Deprecation
    raises: tuple[type[Exception], ...]
    in_document: bool
    metadata: Mapping[str, Any]
    options: RouteOptions | SocketOptions
    socket: bool = False
    """Whether it is a web socket."""


class _Handler(NamedTuple):
    controller: type[Controller]
    name: str
    function: Callable[..., Any]
    where: str


class Place(Struct, frozen=True, kw_only=True):
    """The current position in the tree of routers, with the declarations around it."""

    path: str = ""
    name: str = ""
    tags: tuple[str, ...] = ()
    levels: tuple[Level, ...]
    limits: Limits = Limits()
    deprecated: bool | Deprecation = False
    raises: tuple[type[Exception], ...] = ()
    in_document: bool = True
    metadata: Mapping[str, Any] = field(default_factory=dict)
    default_guard: Level | None = None
    """The level of the guard of every route that is not public."""


def make_place(where: str, settings: Mapping[str, Any]) -> Place:
    """Return the place of an app; its ``limits`` are left out, because they are applied separately."""
    guard = settings.get("default_guard")
    default = None if guard is None else Level(label="default_guard", where=where, guards=(guard,), first=True)
    place = Place(levels=(), default_guard=default)
    return _inner(place, make_level("app", where, settings), {**settings, "limits": Limits()})


def collect_handlers(controllers: Controllers, place: Place, report: Report) -> list[Mounted]:
    """List all handlers below an app; invalid ones are reported and left out."""
    where = place.levels[0].where
    check_errors(where, place.raises, report)
    return list(_walk(controllers, place, where, report))


def _walk(controllers: Iterable[Any], place: Place, where: str, report: Report) -> Iterator[Mounted]:
    for one in controllers:
        if isinstance(one, Router):
            inner = f"Router({value_name(one.path)})"
            settings = check_settings(inner, {each.name: getattr(one, each.name) for each in fields(one)}, report)
            check_errors(inner, settings.get("raises", ()), report)
            yield from _walk(settings.get("controllers", ()), _inside(place, settings, inner), inner, report)
            continue
        if isinstance(one, StaticFiles):
            yield from _mount_folder(one, place, report)
            continue
        if isinstance(one, Mount):
            yield from _mount_application(one, place, report)
            continue
        try:
            check_controller(one, where)
        except DefinitionError as error:
            report(error)
        else:
            yield from _mount(one, place, report)


def _mount_folder(files: StaticFiles, place: Place, report: Report) -> Iterator[Mounted]:
    where = f"StaticFiles({files.path!r})"
    given = {each.name: getattr(files, each.name) for each in fields(files)}
    mistakes: list[DefinitionError] = []
    check_settings(where, given, mistakes.append)
    mistakes = mistakes or list(static_errors(files, where))
    for one in mistakes:
        report(one)
    if not mistakes:
        yield from _mount(static_controller(files), place, report)


def _mount_application(mount: Mount, place: Place, report: Report) -> Iterator[Mounted]:
    where = f"Mount({mount.path!r})"
    mistakes: list[DefinitionError] = []
    check_settings(where, {each.name: getattr(mount, each.name) for each in fields(mount)}, mistakes.append)
    for one in mistakes:
        report(one)
    if not mistakes:
        # Imported late: few applications have one.
        from framework._serve.mounts.controller import mounted_controller

        yield from _mount(mounted_controller(mount), place, report)


def _inside(place: Place, settings: Mapping[str, Any], where: str) -> Place:
    path = join_paths(place.path, settings.get("path", ""))
    name = settings.get("name")
    inner = replace(place, path=path, name=f"{place.name}{name}." if name else place.name)
    return _inner(inner, make_level(f"router {path}", where, settings), settings)


def _inner(place: Place, level: Level, settings: Mapping[str, Any]) -> Place:
    """Return a place inside of another, with the settings that one more level adds or overrides."""
    deprecated, in_document = settings.get("deprecated"), settings.get("in_document")
    return replace(
        place,
        tags=(*place.tags, *settings.get("tags", ())),
        levels=(*place.levels, level),
        limits=settings.get("limits", Limits()).within(place.limits),
        deprecated=place.deprecated if deprecated is None else deprecated,
        raises=(*place.raises, *settings.get("raises", ())),
        in_document=place.in_document if in_document is None else in_document,
        metadata={**place.metadata, **settings.get("metadata", {})},
    )


def make_level(label: str, where: str, settings: Mapping[str, Any]) -> Level:
    """Return the layers among the settings of one place."""
    return Level(
        label=label,
        where=where,
        guards=tuple(settings.get("guards", ())),
        middlewares=tuple(settings.get("middlewares", ())),
        exception_handlers=dict(settings.get("exception_handlers", {})),
    )


def _mount(controller: type[Controller], place: Place, report: Report) -> Iterator[Mounted]:
    where = describe_class(controller)
    check_attributes(controller, where, report)
    check_lost_routes(controller, where, report)
    given = {name: getattr(controller, name) for name in _ATTRIBUTES if not is_handler(getattr(controller, name))}
    settings = check_settings(where, given, report)
    check_errors(where, settings.get("raises", ()), report)
    inner = replace(place, path=join_paths(place.path, settings.get("path", "")))
    inner = _inner(inner, make_level(callable_name(controller), where, settings), settings)
    for name, definitions in route_definitions(controller):
        try:
            function = handler_of(controller, name)
        except DefinitionError as error:
            report(error)
            continue
        handler = _Handler(controller, name, function, describe(function, owner=controller))
        for definition in definitions:
            yield from _mount_handler(handler, definition, inner, report)


def _mount_handler(handler: _Handler, definition: RouteDefinition, place: Place, report: Report) -> Iterator[Mounted]:
    where = handler.where
    options = check_options(where, definition, report)
    templates = list(_templates(definition, place, where, report))
    # Last, because the levels before it may be shared with public routes of the same path; its guard runs first.
    default = () if place.default_guard is None or _is_public(handler) else (place.default_guard,)
    own = _inner(place, make_level(f"route {handler.name}", where, options), {**options, "limits": _limits(options)})
    check_errors(where, own.raises[len(place.raises) :], report)
    for template in templates:
        yield Mounted(
            controller=handler.controller,
            function=handler.function,
            attribute=handler.name,
            where=where,
            methods=check_methods(definition, where, report),
            template=template,
            siblings=frozenset(name for one in templates for name in one.placeholders),
            name=place.name + (options.get("name") or f"{callable_name(handler.controller)}.{handler.name}"),
            tags=own.tags,
            levels=(*own.levels, *default),
            limits=own.limits,
            deprecated=own.deprecated,
            raises=own.raises,
            in_document=own.in_document,
            metadata=own.metadata,
            options=options,
            socket=definition.socket,
        )


def _is_public(handler: _Handler) -> bool:
    """Return whether a handler is public: the function itself, or the mounted class, must be marked.

    Methods that a subclass adds or overrides are not public because of its base.
    """
    return getattr(handler.function, "__public__", False) or vars(handler.controller).get("__public__", False)


def _limits(options: RouteOptions | SocketOptions) -> Limits:
    said: Mapping[str, Any] = options
    short = {limit: said[name] for name, limit in _SHORT_LIMITS.items() if name in said}
    return Limits(**short).within(options.get("limits", Limits()))


def _templates(definition: RouteDefinition, place: Place, where: str, report: Report) -> Iterator[PathTemplate]:
    for path in definition.paths:
        try:
            yield parse_template(join_paths(place.path, check_path(path, where)), where)
        except DefinitionError as error:
            report(error)

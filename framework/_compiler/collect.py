"""Walks routers and controllers, and lists every handler with its full path and the levels around it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from framework._inspect.factories import is_abstract
from framework._inspect.names import callable_name, describe, type_name
from framework._routing.template import PathTemplate, join_paths, parse_template
from framework.controller import Controller, Controllers, Router
from framework.errors import DefinitionError, InvalidControllerError
from framework.routing import RouteDefinition, RouteOptions
from framework.typedefs import ExceptionHandlers, Guards, Middlewares

__all__ = ("Level", "Mounted", "collect_handlers")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Level:
    """The layers that one place declares: the app, a router, a controller or a route."""

    label: str
    guards: Guards = ()
    middlewares: Middlewares = ()
    exception_handlers: ExceptionHandlers = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mounted:
    """One handler under one path."""

    controller: type[Controller]
    function: Callable[..., Any]
    where: str
    methods: tuple[str, ...]
    template: PathTemplate
    siblings: frozenset[str]
    """The placeholders of all paths of the handler."""
    name: str
    tags: tuple[str, ...]
    levels: tuple[Level, ...]
    options: RouteOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where in the tree of routers the walk is."""

    path: str
    name: str
    tags: tuple[str, ...]
    levels: tuple[Level, ...]


def collect_handlers(
    controllers: Controllers, app: Level, tags: Sequence[str], report: Callable[[DefinitionError], None]
) -> list[Mounted]:
    """List all handlers below an app; mistakes are reported and left out."""
    place = _Place(path="", name="", tags=tuple(tags), levels=(app,))
    return list(_walk(controllers, place, report))


def _walk(controllers: Iterable[Any], place: _Place, report: Callable[[DefinitionError], None]) -> Iterator[Mounted]:
    for one in controllers:
        if isinstance(one, Router):
            yield from _walk(one.controllers, _inside(place, one), report)
            continue
        try:
            _check_controller(one)
            yield from _mount(one, place)
        except DefinitionError as error:
            report(error)


def _inside(place: _Place, router: Router) -> _Place:
    path = join_paths(place.path, router.path)
    level = Level(
        label=f"router {path}",
        guards=router.guards,
        middlewares=router.middlewares,
        exception_handlers=router.exception_handlers,
    )
    return replace(
        place,
        path=path,
        name=f"{place.name}{router.name}." if router.name else place.name,
        tags=(*place.tags, *router.tags),
        levels=(*place.levels, level),
    )


def _check_controller(controller: Any) -> None:
    if not isinstance(controller, type):
        raise InvalidControllerError(
            type_name(type(controller)),
            "an instance stands among the controllers",
            mend="give the class; its constructor is injected",
        )
    if not issubclass(controller, Controller):
        raise InvalidControllerError(
            describe(controller), "it is no Controller", mend=f"write class {type_name(controller)}(Controller)"
        )
    if is_abstract(controller):
        missing = ", ".join(sorted(getattr(controller, "__abstractmethods__", ())))
        raise InvalidControllerError(
            describe(controller),
            f"it is abstract (without {missing})",
            mend="give a subclass that implements what is missing",
        )


def _mount(controller: type[Controller], place: _Place) -> Iterator[Mounted]:
    handlers = list(_handlers(controller))
    if not handlers:
        raise InvalidControllerError(
            describe(controller), "it has no handler", mend="decorate a method with @get(), @post() or another route"
        )
    level = Level(
        label=callable_name(controller),
        guards=controller.guards,
        middlewares=controller.middlewares,
        exception_handlers=controller.exception_handlers,
    )
    prefix = join_paths(place.path, controller.path)
    for function, definition in handlers:
        yield from _mount_handler(controller, function, definition, replace(place, path=prefix), level)


def _mount_handler(
    controller: type[Controller],
    function: Callable[..., Any],
    definition: RouteDefinition,
    place: _Place,
    level: Level,
) -> Iterator[Mounted]:
    where = describe(function, owner=controller)
    options = definition.options
    templates = [parse_template(join_paths(place.path, path), where) for path in definition.paths]
    route = Level(
        label=f"route {function.__name__}",
        guards=options.get("guards", ()),
        middlewares=options.get("middlewares", ()),
        exception_handlers=options.get("exception_handlers", {}),
    )
    for template in templates:
        yield Mounted(
            controller=controller,
            function=function,
            where=where,
            methods=definition.methods,
            template=template,
            siblings=frozenset(name for one in templates for name in one.placeholders),
            name=place.name + options.get("name", f"{callable_name(controller)}.{function.__name__}"),
            tags=(*place.tags, *controller.tags, *options.get("tags", ())),
            levels=(*place.levels, level, route),
            options=options,
        )


def _handlers(controller: type[Controller]) -> Iterator[tuple[Callable[..., Any], RouteDefinition]]:
    """Yield the handlers of a controller, those of its bases first, each in its most derived form."""
    names = {name: None for base in reversed(controller.__mro__) for name in vars(base)}
    for name in names:
        # A method that overrides a handler keeps the route of the one that it overrides.
        declared = (getattr(vars(base).get(name), "__routes__", None) for base in controller.__mro__)
        definitions: Sequence[RouteDefinition] = next((one for one in declared if one), ())
        for definition in definitions:
            yield getattr(controller, name), definition

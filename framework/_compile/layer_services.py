"""Services that compiled middlewares register, on any level."""

import copy
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from framework._compile.declarations.collect import Place
from framework._compile.declarations.handlers import route_definitions
from framework._steps import Layer
from framework.container import Container
from framework.controller import Controller, Controllers, Router

__all__ = ("with_services_of_layers",)


def with_services_of_layers(container: Container | None, controllers: Controllers, place: Place) -> Container | None:
    """Return the container of a build: a copy with the services of the layers, or itself if no layer registers any."""
    given = [one for level in place.levels for one in level.middlewares]
    found = (*given, *_declared(controllers))
    layers = {id(one): one for one in found if isinstance(one, Layer) and _registers(one)}
    if not layers:
        return container
    made = Container() if container is None else copy.copy(container)
    for one in layers.values():
        one.register(made)
    return made


def _registers(one: Layer) -> bool:
    """Return whether a layer registers services; layers with errors are reported elsewhere, and register none."""
    return type(one).register is not Layer.register and not list(one.mistakes())


def _declared(controllers: Iterable[Any]) -> Iterator[Any]:
    """Yield all middlewares of routers, controllers and routes; values of the wrong type are reported elsewhere."""
    for one in controllers:
        yield from _listed(one)
        if isinstance(one, Router) and isinstance(one.controllers, Sequence):
            yield from _declared(one.controllers)
        if isinstance(one, type) and issubclass(one, Controller):
            for _, definitions in route_definitions(one):
                for each in definitions:
                    yield from _series(each.options.get("middlewares"))


def _listed(one: Any) -> Iterator[Any]:
    return _series(getattr(one, "middlewares", None))


def _series(given: Any) -> Iterator[Any]:
    return iter(given) if isinstance(given, Sequence) else iter(())

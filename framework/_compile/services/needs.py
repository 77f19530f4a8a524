"""The dependencies of constructors, factories and calls, by the graph and by the plans."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from aiohttp import web
from aiohttp.web_request import BaseRequest

from framework._compile.binding.markers import split_marker
from framework._compile.services.graph import Provider, ServiceGraph
from framework._inspect.signatures import MISSING, Signature
from framework._inspect.types import without_none
from framework._plan import ServicePlan
from framework.container import Lifetime
from framework.params import Inject

__all__ = ("is_request", "lifetime_of", "needed_by", "needed_services")


def is_request(annotation: Any) -> bool:
    """Return whether a parameter requires the request itself, or optionally the request."""
    return without_none(annotation) in (web.Request, BaseRequest)


def needed_by(graph: ServiceGraph, signature: Signature) -> Iterator[Provider]:
    """Yield the providers of the parameters of a constructor or factory."""
    for parameter in signature.parameters:
        annotation, markers = split_marker(parameter.annotation)
        marker = markers[0] if markers else None
        if isinstance(marker, Inject | None) and annotation is not MISSING:
            one = graph.find(annotation, marker.qualifier if marker is not None else None)
            yield from [one] if one is not None else graph.find_all(annotation)


def lifetime_of(graph: ServiceGraph, signature: Signature) -> Lifetime:
    """Return the lifetime by the dependencies: as long as the process if all dependencies live as long."""
    for parameter in signature.parameters:
        annotation, markers = split_marker(parameter.annotation)
        marker = markers[0] if markers else None
        if is_request(annotation) or not isinstance(marker, Inject | None):
            return Lifetime.SCOPED
        qualifier = marker.qualifier if marker is not None else None
        one = graph.find(annotation, qualifier)
        needed = [one] if one is not None else graph.find_all(annotation)
        missing = not needed and parameter.default is MISSING
        if missing or any(provider.lifetime is not Lifetime.SINGLETON for provider in needed):
            return Lifetime.SCOPED
    return Lifetime.SINGLETON


def needed_services(services: Sequence[ServicePlan], variables: Iterable[str]) -> list[ServicePlan]:
    """Return the services in some variables and their dependencies, in the order of their creation."""
    wanted = set(variables)
    found = []
    for service in reversed(services):
        if service.variable in wanted:
            wanted |= {name for one in service.call.arguments for name in one.variables}
            found.append(service)
    return found[::-1]

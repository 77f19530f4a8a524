"""What a constructor, a factory or a call needs, seen from the graph and from the plans."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from aiohttp import web
from aiohttp.web_request import BaseRequest

from framework._inspect.signatures import MISSING, Signature
from framework._inspect.types import without_none
from framework._markers import split_marker
from framework._plan import ServicePlan
from framework._services.graph import Provider, ServiceGraph
from framework.container import Lifetime
from framework.params import Inject

__all__ = ("is_request", "lifetime_of", "needed_by", "needed_services")


def is_request(annotation: Any) -> bool:
    """Tell whether a parameter asks for the request itself, or for the request where there is one."""
    return without_none(annotation) in (web.Request, BaseRequest)


def needed_by(graph: ServiceGraph, signature: Signature) -> Iterator[Provider]:
    """Yield the providers of what a constructor or factory asks for."""
    for parameter in signature.parameters:
        annotation, markers = split_marker(parameter.annotation)
        marker = markers[0] if markers else None
        if isinstance(marker, Inject | None) and annotation is not MISSING:
            one = graph.find(annotation, marker.qualifier if marker is not None else None)
            yield from [one] if one is not None else graph.find_all(annotation)


def lifetime_of(graph: ServiceGraph, signature: Signature) -> Lifetime:
    """Return how long something may live by what it asks for: as long as the process if all of that does."""
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
    """Return the services that some variables hold, and what these need, in the order in which they are made."""
    wanted = set(variables)
    found = []
    for service in reversed(services):
        if service.variable in wanted:
            wanted |= {name for one in service.call.arguments for name in one.variables}
            found.append(service)
    return found[::-1]

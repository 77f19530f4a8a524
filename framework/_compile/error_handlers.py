"""Exception handlers with services: each call has its own scope, because that of the request is closed."""

import functools
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from framework._compile.binding.markers import split_marker
from framework._compile.injected import InjectedCall, Injector
from framework._compile.services.graph import ServiceGraph
from framework._inspect.names import type_name
from framework._inspect.signatures import (
    MISSING,
    UNSTATED,
    Parameter,
    accepts,
    called_of,
    is_async,
    read_signature,
)
from framework._inspect.types import unsupported
from framework.errors import DefinitionError, InvalidLayerError
from framework.openapi import declared_by
from framework.params import Inject

__all__ = ("bind", "bind_instance", "injected_services", "is_error_handler", "prepare_call")

_GIVEN = 2
"""The request and the error."""


def injected_services(layer: Any) -> Sequence[Parameter]:
    """Return the injected parameters of an exception handler, beside request and error.

    Raises a DefinitionError if it has more parameters and its annotations cannot be read.
    """
    called, own = called_of(layer)
    try:
        taken = read_signature(called, owner=layer if own else None).parameters[own + _GIVEN :]
    except DefinitionError:
        if accepts(called, own + _GIVEN):
            return ()  # Its annotations are not used otherwise.
        raise
    given = layer.keywords if isinstance(layer, functools.partial) else ()
    return [one for one in taken if one.name not in given and one.annotation not in UNSTATED]


def is_error_handler(layer: Any) -> bool:
    """Return whether an object can be called with a request and an error, followed by services."""
    called, own = called_of(layer)
    if not callable(called) or not is_async(called):
        return False
    if accepts(called, own + _GIVEN):
        return True
    return bool(injected_services(layer)) and accepts(called, own + _GIVEN, more=True)


def prepare_call(layer: Any, parameters: Sequence[Parameter], graph: ServiceGraph, injector: Injector) -> InjectedCall:
    """Plan the call of an exception handler; raises a DefinitionError, or a group of several."""
    called, own = called_of(layer)
    where = read_signature(called, owner=layer if own else None).where
    for one in parameters:
        plain, markers = split_marker(one.annotation)
        is_read = any(not isinstance(marker, Inject) for marker in markers)
        if is_read or not (markers or graph.knows(plain) or one.default is not MISSING or unsupported(plain)):
            raise InvalidLayerError(
                f"{where}, parameter {one.name!r}",
                f"{type_name(plain)} is not a service, and an exception handler takes services alone",
                hint="read it from the request, which is the first argument",
            )
    return injector.prepare(called, (None,) * (own + _GIVEN), {}, request=-_GIVEN)


def bind(call: InjectedCall, handler: Any) -> Callable[..., Awaitable[Any]]:
    """Return a function that calls an exception handler, and has its declaration."""
    return _declaring(functools.partial(call.again), handler)


def bind_instance(call: InjectedCall, instance: Any) -> Callable[..., Awaitable[Any]]:
    """Return a function that calls the instance of a class, and has its declaration."""
    return _declaring(functools.partial(call.again, instance), instance)


def _declaring(called: functools.partial[Any], handler: Any) -> Callable[..., Awaitable[Any]]:
    vars(called)["handles"] = declared_by(handler)
    return called

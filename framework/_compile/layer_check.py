"""Checks compiled middlewares: what they return at start-up, and their order."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from multidict import CIMultiDict

from framework._http.tokens import is_token
from framework._inspect.names import callable_name, describe, type_name, value_name
from framework._inspect.signatures import accepts
from framework._plan import LayerPlan
from framework._serve.responses.header_check import broken_header
from framework._serve.responses.wire import header_lines
from framework._steps import Layer, Steps
from framework.errors import DefinitionError, InvalidLayerError, LayerOrderError
from framework.http_errors import HTTPError

__all__ = ("check_steps", "not_covered", "order_errors")


def check_steps(steps: Any, layer: Any, method: str) -> Steps | None:
    """Return the steps of a layer; raises InvalidLayerError if they are not valid."""
    if steps is None:
        return None
    if not isinstance(steps, Steps):
        what = f"it returns {value_name(steps)}"
        where = describe(getattr(layer, method))
        raise InvalidLayerError(where, what, hint="return Steps(...), or None for a layer that does nothing")
    for what, hint in _mistakes(steps):
        where = describe(getattr(layer, method))
        raise InvalidLayerError(where, f"it returns Steps({what}", hint=hint)
    return steps


def _mistakes(steps: Steps) -> Iterator[tuple[str, str]]:
    if steps.before is not None and not _fits(steps.before, 1):
        yield f"before={value_name(steps.before)}), which cannot be called so", "write it as before(request)"
    if steps.after is not None and not _fits(steps.after, 2 + bool(steps.keeps)):
        written = "after(request, response, kept)" if steps.keeps else "after(request, response)"
        yield f"after={value_name(steps.after)}), which cannot be called so", f"write it as {written}"
    if steps.keeps and (steps.before is None or steps.after is None):
        yield "keeps=True) without before= and after=", "give both: after gets what before has returned"
    yield from _header_mistakes(steps)
    raised: Sequence[Any] = steps.raises
    for error in raised:
        if not (isinstance(error, type) and issubclass(error, HTTPError)):
            yield f"raises=...) with {value_name(error)}", "name subclasses of HTTPError"
    for one in steps.opens:
        if not (hasattr(type(one), "__aenter__") and hasattr(type(one), "__aexit__")):
            yield f"opens=...) with {value_name(one)}", "give async context managers"


def _header_mistakes(steps: Steps) -> Iterator[tuple[str, str]]:
    headers = CIMultiDict({**steps.headers, **steps.secure_headers})
    if headers and header_lines(headers, None) is None:
        yield f"headers=...): {broken_header(headers, None)}", "use a token and a string on one line"
    for name, choose in steps.headers_by.items():
        if not is_token(name) or not _fits(choose, 1):
            yield (
                f"headers_by={{{name!r}: {value_name(choose)}}})",
                "give a function of one argument for a request header",
            )
    for name in steps.before_if:
        if not is_token(name):
            yield f"before_if=...) with {name!r}", 'name request headers: before_if=("If-Match",)'


def _fits(function: Any, count: int) -> bool:
    return callable(function) and accepts(function, count, unknown=True)


def not_covered(route: str, service: str, layer: Layer, level: LayerPlan | None) -> DefinitionError:
    """Return the error of a route that requires a service of a layer that does not cover it.

    With the level of the exception handler that requires the service, if it is not the route itself.
    """
    name = callable_name(type(layer))
    hint = f"give the {name} to the app, or to a router or controller around it"
    if level is None:
        what = f"it requires {service}, which only the routes that {name} covers have"
        return InvalidLayerError(route, what, hint=hint)
    what = (
        f"an exception handler of {level.level} requires {service}, which only the routes that {name} covers have, "
        f"and also handles errors of {route}"
    )
    return InvalidLayerError(level.where, what, hint=f"{hint}, or give the exception handler only to those routes")


def order_errors(stacks: Iterable[Sequence[LayerPlan]]) -> Iterator[DefinitionError]:
    """Yield an error for each layer that is inside of a layer that must be further in."""
    for layers in stacks:
        ranked = list(_ranked(layers))
        names = list(
            dict.fromkeys(type_name(type(one)) for _, one in sorted(ranked, key=lambda each: each[1].rank or 0))
        )
        outer: tuple[LayerPlan, Layer] | None = None
        for level, layer in ranked:
            if outer is None or (layer.rank or 0) >= (outer[1].rank or 0):
                outer = level, layer
            else:
                yield LayerOrderError(
                    level.where,
                    _named(layer, level, level),
                    _named(outer[1], outer[0], level),
                    names,
                )


def _ranked(layers: Sequence[LayerPlan]) -> Iterator[tuple[LayerPlan, Layer]]:
    """Yield the layers that have a rank; of a class whose innermost instance applies, only the outermost place."""
    met: set[type[Layer]] = set()
    for level in layers:
        for name in level.middlewares:
            layer = level.compiled.get(name)
            if layer is None or layer.rank is None or (layer.nearest and type(layer) in met):
                continue
            met.add(type(layer))
            yield level, layer


def _named(layer: Layer, level: LayerPlan, here: LayerPlan) -> str:
    name = callable_name(type(layer))
    return name if level is here else f"{name} ({level.level})"

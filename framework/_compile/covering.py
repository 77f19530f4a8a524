"""Which compiled middlewares cover a route, and where each of them is."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from framework._plan import LayerPlan
from framework._steps import Layer

__all__ = ("Standing", "applying", "standing")


class Standing(NamedTuple):
    """A layer, and its place in the levels around a route."""

    layer: Layer
    level: LayerPlan
    depth: int
    at: int


def standing(layers: Sequence[LayerPlan]) -> Iterator[Standing]:
    """Yield the layers of some levels, outermost first."""
    for depth, level in enumerate(layers, start=1):
        for index, name in enumerate(level.middlewares):
            if name in level.compiled:
                yield Standing(level.compiled[name], level, depth, index)


def applying(layers: Sequence[LayerPlan]) -> list[Standing]:
    """Return the layers that apply: all, but of a class with ``nearest`` only the innermost.

    It has the place of the outermost instance, which is that of the class in the order of the catalogue.
    """
    found = list(standing(layers))
    last = {type(one.layer): one for one in found}
    first = {type(one.layer): one for one in reversed(found)}
    return [
        one if not one.layer.nearest else last[type(one.layer)]._replace(depth=one.depth, at=one.at)
        for one in found
        if not one.layer.nearest or first[type(one.layer)] is one
    ]

"""The steps of compiled middlewares for each route: requested once, checked, and in the order of the stack."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from framework._compile.covering import applying, standing
from framework._compile.layer_check import check_steps, not_covered, order_errors
from framework._compile.route_info import handler_services, route_info
from framework._matched import RouteInfo
from framework._plan import Call, FactoryKind, LayerPlan, RoutePlan, ServicePlan, StepsPlan
from framework._steps import Layer, Steps
from framework.container import Lifetime
from framework.errors import DefinitionError

__all__ = ("StepsPlanner", "shared_levels")

_OPTIONS = "OPTIONS"
_Policies = Mapping[type[Layer], Steps | None]
"""The steps of classes for OPTIONS of a path, which replace those of their instances."""


class StepsPlanner:
    """Compiles the layers of one app."""

    def __init__(self, report: Callable[[DefinitionError], None]) -> None:
        self._report = report
        self._without_route: dict[int, Steps | None] = {}
        self._options: dict[Hashable, _Policies] = {}
        self._opened: dict[int, ServicePlan] = {}
        self._app: tuple[LayerPlan, ...] = ()

    @property
    def opened(self) -> tuple[ServicePlan, ...]:
        """The context managers that are open as long as the process, in the order in which they are entered."""
        return tuple(self._opened.values())

    def compile(
        self, routes: Sequence[RoutePlan], app: LayerPlan, shape_of: Callable[[RoutePlan], Hashable]
    ) -> list[RoutePlan]:
        """Return the routes with the steps of their layers, and report errors."""
        self._app = (app,)
        stacks = [self._app, *(plan.layers for plan in routes)]
        if not any(level.compiled or level.guarding for layers in stacks for level in layers):
            return list(routes)
        for error in order_errors(stacks):
            self._report(error)
        for one in {id(each.layer): each for layers in stacks for each in standing(layers)}.values():
            self._without_route[id(one.layer)] = self._ask(one.layer, None)
        self._check_exclusive(routes)
        self._plan_options(routes, shape_of)
        return [self._compile(plan, self._options.get(shape_of(plan), {})) for plan in routes]

    def _check_exclusive(self, routes: Sequence[RoutePlan]) -> None:
        """Report routes that require a service of a layer that does not cover them."""
        owners: dict[Any, list[Layer]] = {}
        layers = {id(one.layer): one.layer for plan in routes for one in standing((*self._app, *plan.layers))}
        for layer in layers.values():
            for key in layer.exclusive():
                owners.setdefault(key, []).append(layer)
        for plan in routes:
            covering = {id(one.layer) for one in standing(plan.layers)}
            wanted = [(None, one) for one in plan.services] + list(handler_services(plan))
            for level, service in wanted:
                found = owners.get(service.key, ()) if service.key is not None else ()
                if found and not any(id(one) in covering for one in found):
                    self._report(not_covered(plan.label, service.label, found[0], level))

    def _compile(self, plan: RoutePlan, options: _Policies) -> RoutePlan:
        info = route_info(plan)
        if plan.method != _OPTIONS:
            options = {}
        steps = _stack(plan.layers, lambda layer: self._ask(layer, info), options)
        if plan.socket is not None:
            # Steps that respond without a handler are not for web sockets.
            steps = tuple(one for one in steps if not one.is_inner)
        raises = [error for one in self._guarding(plan, info) for error in one.raises]
        return replace(plan, steps=steps, info=info, raises=tuple(dict.fromkeys([*plan.raises, *raises])))

    def _guarding(self, plan: RoutePlan, info: RouteInfo) -> Iterator[Steps]:
        """Yield the steps of guards that may also be given as middlewares."""
        for layer in [one for level in plan.layers for one in level.guarding.values()]:
            steps = self._checked(layer, lambda layer=layer: layer.compile_guard(info), "compile_guard")  # type: ignore[misc]  # bound at once
            if steps is not None:
                yield steps

    def without_route(self, layers: Sequence[LayerPlan]) -> tuple[StepsPlan, ...]:
        """Return the steps of layers for a response without a handler."""
        return _outside(_stack(layers, self._ask_without_route, {}))

    def options(self, layers: Sequence[LayerPlan], shape: Hashable = None) -> tuple[StepsPlan, ...]:
        """Return the steps of layers for the automatic response to OPTIONS on paths of a shape, or on unknown paths."""
        return _outside(_stack(layers, self._ask_without_route, self._options.get(shape, {})))

    def has_policies(self, shape: Hashable = None) -> bool:
        """Return whether the paths of a shape, or unknown paths, have their own policies for OPTIONS."""
        return bool(self._options.get(shape))

    def _ask_without_route(self, layer: Layer) -> Steps | None:
        return self._without_route.get(id(layer))

    def _ask(self, layer: Layer, info: RouteInfo | None) -> Steps | None:
        return self._checked(layer, lambda: layer.compile(info), "compile")

    def _checked(self, layer: Any, ask: Callable[[], Any], method: str) -> Steps | None:
        try:
            steps = check_steps(ask(), layer, method)
        except DefinitionError as error:
            self._report(error)
            return None
        for one in () if steps is None else steps.opens:
            self._opened.setdefault(id(one), _opening(one, len(self._opened)))
        return steps

    def _plan_options(self, routes: Sequence[RoutePlan], shape_of: Callable[[RoutePlan], Hashable]) -> None:
        by_shape: dict[Hashable, list[RoutePlan]] = {None: []}
        for plan in routes:
            by_shape.setdefault(shape_of(plan), []).append(plan)
        for shape, plans in by_shape.items():
            shared = shared_levels([plan.layers for plan in plans]) if plans else self._app
            self._options[shape] = self._policies(plans, shared)

    def _policies(self, plans: Sequence[RoutePlan], shared: Sequence[LayerPlan]) -> _Policies:
        """Return the steps of the classes that decide about OPTIONS by the policies of all methods of a path."""
        # A handler for GET takes precedence over a web socket on the same path.
        methods = {plan.method: _nearest(plan.layers) for plan in sorted(plans, key=lambda one: one.socket is None)}
        if any(plan.method == "GET" and plan.socket is None for plan in plans):
            methods.setdefault("HEAD", methods["GET"])
        default = _nearest(shared)
        classes = dict.fromkeys([each for found in (default, *methods.values()) for each in found])
        return {
            each: self._checked(
                each,
                lambda each=each: each.for_options(  # type: ignore[misc]  # bound at once
                    {method: found[each] for method, found in methods.items() if each in found}, default.get(each)
                ),
                "for_options",
            )
            for each in classes
            if _decides(each)
        }


def _nearest(layers: Sequence[LayerPlan]) -> dict[type[Layer], Layer]:
    return {type(one.layer): one.layer for one in applying(layers) if one.layer.nearest}


def _decides(each: type[Layer]) -> bool:
    method: Any = each.for_options
    default: Any = Layer.for_options
    return method.__func__ is not default.__func__


def _stack(
    layers: Sequence[LayerPlan], ask: Callable[[Layer], Steps | None], options: _Policies
) -> tuple[StepsPlan, ...]:
    found: list[StepsPlan] = []
    left = dict(options)
    for one in applying(layers):
        each = type(one.layer)
        steps = left.pop(each) if each in left else ask(one.layer)
        if steps is not None:
            found.append(_plan(each, steps, one.level.level, one.depth, one.at))
    # Classes of another route of the path.
    level = layers[-1] if layers else LayerPlan(level="app")
    for each, steps in left.items():
        if steps is not None:
            found.append(_plan(each, steps, level.level, len(layers), len(level.middlewares)))
    return tuple(found)


def _plan(each: type[Layer], steps: Steps, level: str, depth: int, index: int) -> StepsPlan:
    return StepsPlan(name=each.__name__, level=level, depth=depth, index=index, steps=steps)


def _outside(steps: Iterable[StepsPlan]) -> tuple[StepsPlan, ...]:
    """Leave out the steps that begin after the guards, because no guard runs."""
    return tuple(one for one in steps if not one.is_inner)


def shared_levels(stacks: Sequence[Sequence[LayerPlan]]) -> tuple[LayerPlan, ...]:
    """Return the levels that all routes of a path share, outermost first."""
    shared: list[LayerPlan] = []
    for levels in zip(*stacks, strict=False):
        if any(one is not levels[0] for one in levels):
            break
        shared.append(levels[0])
    return tuple(shared)


def _opening(manager: Any, number: int) -> ServicePlan:
    return ServicePlan(
        variable=f"opened_{number}",
        label=type(manager).__name__,
        lifetime=Lifetime.SINGLETON,
        kind=FactoryKind.ASYNC_CONTEXT,
        call=Call(target=lambda: manager, arguments=()),
    )

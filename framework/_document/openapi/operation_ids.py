"""An operationId for each route: unique in the application, and independent of the order of registration."""

import re
from collections.abc import Callable, Iterable, Sequence

from framework._plan import RoutePlan
from framework.errors import DefinitionError

__all__ = ("METHODS", "DuplicateOperationIdError", "Key", "is_operation", "key_of", "operation_ids")

# All methods of a path item in OpenAPI 3.1, in the order in which they are shown.
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

Key = tuple[str, str]
"""Method and path template, which identify a route; a web socket has a method of its own."""


class DuplicateOperationIdError(DefinitionError):
    """Two handlers have the same ``operation_id``, or a declared id is the generated id of another handler."""

    code = "E705"

    def __init__(self, where: str, operation_id: str, other: str) -> None:
        super().__init__(
            where,
            f"its operation id {operation_id!r} is also that of {other}",
            hint="give one of them another operation_id",
        )


def key_of(plan: RoutePlan) -> Key:
    """Return the key that identifies a route."""
    return plan.method if plan.socket is None else "WEBSOCKET", plan.path


def is_operation(plan: RoutePlan) -> bool:
    """Return whether a route is in the documents that include it."""
    return plan.in_document and plan.socket is None and plan.method.lower() in METHODS


def operation_ids(plans: Iterable[RoutePlan]) -> tuple[dict[Key, str], list[DefinitionError]]:
    """Return the ids, and their errors.

    An id is the declared ``operation_id`` or the route's name. If a handler has several routes, all of their ids end
    in what differs: the method, the path, or both.
    """
    groups: dict[str, list[RoutePlan]] = {}
    # Sorted, so that numbers and messages do not depend on the order of registration.
    for plan in sorted(plans, key=key_of):
        groups.setdefault(plan.operation_id or plan.name, []).append(plan)
    errors = [error for base, group in sorted(groups.items()) for error in _shared_by_handlers(base, group)]
    ids = {key_of(plan): name for base, group in sorted(groups.items()) for plan, name in _distinguished(base, group)}
    return ids, errors or _clashes(ids, [plan for group in groups.values() for plan in group])


def _shared_by_handlers(base: str, group: Sequence[RoutePlan]) -> list[DefinitionError]:
    declared = [plan for plan in group if plan.operation_id is not None]
    others = [plan for plan in declared if plan.function is not declared[0].function]
    return [DuplicateOperationIdError(plan.label, base, declared[0].label) for plan in others]


def _distinguished(base: str, group: Sequence[RoutePlan]) -> list[tuple[RoutePlan, str]]:
    if len(group) == 1:
        return [(group[0], base)]
    for ending in _ENDINGS:
        endings = [ending(plan) for plan in group]
        if len(set(endings)) == len(endings):
            return [(plan, f"{base}_{end}") for plan, end in zip(group, endings, strict=True)]
    return [(plan, f"{base}_{number}") for number, plan in enumerate(group, start=1)]


def _path_words(plan: RoutePlan) -> str:
    """Write a path in letters: ``/v1/orders/{order_id}`` -> ``v1_orders_order_id``."""
    return re.sub(r"\W+", "_", plan.path.replace(":path}", "}")).strip("_") or "root"


_ENDINGS: tuple[Callable[[RoutePlan], str], ...] = (
    lambda plan: plan.method.lower(),
    _path_words,
    lambda plan: f"{plan.method.lower()}_{_path_words(plan)}",
)


def _clashes(ids: dict[Key, str], plans: Sequence[RoutePlan]) -> list[DefinitionError]:
    first: dict[str, RoutePlan] = {}
    errors: list[DefinitionError] = []
    for plan in sorted(plans, key=key_of):
        operation_id = ids[key_of(plan)]
        other = first.setdefault(operation_id, plan)
        if other is not plan:
            errors.append(DuplicateOperationIdError(plan.label, operation_id, other.label))
    return errors

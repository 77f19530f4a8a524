"""Links in the OpenAPI document: from a response to operations of the same document."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import msgspec
from msgspec import UNSET

from framework._document.openapi.operation_ids import Key, is_operation, key_of
from framework._document.schemas.scalars import compact, plain_copy
from framework._hooks import encode_hook
from framework._plan import LinkedParameter, LinkPlan, RoutePlan, Source
from framework._pydantic import unfolded
from framework.errors import InvalidLinkError

__all__ = ("Renamed", "describe_links", "links_nowhere", "rename_in_expressions")

Renamed: TypeAlias = Callable[[str], Mapping[str, str]]
"""Returns, for a path template, its placeholders with their names in the document."""

_PATH = re.compile(r"((?:^|\{)\$request\.path\.)(\w+)")


def describe_links(plan: RoutePlan, ids: Mapping[Key, str], renamed: Renamed) -> dict[str, Any]:
    """Return the links of a route by name, without links to operations that the document does not contain."""
    own = renamed(plan.path)
    return {
        one.name: _describe(one, ids[one.method, one.path], own, renamed(one.path))
        for one in plan.links
        if (one.method, one.path) in ids
    }


def links_nowhere(documents: Sequence[Sequence[RoutePlan]]) -> list[InvalidLinkError]:
    """Return an error for each link that no document contains, if at least one document contains its route."""
    shown = [{key_of(plan): plan for plan in routes if is_operation(plan)} for routes in documents]
    errors: list[InvalidLinkError] = []
    for key, plan in {key: plan for one in shown for key, plan in one.items()}.items():
        beside = {other for one in shown if key in one for other in one}
        for link in plan.links:
            if (link.method, link.path) not in beside:
                what = f"its target {link.method} {link.path} is in no OpenAPI document with the route"
                hint = "let one document include both, or take the link out"
                errors.append(InvalidLinkError(f"{plan.label}, link {link.name!r}", what, hint=hint))
    return errors


def rename_in_expressions(value: Any, renamed: Mapping[str, str]) -> Any:
    """Rename the placeholders of a route in expressions; values that are not strings are returned unchanged."""
    if not isinstance(value, str):
        return value
    return _PATH.sub(lambda found: found[1] + renamed.get(found[2], found[2]), value)


def _describe(link: LinkPlan, operation_id: str, own: Mapping[str, str], others: Mapping[str, str]) -> dict[str, Any]:
    parameters = {_name(one, others): rename_in_expressions(one.value, own) for one in link.parameters}
    described = compact(operationId=operation_id, parameters=parameters or None, description=link.description)
    if link.request_body is UNSET:
        return described
    body = plain_copy(msgspec.to_builtins(unfolded(link.request_body), str_keys=True, enc_hook=encode_hook))
    return {**described, "requestBody": rename_in_expressions(body, own)}


def _name(parameter: LinkedParameter, renamed: Mapping[str, str]) -> str:
    name = renamed.get(parameter.name, parameter.name) if parameter.source is Source.PATH else parameter.name
    return f"{parameter.source}.{name}" if parameter.qualified else name

"""Routes as operations: what is read from a plan, with types where the document will have schemas."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec import Struct

from framework._document.openapi.bodies import request_body
from framework._document.openapi.callbacks import describe_callbacks
from framework._document.openapi.layer_headers import layer_parameters
from framework._document.openapi.links import describe_links
from framework._document.openapi.operation_ids import METHODS, Key, is_operation, key_of, operation_ids
from framework._document.openapi.parameters import describe_parameters
from framework._document.openapi.responses import describe_responses, precondition_parameters
from framework._document.openapi.security import describe_security
from framework._document.schemas.docstrings import Docstring, parse
from framework._document.schemas.scalars import compact, examples_of, plain_copy
from framework._plan import Provision, RoutePlan
from framework.errors import DefinitionError

__all__ = (
    "DuplicateOperationError",
    "Operation",
    "describe_operations",
    "document_path",
    "merged",
    "parameter_texts",
)

_PLACEHOLDER = re.compile(r"\{([^{}:]*)(?::[^{}]*)?\}")


class DuplicateOperationError(DefinitionError):
    """Two routes are one operation to OpenAPI, which knows no placeholder for the rest of a path."""

    code = "E704"

    def __init__(self, where: str, method: str, path: str, other: str) -> None:
        super().__init__(
            where,
            f"{method} {path} stands in the OpenAPI document already, for {other}",
            hint="hide one of them with in_document=False, or change its path",
        )


class Operation(Struct, frozen=True, kw_only=True):
    """One route in the OpenAPI document."""

    path: str
    """As in the OpenAPI document."""
    method: str
    """In lower case."""
    body: dict[str, Any]
    """The operation object, with types under ``schema``."""


class _Shown(Struct, frozen=True, kw_only=True):
    """What one document has."""

    ids: Mapping[Key, str]
    paths: Mapping[str, str]
    """By their templates."""

    def renamed(self, template: str) -> dict[str, str]:
        """Return the placeholders of a template, with those that the document has in their place."""
        return dict(zip(_PLACEHOLDER.findall(template), _PLACEHOLDER.findall(self.paths[template]), strict=True))


def document_path(template: str) -> str:
    """Write a path template as OpenAPI does: ``/files/{name:path}`` -> ``/files/{name}``."""
    return _PLACEHOLDER.sub(r"{\1}", template)


def describe_operations(routes: Iterable[RoutePlan]) -> list[Operation]:
    """Return the operations of all routes that are shown, sorted by path and method.

    Raises an ExceptionGroup of DefinitionErrors.
    """
    plans = sorted(
        (plan for plan in routes if is_operation(plan)),
        key=key_of,
    )
    paths = _document_paths(plans)
    ids, errors = operation_ids(plans)
    shown = _Shown(ids={key_of(plan): _operation_id(plan, ids) for plan in plans}, paths=paths)
    found: dict[tuple[str, int], tuple[RoutePlan, Operation]] = {}
    for plan in plans:
        path = paths[plan.path]
        try:
            operation = Operation(path=path, method=plan.method.lower(), body=_describe(plan, shown))
        except DefinitionError as error:
            errors.append(error)
            continue
        other, _ = found.setdefault((path, METHODS.index(operation.method)), (plan, operation))
        if other is not plan:
            errors.append(DuplicateOperationError(plan.label, plan.method, path, other.label))
    if errors:
        raise ExceptionGroup("The OpenAPI document cannot be made", list({str(one): one for one in errors}.values()))
    return [found[key][1] for key in sorted(found)]


def _operation_id(plan: RoutePlan, ids: Mapping[Key, str]) -> str:
    """Return the id that extra= leaves, because links refer to it."""
    return str((plan.extra or {}).get("operationId", ids[key_of(plan)]))


def _document_paths(plans: Iterable[RoutePlan]) -> dict[str, str]:
    """Give templates that differ only in the names of placeholders one spelling, because OpenAPI forbids two."""
    spellings: dict[str, str] = {}
    for template in sorted({document_path(plan.path) for plan in plans}):
        spellings.setdefault(_PLACEHOLDER.sub("{}", template), template)
    return {plan.path: spellings[_PLACEHOLDER.sub("{}", plan.path)] for plan in plans}


def _describe(plan: RoutePlan, shown: _Shown) -> dict[str, Any]:
    doc = parse(plan.function.__doc__)
    renamed = shown.renamed(plan.path)
    operation = compact(
        tags=list(plan.tags) or None,
        summary=doc.summary if plan.summary is None else plan.summary,
        description=doc.description if plan.description is None else plan.description,
        operationId=shown.ids[key_of(plan)],
        parameters=_parameters(plan, renamed, doc) or None,
        requestBody=_request_body(plan, doc),
        responses=_responses(plan, doc, shown),
        callbacks=describe_callbacks(plan, renamed) or None,
        deprecated=plan.deprecated or None,
        security=describe_security(plan) or None,
    )
    return operation if plan.extra is None else merged(operation, plain_copy(plan.extra))


def parameter_texts(plan: RoutePlan, doc: Docstring) -> dict[str, str]:
    """Return the descriptions of parameters in the handler's docstring, by their variables in the plan."""
    names = {one.variables[0]: one.name for one in plan.handler.arguments if one.provision is Provision.PARAMETER}
    return {variable: doc.parameters[name] for variable, name in names.items() if name in doc.parameters}


def _request_body(plan: RoutePlan, doc: Docstring) -> dict[str, Any] | None:
    described = request_body(plan)
    if plan.body is None or described is None:
        return None
    _add_examples(described, plan.body.examples)
    names = [one.name for one in plan.handler.arguments if one.provision is Provision.BODY]
    text = next((doc.parameters[name] for name in names if name in doc.parameters), None)
    return described if text is None else {"description": text, **described}


def _responses(plan: RoutePlan, doc: Docstring, shown: _Shown) -> dict[str, Any]:
    described = describe_responses(plan)
    success = described.get(str(plan.response.status))
    if isinstance(success, dict):
        _add_examples(success, plan.examples)
        if doc.returns is not None:
            success["description"] = doc.returns
        links = describe_links(plan, shown.ids, shown.renamed)
        success.update({"links": links} if links else {})
    return described


def _add_examples(described: dict[str, Any], examples: Mapping[str, Any]) -> None:
    for media in described.get("content", {}).values() if examples else ():
        media.update(examples_of(examples))


def _parameters(plan: RoutePlan, renamed: Mapping[str, str], doc: Docstring) -> list[dict[str, Any]]:
    declared = describe_parameters(plan.all_parameters, renamed, parameter_texts(plan, doc))
    known = {one["name"].lower() for one in declared if one["in"] == "header"}
    preconditions = [one for one in precondition_parameters(plan) if one["name"].lower() not in known]
    known |= {one["name"].lower() for one in preconditions}
    cookies = {one["name"] for one in declared if one["in"] == "cookie"}
    added = [
        one
        for one in layer_parameters(plan)
        if (one["name"] not in cookies if one["in"] == "cookie" else one["name"].lower() not in known)
    ]
    return [*declared, *preconditions, *added]


def merged(known: dict[str, Any], added: Mapping[str, Any]) -> dict[str, Any]:
    """Merge mappings, append lists and put all else in the place of what was there."""
    found = dict(known)
    for key, value in added.items():
        merge = _MERGERS.get((type(found.get(key)), type(value)))
        found[key] = value if merge is None else merge(found[key], value)
    return found


_MERGERS: dict[tuple[type, type], Callable[[Any, Any], Any]] = {
    (dict, dict): merged,
    (list, list): lambda known, added: [*known, *added],
}

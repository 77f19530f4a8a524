"""The OpenAPI 3.1 document of an application, built once from its plan."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, groupby
from typing import Any

import orjson
from msgspec import Struct, inspect

from framework._document.openapi.callbacks import describe_webhook
from framework._document.openapi.directions import directed_types, sent_schemas, sent_types
from framework._document.openapi.naming import input_and_output_names, named_types
from framework._document.openapi.operations import Operation, describe_operations
from framework._document.openapi.problems import MEDIA_TYPE, PROBLEM_RESPONSES, ProblemResponse
from framework._document.openapi.security import security_schemes
from framework._document.openapi.selection import has_channels
from framework._document.schemas.models import with_models
from framework._document.schemas.placeholders import describe
from framework._document.schemas.scalars import compact, plain_copy
from framework._document.schemas.schemas import Names, OutputNames
from framework._plan import RoutePlan
from framework.openapi import OpenAPI

__all__ = ("Described", "build_document", "describe_document", "encode_document")

_VERSION = "3.1.0"
_TOP_LEVEL = ("openapi", "info", "servers", "tags", "externalDocs", "paths", "webhooks", "components")


class Described(Struct, frozen=True, kw_only=True):
    """The content of the documents of some routes, with the names of all classes in both documents."""

    operations: Sequence[Operation]
    problem_responses: Sequence[ProblemResponse]
    webhooks: Mapping[str, Any]
    read: Mapping[Any, inspect.Type]
    """The classes that the operations of OpenAPI read; below them, the classes that they send."""
    output: Mapping[Any, inspect.Type]
    channels: Sequence[Any]
    """The Channels of the AsyncAPI document; their module is imported only if there are channels."""
    names: Names
    output_names: OutputNames


def describe_document(settings: OpenAPI, routes: Sequence[RoutePlan], events: Sequence[inspect.Type] = ()) -> Described:
    """Return the content of the documents of the routes that are included; ``events`` are sent between processes.

    Raises an ExceptionGroup of DefinitionErrors if two operations, or their ids, are the same.
    """
    operations = describe_operations(routes)
    channels = _channels_of(routes) if has_channels(routes) else ()
    problems = _problem_responses_in(operations)
    webhooks = {name: describe_webhook(name, one) for name, one in settings.webhooks.items()}
    read = named_types(_types(operations, webhooks, read=True))
    output = named_types(chain(_types(operations, webhooks, read=False), map(_body_of, problems)))
    # One set of names for both documents, so that a class has the same name in each.
    names, output_names = input_and_output_names(
        {**read, **named_types(chain.from_iterable(one.read for one in channels))},
        {
            **output,
            **named_types(chain(chain.from_iterable(one.output for one in channels), events if channels else ())),
        },
    )
    return Described(
        operations=operations,
        problem_responses=problems,
        webhooks=webhooks,
        read=read,
        output=output,
        channels=channels,
        names=names,
        output_names=output_names,
    )


def _channels_of(routes: Sequence[RoutePlan]) -> Sequence[Any]:
    from framework._document.openapi.channels import describe_channels

    return describe_channels(routes)


def build_document(
    settings: OpenAPI, routes: Sequence[RoutePlan], described: Described | None = None
) -> dict[str, Any]:
    """Return the OpenAPI document of the routes that it includes; the order of the routes does not matter.

    Raises an ExceptionGroup of DefinitionErrors if two operations, or their ids, are the same.
    """
    # Imported late: apispec is not needed to serve requests, nor if the document is disabled.
    from apispec import APISpec

    from framework._document.openapi.plugins import ControllerPlugin, MsgspecPlugin, SchemaComponents

    described = describe_document(settings, routes) if described is None else described
    names, output_names = described.names, described.output_names
    plugins = [ControllerPlugin(), MsgspecPlugin(names, output_names)]
    spec = APISpec(settings.title, settings.version, _VERSION, plugins, **_options(settings))
    spec.components = SchemaComponents(plugins, spec.openapi_version)
    for name, text in settings.tags.items():
        spec.tag({"name": name, "description": text})
    schemas = {names[cls]: (kind, False) for cls, kind in described.read.items()}
    schemas |= {output_names[cls]: (kind, True) for cls, kind in described.output.items()}
    for name, (kind, is_output) in sorted(schemas.items(), key=lambda one: one[0]):
        spec.components.schema(name, kind=kind, output=is_output)
    for problem in described.problem_responses:
        spec.components.response(problem.name, _response(problem))
    for name, scheme in security_schemes(one for one in routes if one.in_document).items():
        spec.components.security_scheme(name, scheme)
    for _, group in groupby(described.operations, key=lambda one: one.path):
        spec.path(described=list(group))
    document = spec.to_dict()
    if described.webhooks:
        # apispec passes webhooks to no plugin.
        document["webhooks"] = sent_schemas(described.webhooks, names, output_names)
    document = with_models(document)
    return {key: document[key] for key in _TOP_LEVEL if key in document}


def encode_document(document: dict[str, Any]) -> bytes:
    """Return the document as the JSON that is served."""
    try:
        return orjson.dumps(document)
    except TypeError:
        # Integers beyond 64 bits, for example as a default; orjson does not support them either.
        return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _types(operations: Iterable[Operation], webhooks: Mapping[str, Any], *, read: bool) -> Iterator[inspect.Type]:
    yield from sent_types(webhooks, read=read)
    for one in operations:
        yield from directed_types(one.body, read=read)


def _problem_responses_in(operations: Sequence[Operation]) -> list[ProblemResponse]:
    used = {one for operation in operations for one in operation.body["responses"].values() if isinstance(one, str)}
    return [problem for problem in PROBLEM_RESPONSES.values() if problem.name in used]


def _body_of(problem: ProblemResponse) -> inspect.Type:
    return describe(problem.body)


def _response(problem: ProblemResponse) -> dict[str, Any]:
    headers = {} if problem.headers is None else {"headers": plain_copy(problem.headers)}
    return {"description": problem.description, **headers, "content": {MEDIA_TYPE: {"schema": problem.body}}}


def _options(settings: OpenAPI) -> dict[str, Any]:
    info = compact(
        title=settings.title,
        summary=settings.summary,
        description=settings.description,
        termsOfService=settings.terms_of_service,
        contact=settings.contact,
        license=settings.license,
        version=settings.version,
    )
    options = compact(
        info=info,
        servers=[{"url": one} if isinstance(one, str) else one for one in settings.servers] or None,
        externalDocs=settings.external_docs,
    )
    # apispec returns its options in to_dict() and changes them, so the user's own objects must be copied.
    copied: dict[str, Any] = plain_copy(options)
    return copied

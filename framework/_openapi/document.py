"""The OpenAPI 3.1 document of an application, made once from its plan."""

import json
from collections.abc import Sequence
from itertools import chain, groupby
from typing import Any

import orjson
from msgspec import inspect

from framework._openapi.docstrings import class_description, summary_and_description
from framework._openapi.naming import input_and_output_names, named_types
from framework._openapi.operations import READ, Operation, describe_operations
from framework._openapi.placeholders import describe, types_in, with_schemas
from framework._openapi.problems import ANSWERS, MEDIA_TYPE, Answer
from framework._openapi.scalars import compact, plain_copy
from framework._openapi.security import security_schemes
from framework._openapi.settings import OpenAPI
from framework._plan import RoutePlan

__all__ = ("build_document", "encode_document")

_VERSION = "3.1.0"
_TOP_LEVEL = ("openapi", "info", "servers", "tags", "externalDocs", "paths", "webhooks", "components")


def build_document(settings: OpenAPI, routes: Sequence[RoutePlan]) -> dict[str, Any]:
    """Return the document of the routes that are shown in it; the order of the routes does not matter.

    Raises an ExceptionGroup of DefinitionErrors where two operations, or their ids, would be the same.
    """
    # Imported late: apispec is not needed to serve requests, nor where the document is off.
    from apispec import APISpec

    from framework._openapi.plugins import ControllerPlugin, MsgspecPlugin, SchemaComponents

    operations = describe_operations(routes)
    answers = _answers_in(operations)
    read = named_types(types_in([_part(one, read=True) for one in operations]))
    webhooks = {name: _webhook(body) for name, body in settings.webhooks.items()}
    told = [webhooks, *(_part(one, read=False) for one in operations)]
    answered = named_types(chain(types_in(told), map(_body_of, answers)))
    names, answer_names = input_and_output_names(read, answered)
    plugins = [ControllerPlugin(), MsgspecPlugin(names, answer_names)]
    spec = APISpec(settings.title, settings.version, _VERSION, plugins, **_options(settings))
    spec.components = SchemaComponents(plugins, spec.openapi_version)
    for name, text in settings.tags.items():
        spec.tag({"name": name, "description": text})
    schemas = {names[cls]: (kind, False) for cls, kind in read.items()}
    schemas |= {answer_names[cls]: (kind, True) for cls, kind in answered.items()}
    for name, (kind, is_answered) in sorted(schemas.items(), key=lambda one: one[0]):
        spec.components.schema(name, kind=kind, answered=is_answered)
    for answer in answers:
        spec.components.response(answer.name, _response(answer))
    for name, scheme in security_schemes(one for one in routes if one.in_document).items():
        spec.components.security_scheme(name, scheme)
    for _, group in groupby(operations, key=lambda one: one.path):
        spec.path(described=list(group))
    document = spec.to_dict()
    if webhooks:
        # apispec lets no plugin see them.
        document["webhooks"] = with_schemas(webhooks, answer_names)
    return {key: document[key] for key in _TOP_LEVEL if key in document}


def encode_document(document: dict[str, Any]) -> bytes:
    """Return the document as the JSON that is served."""
    try:
        return orjson.dumps(document)
    except TypeError:
        # Integers beyond 64 bits, as a default for example, are beyond orjson as well.
        return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _part(operation: Operation, *, read: bool) -> dict[str, Any]:
    return {key: value for key, value in operation.body.items() if (key in READ) is read}


def _webhook(body: Any) -> dict[str, Any]:
    """Return the path item of what is told others by POST, with a type in the place of a schema."""
    summary, _ = summary_and_description(class_description(body))
    operation = compact(
        summary=summary,
        requestBody={"content": {"application/json": {"schema": describe(body)}}, "required": True},
        responses={"2XX": {"description": "It was taken."}},
    )
    return {"post": operation}


def _answers_in(operations: Sequence[Operation]) -> list[Answer]:
    used = {one for operation in operations for one in operation.body["responses"].values() if isinstance(one, str)}
    return [answer for answer in ANSWERS.values() if answer.name in used]


def _body_of(answer: Answer) -> inspect.Type:
    return describe(answer.body)


def _response(answer: Answer) -> dict[str, Any]:
    headers = {} if answer.headers is None else {"headers": plain_copy(answer.headers)}
    return {"description": answer.description, **headers, "content": {MEDIA_TYPE: {"schema": answer.body}}}


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
    # apispec hands its options out in to_dict() and writes into them: the user's own must not be among them.
    copied: dict[str, Any] = plain_copy(options)
    return copied

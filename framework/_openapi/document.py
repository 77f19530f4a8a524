"""The OpenAPI 3.1 document of an application, made once from its plan."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, groupby
from typing import Any

import orjson
from msgspec import Struct, inspect

from framework._openapi.callbacks import describe_webhook
from framework._openapi.directions import directed_types, sent_schemas, sent_types
from framework._openapi.models import with_models
from framework._openapi.naming import input_and_output_names, named_types
from framework._openapi.operations import Operation, describe_operations
from framework._openapi.placeholders import describe
from framework._openapi.problems import ANSWERS, MEDIA_TYPE, Answer
from framework._openapi.scalars import compact, plain_copy
from framework._openapi.schemas import AnswerNames, Names
from framework._openapi.security import security_schemes
from framework._openapi.selection import has_channels
from framework._openapi.settings import OpenAPI
from framework._plan import RoutePlan

__all__ = ("Described", "build_document", "describe_document", "encode_document")

_VERSION = "3.1.0"
_TOP_LEVEL = ("openapi", "info", "servers", "tags", "externalDocs", "paths", "webhooks", "components")


class Described(Struct, frozen=True, kw_only=True):
    """What stands in the documents of some routes, with the names of all classes in both of them."""

    operations: Sequence[Operation]
    answers: Sequence[Answer]
    webhooks: Mapping[str, Any]
    read: Mapping[Any, inspect.Type]
    """The classes that OpenAPI's operations read, and below those that they answer with."""
    answered: Mapping[Any, inspect.Type]
    channels: Sequence[Any]
    """What stands in the AsyncAPI document: the Channels of a module that is imported where there are some."""
    names: Names
    answer_names: AnswerNames


def describe_document(settings: OpenAPI, routes: Sequence[RoutePlan]) -> Described:
    """Return what stands in the documents of the routes that are shown.

    Raises an ExceptionGroup of DefinitionErrors where two operations, or their ids, would be the same.
    """
    operations = describe_operations(routes)
    channels = _channels_of(routes) if has_channels(routes) else ()
    answers = _answers_in(operations)
    webhooks = {name: describe_webhook(name, one) for name, one in settings.webhooks.items()}
    read = named_types(_types(operations, webhooks, read=True))
    answered = named_types(chain(_types(operations, webhooks, read=False), map(_body_of, answers)))
    # One naming for both documents, so that a class is called the same in either.
    names, answer_names = input_and_output_names(
        {**read, **named_types(chain.from_iterable(one.read for one in channels))},
        {**answered, **named_types(chain.from_iterable(one.answered for one in channels))},
    )
    return Described(
        operations=operations,
        answers=answers,
        webhooks=webhooks,
        read=read,
        answered=answered,
        channels=channels,
        names=names,
        answer_names=answer_names,
    )


def _channels_of(routes: Sequence[RoutePlan]) -> Sequence[Any]:
    from framework._openapi.channels import describe_channels

    return describe_channels(routes)


def build_document(
    settings: OpenAPI, routes: Sequence[RoutePlan], described: Described | None = None
) -> dict[str, Any]:
    """Return the document of the routes that are shown in it; the order of the routes does not matter.

    Raises an ExceptionGroup of DefinitionErrors where two operations, or their ids, would be the same.
    """
    # Imported late: apispec is not needed to serve requests, nor where the document is off.
    from apispec import APISpec

    from framework._openapi.plugins import ControllerPlugin, MsgspecPlugin, SchemaComponents

    described = describe_document(settings, routes) if described is None else described
    names, answer_names = described.names, described.answer_names
    plugins = [ControllerPlugin(), MsgspecPlugin(names, answer_names)]
    spec = APISpec(settings.title, settings.version, _VERSION, plugins, **_options(settings))
    spec.components = SchemaComponents(plugins, spec.openapi_version)
    for name, text in settings.tags.items():
        spec.tag({"name": name, "description": text})
    schemas = {names[cls]: (kind, False) for cls, kind in described.read.items()}
    schemas |= {answer_names[cls]: (kind, True) for cls, kind in described.answered.items()}
    for name, (kind, is_answered) in sorted(schemas.items(), key=lambda one: one[0]):
        spec.components.schema(name, kind=kind, answered=is_answered)
    for answer in described.answers:
        spec.components.response(answer.name, _response(answer))
    for name, scheme in security_schemes(one for one in routes if one.in_document).items():
        spec.components.security_scheme(name, scheme)
    for _, group in groupby(described.operations, key=lambda one: one.path):
        spec.path(described=list(group))
    document = spec.to_dict()
    if described.webhooks:
        # apispec lets no plugin see them.
        document["webhooks"] = sent_schemas(described.webhooks, names, answer_names)
    document = with_models(document)
    return {key: document[key] for key in _TOP_LEVEL if key in document}


def encode_document(document: dict[str, Any]) -> bytes:
    """Return the document as the JSON that is served."""
    try:
        return orjson.dumps(document)
    except TypeError:
        # Integers beyond 64 bits, as a default for example, are beyond orjson as well.
        return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _types(operations: Iterable[Operation], webhooks: Mapping[str, Any], *, read: bool) -> Iterator[inspect.Type]:
    yield from sent_types(webhooks, read=read)
    for one in operations:
        yield from directed_types(one.body, read=read)


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

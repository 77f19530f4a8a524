"""Requests that the application sends itself: callbacks of an operation, and the webhooks of a document."""

from collections.abc import Mapping
from typing import Any

from framework._document.openapi.links import rename_in_expressions
from framework._document.schemas.docstrings import class_description, summary_and_description
from framework._document.schemas.placeholders import describe
from framework._document.schemas.scalars import compact
from framework._inspect.types import fields_of
from framework._plan import RoutePlan
from framework.http_errors import reason_phrase
from framework.openapi import Callback, Webhook

__all__ = ("describe_callbacks", "describe_webhook")

_JSON = "application/json"


def describe_callbacks(plan: RoutePlan, renamed: Mapping[str, str]) -> dict[str, Any]:
    """Return the callbacks of a route by name, with types in place of schemas."""
    return {name: {rename_in_expressions(one.url, renamed): _path_item(one)} for name, one in plan.callbacks.items()}


def describe_webhook(name: str, declared: Any) -> dict[str, Any]:
    """Return the path item of a webhook, with types in place of schemas; a type alone is sent by POST."""
    sent = declared if isinstance(declared, Webhook) else Webhook(declared)
    # A name that no route has by accident.
    return {method: {**one, "operationId": f"webhooks.{name}"} for method, one in _path_item(sent).items()}


def _path_item(sent: Webhook | Callback) -> dict[str, Any]:
    summary = sent.summary
    if summary is None and fields_of(describe(sent.body)) is not None:
        summary, _ = summary_and_description(class_description(sent.body))
    operation = compact(
        summary=summary,
        description=sent.description,
        requestBody=None if sent.body is None else {"content": _content(sent.body), "required": True},
        responses=_responses(sent),
    )
    return {sent.method.lower(): operation}


def _content(body: Any) -> dict[str, Any]:
    return {_JSON: {"schema": describe(body)}}


def _responses(sent: Webhook | Callback) -> dict[str, Any]:
    status = "2XX" if sent.status is None else str(sent.status)
    description = "It was accepted." if sent.status is None else reason_phrase(sent.status) or f"Status {sent.status}"
    content = None if sent.response is None else _content(sent.response)
    return {status: compact(description=description, content=content)}

"""Checks callbacks and webhooks: the requests that the application declares to send."""

from collections.abc import Iterator, Mapping
from typing import Any

from framework._compile.declarations.collect import Report
from framework._document.links.expressions import LinkError, template_errors
from framework._document.openapi.operation_ids import METHODS
from framework._http.statuses import WITHOUT_CONTENT
from framework._inspect.names import type_name, value_name
from framework._inspect.types import Unsupported, holds_secrets, kind_of, unsupported
from framework._plan import RoutePlan
from framework.errors import InvalidCallbackError
from framework.openapi import Callback, Webhook

__all__ = ("check_callbacks", "check_webhooks")

_WITHOUT_BODY = frozenset({"GET", "HEAD", "TRACE"})
_FINAL = range(200, 600)


def check_callbacks(plan: RoutePlan, declared: Mapping[str, Callback], report: Report) -> Mapping[str, Callback]:
    """Return the valid callbacks of a route; report the errors of the others."""
    kept: dict[str, Callback] = {}
    for name, one in declared.items():
        errors = [*_url_errors(one, plan), *_errors(one)]
        for what, hint in errors:
            report(InvalidCallbackError(f"{plan.label}, callback {name!r}", what, hint=hint))
        if not errors:
            kept[name] = one
    return kept


def check_webhooks(webhooks: Mapping[str, Any]) -> None:
    """Raise an ExceptionGroup of InvalidCallbackErrors for the errors in the webhooks of a document."""
    errors = [
        InvalidCallbackError(f"OpenAPI, webhook {name!r}", what, hint=hint)
        for name, one in webhooks.items()
        for what, hint in _errors(one if isinstance(one, Webhook) else Webhook(one))
    ]
    if errors:
        raise ExceptionGroup("The OpenAPI document cannot be made", errors)


def _url_errors(callback: Callback, plan: RoutePlan) -> Iterator[LinkError]:
    url: Any = callback.url
    if not isinstance(url, str) or not url:
        hint = 'write where it is sent, for example "{$request.body#/notify_url}"'
        yield f"its URL {value_name(url)} is not a non-empty string", hint
    else:
        yield from template_errors(url, plan)


def _errors(sent: Webhook | Callback) -> Iterator[LinkError]:
    method: Any = sent.method
    if not isinstance(method, str) or method.lower() not in METHODS:
        yield f"its method {value_name(method)} is not a method of OpenAPI", f"use one of {', '.join(METHODS).upper()}"
    elif sent.body is not None and method.upper() in _WITHOUT_BODY:
        yield f"{type_name(sent.body)} would be its body, and {method.upper()} has none", "use POST, or drop the body"
    if sent.body is not None:
        yield from _body_errors(sent.body)
    yield from _response_errors(sent)


def _body_errors(body: Any) -> Iterator[LinkError]:
    refused = unsupported(body, written=True)
    if refused is None and holds_secrets(kind_of(body)):
        refused = Unsupported("it holds a SecretStr")
    if refused is not None:
        hint = refused.hint or "give the type of what is sent: a Struct, a dataclass or builtins"
        yield f"its body {type_name(body)} cannot be encoded ({refused.reason})", hint


def _response_errors(sent: Webhook | Callback) -> Iterator[LinkError]:
    if sent.status is not None and sent.status not in _FINAL:
        yield f"its status {sent.status!r} is not a final status of HTTP", "use a status from 200 to 599"
    if sent.response is None:
        return
    if sent.status in WITHOUT_CONTENT:
        what = f"a response with the status {sent.status} has no body, and it expects {type_name(sent.response)}"
        yield what, "drop response=, or use another status"
    refused = unsupported(sent.response)
    if refused is not None:
        hint = refused.hint or "give the type of the response body: a Struct, a dataclass or builtins"
        yield f"its response {type_name(sent.response)} cannot be read ({refused.reason})", hint

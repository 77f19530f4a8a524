"""Callbacks and webhooks: what the application says that it sends is checked."""

from collections.abc import Iterator, Mapping
from typing import Any

from framework._compiler.collect import Report
from framework._compiler.expressions import Mistake, template_mistakes
from framework._inspect.hooks import holds_secrets
from framework._inspect.names import type_name, value_name
from framework._inspect.types import Unsupported, kind_of, unsupported
from framework._openapi.operation_ids import METHODS
from framework._plan import RoutePlan
from framework.errors import InvalidCallbackError
from framework.openapi import Callback, Webhook

__all__ = ("check_callbacks", "check_webhooks")

_WITHOUT_BODY = frozenset({"GET", "HEAD", "TRACE"})
_BODILESS = frozenset({204, 205, 304})
_FINAL = range(200, 600)


def check_callbacks(plan: RoutePlan, declared: Mapping[str, Callback], report: Report) -> Mapping[str, Callback]:
    """Return the callbacks of a route that have nothing wrong; the mistakes of others are reported."""
    kept: dict[str, Callback] = {}
    for name, one in declared.items():
        mistakes = [*_url_mistakes(one, plan), *_mistakes(one)]
        for what, hint in mistakes:
            report(InvalidCallbackError(f"{plan.label}, callback {name!r}", what, hint=hint))
        if not mistakes:
            kept[name] = one
    return kept


def check_webhooks(webhooks: Mapping[str, Any]) -> None:
    """Raise an ExceptionGroup of InvalidCallbackErrors for what is wrong with the webhooks of a document."""
    errors = [
        InvalidCallbackError(f"OpenAPI, webhook {name!r}", what, hint=hint)
        for name, one in webhooks.items()
        for what, hint in _mistakes(one if isinstance(one, Webhook) else Webhook(one))
    ]
    if errors:
        raise ExceptionGroup("The OpenAPI document cannot be made", errors)


def _url_mistakes(callback: Callback, plan: RoutePlan) -> Iterator[Mistake]:
    url: Any = callback.url
    if not isinstance(url, str) or not url:
        hint = 'write where it is sent, for example "{$request.body#/notify_url}"'
        yield f"its URL {value_name(url)} is not text with something in it", hint
    else:
        yield from template_mistakes(url, plan)


def _mistakes(sent: Webhook | Callback) -> Iterator[Mistake]:
    method: Any = sent.method
    if not isinstance(method, str) or method.lower() not in METHODS:
        yield f"its method {value_name(method)} is none that OpenAPI has", f"use one of {', '.join(METHODS).upper()}"
    elif sent.body is not None and method.upper() in _WITHOUT_BODY:
        yield f"{type_name(sent.body)} would be its body, and {method.upper()} has none", "use POST, or drop the body"
    if sent.body is not None:
        yield from _body_mistakes(sent.body)
    yield from _answer_mistakes(sent)


def _body_mistakes(body: Any) -> Iterator[Mistake]:
    refused = unsupported(body, written=True)
    if refused is None and holds_secrets(kind_of(body)):
        refused = Unsupported("it holds a SecretStr")
    if refused is not None:
        hint = refused.hint or "give the type of what is sent: a Struct, a dataclass or builtins"
        yield f"its body {type_name(body)} cannot be encoded ({refused.reason})", hint


def _answer_mistakes(sent: Webhook | Callback) -> Iterator[Mistake]:
    if sent.status is not None and sent.status not in _FINAL:
        yield f"its status {sent.status!r} is not a final status of HTTP", "use a status from 200 to 599"
    if sent.response is None:
        return
    if sent.status in _BODILESS:
        what = f"an answer with the status {sent.status} has no body, and it expects {type_name(sent.response)}"
        yield what, "drop response=, or use another status"
    refused = unsupported(sent.response)
    if refused is not None:
        hint = refused.hint or "give the type of what is answered: a Struct, a dataclass or builtins"
        yield f"its response {type_name(sent.response)} cannot be read ({refused.reason})", hint

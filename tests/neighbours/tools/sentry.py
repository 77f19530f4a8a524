"""Sentry's SDK with a transport that keeps what it would send."""

from typing import Any

import sentry_sdk
from aiohttp import web
from sentry_sdk.envelope import Envelope
from sentry_sdk.integrations.aiohttp import AioHttpIntegration
from sentry_sdk.transport import Transport

__all__ = ("SentryByHandler", "SentryByPattern")


class _Kept(Transport):
    def __init__(self) -> None:
        super().__init__()
        self.events: list[dict[str, Any]] = []

    def capture_envelope(self, envelope: Envelope) -> None:
        """Keep the events of an envelope."""
        self.events += [item.payload.json for item in envelope.items if item.type in {"event", "transaction"}]


class SentryByHandler:
    """Sentry, which names transactions by their handler."""

    style = "handler_name"

    def start(self) -> None:
        """Switch it on."""
        self._transport = _Kept()
        sentry_sdk.init(
            dsn="http://key@127.0.0.1:9/1",
            transport=self._transport,
            traces_sample_rate=1.0,
            send_default_pii=True,
            integrations=[AioHttpIntegration(transaction_style=self.style)],
        )

    def prepare(self, site: web.Application) -> None:
        """Do nothing: it patches aiohttp's classes."""

    def take(self) -> list[Any]:
        """Return what was recorded since the last call."""
        events, self._transport.events = self._transport.events, []
        return [_summary(one) for one in events]


class SentryByPattern(SentryByHandler):
    """Sentry, which names transactions by their path template."""

    style = "method_and_path_pattern"


def _summary(event: dict[str, Any]) -> dict[str, Any]:
    trace = event["contexts"]["trace"]
    request = event["request"]
    return {
        "type": event.get("type", "error"),
        "transaction": event["transaction"],
        "source": event.get("transaction_info"),
        "operation": trace.get("op"),
        "status": trace.get("status"),
        "data": {key: value for key, value in trace.get("data", {}).items() if not key.startswith("thread.")},
        "tags": event.get("tags"),
        "spans": [one["op"] for one in event.get("spans", ())],
        "level": event.get("level"),
        "took time": event["timestamp"] > event["start_timestamp"] if "start_timestamp" in event else None,
        "exceptions": [_exception(one) for one in event.get("exception", {}).get("values", ())],
        "request": {key: request.get(key) for key in ("method", "url", "query_string", "data")},
    }


def _exception(value: dict[str, Any]) -> dict[str, Any]:
    mechanism = value["mechanism"]
    return {
        "module": value["module"],
        "type": value["type"],
        "value": value["value"],
        "mechanism": [mechanism["type"], mechanism["handled"]],
        "raised in": value["stacktrace"]["frames"][-1]["function"],
    }

"""Elastic's agent with a transport that keeps what it would send."""

from typing import Any

from aiohttp import web
from elasticapm import Client
from elasticapm.contrib.aiohttp import ElasticAPM
from elasticapm.transport.base import Transport

__all__ = ("Elastic", "KeptTransport")


class KeptTransport(Transport):
    """Keeps transactions, spans and errors."""

    events: list[tuple[str, dict[str, Any]]] = []  # noqa: RUF012  one list for the process

    def queue(self, event_type: str, data: dict[str, Any], flush: bool = False) -> None:  # noqa: FBT002, ARG002
        """Keep an event."""
        if event_type in {"transaction", "span", "error"}:
            self.events.append((event_type, data))

    def start_thread(self, pid: int | None = None) -> None:
        """Start none."""


class Elastic:
    """Elastic: transactions and errors."""

    def start(self) -> None:
        """Make the client."""
        self._client = Client(
            service_name="site",
            transport_class=f"{__name__}.KeptTransport",
            cloud_provider="none",
            central_config=False,
            metrics_interval="0ms",
            disable_log_record_factory=True,
        )

    def prepare(self, site: web.Application) -> None:
        """Trace an application, as its documentation says."""
        ElasticAPM(site, client=self._client)

    def take(self) -> list[Any]:
        """Return what was recorded since the last call."""
        events = [_SUMMARIES[kind](data) for kind, data in KeptTransport.events]
        KeptTransport.events.clear()
        return events


def _transaction(data: dict[str, Any]) -> dict[str, Any]:
    context = data.get("context", {})
    return {
        "name": data["name"],
        "type": data["type"],
        "result": data["result"],
        "outcome": data["outcome"],
        "took time": data["duration"] > 0,
        "spans": data["span_count"]["started"],
        "status": context.get("response", {}).get("status_code"),
        "method": context.get("request", {}).get("method"),
    }


def _error(data: dict[str, Any]) -> dict[str, Any]:
    exception = data["exception"]
    return {
        "error": [exception["type"], exception["module"], exception["message"], exception.get("handled")],
        "culprit": data["culprit"].rpartition(".")[2],
        "transaction": data["transaction"]["name"],
        "method": data["context"]["request"]["method"],
    }


def _span(data: dict[str, Any]) -> dict[str, Any]:
    return {"span": [data["name"], data["type"], data["outcome"]]}


_SUMMARIES = {"transaction": _transaction, "error": _error, "span": _span}

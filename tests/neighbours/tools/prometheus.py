"""aiohttp-prometheus-exporter with a registry of its own."""

from typing import Any

from aiohttp import web
from aiohttp_prometheus_exporter.middleware import prometheus_middleware_factory
from prometheus_client import CollectorRegistry

__all__ = ("Prometheus",)


class Prometheus:
    """aiohttp-prometheus-exporter: counters and histograms."""

    def start(self) -> None:
        """Do nothing: each application has a middleware of its own."""

    def prepare(self, site: web.Application) -> None:
        """Add the middleware, as its documentation says."""
        self._registry = CollectorRegistry()
        site.middlewares.append(prometheus_middleware_factory(registry=self._registry))

    def take(self) -> list[Any]:
        """Return all counts up to now."""
        return sorted(
            [sample.name, sorted(sample.labels.items()), sample.value]
            for metric in self._registry.collect()
            for sample in metric.samples
            if not sample.name.endswith(("_sum", "_bucket", "_created"))
        )

"""What ``framework jobs run --listen`` serves beside its jobs: metrics, and whether the worker works."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from framework._jobs.worker.loop import Worker
from framework.app import App
from framework.cli.errors import ToolError
from framework.cli.listening import open_sockets, url_of
from framework.container import Container
from framework.health import Health
from framework.job_store import JobStore
from framework.services import Services
from framework.telemetry import Metrics

__all__ = ("serving_numbers",)


async def worker_works(worker: Worker) -> None:
    """Fail if the worker has not reached the database for the time of a lease, or is stopping."""
    if not worker.ready:
        raise RuntimeError("the worker does not claim jobs")


@asynccontextmanager
async def serving_numbers(
    address: str | None, worker: Worker, services: Services, observers: Sequence[Any]
) -> AsyncIterator[str]:
    """Serve at an address, ``127.0.0.1:9100``; yield what is said about it. Raises ToolError."""
    if address is None:
        yield ""
        return
    metrics = next((one for one in observers if isinstance(one, Metrics)), None)
    app = _app(worker, await services.get(JobStore), metrics)
    sockets = open_sockets(*_parsed(address))
    runner = web.AppRunner(app.build(), access_log=None)
    await runner.setup()
    try:
        for one in sockets:
            await web.SockSite(runner, one).start()
        paths = "/health/ready" if metrics is None else "/metrics and /health/ready"
        yield f" It serves {paths} at {url_of(sockets)}."
    finally:
        await runner.cleanup()


def _app(worker: Worker, store: JobStore, metrics: Metrics | None) -> App:
    container = Container()
    container.add_instance(Worker, worker)
    container.add_instance(JobStore, store)
    shown = () if metrics is None else (metrics.routes(public=True),)
    return App([Health(checks=[worker_works], cache=0), *shown], container=container, openapi=None)


def _parsed(address: str) -> tuple[str, int]:
    """Return the host and port of an address; raises ToolError."""
    try:
        found = urlsplit(f"//{address}")
        host, port, whole = found.hostname, found.port, found.netloc == address and "@" not in address
    except ValueError:
        host, port, whole = None, None, False
    if not whole or not host or port is None:
        raise ToolError(f"--listen {address} is not an address with a port", hint="write --listen 127.0.0.1:9100")
    return host, port

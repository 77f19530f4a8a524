"""Metrics: what is counted under which labels, the route that shows it, and several processes."""

import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from prometheus_client.parser import text_string_to_metric_families as text_families

from framework import App, Observation, Request
from framework.http_errors import Unauthorized
from framework.telemetry import Metrics, mark_worker_dead, prepare_metrics_folder
from framework.telemetry.processes import Processes
from framework.telemetry.totals import Example, Row, Snapshot, Totals, add_up
from tests.http.telemetry.observed_app import Observed, said

OPENMETRICS = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"
Numbers = dict[tuple[str, ...], float]


def metrics(**options: Any) -> Metrics:
    """Return Metrics of a registry that no other test has."""
    return Metrics(registry=CollectorRegistry(), **options)


async def serve(aiohttp_client: Any, observer: Metrics) -> Any:
    """Serve the observed app, and the route of its metrics."""
    return await aiohttp_client(App([Observed, observer.routes()], observers=[observer], openapi=None).build())


async def read(client: Any) -> Numbers:
    """Return the values of all samples by name and labels, in the order of the labels; durations are left out."""
    text = await (await client.get("/metrics")).text()
    samples = [one for family in text_families(text) for one in family.samples]
    return {
        (one.name, *one.labels.values()): one.value
        for one in samples
        if not one.name.endswith(("_seconds_bucket", "_seconds_sum"))
    }


async def numbers(client: Any, name: str) -> dict[tuple[str, ...], float]:
    """Return the values of one metric by labels."""
    return {
        labels: value
        for (found, *rest), value in (await read(client)).items()
        if found == name
        for labels in [tuple(rest)]
    }


async def test_requests_are_counted_by_method_template_and_status(aiohttp_client: Any) -> None:
    """Unmatched paths share a label, as do unusual methods; no label is a path."""
    client = await serve(aiohttp_client, metrics())
    for path in ("/orders/1", "/orders/2", "/orders/seven", "/orders/broken/one", "/orders/sold/out", "/a", "/b"):
        await (await client.get(path)).read()
    for method in ("PURGE", "REPORT"):
        await client.request(method, "/orders/other/one")
    await client.head("/orders/1")
    await client.delete("/orders/1")

    assert await numbers(client, "http_requests_total") == {
        ("GET", "/orders/{order_id}", "200"): 2,
        ("GET", "/orders/{order_id}", "422"): 1,
        ("GET", "/orders/broken/one", "500"): 1,
        ("GET", "/orders/sold/out", "409"): 1,
        ("GET", "unmatched", "404"): 2,
        ("other", "/orders/other/one", "204"): 2,
        ("HEAD", "/orders/{order_id}", "200"): 1,
        ("DELETE", "unmatched", "405"): 1,
    }


def observed(path: str, status: int, duration: float) -> Observation:
    """Return what an observer sees of a request whose duration is known."""
    request: Any = SimpleNamespace(method="GET", path=path, protocol=None)
    return Observation(request, status, 7, duration)


def test_durations_and_sizes_are_those_of_a_route() -> None:
    """Of all statuses together; each bucket has all that is faster. Web sockets have no duration."""
    observer = metrics(buckets=(0.1, 10))
    assert not list(observer.mistakes())
    for status, duration in ((404, 0.1), (405, 0.2), (404, 20.0), (101, 1000.0)):
        observer.end(observed("/nowhere", status, duration), None)
    samples = [one for family in observer.registry.collect() for one in family.samples]

    assert [
        (one.name, one.labels.get("le"), one.value)
        for one in samples
        if one.name.startswith(("http_request_duration", "http_response_size"))
    ] == [
        ("http_request_duration_seconds_bucket", "0.1", 1),
        ("http_request_duration_seconds_bucket", "10.0", 2),
        ("http_request_duration_seconds_bucket", "+Inf", 3),
        ("http_request_duration_seconds_count", None, 3),
        ("http_request_duration_seconds_sum", None, pytest.approx(20.3)),
        ("http_response_size_bytes_count", None, 4),
        ("http_response_size_bytes_sum", None, 28),
    ]


@pytest.mark.both_loops
async def test_what_is_open(aiohttp_client: Any) -> None:
    """Requests in progress, streams and sockets; a client that disconnects is counted."""
    client = await serve(aiohttp_client, metrics())
    socket = await client.ws_connect("/orders/feed/one")
    stream = await client.get("/orders/endless/one")
    await stream.content.read(1)
    # What asks which applications there are has to end first.
    await client.get("/orders/1")
    found = await read(client)
    # With the request of the metrics themselves.
    assert [found[f"http_{name}",] for name in ("requests_in_progress", "streams_open", "websockets_open")] == [3, 1, 1]

    stream.close()
    await socket.close()
    async with asyncio.timeout(10):
        while (found := await read(client))["http_requests_in_progress",] > 1:  # noqa: ASYNC110  other tasks
            await asyncio.sleep(0.01)
    assert found["http_client_disconnects_total", "GET", "/orders/endless/one"] == 1
    assert found["http_requests_total", "GET", "/orders/feed/one", "101"] == 1
    assert ("http_request_duration_seconds_count", "GET", "/orders/feed/one") not in found
    assert (found["http_streams_open",], found["http_websockets_open",]) == (0, 0)


async def test_the_format_is_negotiated(aiohttp_client: Any) -> None:
    """OpenMetrics for Prometheus, the text format for others; neither is cached."""
    client = await serve(aiohttp_client, metrics())
    await client.get("/orders/1")
    known = await client.get("/metrics", headers={"Accept": OPENMETRICS})
    plain = await client.get("/metrics")

    assert known.headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    families = text_string_to_metric_families(await known.text())  # type: ignore[no-untyped-call]  # has no types
    assert {"http_requests", "http_request_duration_seconds"} <= {one.name for one in families}
    assert plain.headers["Content-Type"].startswith("text/plain; version=")
    assert (known.headers["Cache-Control"], plain.headers["Cache-Control"]) == ("no-store", "no-store")


async def refuse(_request: Request) -> None:
    """Refuse everybody."""
    raise Unauthorized


async def test_the_route_has_the_default_guard_unless_it_is_public(aiohttp_client: Any) -> None:
    """Its path can be chosen."""
    observer = metrics()
    controllers = [observer.routes(), observer.routes("/internal/metrics", public=True)]
    app = App(controllers, observers=[observer], default_guard=refuse)
    client = await aiohttp_client(app.build())

    assert [(await client.get(path)).status for path in ("/metrics", "/internal/metrics")] == [401, 200]


async def test_apps_with_one_registry_count_together(aiohttp_client: Any) -> None:
    """As tests do that build an app each."""
    registry = CollectorRegistry()
    clients = [await serve(aiohttp_client, Metrics(registry=registry)) for _ in range(2)]
    for client in clients:
        await client.get("/orders/1")

    assert (await numbers(clients[0], "http_requests_total"))["GET", "/orders/{order_id}", "200"] == 2


def snapshot(*counts: int, status: str = "200", **gauges: Any) -> Snapshot:
    """Return the numbers of a process with one row."""
    return Snapshot((1.0,), [Row("GET", "/a", status, list(counts), 0.5, 10, 1)], **gauges)


def test_processes_are_added_up() -> None:
    """A process that counts in other buckets is left out."""
    other = Snapshot((2.0,), [Row("GET", "/a", "200", [9, 9])], in_progress=9)

    together = add_up([snapshot(1, 2, in_progress=1), snapshot(3, 4, streams=2), other], (1.0,))

    assert together == Snapshot((1.0,), [Row("GET", "/a", "200", [4, 6], 1.0, 20, 2)], in_progress=1, streams=2)


def test_exemplars_of_another_process(tmp_path: Path) -> None:
    """They are written with its numbers; of two examples, the later one is shown."""
    totals = [Totals((1.0,)) for _ in range(2)]
    writer, reader = (Processes(tmp_path, "http", one) for one in totals)
    early, late = (Example("0af7", name, 0.5, at) for name, at in (("early", 1.0), ("late", 2.0)))
    for one, example in zip(totals, (late, early), strict=True):
        one.rows["GET", "/a", 200] = Row("GET", "/a", "200", [1, 0], 0.5, examples={0: example})
    writer.begin()
    writer.write()
    writer.forget()

    assert reader.sum().rows == [Row("GET", "/a", "200", [2, 0], 1.0, examples={0: late})]


WORKER = """
import asyncio, json, sys
from aiohttp.test_utils import TestClient, TestServer
from framework import App
from framework.telemetry import Metrics
from prometheus_client import Counter
from tests.http.telemetry.observed_app import Observed

async def main():
    metrics = Metrics()
    Counter("sold", "Sold things.").inc()
    app = App([Observed, metrics.routes()], observers=[metrics], openapi=None)
    async with TestClient(TestServer(app.build())) as client:
        await client.get("/orders/1")
        print("served", flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
        print(json.dumps(await (await client.get("/metrics")).text()), flush=True)

asyncio.run(main())
"""


def worker(folder: Path) -> "subprocess.Popen[str]":
    """Start a process that serves a request, and shows the metrics when it is asked."""
    environment = {"PROMETHEUS_MULTIPROC_DIR": str(folder), "PATH": ""}
    made = subprocess.Popen(  # noqa: S603  ours
        [sys.executable, "-c", WORKER],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    assert made.stdout is not None
    assert made.stdout.readline() == "served\n"
    return made


def shown(process: "subprocess.Popen[str]") -> dict[str, float]:
    """Let a process show its metrics and end; return those without labels, and the requests of one route."""
    out, _ = process.communicate("\n", timeout=30)
    samples = [one for family in text_families(json.loads(out)) for one in family.samples]
    return {
        one.name: one.value for one in samples if one.labels.get("route", "/orders/{order_id}").endswith("{order_id}")
    }


def test_several_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each shows the sum; what a killed process has written stays counted, and its gauges are gone."""
    folder = tmp_path / "metrics"
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(folder))
    prepare_metrics_folder()
    first, second = worker(folder), worker(folder)
    # Each writes once in a second.
    for process in (first, second):
        while not list(folder.glob(f"framework-http-{process.pid}-*.metrics")):
            assert process.poll() is None
            time.sleep(0.02)
    first.kill()
    first.communicate()
    mark_worker_dead(first.pid)
    assert not list(folder.glob(f"framework-http-{first.pid}-*"))

    found = shown(second)

    assert (found["http_requests_total"], found["http_requests_in_progress"]) == (2, 1)
    # What the application counts itself.
    assert found["sold_total"] == 2
    mark_worker_dead(second.pid)
    # The third sees those that have ended.
    assert shown(worker(folder))["http_requests_total"] == 3
    prepare_metrics_folder()
    assert [one.name for one in folder.iterdir()] == ["framework.lock"]


def test_without_the_folder_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hooks of a server do nothing."""
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)
    monkeypatch.chdir(tmp_path)

    prepare_metrics_folder()
    mark_worker_dead(1)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "what", "hint"),
    [
        ({"prefix": "1x"}, "Metrics(prefix='1x') is not the beginning of a name", 'write it as prefix="http"'),
        (
            {"buckets": (1, 0.5)},
            "Metrics(buckets=(1, 0.5)) are not growing, positive times",
            "write them as buckets=(0.01, 0.1, 1)",
        ),
        ({"exemplars": 1}, "Metrics(exemplars=1) is neither True nor False", "leave it out to have exemplars"),
        (
            {"registry": 1},
            "Metrics(registry=1) is not a registry",
            "write it as registry=prometheus_client.CollectorRegistry()",
        ),
    ],
    ids=lambda one: str(one)[:20],
)
def test_wrong_options(options: dict[str, Any], what: str, hint: str) -> None:
    """They are errors at start-up."""
    app = App([Observed], observers=[Metrics(**{"registry": CollectorRegistry(), **options})])

    assert said(app) == f"{what}.\n  Hint: {hint}."


def test_two_kinds_of_buckets_in_one_registry() -> None:
    """One registry has each name once."""
    registry = CollectorRegistry()
    first, second = Metrics(registry=registry), Metrics(registry=registry, buckets=(1,))

    assert said(App([Observed], observers=[first, second])) == (
        "Metrics(prefix='http') has names that exist: another Metrics() of this registry has other buckets.\n"
        "  Hint: choose another prefix."
    )


def test_a_folder_that_does_not_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable is of the Prometheus client."""
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "/nowhere")

    assert said(App([Observed], observers=[metrics()])) == (
        "PROMETHEUS_MULTIPROC_DIR='/nowhere' is not a folder.\n"
        "  Hint: create it before the server starts; prepare_metrics_folder() of framework.telemetry does."
    )


@pytest.mark.parametrize("piece", ["Metrics", "Tracing", "ErrorReports"])
def test_a_package_that_is_not_installed(piece: str) -> None:
    """It is an error at start-up, and importing framework.telemetry imports none of them."""
    program = f"""
import sys
from importlib.abc import MetaPathFinder
PACKAGES = ("prometheus_client", "opentelemetry", "sentry_sdk", "structlog")
class Missing(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in PACKAGES:
            raise ModuleNotFoundError(name, name=name)
import framework.telemetry
assert not [one for one in sys.modules if one.partition(".")[0] in PACKAGES]
sys.meta_path.insert(0, Missing())
from framework import App
from framework.errors import DefinitionError
from framework.telemetry import {piece}, configure_logging
try:
    App([], observers=[{piece}()]).build()
except ExceptionGroup as group:
    print(str(group.exceptions[0]).partition('): ')[2])
try:
    configure_logging()
except DefinitionError as error:
    print(error)
"""
    done = subprocess.run(  # noqa: S603  ours
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    package, extra = {
        "Metrics": ("prometheus_client", "prometheus"),
        "Tracing": ("opentelemetry.trace", "opentelemetry"),
        "ErrorReports": ("sentry_sdk", "sentry"),
    }[piece]
    assert done.stdout == (
        f"{piece} requires the package {package}.\n"
        f"  Hint: install it: pip install 'framework-aiohttp[{extra}]'.\n"
        "configure_logging: configure_logging() requires the package structlog.\n"
        "  Hint: install it: pip install 'framework-aiohttp[logging]'.\n"
    )


async def test_streams_of_a_client_that_reads(aiohttp_client: Any) -> None:
    """A stream that fails has its status, and no other."""
    client = await serve(aiohttp_client, metrics())
    response = await client.get("/orders/items/all?fails=true")
    with pytest.raises(aiohttp.ClientPayloadError):
        await response.read()

    assert ("GET", "/orders/items/all", "200") in await numbers(client, "http_requests_total")

"""Prometheus scrapes two workers; the dashboard and the alerts of the documentation use what it finds there."""

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from prometheus_client import CollectorRegistry

from framework.telemetry import Metrics
from framework.telemetry.exposition import collector_of, job_collector_of
from tests.cli.dev_server import command
from tests.deployment.serving import ROOT, Master, free_port, serve

FILES = ROOT / "docs" / "how-to" / "observe"
RULES = FILES / "alerts.yml"
DASHBOARDS = {
    name: json.loads((FILES / name).read_text(encoding="utf-8")) for name in ("dashboard.json", "dashboard-jobs.json")
}
PROMETHEUS, PROMTOOL = (shutil.which(name) for name in ("prometheus", "promtool"))
CONFIGURATION = """\
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: ["{rules}"]
scrape_configs:
  - job_name: shop
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""
PATIENCE = 60.0


def expressions(*names: str) -> list[str]:
    """Return the expressions of dashboards, with values for Grafana's variables."""
    panels = [panel for name in names or DASHBOARDS for panel in DASHBOARDS[name]["panels"]]
    found = [target["expr"] for panel in panels for target in panel["targets"]]
    values = {"$job": "shop", "$__rate_interval": "1m", "$__range": "1h"}
    return [re.sub(r"\$\w+", lambda name: values[name[0]], one) for one in found]


def test_dashboards_and_alerts_use_the_metrics_that_there_are() -> None:
    """Each name is exported, and each metric is used."""
    metrics, registry = Metrics(), CollectorRegistry()
    families = [
        *collector_of(registry, "http", metrics.buckets).describe(),
        *job_collector_of(registry, "jobs", metrics.job_buckets).describe(),
    ]
    exported = {one.name + ("_total" if one.type == "counter" else "") for one in families}
    text = "\n".join([*expressions(), RULES.read_text(encoding="utf-8")])
    used = {re.sub(r"_(bucket|sum|count)$", "", name) for name in re.findall(r"\b(?:http|jobs)_\w+", text)}

    assert used == exported


@pytest.mark.parametrize("name", list(DASHBOARDS))
def test_a_dashboard_that_grafana_imports(name: str) -> None:
    """Panels have numbers and places of their own, and the data source is chosen on import."""
    panels = DASHBOARDS[name]["panels"]
    places = [(one["gridPos"]["x"], one["gridPos"]["y"]) for one in panels]

    assert len({one["id"] for one in panels}) == len(set(places)) == len(panels) > 10
    assert {one["datasource"]["uid"] for one in panels} == {"${datasource}"}
    assert [one["name"] for one in DASHBOARDS[name]["templating"]["list"]] == ["datasource", "job"]


@pytest.mark.parametrize(
    "command",
    [
        ("check", "rules", str(RULES)),
        ("check", "config", str(FILES / "prometheus.yml")),
        ("test", "rules", "tests/deployment/alerts_test.yml"),
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_promtool(command: tuple[str, ...]) -> None:
    """The rules are valid, and raise alerts for the numbers of alerts_test.yml."""
    assert PROMTOOL is not None, "prometheus is not installed"
    done = subprocess.run(  # noqa: S603  ours
        [PROMTOOL, *command], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert (done.returncode, "FAILED" in done.stdout) == (0, False), done.stdout + done.stderr


class Prometheus:
    """A running Prometheus."""

    def __init__(self, client: aiohttp.ClientSession, url: str) -> None:
        self._client = client
        self._url = url

    async def ask(self, path: str, **parameters: str) -> Any:
        """Return the data of a successful response."""
        async with self._client.get(f"{self._url}/api/v1/{path}", params=parameters) as response:
            body = await response.json()
            assert body["status"] == "success", body
            return body["data"]

    async def value(self, expression: str) -> float | None:
        """Return the value of an expression with one result."""
        result = (await self.ask("query", query=expression))["result"]
        return float(result[0]["value"][1]) if result else None

    async def until(self, expression: str, holds: Callable[[float], bool]) -> None:
        """Wait until a value is as expected."""
        found = None
        try:
            async with asyncio.timeout(PATIENCE):
                while (found := await self.value(expression)) is None or not holds(found):  # noqa: ASYNC110  remote
                    await asyncio.sleep(0.2)
        except TimeoutError:
            raise AssertionError(f"{expression} is {found}") from None


@asynccontextmanager
async def prometheus(port: int, folder: Path) -> AsyncIterator[Prometheus]:
    """Run Prometheus, which scrapes a port each second."""
    assert PROMETHEUS is not None, "prometheus is not installed"
    own = free_port()
    file = folder / "prometheus.yml"
    file.write_text(CONFIGURATION.format(rules=RULES, port=port))
    command = [PROMETHEUS, f"--config.file={file}", f"--storage.tsdb.path={folder}/data"]
    command += [f"--web.listen-address=127.0.0.1:{own}", "--enable-feature=exemplar-storage"]
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)  # noqa: ASYNC220, S603  ours
    try:
        async with aiohttp.ClientSession() as client:
            async with asyncio.timeout(PATIENCE):
                while True:
                    assert process.poll() is None, (folder / "prometheus.log").read_text()
                    try:
                        async with client.get(f"http://127.0.0.1:{own}/-/ready") as response:
                            if response.status == 200:
                                break
                    except aiohttp.ClientError:
                        pass
                    await asyncio.sleep(0.1)
            yield Prometheus(client, f"http://127.0.0.1:{own}")
    finally:
        process.terminate()
        process.wait()


async def send(master: Master, path: str, count: int) -> set[str]:
    """Send requests on connections of their own; return the different responses."""
    found = set()
    async with aiohttp.ClientSession(master.url, connector=aiohttp.TCPConnector(force_close=True)) as client:
        for _ in range(count):
            async with client.get(path) as response:
                found.add(await response.text())
    return found


@pytest.mark.slow
async def test_two_workers(tmp_path: Path) -> None:
    """Both are counted, also after one of them was killed; all expressions of the documentation are evaluated."""
    shared = tmp_path / "metrics"
    target = "tests.deployment.scraped_app:app"
    ok = 'http_requests_total{job="shop", route="/orders/{order_id}", status="200"}'
    async with (
        serve(target, folder=tmp_path, PROMETHEUS_MULTIPROC_DIR=str(shared)) as master,
        prometheus(master.port, tmp_path) as found,
    ):
        pids: set[str] = set()
        sent = 0
        while len(pids) < 2:
            pids |= await send(master, "/orders/1", 10)
            sent += 10
        await send(master, "/orders/0", 5)
        await found.until(ok, lambda value: value == sent)
        await found.until('sum(http_requests_total{status="500"})', lambda value: value == 5)
        # Growth is seen between two scrapes.
        await send(master, "/orders/0", 5)
        # Otherwise Prometheus has the numbers of one worker, in turn.
        assert await found.value(f"resets({ok}[5m])") == 0

        os.kill(int(min(pids)), signal.SIGKILL)
        await master.logged("Booting worker", times=3)
        await asyncio.sleep(1.5)
        await send(master, "/orders/1", 20)
        # Up to one second of the killed worker may be missing.
        await found.until(ok, lambda value: sent + 10 <= value <= sent + 20)
        assert await found.value(f"resets({ok}[5m])") == 0
        assert await found.value("http_requests_in_progress") == 1

        assert [await found.ask("query", query=one) for one in expressions()]
        rules = (await found.ask("rules"))["groups"][0]["rules"]
        assert {(rule["health"], rule.get("lastError", "")) for rule in rules} == {("ok", "")}
        await found.until('ALERTS{alertname="ManyServerErrors", alertstate="pending"}', lambda value: value == 1)
        assert await master.stop() == 0
    assert {one.name.split("-")[2] for one in shared.glob("framework-http-*")} == {"0"}


@pytest.mark.slow
async def test_a_worker_of_jobs(tmp_path: Path) -> None:
    """A worker that listens is scraped like a server; all expressions of the documentation have a value."""
    port = free_port()
    shutil.copy(ROOT / "tests" / "deployment" / "scraped_jobs.py", tmp_path / "scraped_jobs.py")
    listen = ("--listen", f"127.0.0.1:{port}")
    async with (
        command(tmp_path, "jobs", "run", "scraped_jobs:app", *listen) as running,
        prometheus(port, tmp_path) as found,
    ):
        await running.prints(f" It serves /metrics and /health/ready at http://127.0.0.1:{port}. Press Ctrl+C")
        await found.until('sum(jobs_attempts_total{name="Shop.fail", outcome="dead"})', lambda value: value >= 2)
        await found.until('jobs_schedule_ticks_total{result="skipped"}', lambda value: value >= 1)
        await found.until('jobs_stored{queue="default", state="dead"}', lambda value: value >= 1)
        for one in expressions("dashboard-jobs.json"):
            await found.until(one, lambda _: True)
        rules = next(one for one in (await found.ask("rules"))["groups"] if one["name"] == "jobs")["rules"]
        assert {(rule["health"], rule.get("lastError", "")) for rule in rules} == {("ok", "")}
        assert await found.value('up{job="shop"}') == 1
        assert await running.stop(signal.SIGTERM) == 0

"""``framework run`` serves an app in one process; tests/deployment has its workers."""

import asyncio
import re
import signal
from pathlib import Path

import pytest

from tests.cli.dev_server import HTML, SHOP, Starting, command, get, python_command
from tests.waiting import until

SLOW = SHOP.replace(
    "return VERSION\n",
    'note("begun")\n        await asyncio.sleep(1)\n        note("finished")\n        return VERSION\n',
)


async def begun(folder: Path) -> None:
    """Wait until the slow request has begun."""
    await until(lambda: "begun" in (folder / "log.txt").read_text())


@pytest.mark.parametrize(("start", "kind"), [(command, signal.SIGINT), (python_command, signal.SIGTERM)])
async def test_a_signal_finishes_requests_and_closes_the_services(
    tmp_path: Path, start: Starting, kind: signal.Signals
) -> None:
    """The request that runs gets its response, then the services are closed, and the exit code is 0."""
    (tmp_path / "shop.py").write_text(f"import asyncio\n{SLOW}", encoding="utf-8")
    async with start(tmp_path, "run", "shop:app", "--port", "0") as running:
        await running.prints("in one process")
        request = asyncio.create_task(get(running.url))
        await begun(tmp_path)
        assert await running.stop(kind) == 0
        assert await request == "one"
    assert (tmp_path / "log.txt").read_text() == "opened one\nbegun one\nfinished one\nclosed one\n"


async def test_requests_are_cancelled_after_the_timeout(tmp_path: Path) -> None:
    """--shutdown-timeout is the time that they have; the services are closed nevertheless."""
    (tmp_path / "shop.py").write_text(f"import asyncio\n{SLOW.replace('sleep(1)', 'sleep(1000)')}", encoding="utf-8")
    async with command(tmp_path, "run", "shop:app", "--port", "0", "--shutdown-timeout", "2") as running:
        await running.prints("http://")
        request = asyncio.create_task(get(running.url))
        await begun(tmp_path)
        assert await running.stop() == 0
        request.cancel()
    assert (tmp_path / "log.txt").read_text() == "opened one\nbegun one\nclosed one\n"


async def test_a_service_that_cannot_be_opened_ends_it(tmp_path: Path) -> None:
    """The exit code is 1, the traceback leads to the service, and its last line names the provider."""
    source = SHOP.replace('    note("opened")\n', '    raise ConnectionRefusedError("no database")\n', 1)
    (tmp_path / "shop.py").write_text(source, encoding="utf-8")
    async with command(tmp_path, "run", "shop:app", "--port", "0") as running:
        assert await asyncio.wait_for(running.process.wait(), 60) == 1
    *_, error, note = running.printed.splitlines()
    assert error == "ConnectionRefusedError: no database"
    assert re.fullmatch(
        r"The service Database cannot be opened; its provider is open_database \(shop\.py:\d+\)\.", note
    )
    assert "in open_database" in running.printed


async def test_a_signal_while_services_are_opened_ends_it(tmp_path: Path) -> None:
    """What is open already is closed."""
    source = SHOP.replace("    yield Database()", "    try:\n        yield Database()").replace(
        '    note("closed")', '    finally:\n        note("closed")'
    )
    source += """

import asyncio


class Second:
    pass


async def open_second():
    print("waiting", flush=True)
    await asyncio.sleep(1000)
    yield Second()


container.add_singleton(Second, open_second)
"""
    (tmp_path / "shop.py").write_text(source, encoding="utf-8")
    async with command(tmp_path, "run", "shop:app", "--port", "0") as running:
        await running.prints("waiting")
        assert await running.stop() == 0
    assert (tmp_path / "log.txt").read_text() == "opened one\nclosed one\n"


async def test_reload_is_for_development(tmp_path: Path) -> None:
    """Users of other servers know the option; the message names the command that has it."""
    (tmp_path / "shop.py").write_text(SHOP, encoding="utf-8")
    async with command(tmp_path, "run", "shop:app", "--port", "0", "--reload") as running:
        assert await asyncio.wait_for(running.process.wait(), 60) == 2
    assert "Error: --reload is not an option of framework run; framework dev reloads." in running.printed


async def test_nothing_of_development_is_served(tmp_path: Path) -> None:
    """Browsers get the problem of an unhandled exception, and pages without the script."""
    (tmp_path / "shop.py").write_text(SHOP, encoding="utf-8")
    async with command(tmp_path, "run", "shop:app", "--port", "0") as running:
        await running.prints("http://")
        assert '"title":"Not Found"' in await get(f"{running.url}/__framework__/error", **HTML)
        assert "<script" not in await get(f"{running.url}/page", **HTML)
        assert "Traceback" not in await get(f"{running.url}/share/0", **HTML)


@pytest.mark.parametrize("name", ["dev", "run"])
async def test_an_access_log_of_the_app_replaces_that_of_aiohttp(tmp_path: Path, name: str) -> None:
    """A request has one record."""
    source = SHOP.replace("app = App([Shop], ", "app = App([Shop], observers=[AccessLog()], ")
    if name == "run":
        source += "\nimport logging\n\nlogging.basicConfig(level=logging.INFO)\n"
    (tmp_path / "shop.py").write_text(f"from framework.telemetry import AccessLog\n{source}", encoding="utf-8")
    async with command(tmp_path, name, "shop:app", "--port", "0") as running:
        await running.prints("http://")
        await get(running.url)
        await running.prints('"GET /" 200')
        await running.stop()

    assert running.printed.count("GET /") == 1


_MEASURED = """\
from framework import App
from framework.telemetry import Metrics

metrics = Metrics()
app = App(controllers=[metrics.routes(public=True)], observers=[metrics])
"""


async def test_metrics_of_several_processes_are_shared(tmp_path: Path) -> None:
    """The folder is emptied at the start; each worker shows the numbers of all."""
    folder = tmp_path / "metrics"
    folder.mkdir()
    (folder / "framework-http-1-old.metrics").write_bytes(b"from an earlier run")
    (tmp_path / "shop.py").write_text(_MEASURED, encoding="utf-8")
    variables = {"PROMETHEUS_MULTIPROC_DIR": str(folder)}
    words = ("run", "shop:app", "--port", "0", "--workers", "2", "--no-spare")
    async with command(tmp_path, *words, variables=variables) as running:
        await running.prints("2 workers")

        async def has_numbers() -> bool:
            return "http_requests_total{" in await get(f"{running.url}/metrics")

        await until(has_numbers)
        assert not (folder / "framework-http-1-old.metrics").exists()
        assert await running.stop() == 0
    assert [file.name for file in folder.iterdir() if "ended" in file.name]

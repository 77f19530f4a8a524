"""The shop runs under gunicorn's stock aiohttp workers."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
# A worker that is still starting when gunicorn is told to stop is waited for as long as gunicorn allows: 30 s.
PATIENCE = 60.0


def free_port() -> int:
    """Return a port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def gunicorn(
    worker: str, target: str = "app_template.main:web_app", *, workers: int = 2, **variables: str
) -> AsyncIterator[str]:
    """Run an app, the shop by default; yield its URL, and stop it by its process id."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", target, "--worker-class", worker]
    command += ["--workers", str(workers), "--bind", f"127.0.0.1:{port}", "--no-control-socket"]
    environment = {**os.environ, **variables}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)  # noqa: ASYNC220, S603  ours
    try:
        await wait_until_up(port, process)
        yield f"http://127.0.0.1:{port}"
        process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait, PATIENCE) == 0
    finally:
        process.kill()
        process.communicate()


async def wait_until_up(port: int, process: subprocess.Popen[str]) -> None:
    """Wait until somebody listens."""
    async with asyncio.timeout(PATIENCE):
        while True:
            assert process.poll() is None, process.communicate()[1]
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionError:
                await asyncio.sleep(0.1)
            else:
                writer.close()
                return


WORKERS = pytest.mark.parametrize("worker", ["aiohttp.GunicornWebWorker", "aiohttp.GunicornUVLoopWebWorker"])


@WORKERS
async def test_shop_runs_under_gunicorn_with_two_workers(worker: str, tmp_path: Path) -> None:
    """Two workers share one database: what one of them took is read back from either, and both stop cleanly."""
    database = f"sqlite+aiosqlite:///{tmp_path / 'shop.db'}"
    # Without it, each worker would have its own.
    secret = "a secret for tests, which is long enough"  # noqa: S105  of the test alone
    form = {"grant_type": "password", "username": "ada@shop.example", "password": "only for development"}
    async with gunicorn(worker, DATABASE_URL=database, SHOP_SECRET=secret) as url, aiohttp.ClientSession(url) as client:
        token = await (await client.post("/api/token", data=form)).json()
        client.headers["Authorization"] = f"Bearer {token['access_token']}"
        products = await (await client.get("/api/products")).json()
        sku = products["items"][0]["sku"]
        order = {"lines": [{"sku": sku, "quantity": 1}]}
        placed = await client.post("/api/orders", json=order)
        assert placed.status == 201
        created = await placed.json()
        # A connection of its own for each request, so that both workers are asked.
        answers = [await client.get(placed.headers["Location"], headers={"Connection": "close"}) for _ in range(8)]
        assert [await one.json() for one in answers] == [created] * 8


@WORKERS
async def test_open_stream_ends_when_gunicorn_stops(worker: str, tmp_path: Path) -> None:
    """On SIGTERM an event stream gets its end, its services are closed, and then those of the process."""
    told = tmp_path / "told"
    target = "tests.deployment.streaming_app:web_app"
    async with aiohttp.ClientSession() as client:
        async with gunicorn(worker, target, workers=1, STREAM_LOG=str(told)) as url:
            stream = await client.get(f"{url}/feed")
            assert await stream.content.readuntil(b"\n\n") == b"data: 1\n\n"
        # Without the chunk that ends it, this were a ClientPayloadError.
        assert await stream.content.read() == b""
    assert told.read_text().splitlines() == ["generator ended", "session closed", "engine closed"]


TASK = """
import asyncio
import os

from framework import App, BackgroundTasks, Container, Controller, get

def tell(text):
    with open(os.environ["TOLD"], "a") as file:
        file.write(text + "\\n")

class Engine:
    pass

async def open_engine():
    yield Engine()
    tell("closed")

async def work(engine: Engine):
    tell("works")
    await asyncio.sleep(2.5)
    tell("done")

class Tasks(Controller):
    @get("/")
    async def leave(self, tasks: BackgroundTasks) -> str:
        tasks.add(work)
        return "ok"

container = Container()
container.add_singleton(Engine, open_engine)
web_app = App([Tasks], container=container).build()
"""


@WORKERS
async def test_a_running_task_is_awaited_when_gunicorn_stops(worker: str, tmp_path: Path) -> None:
    """A task that runs at SIGTERM comes to its end before the singletons are closed."""
    (tmp_path / "leaving.py").write_text(TASK)
    told = tmp_path / "told"
    told.touch()
    path = os.pathsep.join((str(tmp_path), os.environ.get("PYTHONPATH", "")))
    async with gunicorn(worker, "leaving:web_app", workers=1, TOLD=str(told), PYTHONPATH=path) as url:
        async with aiohttp.ClientSession(url) as client:
            assert await (await client.get("/")).text() == "ok"
        assert "done" not in told.read_text()
    assert told.read_text().splitlines() == ["works", "done", "closed"]


APP = """
from framework import App, Controller, get


class Items(Controller):
    @get("/items")
    async def search(self{parameter}) -> str:
        return "fine"


app = App([Items])
"""


async def test_an_app_in_the_place_of_what_it_is_built_into(tmp_path: Path) -> None:
    """``gunicorn shop:app`` serves: each worker builds the app."""
    (tmp_path / "items.py").write_text(APP.format(parameter=""), encoding="utf-8")
    path = f"{tmp_path}{os.pathsep}{ROOT}"
    async with (
        gunicorn("aiohttp.GunicornWebWorker", "items:app", workers=1, PYTHONPATH=path) as url,
        aiohttp.ClientSession(url) as client,
        client.get("/items") as response,
    ):
        assert await response.text() == "fine"


@pytest.mark.parametrize("built", [False, True])
def test_errors_of_a_build_are_printed_alone(tmp_path: Path, *, built: bool) -> None:
    """No traceback of gunicorn's around them, wherever the app is built."""
    source = APP.format(parameter=", page") + "web_app = app.build()\n" * built
    (tmp_path / "items.py").write_text(source, encoding="utf-8")
    target = "items:web_app" if built else "items:app"
    command = [sys.executable, "-m", "gunicorn", target, "--worker-class", "aiohttp.GunicornWebWorker"]
    command += ["--bind", f"127.0.0.1:{free_port()}", "--no-control-socket"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    found = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)  # noqa: S603  ours
    printed = [line for line in found.stderr.splitlines() if line and not line.startswith("[")]
    assert printed == [
        "Items.search (items.py:6), parameter 'page': it has no type annotation.",
        "  Hint: annotate it, for example page: int.",
        "1 error in the application. (FRAMEWORK_TRACEBACK=1 shows the traceback)",
        "Explained by: framework explain E101",
    ]
    assert found.returncode == 4

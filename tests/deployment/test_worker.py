"""The framework's worker under gunicorn loses nothing: reloads, stops, broken code, and databases that are down."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest

from tests.deployment.in_flight import SITE, stop_with_requests, told_by
from tests.deployment.load import recycle, reload, under_load
from tests.deployment.serving import (
    APP,
    PATIENCE,
    ROOT,
    WORKER,
    Master,
    free_port,
    proxy_before,
    serve,
    text_of,
    until,
)
from tests.http.tls import client_context

pytestmark = pytest.mark.slow

ASYNCIO = "from asyncio import new_event_loop\n\n__all__ = ('new_event_loop',)\n"


@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
@pytest.mark.parametrize("proxy", [None, "nginx"])
async def test_reloads_lose_no_request(tmp_path: Path, loop: str, proxy: str | None) -> None:
    """Two SIGHUPs under load: the old workers serve until the new ones do, and finish what they have."""
    if loop == "asyncio":
        # Found by the worker before the installed one.
        (tmp_path / "uvloop.py").write_text(ASYNCIO)
    async with (
        serve(APP, folder=tmp_path) as master,
        proxy_before(proxy, master.port, tmp_path) as port,
        under_load(port, kept=8, fresh=4, pause=0.002) as load,
        asyncio.timeout(PATIENCE),
    ):
        for _ in range(2):
            await reload(master)
    assert (load.served > 200, load.lost) == (True, {})


async def test_tls(tmp_path: Path) -> None:
    """With gunicorn's settings; a reload loses nothing, and the stop ends the connections."""
    certificate = str(ROOT / "tests" / "http" / "localhost.pem")
    options = ("--certfile", certificate, "--keyfile", certificate)
    connector = aiohttp.TCPConnector(ssl=client_context())
    async with (
        serve(APP, WORKER, *options, folder=tmp_path) as master,
        aiohttp.ClientSession(master.url, connector=connector) as client,
    ):
        before = await text_of(client)
        slow = asyncio.create_task(client.get("/slow/1"))
        await reload(master)
        assert await (await slow).text() == "slow"
        assert await text_of(client) != before
        assert await master.stop() == 0


async def test_a_killed_worker_loses_its_own_requests_only(tmp_path: Path) -> None:
    """``kill -9`` under load: one request for each client at most, and the worker is replaced."""
    async with serve(APP, folder=tmp_path) as master, under_load(master.port, kept=8, fresh=4, pause=0.002) as load:
        before = master.workers()
        os.kill(min(before), signal.SIGKILL)
        await until(lambda: len(master.workers() - before) == 1)
        await master.logged("Booting worker", times=3)
        await asyncio.sleep(2)
        lost = load.lost.total()
        await asyncio.sleep(1)
        assert load.lost.total() == lost
    assert (load.served > 200, lost <= 12) == (True, True)


@pytest.mark.parametrize("proxy", [None, "haproxy"])
async def test_recycled_workers_lose_no_request(tmp_path: Path, proxy: str | None) -> None:
    """Workers that leave after --max-requests are replaced under load, one after the other."""
    async with (
        serve(APP, WORKER, "--max-requests", "500", folder=tmp_path) as master,
        proxy_before(proxy, master.port, tmp_path) as port,
        under_load(port, kept=8, fresh=4, pause=0.002) as load,
        asyncio.timeout(PATIENCE),
    ):
        await recycle(master, 3)
    assert (load.served > 1000, load.lost) == (True, {})


async def test_what_is_in_flight_at_sigterm(tmp_path: Path) -> None:
    """Requests and tasks finish; streams end, sockets get 1001, a hung handler is cancelled; services are closed."""
    told = tmp_path / "told"
    # Without heartbeats during the stop, gunicorn would kill the worker after three seconds.
    options = ("--graceful-timeout", "10", "--timeout", "3")
    async with serve(APP, WORKER, *options, folder=tmp_path, workers=1, TOLD=str(told)) as master:
        await stop_with_requests(master, told)
    *lines, last = told_by(told)
    assert sorted(lines) == [*["session closed"] * 3, *["session opened"] * 3, "task done"]
    assert last == "engine closed"


async def test_a_request_after_sigterm_is_answered(tmp_path: Path) -> None:
    """A client that kept its connection is served in the announced moment, and learns that it was the last time."""
    request = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
    async with serve(APP, folder=tmp_path, workers=1, FRAMEWORK_WORKER_ANNOUNCE="10") as master:
        reader, writer = await asyncio.open_connection("127.0.0.1", master.port)

        async def answer() -> bytes:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]))
            return head

        assert b"\r\nConnection:" not in await answer()
        master.signal(signal.SIGTERM)
        # The worker is told by gunicorn.
        while b"\r\nConnection: close\r\n" not in (head := await answer()):
            assert head.startswith(b"HTTP/1.1 200 OK")
        assert head.startswith(b"HTTP/1.1 200 OK")
        assert await reader.read() == b""
        writer.close()


async def test_it_stops_at_once_without_clients(tmp_path: Path) -> None:
    """SIGTERM is noticed when it arrives, not with the next heartbeat."""
    (tmp_path / "rarely_beating.py").write_text(RARELY)
    options = ("--timeout", "600")
    async with serve(
        "rarely_beating:app", WORKER, *options, folder=tmp_path, workers=1, FRAMEWORK_WORKER_ANNOUNCE="0"
    ) as master:
        os.kill(next(iter(master.workers())), signal.SIGTERM)
        await master.logged("Worker exiting")


RARELY = """
from framework._process import serving
from tests.deployment.reloaded_app import app

__all__ = ("app",)

serving.BEAT = 600
"""


async def test_a_thread_that_hangs_does_not_keep_the_process(tmp_path: Path) -> None:
    """The process ends before the graceful timeout, after the services are closed, and logs what hangs."""
    told = tmp_path / "told"
    async with (
        serve(APP, WORKER, "--graceful-timeout", "4", folder=tmp_path, workers=1, TOLD=str(told)) as master,
        aiohttp.ClientSession(master.url) as client,
    ):
        hung = asyncio.create_task(client.get("/thread/600"))
        await until(lambda: told_by(told) == ["thread blocked"])
        await master.stop()
        await asyncio.gather(hung, return_exceptions=True)
    assert told_by(told) == ["thread blocked", "engine closed"]
    assert "The process did not end within 3.9 s" in master.log
    assert "reloaded_app.py" in master.log
    assert "SIGKILL" not in master.log


async def test_a_blocked_loop_is_named(tmp_path: Path) -> None:
    """One line after 250 ms, and the stacks of all threads when gunicorn kills the worker."""
    async with (
        serve(APP, WORKER, "--timeout", "5", folder=tmp_path, workers=1) as master,
        aiohttp.ClientSession(master.url) as client,
    ):
        await client.get("/block/0.6")
        await master.logged("The event loop is blocked for more than 250 ms: ")
        (line,) = [one for one in master.log.splitlines() if "is blocked" in one]
        assert "reloaded_app.py:" in line
        assert " block < " in line
        with pytest.raises(aiohttp.ClientError):
            await client.get("/block/30")
        await master.logged("WORKER TIMEOUT")
        await master.logged("Fatal Python error: Aborted")
        dump = master.log.partition("Fatal Python error: Aborted")[2]
        assert " in block\n" in dump
        await until(lambda: master.log.count("Booting worker") == 2)


async def test_broken_code_under_sighup(tmp_path: Path) -> None:
    """The old workers serve all requests; the next SIGHUP takes the corrected code."""
    file = tmp_path / "site_code.py"
    file.write_text(SITE.format(text="first"))
    async with (
        serve("site_code:app", folder=tmp_path, PYTHONDONTWRITEBYTECODE="1", FRAMEWORK_WORKER_RETRY="1") as master,
        aiohttp.ClientSession(master.url) as client,
    ):
        await until(lambda: len(master.workers()) == 2)
        await asyncio.sleep(1.5)
        old = master.workers()
        file.write_text("import nothing_that_exists\n")
        async with under_load(master.port, kept=4, fresh=2, pause=0.005) as load:
            master.signal(signal.SIGHUP)
            await master.logged("The new workers could not start", times=2)
            await until(lambda: master.workers() == old)
        assert (load.served > 50, load.lost) == (True, {})
        assert "ModuleNotFoundError: No module named 'nothing_that_exists' (" in master.log
        assert {await text_of(client) for _ in range(6)} == {"first"}

        file.write_text(SITE.format(text="second"))
        await asyncio.sleep(0.5)
        await asyncio.wait_for(reload(master), PATIENCE)
        assert {await text_of(client) for _ in range(6)} == {"second"}
        assert await master.stop() == 0


async def test_a_database_that_is_down_at_respawn(tmp_path: Path) -> None:
    """A worker that cannot start is started again, with pauses, while the other serves; then it recovers by itself."""
    down = tmp_path / "down"
    async with serve(APP, folder=tmp_path, DOWN=str(down), FRAMEWORK_WORKER_RETRY="1") as master:
        await until(lambda: len(master.workers()) == 2)
        await asyncio.sleep(1.5)
        first = master.workers()
        down.touch()
        killed = min(first)
        os.kill(killed, signal.SIGKILL)
        async with under_load(master.port, kept=0, fresh=3, pause=0.005) as load:
            await master.logged("could not start, and ends in 0.5 s: ConnectionRefusedError: the database")
            await master.logged("could not start, and ends in 1.0 s")
            down.unlink()
            await until(lambda: len(await_served(master)) == 2)
        assert (load.served > 20, load.lost) == (True, {})
        assert master.log.count("Shutting down") == 0


def await_served(master: Master) -> set[str]:
    """Return the processes that answer some requests."""
    found: set[str] = set()
    for _ in range(12):
        command = [sys.executable, "-c", _ASK, str(master.port)]
        found.add(subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip())  # noqa: S603  ours
    return found


_ASK = "import sys, urllib.request as u; print(u.urlopen(f'http://127.0.0.1:{sys.argv[1]}/').read().decode())"


async def test_a_start_that_hangs(tmp_path: Path) -> None:
    """It ends after the start-up timeout; the first start stops the master, with the reason."""
    (tmp_path / "hanging.py").write_text(HANGING)
    found = await asyncio.to_thread(run, tmp_path, "hanging:app", FRAMEWORK_WORKER_START_TIMEOUT="10")
    assert found.returncode == 3
    assert "The application did not start within 10 seconds" in found.stderr


HANGING = """
import asyncio
from framework import App, Container

class Engine:
    pass

async def open_engine():
    await asyncio.Event().wait()
    yield Engine()

container = Container()
container.add_singleton(Engine, open_engine)
app = App(container=container)
"""


def run(folder: Path, target: str, *options: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run gunicorn until it ends by itself."""
    command = [sys.executable, "-m", "gunicorn", target, "--worker-class", WORKER, "--no-control-socket", *options]
    command += ["--bind", f"127.0.0.1:{free_port()}"]
    environment = {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}", **variables}
    return subprocess.run(  # noqa: S603  ours
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=2 * PATIENCE
    )


@pytest.mark.parametrize(
    ("options", "variables", "messages"),
    [
        (
            (),
            {"FRAMEWORK_WORKER_ANOUNCE": "2"},
            [
                "FRAMEWORK_WORKER_ANOUNCE is not a setting of the worker.",
                "Hint: write FRAMEWORK_WORKER_ANNOUNCE instead.",
            ],
        ),
        (
            ("--access-logformat", "%(h)s"),
            {},
            ["access_log_format='%(h)s' is a format of gunicorn's.", "Hint: write one of aiohttp's"],
        ),
        (
            ("--env", "FRAMEWORK_WORKER_ANNOUNCE=20"),
            {},
            ["FRAMEWORK_WORKER_ANNOUNCE=20 is more than half of the graceful timeout of 30 seconds."],
        ),
    ],
)
def test_wrong_settings_are_errors(
    tmp_path: Path, options: tuple[str, ...], variables: dict[str, str], messages: list[str]
) -> None:
    """Gunicorn does not start, and prints what is wrong."""
    found = run(tmp_path, APP, *options, **variables)
    assert found.returncode == 1
    assert [one for one in messages if one not in found.stderr] == []


async def test_errors_of_a_build_are_printed_alone_by_the_worker(tmp_path: Path) -> None:
    """The first start stops with gunicorn's code for an application that cannot be loaded."""
    source = SITE.format(text="text").replace("self", "self, page")
    (tmp_path / "wrong.py").write_text(source)
    found = await asyncio.to_thread(run, tmp_path, "wrong:app")
    assert found.returncode == 4
    assert "Site.show (wrong.py:5), parameter 'page': it has no type annotation." in found.stderr
    assert "Traceback" not in found.stderr


TARGETS = (
    SITE.format(text="text")
    + """
web_app = app.build()

def factory():
    return app

async def async_factory():
    return app.build()
"""
)


@pytest.mark.parametrize("target", ["app", "web_app", "factory", "factory()", "async_factory"])
async def test_what_can_be_served(tmp_path: Path, target: str) -> None:
    """An App, an aiohttp application, and functions that return one."""
    (tmp_path / "targets.py").write_text(TARGETS)
    async with (
        serve(f"targets:{target}", folder=tmp_path, workers=1) as master,
        aiohttp.ClientSession(master.url) as client,
    ):
        assert await text_of(client) == "text"

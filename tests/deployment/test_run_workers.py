"""``framework run`` loses nothing: stops, reloads, broken code, killed workers, and databases that are down."""

import asyncio
import os
import signal
from pathlib import Path

import aiohttp
import pytest

from tests.cli.dev_server import alive
from tests.deployment.in_flight import SITE, opened, stop_with_requests, told_by
from tests.deployment.load import recycle, reload, under_load
from tests.deployment.serving import APP, PATIENCE, RUN, Master, proxy_before, serve, text_of, until

pytestmark = pytest.mark.slow


async def serving(master: Master, count: int = 2) -> set[str]:
    """Wait until as many workers serve, and return their processes."""
    async with asyncio.timeout(PATIENCE), aiohttp.ClientSession(master.url) as client:
        while True:
            found = {await text_of(client) for _ in range(12)}
            if len(found) == count:
                return found


@pytest.mark.parametrize("workers", [0, 2])
async def test_what_is_in_flight_at_sigterm(tmp_path: Path, workers: int) -> None:
    """Requests and tasks finish; streams end, sockets get 1001, a hung handler is cancelled; services are closed."""
    told = tmp_path / "told"
    options = ("--graceful-timeout", "10")
    async with serve(APP, RUN, *options, folder=tmp_path, workers=workers, TOLD=str(told)) as master:
        await master.logged("Serving at")
        await stop_with_requests(master, told)
    lines = told_by(told)
    ended = [*["engine closed"] * max(workers, 1), *["session closed"] * 3, *["session opened"] * 3, "task done"]
    assert (sorted(lines), lines[-1]) == (ended, "engine closed")


@pytest.mark.parametrize("workers", [0, 1])
async def test_a_second_signal_ends_it_at_once(tmp_path: Path, workers: int) -> None:
    """It does not wait for requests, and leaves no worker behind."""
    told = tmp_path / "told"
    options = ("--graceful-timeout", "600")
    async with (
        serve(APP, RUN, *options, folder=tmp_path, workers=workers, TOLD=str(told)) as master,
        aiohttp.ClientSession(master.url) as client,
    ):
        processes = master.workers()
        hung = asyncio.create_task(client.get("/hang"))
        await opened(told, 1)
        # Two that arrive together are one.
        master.signal(signal.SIGTERM)
        await asyncio.sleep(0.3)
        assert await master.stop() == 128 + signal.SIGTERM
        await until(lambda: not any(map(alive, processes)))
        await asyncio.gather(hung, return_exceptions=True)


@pytest.mark.parametrize("proxy", [None, "haproxy"])
async def test_reloads_and_recycles_lose_no_request(tmp_path: Path, proxy: str | None) -> None:
    """SIGHUP and --max-requests under load: a worker stops when another serves in its place."""
    async with serve(APP, RUN, "--max-requests", "700", folder=tmp_path) as master, asyncio.timeout(4 * PATIENCE):
        await serving(master)
        async with (
            proxy_before(proxy, master.port, tmp_path) as port,
            under_load(port, kept=8, fresh=4, pause=0.002) as load,
        ):
            await reload(master)
            await recycle(master, 2)
    assert (load.served > 700, load.lost) == (True, {})


async def test_broken_code_under_sighup(tmp_path: Path) -> None:
    """It is reported in one line, and the old workers serve all requests; the next SIGHUP takes the corrected code."""
    file = tmp_path / "site_code.py"
    file.write_text(SITE.format(text="first"))
    async with (
        serve("site_code:app", RUN, "--no-spare", folder=tmp_path, PYTHONDONTWRITEBYTECODE="1") as master,
        aiohttp.ClientSession(master.url) as client,
    ):
        await master.logged("Serving at")
        file.write_text("import nothing_that_exists\n")
        async with under_load(master.port, kept=4, fresh=2, pause=0.005) as load:
            master.signal(signal.SIGHUP)
            await master.logged("The new code cannot be served, and the old workers go on: ")
        assert (load.served > 50, load.lost) == (True, {})
        (line,) = [one for one in master.log.splitlines() if "nothing_that_exists" in one]
        assert "ModuleNotFoundError: No module named 'nothing_that_exists'" in line
        assert {await text_of(client) for _ in range(6)} == {"first"}

        file.write_text(SITE.format(text="second"))
        master.signal(signal.SIGHUP)
        await master.logged("All workers have the new code")
        assert {await text_of(client) for _ in range(6)} == {"second"}
        assert await master.stop() == 0


async def test_a_killed_worker_is_replaced_by_the_one_that_waits(tmp_path: Path) -> None:
    """``kill -9``: the worker that waits serves in its place, so nobody waits for a start, and another one waits."""
    async with serve(APP, RUN, folder=tmp_path) as master:
        for _ in range(3):
            await until(lambda: len(master.workers()) == 3)
            before, serving_before = master.workers(), await serving(master)
            killed = int(min(serving_before))
            os.kill(killed, signal.SIGKILL)
            await until(lambda killed=killed: killed not in master.workers())  # type: ignore[misc]
            after = await serving(master)
            (replacement,) = after - serving_before
            assert int(replacement) in before
        assert master.log.count("ended by SIGKILL") == 3


async def test_a_database_that_is_down_at_respawn(tmp_path: Path) -> None:
    """Workers that cannot start are created again, with pauses, while the other serves; then it recovers by itself."""
    down = tmp_path / "down"
    async with serve(APP, RUN, folder=tmp_path, DOWN=str(down), FRAMEWORK_WORKER_RETRY="1") as master:
        before = await serving(master)
        await master.logged("Serving at")
        down.touch()
        await asyncio.sleep(1.1)
        os.kill(int(min(before)), signal.SIGKILL)
        async with under_load(master.port, kept=0, fresh=3, pause=0.005) as load:
            await master.logged("created in 0.5 s: ConnectionRefusedError: the database is down (")
            await master.logged("created in 1.0 s")
            down.unlink()
            await serving(master)
        assert (load.served > 20, load.lost) == (True, {})


async def test_workers_stop_when_their_supervisor_has_ended(tmp_path: Path) -> None:
    """They finish their requests first, and close their services."""
    told = tmp_path / "told"
    async with (
        serve(APP, RUN, folder=tmp_path, workers=1, TOLD=str(told)) as master,
        aiohttp.ClientSession(master.url) as client,
    ):
        processes = master.workers()
        slow = asyncio.create_task(client.get("/slow/1"))
        await opened(told, 1)
        master.signal(signal.SIGKILL)
        assert await (await slow).text() == "slow"
        await until(lambda: not any(map(alive, processes)))
    assert told_by(told) == ["session opened", "session closed", "engine closed"]


async def test_a_blocked_loop_is_named_and_ended(tmp_path: Path) -> None:
    """One line after 250 ms; after the timeout the stacks of all threads, and another worker."""
    async with (
        serve(APP, RUN, "--timeout", "5", folder=tmp_path, workers=1) as master,
        aiohttp.ClientSession(master.url) as client,
    ):
        before = await serving(master, 1)
        with pytest.raises(aiohttp.ClientError):
            await client.get("/block/30")
        assert "The event loop is blocked for more than 250 ms: " in master.log
        await master.logged("Timeout (0:00:05)!")
        assert " in block\n" in master.log.partition("Timeout (0:00:05)!")[2]
        assert await serving(master, 1) != before


async def test_a_start_that_hangs(tmp_path: Path) -> None:
    """It ends after the start-up timeout; the first start stops the supervisor, with its code."""
    (tmp_path / "hanging.py").write_text("import time\ntime.sleep(60)\n")
    with pytest.raises(AssertionError, match=r"Timeout \(0:00:11\)!\n.*\n.*hanging.py\", line 2 in <module>"):
        async with serve("hanging:app", RUN, folder=tmp_path, FRAMEWORK_WORKER_START_TIMEOUT="10"):
            pass

"""``framework dev`` leaves no process behind, however it ends."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from framework.cli.dev.messages import IGNORED, Spec
from framework.cli.dev.processes import Warm
from tests.cli.dev_server import SHOP, children, command, ended, get, get_json
from tests.cli.test_dev_reload import change, developing, shown, version
from tests.waiting import until


@pytest.mark.parametrize(
    "kind", [signal.SIGINT, *(pytest.param(one, marks=pytest.mark.slow) for one in (signal.SIGTERM, signal.SIGHUP))]
)
async def test_a_signal_closes_the_services(tmp_path: Path, kind: signal.Signals) -> None:
    """The exit code is 0, and the processes of the app have ended before."""
    async with developing(tmp_path) as running:
        processes = await get_json(f"{running.url}/processes")
        assert await running.stop(kind) == 0
        await ended(*processes)
        assert "Traceback" not in running.printed
    assert (tmp_path / "log.txt").read_text() == "opened one\nclosed one\n"


async def test_a_signal_to_all_processes_closes_the_services(tmp_path: Path) -> None:
    """A terminal sends Ctrl+C to the whole group; only the first process decides."""
    async with developing(tmp_path) as running:
        processes = await get_json(f"{running.url}/processes")
        for pid in processes:
            os.kill(pid, signal.SIGINT)
            os.kill(pid, signal.SIGTERM)
        assert await get(running.url) == "one"
        assert await running.stop(signal.SIGINT) == 0
        await ended(*processes)
    assert (tmp_path / "log.txt").read_text() == "opened one\nclosed one\n"


async def test_a_signal_to_a_process_that_begins(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Ctrl+C reaches the process that imports packages before it has handlers; it goes on, and prints nothing."""
    warmed = asyncio.Event()
    warm = Warm(Spec(reference="shop:app", folders=(str(tmp_path),), sockets=(), host="127.0.0.1"))
    for kind in IGNORED:
        os.kill(warm._process.pid, kind)  # noqa: SLF001  its only access to the process

    following = asyncio.create_task(warm.follow(lambda *_: warmed.set()))
    await asyncio.wait_for(warmed.wait(), 60)

    assert warm.is_warm
    warm.retire()
    await warm.end()
    await following
    assert capfd.readouterr().err == ""


async def test_a_killed_supervisor_takes_all_processes_along(tmp_path: Path) -> None:
    """The child sees the end of its supervisor, and closes the services."""
    async with developing(tmp_path) as running:
        processes = await get_json(f"{running.url}/processes")
        assert await running.stop(signal.SIGKILL) == -signal.SIGKILL
        await ended(*processes)
    assert (tmp_path / "log.txt").read_text() == "opened one\nclosed one\n"


async def test_a_blocked_app_ends_with_its_supervisor(tmp_path: Path) -> None:
    """The kernel ends a child whose parents are killed, even if its event loop is blocked."""
    source = SHOP.replace("1 / people", 'note("blocks") or time.sleep(1000)').replace(
        "import os\n", "import os\nimport time\n", 1
    )
    async with developing(tmp_path, source=source) as running:
        child, warm = await get_json(f"{running.url}/processes")
        blocked = asyncio.create_task(get(f"{running.url}/share/1"))
        await until(lambda: "blocks one" in (tmp_path / "log.txt").read_text())
        # Neither of them can end the child.
        os.kill(warm, signal.SIGSTOP)
        running.process.kill()
        os.kill(warm, signal.SIGKILL)
        await ended(child, warm)
        blocked.cancel()


async def test_a_killed_warm_process_is_replaced(tmp_path: Path) -> None:
    """Its children end with it, which is shown; the app is served again after the next change."""
    async with developing(tmp_path) as running:
        child, warm = await get_json(f"{running.url}/processes")
        os.kill(warm, signal.SIGKILL)
        await ended(child)
        await running.prints("shows the error")
        assert "The process of the app was killed by signal 9." in await get(running.url)
        change(tmp_path, version("two"))
        await shown(running.url, "two")
        assert await running.stop() == 0


async def test_an_app_without_packages_of_its_own_needs_one_warm_process(tmp_path: Path) -> None:
    """It has imported all that the framework imports to serve; another one would begin before the app is served."""
    async with developing(tmp_path) as running:
        _, warm = await get_json(f"{running.url}/processes")
        assert children(running.pid) == [warm]


async def test_old_versions_end_after_a_reload(tmp_path: Path) -> None:
    """Only the processes of the newest version are left."""
    async with developing(tmp_path) as running:
        first, _ = await get_json(f"{running.url}/processes")
        change(tmp_path, version("two"))
        await running.prints("Reloaded in ")
        await ended(first)


@pytest.mark.parametrize(
    ("words", "source", "error"),
    [
        (
            ("nothing:app",),
            "",
            "Error: no module nothing is found; "
            "correct its name, or run the command in the folder that it is imported from.\n",
        ),
        *(
            pytest.param((name,), SHOP, f"Error: {said}\n", marks=pytest.mark.slow)
            for name, said in (
                ("shop:other", "shop has no other; name one that it has: app."),
                ("shop:VERSION", "shop:VERSION is of type str; name an App, or a function without parameters for one."),
                ("shop", "'shop' names no app; write it as module:attribute, for example shop:app."),
            )
        ),
    ],
)
async def test_no_app_is_one_line(tmp_path: Path, words: tuple[str, ...], source: str, error: str) -> None:
    """The exit code is 2, and nothing is left behind."""
    (tmp_path / "shop.py").write_text(source, encoding="utf-8")
    async with command(tmp_path, "dev", *words, "--port", "0") as running:
        assert await asyncio.wait_for(running.process.wait(), 60) == 2
    assert running.printed == error

"""Channels in memory with several workers of a server."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.dev_server import command
from tests.waiting import PATIENCE

_PROGRAM = """\
from msgspec import Struct
from framework import App
from framework.channels import Topic

class Placed(Struct):
    number: int

app = App(channels=[Topic[Placed]("orders")])
"""


def start_up_log(folder: Path, workers: int) -> str:
    """Start gunicorn, stop it when all workers serve, and return what it has logged."""
    (folder / "shop.py").write_text(_PROGRAM, encoding="utf-8")
    command = [sys.executable, "-m", "gunicorn", "shop:app", "--worker-class", "aiohttp.GunicornWebWorker"]
    options = ["--workers", str(workers), "--bind", f"unix:{folder}/socket", "--config", str(folder / "conf.py")]
    (folder / "conf.py").write_text(
        "def post_worker_init(worker):\n    open(f'{worker.age}.started', 'w').close()\n", encoding="utf-8"
    )
    server = subprocess.Popen([*command, *options], cwd=folder, stderr=subprocess.PIPE, text=True)  # noqa: S603
    end = time.monotonic() + PATIENCE
    while len(list(folder.glob("*.started"))) < workers and time.monotonic() < end:
        time.sleep(0.05)
    time.sleep(1)
    server.terminate()
    _, log = server.communicate(timeout=PATIENCE)
    return log


def test_several_workers_are_warned_once(tmp_path: Path) -> None:
    """Events would stay in the worker that publishes them."""
    assert start_up_log(tmp_path, 3).count("The channels are in memory, and there are several workers") == 1


@pytest.mark.parametrize(("workers", "warnings"), [(1, 0), (2, 1)])
async def test_workers_of_framework_run(tmp_path: Path, workers: int, warnings: int) -> None:
    """They are warned as those of gunicorn are."""
    (tmp_path / "shop.py").write_text(_PROGRAM, encoding="utf-8")
    async with command(tmp_path, "run", "shop:app", "--port", "0", "--workers", str(workers)) as running:
        await running.prints("Press Ctrl+C")
        await running.stop()

    assert running.printed.count("The channels are in memory, and there are several workers") == warnings


def test_one_worker_is_not_warned(tmp_path: Path) -> None:
    """There is no other process."""
    assert "The channels are in memory" not in start_up_log(tmp_path, 1)

"""Type checkers check the arguments of jobs where they are added."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_PROGRAM = """\
from datetime import UTC, datetime

from framework.jobs import JobQueue, Jobs, job


class Mail(Jobs):
    @job(retries=3)
    async def confirm(self, order_id: int, note: str = "") -> None: ...

    @job
    def plain(self) -> int:
        return 1


async def right(queue: JobQueue) -> int | None:
    await queue.add(Mail.confirm, order_id=7)
    await queue.add(Mail.confirm, 7, note="x")
    await queue.add(Mail.plain)
    await queue.add(Mail.confirm, order_id=7, delay=3)
    await queue.add(Mail.confirm, order_id=7, at=datetime.now(UTC), key="x")
    return await queue.add(Mail.confirm, order_id=7, key="x")


async def wrong(queue: JobQueue) -> None:
    await queue.add(Mail.confirm, order_id="x")
    await queue.add(Mail.confirm)
    await queue.add(Mail.confirm, 7, "x", "y")
    await queue.add(Mail.confirm, order_id=7, other=3)
    await queue.add(Mail.confirm, order_id=7, delay="x")
    await queue.add(3)
    job(retrys=3)
"""
_FIRST = _PROGRAM[: _PROGRAM.index("async def wrong")].count("\n") + 2
_WRONG = set(range(_FIRST, _FIRST + 7))


def _check(command: list[str], folder: Path) -> str:
    file = folder / "added_jobs.py"
    file.write_text(_PROGRAM, encoding="utf-8")
    done = subprocess.run(  # noqa: S603  fixed words
        [sys.executable, "-m", *command, str(file)], cwd=_ROOT, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "pattern"),
    [
        (["pyright", "--pythonpath", sys.executable], r":(\d+):\d+ - error"),
        (["mypy", "--cache-dir", "{folder}"], r"added_jobs\.py:(\d+): error"),
    ],
    ids=["pyright", "mypy"],
)
def test_arguments_are_checked(command: list[str], pattern: str, tmp_path: Path) -> None:
    """Each wrong call is reported, and no right one."""
    told = _check([one.format(folder=tmp_path / "cache") for one in command], tmp_path)

    assert {int(one) for one in re.findall(pattern, told)} == _WRONG, told

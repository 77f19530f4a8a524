"""Processes that are forked from one which has imported what they need: importing takes each of them a second."""

import multiprocessing
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

__all__ = ("FORKS", "Outcome", "run_pytest")

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.forked_imports"])
# Tests of pages and projects do not use them, and pytest would import them each time.
_LEFT_OUT = ("anyio", "faker", "hypothesispytest", "pytest_cov", "schemathesis", "xdist", "xdist.looponfail")


class Outcome(NamedTuple):
    """The exit status of a process, and what it has printed."""

    status: int | None
    printed: str


def run_pytest(folder: Path, *options: str) -> Outcome:
    """Run the tests of a folder as ``python -m pytest`` does there, with warnings as errors."""
    words = ["-W", "error", *(word for one in _LEFT_OUT for word in ("-p", f"no:{one}")), *options]
    with tempfile.NamedTemporaryFile() as file:
        process = FORKS.Process(target=_run, args=(folder, words, file.name))
        process.start()
        process.join()
        return Outcome(process.exitcode, file.read().decode(errors="replace"))


def _run(folder: Path, words: Sequence[str], printed: str) -> None:
    with Path(printed).open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    # The tests of a project may be a package of the same name.
    for name in [one for one in sys.modules if one.partition(".")[0] == "tests"]:
        del sys.modules[name]
    import pytest

    sys.exit(pytest.main([*words]))

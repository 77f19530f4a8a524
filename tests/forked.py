"""Processes that are forked from one which has imported what they need: importing takes each of them a second."""

import contextlib
import gc
import importlib
import multiprocessing
import multiprocessing.forkserver
import os
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import coverage

__all__ = ("FORKS", "Outcome", "run_command", "run_pytest")

_ROOT = Path(__file__).parents[1]
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.forked_imports"])
# The plugins of a project. That of the framework is imported already, so pytest cannot rewrite its assertions.
_PLUGINS = ("pytest_asyncio.plugin", "pytest_aiohttp.plugin", "framework.pytest_plugin")
_OPTIONS = ("-W", "error", "-W", "ignore::pytest.PytestAssertRewriteWarning", "--disable-plugin-autoload")


class Outcome(NamedTuple):
    """The exit status of a process, and what it has printed."""

    status: int | None
    printed: str
    errors: str = ""


def run_pytest(folder: Path, *options: str) -> Outcome:
    """Run the tests of a folder as ``python -m pytest`` does there, with warnings as errors."""
    outcome = _run(_test, folder, (*_OPTIONS, *options))
    return Outcome(outcome.status, outcome.printed + outcome.errors)


def run_command(folder: Path, *words: str) -> Outcome:
    """Run the command ``framework`` in a folder, as ``python -m framework`` does there."""
    return _run(_command, folder, words)


def _run(function: Callable[[Sequence[str]], Any], folder: Path, words: Sequence[str]) -> Outcome:
    with tempfile.NamedTemporaryFile() as printed, tempfile.NamedTemporaryFile() as errors:
        files = (printed.name, errors.name)
        # Where it starts, the process from which others are forked finds what it imports.
        with contextlib.chdir(_ROOT):
            multiprocessing.forkserver.ensure_running()
        process = FORKS.Process(target=_enter, args=(function, folder, words, files, {**os.environ}))
        process.start()
        process.join()
        texts = [file.read().decode(errors="replace") for file in (printed, errors)]
        return Outcome(process.exitcode, *texts)


def _enter(
    function: Callable[[Sequence[str]], Any],
    folder: Path,
    words: Sequence[str],
    files: tuple[str, str],
    variables: Mapping[str, str],
) -> None:
    """Make of a forked process what a new one would be, and run it."""
    # pytest collects garbage several times at its end, all modules included.
    gc.freeze()
    for name, number in zip(files, (1, 2), strict=True):
        with Path(name).open("wb") as file:
            os.dup2(file.fileno(), number)
    os.environ.clear()
    os.environ.update(variables)
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    # A project may have a package of the same name.
    for name in [one for one in sys.modules if one.partition(".")[0] == "tests"]:
        del sys.modules[name]
    try:
        sys.exit(function(words))
    finally:
        # A forked process ends without what coverage would do at the end of a process.
        if measuring := coverage.Coverage.current():
            measuring.stop()
            measuring.save()


def _test(words: Sequence[str]) -> Any:
    import pytest

    # By their names, pytest would look for each among the entry points of all packages.
    return pytest.main([*words], plugins=[importlib.import_module(one) for one in _PLUGINS])


def _command(words: Sequence[str]) -> None:
    from framework.cli.main import main

    sys.argv = ["framework", *words]
    main()

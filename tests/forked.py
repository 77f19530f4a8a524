"""Processes that are forked from one which has imported what they need: importing takes each of them a second."""

import atexit
import contextlib
import importlib
import multiprocessing
import multiprocessing.forkserver
import os
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.context import ForkServerProcess
from multiprocessing.reduction import DupFd
from pathlib import Path
from typing import Any, NamedTuple

import coverage

__all__ = ("FORKS", "Outcome", "run_command", "run_pytest", "start_command")

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


def run_command(folder: Path, *words: str, entered: str = "") -> Outcome:
    """Run the command ``framework`` in a folder, as ``python -m framework`` does there, with a standard input."""
    return _run(_command, folder, words, entered)


def start_command(folder: Path, words: Sequence[str], variables: Mapping[str, str], output: int) -> ForkServerProcess:
    """Start the command ``framework`` in a folder; a file descriptor gets what it prints."""
    with Path(os.devnull).open("rb") as entered:
        return _start(_command, folder, words, (entered.fileno(), output, output), variables)


def _run(function: Callable[[Sequence[str]], Any], folder: Path, words: Sequence[str], entered: str = "") -> Outcome:
    with contextlib.ExitStack() as stack:
        files = [stack.enter_context(tempfile.TemporaryFile()) for _ in range(3)]
        files[0].write(entered.encode())
        files[0].seek(0)
        process = _start(function, folder, words, [one.fileno() for one in files], os.environ)
        process.join()
        for one in files[1:]:
            one.seek(0)
        return Outcome(process.exitcode, *(one.read().decode(errors="replace") for one in files[1:]))


class _Descriptor:
    """A file descriptor that a forked process gets."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __reduce__(self) -> tuple[Callable[[Any], "_Descriptor"], tuple[Any]]:
        return _received, (DupFd(self.number),)


def _received(passed: Any) -> _Descriptor:
    return _Descriptor(passed.detach())


def _start(
    function: Callable[[Sequence[str]], Any],
    folder: Path,
    words: Sequence[str],
    streams: Sequence[int],
    variables: Mapping[str, str],
) -> ForkServerProcess:
    # Where it starts, the process from which others are forked finds what it imports.
    with contextlib.chdir(_ROOT):
        multiprocessing.forkserver.ensure_running()
    passed = [*map(_Descriptor, streams)]
    process = FORKS.Process(target=_enter, args=(function, folder, words, passed, {**variables}))
    process.start()
    return process


def _enter(
    function: Callable[[Sequence[str]], Any],
    folder: Path,
    words: Sequence[str],
    streams: Sequence[_Descriptor],
    variables: Mapping[str, str],
) -> None:
    """Make of a forked process what a new one would be, and run it."""
    for number, passed in enumerate(streams):
        os.dup2(passed.number, number)
        os.close(passed.number)
    # multiprocessing has closed the standard input.
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115  a descriptor, which stays open
    if variables.get("PYTHONUNBUFFERED"):
        for stream in (sys.stdout, sys.stderr):
            stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    os.environ.clear()
    os.environ.update(variables)
    os.chdir(folder)
    named = variables.get("PYTHONPATH", "").split(os.pathsep)
    sys.path[:0] = [str(folder), *(one for one in named if one and one not in sys.path)]
    # A project may have a package of the same name.
    for name in [one for one in sys.modules if one.partition(".")[0] == "tests"]:
        del sys.modules[name]
    # What the process has registered from which this one is forked, coverage for example.
    atexit._clear()  # noqa: SLF001  without a public name
    try:
        sys.exit(function(words))
    except Exception as error:  # noqa: BLE001  printed as the interpreter does; multiprocessing adds a line of its own
        sys.excepthook(type(error), error, error.__traceback__)
        sys.exit(1)
    finally:
        # A forked process ends without what is done at the end of a process.
        atexit._run_exitfuncs()  # noqa: SLF001  without a public name
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

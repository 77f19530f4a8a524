"""Packages from the Python index that tests use, installed from a lock in an environment of their own."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.exclusive import exclusive

__all__ = ("installed",)

_ROOT = Path(__file__).parents[1]
_UNREACHABLE = re.compile(r"NewConnectionError|NameResolutionError|ConnectTimeoutError|Network is unreachable")
_OPTIONS = ("--quiet", "--disable-pip-version-check", "--retries=1", "--require-hashes", "--requirement")


def installed(requirements: Path, name: str) -> Path:
    """Install what a lock names, unless it is there, and return the folder of its programs.

    ``name`` is that of a hidden folder of the project. Skips the test if the index cannot be reached.
    """
    with exclusive(f"python{name}"):  # all workers share what is installed
        return _install(requirements, _ROOT / name)


def _install(requirements: Path, folder: Path) -> Path:
    kept, programs = folder / requirements.name, folder / "bin"
    if kept.exists() and kept.read_bytes() == requirements.read_bytes():
        return programs
    shutil.rmtree(folder, ignore_errors=True)
    _run(sys.executable, "-m", "venv", str(folder))
    done = _run(str(programs / "python"), "-m", "pip", "install", *_OPTIONS, str(requirements))
    if done.returncode != 0 and _UNREACHABLE.search(done.stdout + done.stderr):
        pytest.skip("the package index cannot be reached")
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"[-3000:]
    # Last: a run that is stopped leaves nothing that looks complete.
    shutil.copy(requirements, kept)
    return programs


def _run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, capture_output=True, text=True, timeout=600, check=False)  # noqa: S603  ours

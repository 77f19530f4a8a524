"""Builds the wheel once for all tests that install it."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.exclusive import exclusive

ROOT = Path(__file__).parents[2]


def run(*command: str, cwd: Path, env: Mapping[str, str] | None = None) -> str:
    """Run a program that must succeed, and return what it printed."""
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=600, check=False)  # noqa: S603  ours
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the source distribution, and the wheel from it."""
    folder = tmp_path_factory.mktemp("dist")
    with exclusive("wheel"):  # setuptools builds in the checkout
        run(sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT), cwd=folder)
    return next(folder.glob("*.whl"))

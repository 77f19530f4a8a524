"""Builds the wheel once for all tests that install it."""

import fcntl
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
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
def shared_folder(testrun_uid: str) -> Iterator[Path]:
    """Return a folder that the workers of one run share; the last of them removes it.

    It is outside of pytest's folder, which each start of pytest closes to other users, such as that of PostgreSQL.
    """
    folder = Path(tempfile.gettempdir()) / f"framework-tests-{testrun_uid}"
    with exclusive("shared-folder"):
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)
        users = (folder / "users.lock").open("w")
        fcntl.flock(users, fcntl.LOCK_SH)
    yield folder
    with users, exclusive("shared-folder"):
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the source distribution, and the wheel from it."""
    folder = tmp_path_factory.mktemp("dist")
    with exclusive("wheel"):  # setuptools builds in the checkout
        run(sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT), cwd=folder)
    return next(folder.glob("*.whl"))

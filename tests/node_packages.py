"""Packages from npm that tests use, installed from a lock and kept beside the sources."""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.exclusive import exclusive

__all__ = ("Unreachable", "install", "installed")

_ROOT = Path(__file__).parents[1]
_UNREACHABLE = re.compile(r"ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|ECONNRESET")


class Unreachable(Exception):
    """The npm registry cannot be reached."""


def installed(source: Path, name: str) -> Path:
    """Do as ``install`` does, and skip the test if the registry cannot be reached."""
    try:
        return install(source, name)
    except Unreachable as error:
        pytest.skip(str(error))


def install(source: Path, name: str) -> Path:
    """Install what the lock of a folder names, unless it is there, and return the folder of its modules.

    ``name`` is that of a hidden folder of the project. Raises ``Unreachable`` if the registry cannot be reached.
    """
    with exclusive(f"node{name}"):  # all workers share what is installed
        return _install(source, _ROOT / name)


def _install(source: Path, target: Path) -> Path:
    wanted, kept = source / "package-lock.json", target / "package-lock.json"
    stamp = target / "node_modules" / ".package-lock.json"
    if not (stamp.exists() and kept.exists() and kept.read_bytes() == wanted.read_bytes()):
        # Elsewhere, and moved when it is complete: a run that is stopped leaves nothing half installed.
        fresh = Path(tempfile.mkdtemp(prefix=".node-", dir=target.parent))
        shutil.copy(source / "package.json", fresh)
        shutil.copy(wanted, fresh)
        command = ("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline")
        done = subprocess.run(command, cwd=fresh, capture_output=True, text=True, timeout=600, check=False)  # noqa: S603  ours
        if done.returncode != 0 and _UNREACHABLE.search(done.stderr):
            raise Unreachable("the npm registry cannot be reached")
        assert done.returncode == 0, done.stderr[-3000:]
        shutil.rmtree(target, ignore_errors=True)
        fresh.rename(target)
    return target / "node_modules"

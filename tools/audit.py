#!/usr/bin/env python3
"""Report known vulnerabilities of the locked packages in one line.

``python tools/audit.py`` installs pip-audit into ``.venv-audit`` and runs it on ``requirements/check.txt``, within 60
seconds altogether. It only reports: the exit code is 0, whatever it finds.
"""

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / ".venv-audit"
LOCKED = ROOT / "requirements" / "check.txt"
SECONDS = 60
NAMED = 5


def summary_of(output: str) -> str:
    """Return the line for the JSON that pip-audit printed; no JSON means that its database is away."""
    try:
        packages: list[dict[str, Any]] = json.loads(output)["dependencies"]
    except (ValueError, KeyError):
        return "cannot reach its database"
    # pip-audit itself reports no vulnerabilities for packages that its database does not know.
    audited = [one for one in packages if "skip_reason" not in one]
    found = [f"{one['name']} {one['version']} ({each['id']})" for one in audited for each in one["vulns"]]
    skipped = len(packages) - len(audited)
    if not audited:
        return f"its database knows none of the {skipped} packages; nothing was audited"
    listed = ", ".join(found[:NAMED]) + (f" and {len(found) - NAMED} more" if len(found) > NAMED else "")
    counted = f"{len(found)} known vulnerabilities in {len(audited)} packages"
    left_out = f"; {skipped} packages could not be audited" if skipped else ""
    return f"{counted}{': ' if found else ''}{listed}{left_out}"


def main() -> None:
    """Print the line."""
    end = time.monotonic() + SECONDS
    sys.stdout.write(f"pip-audit: {_audit(end)}\n")


def _audit(end: float) -> str:
    program = FOLDER / "bin" / "pip-audit"
    try:
        if not program.exists():
            _run([sys.executable, "-m", "venv", str(FOLDER)], end).check_returncode()
            pip = [str(FOLDER / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
            _run([*pip, "--only-binary", ":all:", "pip-audit>=2.7"], end).check_returncode()
    except (OSError, subprocess.SubprocessError):
        return "cannot be installed"
    # All packages are locked with hashes, so pip need not find others that they require.
    command = [str(program), "--requirement", str(LOCKED), "--disable-pip", "--format", "json"]
    try:
        return summary_of(_run([*command, "--progress-spinner", "off"], end).stdout)
    except subprocess.TimeoutExpired:
        return f"not finished within {SECONDS} seconds"
    except OSError:
        return "cannot be run"


def _run(command: Sequence[str], end: float) -> subprocess.CompletedProcess[str]:
    left = max(end - time.monotonic(), 1)
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=left)  # noqa: S603  fixed words


if __name__ == "__main__":
    main()

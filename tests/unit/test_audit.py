"""The line that continuous integration prints about known vulnerabilities of the locked packages."""

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

_FILE = Path(__file__).parents[2] / "tools" / "audit.py"


def _tool() -> Any:
    spec = importlib.util.spec_from_file_location("audit", _FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _package(name: str, *vulnerabilities: str) -> dict[str, Any]:
    return {"name": name, "version": "1.0", "vulns": [{"id": one, "fix_versions": []} for one in vulnerabilities]}


_SKIPPED = {"name": "private", "skip_reason": "Dependency not found on PyPI and could not be audited: private (1.0)"}


@pytest.mark.parametrize(
    ("packages", "line"),
    [
        ([_package("a"), _package("b")], "0 known vulnerabilities in 2 packages"),
        (
            [_package("a", "CVE-1", "CVE-2"), _package("b", "CVE-3"), _SKIPPED],
            "3 known vulnerabilities in 2 packages: a 1.0 (CVE-1), a 1.0 (CVE-2), b 1.0 (CVE-3); "
            "1 packages could not be audited",
        ),
        (
            [_package("a", *(f"CVE-{number}" for number in range(1, 8)))],
            "7 known vulnerabilities in 1 packages: "
            "a 1.0 (CVE-1), a 1.0 (CVE-2), a 1.0 (CVE-3), a 1.0 (CVE-4), a 1.0 (CVE-5) and 2 more",
        ),
        ([_SKIPPED, _SKIPPED], "its database knows none of the 2 packages; nothing was audited"),
    ],
)
def test_what_pip_audit_found(packages: list[dict[str, Any]], line: str) -> None:
    """Packages without an entry in the database are not counted as audited."""
    assert _tool().summary_of(json.dumps({"dependencies": packages, "fixes": []})) == line


@pytest.mark.parametrize("output", ["", "ERROR: no connection"])
def test_a_database_that_does_not_respond(output: str) -> None:
    """Without a report there is a line too."""
    assert _tool().summary_of(output) == "cannot reach its database"

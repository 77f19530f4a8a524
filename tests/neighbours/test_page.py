"""The page about packages made for aiohttp: its example runs, and its table names the versions that are tested."""

import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

_PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "neighbours.md").read_text(encoding="utf-8")
_PACKAGES = (
    "sentry-sdk",
    "opentelemetry-instrumentation-aiohttp-server",
    "ddtrace",
    "newrelic",
    "elastic-apm",
    "aiohttp-prometheus-exporter",
    "aiohttp-cors",
    "aiohttp-session",
    "aiohttp-jinja2",
    "aiohttp-security",
    "aiohttp-remotes",
    "aiohttp-sse",
    "aiohttp-debugtoolbar",
    "aiojobs",
)


def test_the_example_of_the_page_works(tmp_path: Path) -> None:
    """The program and the test that the page shows pass under pytest."""
    program, tests = re.findall(r"^```python\n(.*?)^```$", _PAGE, re.MULTILINE | re.DOTALL)
    (tmp_path / "todo.py").write_text(program, encoding="utf-8")
    (tmp_path / "test_todo.py").write_text(tests, encoding="utf-8")

    command = [sys.executable, "-m", "pytest", "-W", "error", "-o", "asyncio_mode=auto"]
    command += ["-o", "asyncio_default_fixture_loop_scope=function"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)  # noqa: S603  fixed words

    assert done.returncode == 0, done.stdout + done.stderr


def test_the_table_names_the_versions_that_are_tested() -> None:
    """Each package has a row with the version of the lock."""
    rows = dict(re.findall(r"^\| ([a-z0-9-]+) \| (\d[\w.]*) \|", _PAGE, re.MULTILINE))

    assert rows == {name: version(name) for name in _PACKAGES}
    assert f"`normalize_path_middleware` | {version('aiohttp')} |" in _PAGE

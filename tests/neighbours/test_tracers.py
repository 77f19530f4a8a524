"""Tools that record requests see the same of controllers as of the same site by hand on plain aiohttp.

Each tool and each site runs in a process of its own, because the tools patch classes for good.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

_ROOT = Path(__file__).parents[2]
_TOOLS = (
    "sentry.SentryByHandler",
    "sentry.SentryByPattern",
    "opentelemetry.OpenTelemetry",
    "datadog.Datadog",
    "new_relic.NewRelic",
    "elastic.Elastic",
    "prometheus.Prometheus",
)
_MOMENTS = ("first", "imported", "built")
# Too late: it replaces ``web.Application``, of which there is an instance by then.
_BLIND = {("opentelemetry.OpenTelemetry", "built")}


def _start(tool: str, site: str, moment: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.neighbours.record", tool, site, moment]
    return subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # noqa: S603  fixed words


def _finish(process: "subprocess.Popen[str]", site: str) -> dict[str, list[dict[str, Any]]]:
    """Return what a process recorded, with the module of its site called ``site``."""
    try:
        out, err = process.communicate(timeout=300)
    finally:
        process.kill()
    assert process.returncode == 0, err
    found: dict[str, list[dict[str, Any]]] = json.loads(out.replace(f"tests.neighbours.{site}", "site"))
    return found


@pytest.mark.parametrize("moment", _MOMENTS)
@pytest.mark.parametrize("tool", _TOOLS)
def test_a_tool_records_the_same_as_for_plain_aiohttp(tool: str, moment: str) -> None:
    """Names, statuses, exceptions, attributes and the number of events are those of plain aiohttp."""
    started = [(_start(tool, site, moment), site) for site in ("by_hand", "controllers")]
    by_hand, controllers = (_finish(process, site) for process, site in started)

    for prefix, exchanges in by_hand.items():
        for expected, found in zip(exchanges, controllers[prefix], strict=True):
            assert found == expected
    assert any(one["events"] for one in by_hand[""]) == ((tool, moment) not in _BLIND)

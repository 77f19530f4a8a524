"""Serves one site with one tool in a process of its own, and prints what the tool recorded.

``python -m tests.neighbours.record datadog.Datadog controllers built``: the tool, the site, and when the tool is
switched on: ``first`` (before aiohttp and the framework are imported), ``imported`` (before the site is made) or
``built`` (before it is served).
"""

import asyncio
import json
import sys
from importlib import import_module
from typing import Any

__all__ = ("main",)

PREFIXES = ("", "/mounted")
"""The site is served once as it is, and once inside another application."""


def main(tool_name: str, site_name: str, moment: str) -> None:
    """Print a JSON object: the prefix of a site -> its exchanges."""
    module, _, name = tool_name.partition(".")

    def start() -> Any:
        made = getattr(import_module(f"tests.neighbours.tools.{module}"), name)()
        made.start()
        return made

    tool = start() if moment == "first" else None
    site = import_module(f"tests.neighbours.{site_name}")
    tool = start() if moment == "imported" else tool
    applications = {prefix: site.make_site(prefix) for prefix in PREFIXES}
    tool = tool or start()
    # Not before: it imports aiohttp.
    from tests.neighbours.requests import run_requests

    found = {}
    for prefix, application in applications.items():
        tool.prepare(application)
        found[prefix] = asyncio.run(run_requests(application, prefix, tool.take))
    print(json.dumps(found, default=str))  # noqa: T201  read by the test


if __name__ == "__main__":
    main(*sys.argv[1:])

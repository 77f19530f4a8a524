"""Which part of the house a function belongs to, by the file that it stands in; the first that fits decides."""

from collections import Counter
from collections.abc import Mapping

from tests.benchmarks.callgrind import Function

__all__ = ("PARTS", "by_part", "table")

_OTHERS = "everything else"
PARTS: dict[str, tuple[str, ...]] = {
    "aiohttp's parser": ("/aiohttp/_http_parser",),
    "the loop, and what feeds it": ("/uvloop/", "/tests/benchmarks/instructions_target.py", "/asyncio/tasks.py"),
    "the protocol": (
        "/framework/_serve/connections/protocol.py",
        "/aiohttp/web_protocol.py",
        "/aiohttp/base_protocol.py",
    ),
    "tasks": ("/_asyncio.", "/asyncio/"),
    "web sockets": ("/framework/_serve/sockets/", "/aiohttp/_websocket/", "/aiohttp/web_ws.py"),
    "the request and its body": ("/aiohttp/web_request.py", "/aiohttp/streams.py", "/aiohttp/helpers.py"),
    "headers and URLs (C)": ("/multidict/", "/yarl/", "/propcache/", "/frozenlist/"),
    "routing": ("/framework/_serve/routing/", "/framework/_serve/connections/fast_path.py"),
    "layers": ("/framework/_serve/errors.py", "/framework/_compile/layers.py"),
    "the emitted function": ("<framework ",),
    "binding": (
        "/framework/_serve/requests/",
        "/framework/_serve/validation/",
        "/urllib/",
        "/multipart.py",
        "/tempfile.py",
    ),
    "converting and encoding (msgspec)": ("/msgspec/",),
    "services": ("/framework/_serve/services/", "/contextlib.py"),
    "the application": ("/tests/benchmarks/apps/", "/tests/benchmarks/services.py"),
    "the answer": (
        "/framework/_serve/responses/",
        "/framework/_serve/conversion/",
        "/aiohttp/web_response.py",
        "/aiohttp/http_writer.py",
        "/_http_writer",
    ),
}
"""Fragments of files' names."""


def by_part(costs: Mapping[Function, float]) -> dict[str, float]:
    """Add up what functions spend."""
    parts: Counter[str] = Counter()
    for function, cost in costs.items():
        parts[_part_of(function.file)] += cost  # type: ignore[assignment]  # a Counter adds floats as well
    return {part: parts[part] for part in (*PARTS, _OTHERS)}


def _part_of(file: str) -> str:
    return next((part for part, places in PARTS.items() if any(place in file for place in places)), _OTHERS)


def table(profiles: Mapping[str, Mapping[str, float]], totals: Mapping[str, float]) -> str:
    """Render thousands of instructions as a table of Markdown: a row for each part, a column for each workload."""
    head = "| part | " + " | ".join(profiles) + " |"
    rows = [_row(part, [profile[part] for profile in profiles.values()]) for part in (*PARTS, _OTHERS)]
    sums = [sum(profile.values()) for profile in profiles.values()]
    rows += [_row("all in all", sums)]
    known = [totals.get(name) for name in profiles]
    if all(known):
        rows += [_row("without trampolines", [total or 0.0 for total in known])]
    return "\n".join([head, "|---" * (len(profiles) + 1) + "|", *rows])


def _row(name: str, figures: list[float]) -> str:
    return f"| {name} | " + " | ".join(f"{figure / 1000:.1f}" for figure in figures) + " |"

"""What comes out: tables for the terminal, a JSON file, an SVG plot."""

import json
import platform
import sysconfig
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from tests.benchmarks.measure import Figures
from tests.benchmarks.servers import BASELINE, SERVERS
from tests.benchmarks.workloads import WORKLOADS

__all__ = ("environment", "plot", "tables", "write")

Summary = Mapping[str, Mapping[str, Figures]]
_PACKAGES = (
    "aiohttp", "msgspec", "orjson", "uvloop", "httptools", "uvicorn", "granian", "pydantic",
    "fastapi", "litestar", "blacksheep", "starlette", "falcon", "rapidy", "django-bolt",
)  # fmt: skip


def environment() -> dict[str, Any]:
    """Tell what was measured on: versions and the processor, but no names of hosts and no paths."""
    return {
        "python": platform.python_version(),
        "build": _build(),
        "implementation": platform.python_implementation(),
        "system": platform.system(),
        "machine": platform.machine(),
        "cpu": _cpu_model(),
        "packages": {name: found for name in _PACKAGES if (found := _version(name))},
    }


def _build() -> str:
    """Return whether this Python was built with profile-guided optimisation, which is worth 10 to 30 %.

    Debian builds its Python so, without the option that other builds show.
    """
    arguments = sysconfig.get_config_var("CONFIG_ARGS") or ""
    optimised = "--enable-optimizations" in arguments or "deb_system" in sysconfig.get_scheme_names()
    return "with profile-guided optimisation" if optimised else "without profile-guided optimisation"


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def tables(summary: Summary, faults: Mapping[str, int]) -> str:
    """Render the ratios, the throughputs and the latencies as tables."""
    parts = [
        _table(f"Requests per CPU-second, {BASELINE} = 1", summary, lambda figures: f"{figures.cpu_ratio:.2f}"),
        _table(f"Requests per second, {BASELINE} = 1", summary, lambda figures: f"{figures.wall_ratio:.2f}"),
        _table("Requests per CPU-second", summary, lambda figures: f"{figures.per_cpu_second:.0f}"),
        _table("Requests per second", summary, lambda figures: f"{figures.per_second:.0f}"),
        _table("Latency p50 / p99, ms", summary, lambda figures: f"{figures.p50:.1f}/{figures.p99:.1f}"),
    ]
    if faults:
        parts.append("Faults reported of 20: " + ", ".join(f"{name} {count}" for name, count in faults.items()))
    return "\n\n".join(parts)


def _table(title: str, summary: Summary, cell: Any) -> str:
    servers = dict.fromkeys(name for row in summary.values() for name in row)
    cells = [[name, *(cell(row[name]) if name in row else "" for row in summary.values())] for name in servers]
    rows = [["", *summary], *cells]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([title, "", lines[0], rule, *lines[1:]])


def write(folder: Path, *, summary: Summary, faults: Mapping[str, int], settings: Mapping[str, Any]) -> None:
    """Write ``results.json`` and ``results.svg``."""
    folder.mkdir(parents=True, exist_ok=True)
    record = {
        "environment": environment(),
        "settings": dict(settings),
        "units": "throughput in requests per (CPU-)second, latency in milliseconds, ratios to hand-written aiohttp",
        "workloads": {name: WORKLOADS[name].about for name in summary},
        "faults_reported": dict(faults),
        "results": {
            workload: {server: _rounded(asdict(figures)) for server, figures in row.items()}
            for workload, row in summary.items()
        },
    }
    (folder / "results.json").write_text(json.dumps(record, indent=1) + "\n")
    (folder / "results.svg").write_text(plot(summary))


def _rounded(figures: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: [round(one, 3) for one in value] if isinstance(value, tuple) else round(value, 3)
        for name, value in figures.items()
    }


# The plot: one panel for each workload, one bar for each framework (on its better server).
_COLUMNS = 3
_PANEL = 330
_BAR = 17
_LABEL = 80
_HEAD = 34
_COLOURS = {"framework": "#0f766e", BASELINE: "#475569"}
_OTHERS = "#a8b3c2"
_STYLE = "font-family:system-ui,sans-serif;font-size:12px;fill:#1e293b"


def plot(summary: Summary) -> str:
    """Draw the ratios of requests per CPU-second as an SVG document."""
    panels = [(workload, _best(row)) for workload, row in summary.items()]
    height = _HEAD + _BAR * max(len(bars) for _, bars in panels) + 14
    rows = -(-len(panels) // _COLUMNS)
    total_width, total_height = _COLUMNS * _PANEL + 10, rows * height + 40
    drawn = "".join(
        _panel(name, bars, x=10 + index % _COLUMNS * _PANEL, y=40 + index // _COLUMNS * height)
        for index, (name, bars) in enumerate(panels)
    )
    title = (
        "Requests per CPU-second, hand-written aiohttp + msgspec = 1 (longer is better), "
        f"Python {platform.python_version()}, {_build()}"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {total_width} {total_height}" '
        f'width="{total_width}" height="{total_height}" role="img" style="{_STYLE}">'
        f"<title>{title}</title>"
        f'<rect width="{total_width}" height="{total_height}" fill="#fff"/>'
        f'<text x="10" y="22" font-weight="600" font-size="14">{title}</text>{drawn}</svg>\n'
    )


def _best(row: Mapping[str, Figures]) -> list[tuple[str, float]]:
    """Keep the better server of each framework, best framework first."""
    best: dict[str, float] = {}
    for server, figures in row.items():
        framework = SERVERS[server].framework
        best[framework] = max(best.get(framework, 0.0), figures.cpu_ratio)
    return sorted(best.items(), key=lambda pair: -pair[1])


def _panel(name: str, bars: Sequence[tuple[str, float]], *, x: int, y: int) -> str:
    scale = (_PANEL - _LABEL - 60) / max(ratio for _, ratio in bars)
    head = f'<text x="{x}" y="{y + 20}" font-weight="600">{escape(name)}</text>'
    return head + "".join(_bars(bars, scale=scale, x=x, y=y + _HEAD))


def _bars(bars: Sequence[tuple[str, float]], *, scale: float, x: int, y: int) -> Iterable[str]:
    for index, (framework, ratio) in enumerate(bars):
        top, width = y + index * _BAR, max(1.0, ratio * scale)
        colour = _COLOURS.get(framework, _OTHERS)
        yield f'<text x="{x + _LABEL - 6}" y="{top + 11}" text-anchor="end">{escape(framework)}</text>'
        yield f'<rect x="{x + _LABEL}" y="{top}" width="{width:.1f}" height="{_BAR - 4}" rx="2" fill="{colour}"/>'
        yield f'<text x="{x + _LABEL + width + 5:.1f}" y="{top + 11}">{ratio:.2f}</text>'

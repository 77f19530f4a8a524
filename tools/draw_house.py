#!/usr/bin/env python3
"""Draw the house.

``docs/design/floors.svg`` is made from the contracts in ``setup.cfg`` and the imports of the code,
``docs/design/request.svg`` from the functions that one request calls. ``python tools/draw_house.py`` writes both; with
``--check`` it writes nothing, and fails if a picture is not current.
"""

import argparse
import ast
import asyncio
import configparser
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

from aiohttp import web
from msgspec import Struct

import framework
from framework import App, Controller, post

ROOT = Path(framework.__file__).parents[1]
PACKAGE = ROOT / "framework"
DESIGN = ROOT / "docs" / "design"
WIDTH, MARGIN, ROW, GAP, LETTER = 900, 16, 30, 8, 7.3
HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="13">\n'
    "<title>{title}</title>\n"
    "<style>rect{{fill:#eef3fb;stroke:#5b7db1}}.room rect{{fill:#fff}}text{{fill:#1b2b45}}"
    ".note{{fill:#5b6b85;font-size:12px}}path{{stroke:#5b7db1;fill:none;marker-end:url(#end)}}</style>\n"
    '<defs><marker id="end" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    '<polygon points="0,0 8,4 0,8" fill="#5b7db1"/></marker></defs>\n'
)


class Box(NamedTuple):
    """A folder or a module, with the rooms inside, a row for each of their floors."""

    name: str
    modules: int
    rows: Sequence[Sequence["Box"]] = ()

    @property
    def label(self) -> str:
        """Return the name, with the number of modules of a folder."""
        return f"{self.name}/  {self.modules}" if self.modules > 1 else f"{self.name}.py"

    @property
    def width(self) -> float:
        """Return how wide it is drawn."""
        inner = max((sum(one.width + GAP for one in row) + GAP for row in self.rows), default=0)
        return max(len(self.label) * LETTER + 2 * GAP, inner)

    @property
    def height(self) -> float:
        """Return how high it is drawn."""
        return ROW + sum(ROW + GAP for _ in self.rows)


def main() -> int:
    """Write or check both pictures; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, and fail if a picture is not current")
    check = parser.parse_args().check
    status = 0
    for name, picture in (("floors.svg", floors()), ("request.svg", request())):
        path = DESIGN / name
        if check and path.read_text() != picture:
            sys.stderr.write(f"{path.relative_to(ROOT)} is not current: run python tools/draw_house.py\n")
            status = 1
        elif not check:
            path.write_text(picture)
    return status


# The floors


def contracts() -> dict[str, list[list[str]]]:
    """Return the rows of each contract of layers, by its container: ``{"": [["cli"], ...], "_serve": [...]}``."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    found = {}
    for section in config.sections():
        if config[section].get("type") == "layers":
            container = config[section].get("containers", "").removeprefix("framework.")
            lines = config[section]["layers"].split("\n")
            rows = [[one.strip().removeprefix("framework.") for one in line.split("|")] for line in lines if line]
            found[container] = rows
    return found


def box(name: str, rows: Sequence[Sequence[str]] = ()) -> Box:
    """Return the box of a module or folder below framework/."""
    folder = PACKAGE / name
    modules = sum(path.name != "__init__.py" for path in folder.rglob("*.py")) if folder.is_dir() else 1
    inner = [[box(f"{name}/{one}") for one in row] for row in rows]
    return Box(name.rpartition("/")[2], modules, inner)


def imports() -> Counter[tuple[str, str]]:
    """Return how many modules of one top-level name import from another one."""
    found: Counter[tuple[str, str]] = Counter()
    for path in PACKAGE.rglob("*.py"):
        own = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        nodes = [one for one in ast.walk(ast.parse(path.read_text())) if isinstance(one, ast.ImportFrom)]
        names = {str(one.module).split(".")[1] for one in nodes if str(one.module).startswith("framework.")}
        found.update((own, one) for one in names if one != own)
    return found


def floors() -> str:
    """Return the picture of the floors: what is higher imports what is lower, and never the other way round."""
    rows = contracts()
    parts: list[str] = []
    y = float(MARGIN)
    used = Counter[str]()
    for (_, target), count in imports().items():
        used[target] += count
    for row in rows[""]:
        x, height = float(MARGIN), 0.0
        for one in (box(name, rows.get(name, ())) for name in row):
            if x + one.width > WIDTH - MARGIN and x > MARGIN:
                x, y, height = float(MARGIN), y + height + GAP / 2, 0.0
            parts += draw(one, x, y, f"imported by {used[one.name]} modules")
            x, height = x + one.width + GAP, max(height, one.height)
        y += height + 2 * GAP
    title = "The floors of the framework: imports go down only"
    return HEAD.format(width=WIDTH, height=round(y), title=title) + "\n".join(parts) + "\n</svg>\n"


def draw(one: Box, x: float, y: float, note: str = "") -> Iterator[str]:
    """Yield the lines of a box at a place."""
    yield f'<g><rect x="{x:.0f}" y="{y:.0f}" width="{one.width:.0f}" height="{one.height:.0f}" rx="4"/>'
    yield f'<text x="{x + GAP:.0f}" y="{y + 20:.0f}">{escape(one.label)}<title>{escape(note)}</title></text>'
    for number, row in enumerate(one.rows):
        left = x + GAP
        top = y + ROW + number * (ROW + GAP)
        yield '<g class="room">'
        for room in row:
            yield from draw(room, left, top)
            left += room.width + GAP
        yield "</g>"
    yield "</g>"


# The way of a request


def request() -> str:
    """Return the picture of one request: the rooms in the order in which their functions are called."""
    steps: list[tuple[str, list[str]]] = []
    for room, function in asyncio.run(traced()):
        if not steps or steps[-1][0] != room:
            steps.append((room, []))
        if function not in steps[-1][1]:
            steps[-1][1].append(function)
    parts: list[str] = []
    y = float(MARGIN)
    for number, (room, functions) in enumerate(steps):
        called = ", ".join(functions)
        parts.append(f'<rect x="{MARGIN}" y="{y:.0f}" width="260" height="{ROW}" rx="4"/>')
        parts.append(f'<text x="{MARGIN + GAP}" y="{y + 20:.0f}">{escape(room)}</text>')
        parts.append(f'<text class="note" x="{MARGIN + 276}" y="{y + 20:.0f}">{escape(called)}</text>')
        if number + 1 < len(steps):
            parts.append(f'<path d="M {MARGIN + 130} {y + ROW:.0f} v {2 * GAP}"/>')
        y += ROW + 2 * GAP
    title = "POST /orders/7 with a JSON body: the functions that are called, from the socket to the socket"
    return HEAD.format(width=WIDTH, height=round(y), title=title) + "\n".join(parts) + "\n</svg>\n"


async def traced() -> list[tuple[str, str]]:
    """Serve one request, and return the room and the name of each function of the framework that it calls."""

    class Order(Struct):
        sku: str

    class OrderController(Controller):
        @post("/orders/{order_id}")
        async def create(self, order_id: int, order: Order) -> Order:  # noqa: ARG002  read, and not needed
            return order

    runner = web.AppRunner(App([OrderController]).build())
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    reader, writer = await asyncio.open_connection(host, port)
    body = b'{"sku":"POT-1"}'
    head = b"POST /orders/7 HTTP/1.1\r\nHost: shop.example\r\nContent-Type: application/json\r\n"
    called: list[tuple[str, str]] = []

    def note(frame: Any, event: str, _: object) -> None:
        code = frame.f_code
        if event == "call" and not code.co_name.startswith(("<", "__")) and (room := room_of(code.co_filename)):
            module = "" if code.co_filename.startswith("<") else f"{Path(code.co_filename).stem}."
            called.append((room, module + code.co_name))

    async def ask() -> None:
        writer.write(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        await asyncio.wait_for(reader.readuntil(b"\r\n\r\n" + body), timeout=30)

    # The first request of a connection, and of a process, also sets up what others share.
    await ask()
    sys.setprofile(note)
    await ask()
    sys.setprofile(None)
    writer.close()
    await runner.cleanup()
    return called


def room_of(file: str) -> str:
    """Return the room of a file of the framework, and nothing for other files."""
    if file.startswith("<framework"):
        return "the emitted functions"
    path = Path(file)
    return f"{path.parent.relative_to(PACKAGE)}/" if PACKAGE in path.parents else ""


if __name__ == "__main__":
    sys.exit(main())

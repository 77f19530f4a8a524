"""``framework dev`` serves what is in the files, and goes on with the last version that works."""

import asyncio
import os
import re
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TypeAlias

import aiohttp
import pytest
import pytest_asyncio

import framework
from tests.cli.dev_server import HTML, SHOP, Command, command, get, python_command
from tests.waiting import until

SYNTAX_ERROR = SHOP.replace("return VERSION\n", "return (VERSION\n", 1)
DEFINITION_ERROR = SHOP.replace("people: int", "people", 1)
NO_DATABASE = SHOP.replace('    note("opened")\n', '    raise ConnectionRefusedError("no database")\n', 1)
BROKEN = pytest.mark.parametrize(
    ("source", "title", "place", "hint"),
    [
        (SYNTAX_ERROR, "SyntaxError in shop.py, line 30", "return (VERSION", ""),
        (
            DEFINITION_ERROR,
            "1 error in the application",
            "async def share(self, people)",
            "annotate it, for example people: int",
        ),
        (
            NO_DATABASE,
            "ConnectionRefusedError in shop.py, line 11",
            "raise ConnectionRefusedError",
            "start the database",
        ),
    ],
    ids=["syntax", "definition", "database"],
)


# Tests of the server that the fixture shop starts.
SHARED = pytest.mark.asyncio(loop_scope="module")
Shop: TypeAlias = tuple[Path, Command]


@asynccontextmanager
async def developing(folder: Path, *words: str, source: str = SHOP) -> AsyncIterator[Command]:
    """Serve a shop in a folder."""
    (folder / "shop.py").write_text(source, encoding="utf-8")
    async with command(folder, "dev", "shop:app", "--port", "0", *words) as running:
        await running.prints("http://")
        yield running


def change(folder: Path, source: str) -> None:
    """Save the file as an editor does."""
    (folder / "shop.py").write_text(source, encoding="utf-8")


def version(name: str) -> str:
    """Return the shop in another version."""
    return SHOP.replace('VERSION = "one"', f'VERSION = "{name}"')


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shop]:
    """Serve one shop to all tests that begin with a version that works, and leave a server that works."""
    folder = tmp_path_factory.mktemp("shop")
    async with developing(folder) as running:
        yield folder, running


@pytest_asyncio.fixture(loop_scope="module")
async def shop(shared: Shop) -> Shop:
    """Return the folder of a shop, and the command that serves its first version."""
    folder, running = shared
    times = running.printed.count("Reloaded in ")
    change(folder, SHOP)
    await running.prints("Reloaded in ", times + 1)
    running.forget()
    return folder, running


async def test_a_change_is_served_and_the_old_services_are_closed(tmp_path: Path) -> None:
    """The new version opens its services before those of the old one are closed, and is announced."""
    async with developing(tmp_path) as running:
        assert await get(running.url) == "one"

        change(tmp_path, version("two"))
        await running.prints("Reloaded in ")

        assert await get(running.url) == "two"
        assert re.search(r"^Reloaded in \d+ ms: shop\.py$", running.printed, re.MULTILINE)
        await until(lambda: "closed one" in (tmp_path / "log.txt").read_text())
        assert await running.stop() == 0
    assert (tmp_path / "log.txt").read_text().split("\n")[:4] == [
        "opened one",
        "opened two",
        "closed one",
        "closed two",
    ]


@SHARED
async def test_changes_of_one_size_in_one_second_are_all_served(shop: Shop) -> None:
    """Bytecode of the change before is not used, although its source has the same size and second."""
    folder, running = shop
    for number in range(4):
        change(folder, version(f"{number}{number}{number}"))
        # A file keeps the moment of the first change.
        os.utime(folder / "shop.py", (1_900_000_000, 1_900_000_000))
        await shown(running.url, f"{number}{number}{number}")


async def shown(url: str, text: str) -> None:
    """Wait until a version is served."""

    async def is_shown() -> bool:
        return await get(url) == text

    await until(is_shown)


@SHARED
async def test_no_request_is_lost_by_a_reload(shop: Shop) -> None:
    """Connections that arrive meanwhile wait; each gets a response of the old or the new version, in this order."""
    folder, running = shop
    url, texts, going = running.url, list[str](), True

    async def ask() -> None:
        while going:
            texts.append(await get(url))

    asking = [asyncio.create_task(ask()) for _ in range(4)]
    for number in range(1, 4):
        change(folder, version(f"v{number}"))
        await running.prints("Reloaded in ", number)
    going = False
    await asyncio.gather(*asking)

    assert set(texts) <= {"one", "v1", "v2", "v3"}
    assert await get(url) == "v3"
    assert "failed" not in running.printed


async def test_a_request_that_runs_during_a_reload_is_finished(tmp_path: Path) -> None:
    """The old version finishes it with its services open, while the new one is served."""
    slow = SHOP.replace(
        "return VERSION\n",
        'note("begun")\n        await asyncio.sleep(2)\n        note("finished")\n        return VERSION\n',
    )
    async with developing(tmp_path, source=f"import asyncio\n{slow}") as running:
        request = asyncio.create_task(get(running.url))
        await until(lambda: "begun one" in (tmp_path / "log.txt").read_text())
        change(tmp_path, version("two"))
        await running.prints("Reloaded in ")

        assert await get(running.url) == "two"
        assert await request == "one"
        await until(lambda: "closed one" in (tmp_path / "log.txt").read_text())
    log = (tmp_path / "log.txt").read_text().splitlines()
    assert log.index("finished one") < log.index("closed one")


@SHARED
@BROKEN
async def test_the_last_version_goes_on_while_the_new_one_is_broken(
    shop: Shop, source: str, title: str, place: str, hint: str
) -> None:
    """The error is printed, sent to open pages, and shown on a page; a correction is served."""
    folder, running = shop
    async with aiohttp.ClientSession() as client, client.get(f"{running.url}/__framework__/events") as events:
        assert (await events.content.readuntil(b"\n\n")).startswith(b"retry: 100\nevent: hello\n")
        change(folder, source)
        event = (await events.content.readuntil(b"\n\n")).decode()
    assert event.startswith("event: broken\n")
    assert title in event
    assert hint in event
    await running.prints("The last version that works goes on serving.")
    assert hint in running.printed

    assert await get(running.url) == "one"
    page = await get(f"{running.url}/__framework__/error", **HTML)
    assert f"<h1>{title}</h1>" in page
    assert place in page
    assert hint in page

    change(folder, version("two"))
    await shown(running.url, "two")
    assert await get(f"{running.url}/__framework__/error") == "Not found"
    assert '"GET / HTTP/1.1" 200' in running.printed
    assert "GET /__framework__" not in running.printed


@BROKEN
async def test_a_first_start_that_fails_shows_its_error_everywhere(
    tmp_path: Path, source: str, title: str, place: str, hint: str
) -> None:
    """Browsers get a page with the source, other clients a problem; the first version that works is served."""
    async with developing(tmp_path, source=source) as running, aiohttp.ClientSession(running.url) as client:
        assert hint in running.printed
        async with client.get("/any/path", headers=HTML) as response:
            page = await response.text()
            assert (response.status, response.content_type) == (500, "text/html")
            assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
        assert f"<h1>{title}</h1>" in page
        assert place in page
        assert hint in page
        async with client.post("/any/path") as response:
            problem = await response.json()
            assert (response.status, response.content_type) == (500, "application/problem+json")
        assert (problem["detail"], problem["instance"]) == (title, "/any/path")
        assert hint in problem["errors"][0]["hint"]

        change(tmp_path, SHOP)
        await shown(running.url, "one")


async def test_errors_of_several_versions_replace_each_other(tmp_path: Path) -> None:
    """As long as no version works, the page has the error of the newest one."""
    async with developing(tmp_path, source=SYNTAX_ERROR) as running:
        change(tmp_path, DEFINITION_ERROR)
        await running.prints("shows the error", 2)
        assert "1 error in the application" in await get(running.url)


@SHARED
async def test_an_app_that_ends_itself_is_replaced_by_a_page(shop: Shop) -> None:
    """The exit code is printed and shown; the next version is served."""
    folder, running = shop
    change(folder, SHOP.replace("1 / people", "os._exit(people)"))
    await running.prints("Reloaded in ")
    # aiohttp's client sends the request again, which gets the page.
    await get(f"{running.url}/share/7")
    await running.prints("shows the error")
    assert "The process of the app ended with exit code 7." in await get(running.url, **HTML)

    change(folder, version("two"))
    await shown(running.url, "two")


async def test_a_newer_change_replaces_a_version_that_is_still_starting(tmp_path: Path) -> None:
    """A version that hangs while it is imported does not keep the next one from being served."""
    async with developing(tmp_path) as running:
        change(tmp_path, f"import time\ntime.sleep(1000)\n{SHOP}")
        await asyncio.sleep(0.5)
        change(tmp_path, version("two"))
        await shown(running.url, "two")
        assert await running.stop() == 0


@pytest.mark.parametrize(
    ("source", "reference"),
    [
        (f"{SHOP}\n\ndef make():\n    return app\n", "shop:make"),
        (f"{SHOP}\n\nfrom aiohttp import web\n\nsite = web.Application()\napp.attach(site)\n", "shop:site"),
    ],
    ids=["factory", "attached"],
)
async def test_a_factory_and_an_application_of_aiohttp_are_served(tmp_path: Path, source: str, reference: str) -> None:
    """What other commands find is served, and so is an application to which an app is attached."""
    (tmp_path / "shop.py").write_text(source, encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(f'[tool.framework]\napp = "{reference}"\n', encoding="utf-8")
    (tmp_path / "inner").mkdir()
    async with command(tmp_path / "inner", "dev", "--port", "0") as running:
        await running.prints("http://")
        assert await get(running.url) == "one"
        change(tmp_path, source.replace('"one"', '"two"'))
        await shown(running.url, "two")


async def test_templates_of_a_watched_folder_reload_the_app(tmp_path: Path) -> None:
    """--watch adds a folder; a file that may be data of the app is ignored."""
    app, pages = tmp_path / "app", tmp_path / "pages"
    app.mkdir()
    pages.mkdir()
    async with developing(app, "--watch", str(pages)) as running:
        (app / "data.json").write_text("{}")
        (pages / "shop.html").write_text("<p>Shop</p>")
        await running.prints("Reloaded in ")
        assert running.printed.count("Reloaded in ") == 1
        assert "shop.html" in running.printed


@pytest.mark.parametrize(
    ("words", "expected"), [((), "early"), pytest.param(("--no-preload",), "late", marks=pytest.mark.slow)]
)
async def test_installed_packages_are_imported_once(tmp_path: Path, words: tuple[str, ...], expected: str) -> None:
    """Versions find the packages that the one before has imported; with --no-preload, each imports its own."""
    source = f"import sys\n\nWHEN = 'early' if 'yaml' in sys.modules else 'late'\nimport yaml\n{SHOP}"
    source = source.replace("return VERSION\n", 'return f"{VERSION} {WHEN}"\n', 1)
    async with developing(tmp_path, *words, source=source) as running:
        assert await get(running.url) == "one late"
        found = set[str]()
        # Meanwhile another process imports the packages.
        for number in range(60 if expected == "early" else 4):
            change(tmp_path, source.replace('"one"', f'"v{number}"'))
            await running.prints("Reloaded in ", number + 1)
            found.add((await get(running.url)).split()[1])
            if "early" in found:
                break
            await asyncio.sleep(1)
    assert ("early" in found) is (expected == "early")


@pytest.mark.slow
async def test_a_change_of_a_preloaded_module_is_served(tmp_path: Path) -> None:
    """The process that has imported it is replaced; here the framework itself changes, as for its developers."""
    source = Path(framework.__file__).parent
    shutil.copytree(source, tmp_path / "framework", ignore=shutil.ignore_patterns("__pycache__"))
    text = SHOP.replace("return VERSION\n", "return framework._version.__version__\n")
    (tmp_path / "shop.py").write_text(
        f"import framework._version\n{text}".replace("app = App([Shop],", "app = App([Shop], openapi=None,")
    )
    words = ("dev", "shop:app", "--port", "0")
    async with python_command(tmp_path, *words, variables={"PYTHONPATH": str(tmp_path)}) as running:
        await running.prints("http://")
        before = await get(running.url)
        file = tmp_path / "framework" / "_version.py"
        file.write_text(file.read_text().replace(before, "99.0"))
        await shown(running.url, "99.0")


@pytest.mark.slow
async def test_reloads_are_quick(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    """From the change to the response of the new version: the median is less than a start takes, and is recorded."""
    began = perf_counter()
    async with developing(tmp_path) as running:
        await shown(running.url, "one")
        start = perf_counter() - began
        await asyncio.sleep(3)
        times = []
        for number in range(10):
            began = perf_counter()
            change(tmp_path, version(f"v{number}"))
            await shown(running.url, f"v{number}")
            times.append(perf_counter() - began)
            await asyncio.sleep(0.3)
    record_property("median", median(times))
    assert median(times) < start

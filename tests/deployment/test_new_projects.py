"""Projects of ``framework new``, made and run with the wheel alone, in an empty folder."""

import asyncio
import os
import re
import signal
import socket
import sys
import venv
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientConnectionError, ClientSession

from tests.deployment.conftest import run
from tests.exclusive import exclusive
from tests.postgresql_server import PostgreSQLServer

pytestmark = pytest.mark.slow

MIGRATED = "the migrations make the tables of the code.\n"


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return variables with which pip finds the wheel, as if it were published; none of the ``make`` that runs this."""
    ours = ("MAKE", "MFLAGS", "PYTEST", "PYTHON", "VIRTUAL")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {
        **kept,
        "PIP_FIND_LINKS": f"{wheel.parent} {kept.get('PIP_FIND_LINKS', '')}".strip(),
        # pytest closes its folder to other users, such as that of PostgreSQL, each time it starts.
        "PYTEST_DEBUG_TEMPROOT": str(tmp_path_factory.mktemp("temporary")),
    }


@pytest.fixture
def shop_environment(environment: dict[str, str], shared_folder: Path) -> dict[str, str]:
    """Return variables with which both shops, whose requirements are the same, are installed once, into one folder.

    The minimal project is installed into folders of its own, as projects are without these variables.
    """
    return {
        **environment,
        "VENV": str(shared_folder / "venv"),
        "MYPY_CACHE_DIR": str(shared_folder / "mypy"),
    }


@pytest.fixture(scope="module")
def command(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Install the wheel and its own requirements, without extras, and return the command ``framework``."""
    folder = tmp_path_factory.mktemp("installed") / "venv"
    venv.create(folder, with_pip=True)
    run(str(folder / "bin" / "pip"), "--quiet", "install", str(wheel), cwd=folder)
    return str(folder / "bin" / "framework")


def make(project: Path, environment: Mapping[str, str], *targets: str) -> str:
    """Run ``make`` in a project. Installing is what takes time, so one project does it at a time."""
    with exclusive("new-projects"):
        return run("make", *targets, cwd=project, env=environment)


def check_types(project: Path, venv: str = ".venv") -> None:
    """Run pyright in its strict mode, as the settings of the project configure it for editors."""
    assert '"strict"' in (project / "pyproject.toml").read_text(encoding="utf-8").partition("[tool.pyright]")[2]
    run(sys.executable, "-m", "pyright", "--pythonpath", str(project / venv / "bin" / "python"), cwd=project)


@asynccontextmanager
async def served(project: Path, environment: Mapping[str, str]) -> AsyncIterator[str]:
    """Run ``make run`` until it serves, and end it with Ctrl+C afterwards."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        "make",
        "run",
        cwd=project,
        env={**environment, "APP_PORT": str(port)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGINT)
        await asyncio.wait_for(process.wait(), 60)


async def get(url: str) -> Any:
    """Request a URL until a server listens there, for a minute at most."""
    async with asyncio.timeout(60), ClientSession() as session:
        while True:
            try:
                async with session.get(url) as response:
                    assert response.status == 200
                    return await response.json()
            except ClientConnectionError:
                await asyncio.sleep(0.1)


def locked(project: Path) -> str:
    """Return the lock; each version in it has a hash."""
    lock = (project / "requirements" / "dev.txt").read_text(encoding="utf-8")
    versions = re.findall(r"^[\w.-]+(?:\[[^]]*\])?==\S+", lock, re.MULTILINE)
    assert len(versions) == len(re.findall(r"^[\w.-]+.*\\\n    --hash=sha256:", lock, re.MULTILINE)) > 20
    return lock


async def test_a_shop(command: str, shop_environment: dict[str, str], tmp_path: Path) -> None:
    """Its tests and checks pass, also with a new controller and service; it serves its sample products."""
    environment = shop_environment
    run(command, "new", "demo", cwd=tmp_path)
    project = tmp_path / "demo"
    make(project, environment, "setup")
    for kind in ("controller", "service", "job", "test"):
        run(f"{environment['VENV']}/bin/framework", "make", kind, "invoices", cwd=project)

    assert re.search(r"=+ \d+ passed in ", make(project, environment, "test"))
    assert make(project, environment, "check").endswith(f"No errors; 49 routes; {MIGRATED}")
    check_types(project, environment["VENV"])
    assert "asyncpg==" not in (project / "requirements" / "run.txt").read_text(encoding="utf-8")
    assert "asyncpg==" in locked(project)
    make(project, environment, "migrate")
    async with served(project, environment) as url:
        products = await get(f"{url}/api/products")
        assert [one["sku"] for one in products["items"]] == ["MUG-1", "POT-1", "TEA-250"]
    assert (project / "app.db").is_file()


async def test_a_minimal_project(command: str, environment: dict[str, str], tmp_path: Path) -> None:
    """It has one controller, one service and one test; variables in the file .env are used."""
    run(command, "new", "tiny", "--minimal", cwd=tmp_path)
    project = tmp_path / "tiny"

    assert "1 passed in " in make(project, environment, "test")
    assert make(project, environment, "check").endswith("No errors; 3 routes.\n")
    check_types(project)
    locked(project)
    # A request to another address would not be answered.
    (project / ".env").write_text("APP_HOST=127.0.0.2\n", encoding="utf-8")
    async with served(project, environment) as url:
        greeting = await get(f"{url.replace('127.0.0.1', '127.0.0.2')}/greetings/Ada")
        assert greeting == {"text": "Hello, Ada!", "number": 1}


@pytest.fixture
def database(shared_postgresql: PostgreSQLServer) -> str:
    """Return the URL of a database of a PostgreSQL server, as ``compose.yaml`` runs it."""
    return shared_postgresql.database()


async def test_a_shop_on_postgresql(
    command: str, shop_environment: dict[str, str], tmp_path: Path, database: str
) -> None:
    """Its tests run on PostgreSQL, those of the database also on SQLite. Its name is as long as names may be."""
    environment = shop_environment
    name = "a-shop-for-teapots-and-for-tea"
    run(command, "new", name, "--database", "postgresql", cwd=tmp_path)
    project = tmp_path / name

    out = make(project, environment, "test", "OPTIONS=-v")
    assert re.search(r"=+ \d+ passed in ", out)
    assert "[sqlite]" in out
    assert "[postgresql]" in out
    checked = make(project, environment, "check")
    assert checked.endswith(f"No errors; 48 routes; {MIGRATED}")
    assert "asyncpg==" in (project / "requirements" / "run.txt").read_text(encoding="utf-8")
    variables = {**environment, "DATABASE_URL": database}
    make(project, variables, "migrate")
    async with served(project, variables) as url:
        assert [one["sku"] for one in (await get(f"{url}/api/products"))["items"]] == ["MUG-1", "POT-1", "TEA-250"]

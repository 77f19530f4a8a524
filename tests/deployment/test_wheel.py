"""The built wheel works in an empty environment."""

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from tests.exclusive import exclusive

ROOT = Path(__file__).parents[2]
PROGRAM = """
import asyncio
from aiohttp.test_utils import TestClient, TestServer
from framework import App, Controller, get

class Hello(Controller):
    @get("/hello/{name}")
    async def hello(self, name: str) -> dict[str, str]:
        return {"hello": name}

async def main():
    async with TestClient(TestServer(App([Hello]).build())) as client:
        print(await (await client.get("/hello/wheel")).text())
        page = await client.get("/docs")
        script = (await page.text()).partition('<script src="')[2].partition('"')[0]
        print(page.status, (await client.get("/" + script)).status, (await client.get("/openapi.json")).status)

asyncio.run(main())
"""


def run(*command: str, cwd: Path) -> str:
    """Run a program and return what it printed."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300, check=False)  # noqa: S603  ours
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the source distribution, and the wheel from it."""
    folder = tmp_path_factory.mktemp("dist")
    with exclusive("wheel"):  # setuptools builds in the checkout
        run(sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT), cwd=folder)
    return next(folder.glob("*.whl"))


def test_wheel_holds_what_is_needed_besides_code(wheel: Path) -> None:
    """Type information, the assets of the documentation pages, the template and the licence are in the wheel."""
    names = set(zipfile.ZipFile(wheel).namelist())
    assets = {str(one.relative_to(ROOT)) for one in (ROOT / "framework/_openapi/assets").rglob("*") if one.is_file()}
    wanted = {
        "framework/py.typed",
        "framework/_openapi/assets/swagger-ui/swagger-ui-bundle.js.gz",
        "app_template/main.py",
    }
    assert wanted | assets <= names
    assert any(name.endswith("/LICENSE") for name in names)
    assert not any(name.startswith("tests/") for name in names)


def test_wheel_serves_from_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    """App, document and page are served by the installed wheel, with the core dependencies only."""
    venv.create(tmp_path / "venv", with_pip=True)
    python = str(tmp_path / "venv" / "bin" / "python")
    pip = (python, "-m", "pip", "--quiet", "--disable-pip-version-check")
    run(*pip, "install", "--require-hashes", "--requirement", str(ROOT / "requirements/core.txt"), cwd=tmp_path)
    run(*pip, "install", "--no-deps", str(wheel), cwd=tmp_path)
    run(*pip, "check", cwd=tmp_path)
    assert run(python, "-c", PROGRAM, cwd=tmp_path).splitlines() == ['{"hello":"wheel"}', "200 200 200"]

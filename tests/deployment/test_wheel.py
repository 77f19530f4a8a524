"""The built wheel works in an empty environment, and may be published."""

import sys
import venv
from pathlib import Path

import pytest

from tests.deployment.conftest import ROOT, run
from tests.exclusive import exclusive

pytestmark = pytest.mark.slow

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


def test_the_distributions_may_be_published(wheel: Path) -> None:
    """Code, type information, assets, template and licence are in both, and nothing else."""
    run(sys.executable, str(ROOT / "tools" / "check_release.py"), str(wheel.parent), cwd=ROOT)


def test_an_editable_install_is_read_by_type_checkers(tmp_path: Path) -> None:
    """It is a path in a .pth file: mypy, pyright and editors do not run import hooks."""
    venv.create(tmp_path / "venv", with_pip=True)
    python = str(tmp_path / "venv" / "bin" / "python")
    with exclusive("wheel"):
        run(python, "-m", "pip", "--quiet", "install", "--no-deps", "--editable", str(ROOT), cwd=tmp_path)

    (file,) = (tmp_path / "venv").rglob("__editable__*")
    assert (file.suffix, file.read_text().strip()) == (".pth", str(ROOT))


def test_the_wheel_serves_from_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    """App, document and page are served by the installed wheel, with the core dependencies only."""
    venv.create(tmp_path / "venv", with_pip=True)
    python = str(tmp_path / "venv" / "bin" / "python")
    pip = (python, "-m", "pip", "--quiet", "--disable-pip-version-check")
    run(*pip, "install", "--require-hashes", "--requirement", str(ROOT / "requirements/core.txt"), cwd=tmp_path)
    run(*pip, "install", "--no-deps", str(wheel), cwd=tmp_path)
    run(*pip, "check", cwd=tmp_path)
    assert run(python, "-c", PROGRAM, cwd=tmp_path).splitlines() == ['{"hello":"wheel"}', "200 200 200"]

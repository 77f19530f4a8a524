"""openapi-python-client reads the template's document; what it writes passes mypy and buys something.

It needs the package index once: what ``python/requirements.txt`` names is kept in ``.openapi-python-client``.
"""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from framework.testing import serve_in_thread
from tests.contract.shop_app import create_shop, staff_token
from tests.contract.snapshots import place_of
from tests.python_packages import installed

FILES = Path(__file__).parent / "python"


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a folder and return what it printed."""
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=600, check=False)  # noqa: S603  ours
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"[-6000:]
    return done


@pytest.fixture(scope="module")
def programs() -> Path:
    """Have the folder of the generator and of what looks at what it writes."""
    return installed(FILES / "requirements.txt", ".openapi-python-client")


@pytest.mark.slow
def test_a_python_client_uses_the_shop(programs: Path, tmp_path: Path) -> None:
    """It is generated, passes mypy's strict mode with a script that uses it, and the script buys something."""
    shutil.copy(FILES / "buy.py", tmp_path)
    settings = ("--path", str(place_of("shop.json")), "--config", str(FILES / "config.yaml"))
    output = ("--meta", "none", "--output-path", "shop_client")
    said = run(tmp_path, str(programs / "openapi-python-client"), "generate", *settings, *output)
    run(tmp_path, str(programs / "mypy"), "--strict", "shop_client", "buy.py")

    with serve_in_thread(create_shop(tmp_path).build()) as url:
        bought = run(tmp_path, str(programs / "python"), "buy.py", url, staff_token())

    warned = re.findall(r"^WARNING .*\n\n(.*)", said.stderr, re.MULTILINE)
    kinds = [re.search(r"Unsupported content[ _]type ([\w./]+)", one) for one in warned]
    assert {one and one[1] for one in kinds} == {"application/msgpack", "image/jpeg", "text/plain"}
    assert json.loads(bought.stdout) == {
        "total": 900,
        "status": "placed",
        "found": True,
        "missing": 404,
        "errors": ["/lines"],
    }

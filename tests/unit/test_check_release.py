"""What ``make release-check`` finds in a wheel and a source distribution."""

import importlib.util
import io
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

_FILE = Path(__file__).parents[2] / "tools" / "check_release.py"
_INFO = "framework_aiohttp-1.2.dist-info"
_WHEEL = "framework_aiohttp-1.2-py3-none-any.whl"
_SOURCE = "framework_aiohttp-1.2.tar.gz"
_CHECKOUT = {
    "pyproject.toml": '[project]\nrequires-python = ">=3.11"\n[project.optional-dependencies]\nyaml = []\n',
    "framework/_version.py": '"""The version."""\n\n__version__ = "1.2"\n',
    "framework/py.typed": "",
    "framework/page.html": "<p>",
    "framework/notes.md": "of the checkout",
    "app_template/py.typed": "",
}
_IN_WHEEL = {
    **{one: _CHECKOUT[one] for one in _CHECKOUT if "/" in one and not one.endswith(".md")},
    f"{_INFO}/METADATA": "Requires-Python: >=3.11\nProvides-Extra: yaml\n",
    f"{_INFO}/entry_points.txt": "",
    f"{_INFO}/licenses/LICENSE": "MIT",
}
_IN_SOURCE = {
    **{one: text for one, text in _CHECKOUT.items() if not one.endswith(".md")},
    **dict.fromkeys(("LICENSE", "README.md", "setup.cfg", "PKG-INFO"), ""),
}


@pytest.fixture(name="tool")
def _tool() -> Any:
    spec = importlib.util.spec_from_file_location("check_release", _FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _without(files: Mapping[str, str], name: str) -> dict[str, str]:
    return {one: text for one, text in files.items() if one != name}


def _found(tool: Any, folder: Path, wheel: Mapping[str, str], source: Mapping[str, str]) -> list[str]:
    """Return what is found in two files with such contents."""
    root, dist = folder / "checkout", folder / "dist"
    for name, text in _CHECKOUT.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    dist.mkdir()
    with zipfile.ZipFile(dist / _WHEEL, "w") as archive:
        for name, text in wheel.items():
            archive.writestr(name, text)
    with tarfile.open(dist / _SOURCE, "w:gz") as packed:
        for name, text in source.items():
            info = tarfile.TarInfo(f"framework_aiohttp-1.2/{name}")
            info.size = len(text)
            packed.addfile(info, io.BytesIO(text.encode()))
    found: list[str] = tool.findings(dist, root)
    return found


def test_what_may_be_published(tool: Any, tmp_path: Path) -> None:
    """All files of the packages, the licence, the command and the extras are there."""
    assert _found(tool, tmp_path, _IN_WHEEL, _IN_SOURCE) == []


@pytest.mark.parametrize(
    ("wheel", "source", "what"),
    [
        (_without(_IN_WHEEL, "framework/page.html"), _IN_SOURCE, "the wheel lacks framework/page.html"),
        (_without(_IN_WHEEL, f"{_INFO}/licenses/LICENSE"), _IN_SOURCE, f"the wheel lacks {_INFO}/licenses/LICENSE"),
        (
            {**_IN_WHEEL, "tests/test_shop.py": ""},
            _IN_SOURCE,
            "the wheel contains tests/test_shop.py, which is not in the packages",
        ),
        (
            {**_IN_WHEEL, f"{_INFO}/METADATA": "Requires-Python: >=3.11\n"},
            _IN_SOURCE,
            "the metadata lack the extra yaml",
        ),
        (
            {**_IN_WHEEL, f"{_INFO}/METADATA": "Requires-Python: >=3.9\nProvides-Extra: yaml\n"},
            _IN_SOURCE,
            "the metadata require Python >=3.9",
        ),
        (_IN_WHEEL, _without(_IN_SOURCE, "setup.cfg"), "the source distribution lacks setup.cfg"),
    ],
)
def test_what_prevents_it(
    tool: Any, tmp_path: Path, wheel: Mapping[str, str], source: Mapping[str, str], what: str
) -> None:
    """Each missing or additional file, and each difference to pyproject.toml, is one line."""
    assert _found(tool, tmp_path, wheel, source) == [what]


def test_a_distribution_that_is_too_large(tool: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The size of each file and of the code is limited."""
    monkeypatch.setattr(tool, "MOST_BYTES", 10)
    monkeypatch.setattr(tool, "MOST_CODE", 10)
    code, wheel, source = _found(tool, tmp_path, _IN_WHEEL, _IN_SOURCE)
    assert code.startswith("the code in the wheel has ")
    assert wheel.startswith(f"{_WHEEL} has ")
    assert source.startswith(f"{_SOURCE} has ")


def test_an_older_version_beside_it(tool: Any, tmp_path: Path) -> None:
    """Nothing else may be uploaded with the two files."""
    _found(tool, tmp_path, _IN_WHEEL, _IN_SOURCE)
    (tmp_path / "dist" / "framework_aiohttp-1.1.tar.gz").touch()
    (what,) = tool.findings(tmp_path / "dist", tmp_path / "checkout")
    assert what.endswith(f"expected {sorted([_WHEEL, _SOURCE])}")

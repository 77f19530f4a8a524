"""Which private names of aiohttp the framework uses, and what happens with an aiohttp that has others."""

import ast
import json
import os
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

import framework
from framework._serve.aiohttp_names import NAMES, SIGNATURES, missing_names

ROOT = Path(framework.__file__).parent
FOLDERS = ("_compile", "_emit", "_serve")
EACH = [(place, name) for place, names in NAMES.items() for name in names.split()] + [*SIGNATURES.items()]
CHECKED = {name for names in NAMES.values() for name in names.split()}


def test_all_names_are_there() -> None:
    """The installed aiohttp has every name, and every method has the parameters that it is called with."""
    assert list(missing_names()) == []


@pytest.mark.parametrize(("place", "name"), EACH, ids=[f"{place}.{name}" for place, name in EACH])
def test_each_missing_name_is_reported(place: str, name: str) -> None:
    """A name that is missing at one place, or a method whose parameters are others, is reported as that alone."""
    expected = f"{place}({', '.join(name.split())})" if place in SIGNATURES else f"{place}.{name}"
    assert list(missing_names(lambda *looked_up: looked_up != (place, name))) == [expected]


def private_names(path: Path) -> Iterator[str]:
    """Yield the private attributes that a module reads or writes, and the private methods that it defines."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute) and re.fullmatch("_[a-z].*", node.attr):
            yield node.attr


def own_names(path: Path) -> set[str]:
    """Return the private names that a module of the framework gives to its own objects."""
    found = set[str]()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
        elif isinstance(node, ast.AnnAssign | ast.Assign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {one.id for one in targets if isinstance(one, ast.Name)}
            found |= {
                one.attr for one in targets if isinstance(one, ast.Attribute) and ast.unparse(one.value) == "self"
            }
    return found


def of_aiohttp() -> set[str]:
    """Return all private names in the source of aiohttp's server."""
    found = set[str]()
    for path in Path(aiohttp.__file__).parent.glob("*.py"):
        if path.name.startswith(("web", "base_protocol", "helpers", "http_writer", "streams")):
            with path.open("rb") as file:
                found |= {one.string for one in tokenize.tokenize(file.readline) if one.string.startswith("_")}
    return found


def test_every_name_that_is_used_is_checked() -> None:
    """No module reads a private name of aiohttp that is not looked up when the framework is imported."""
    modules = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
    own = set[str]().union(*map(own_names, modules))
    used = set[str]().union(*map(private_names, modules))
    assert (used & of_aiohttp()) - own - CHECKED == set()


def outcome(*renamed: str) -> dict[str, Any]:
    """Return what an app answers with an aiohttp in which these names are others."""
    done = subprocess.run(  # noqa: S603  ours
        [sys.executable, "-m", "tests.http.renamed", *renamed],
        cwd=ROOT.parent,
        env={**os.environ, "AIOHTTP_NO_EXTENSIONS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def usual() -> dict[str, Any]:
    """Return what an app answers with the installed aiohttp."""
    return outcome()


RESPONSE = "web_response.StreamResponse"
RESPONSES = NAMES[RESPONSE].split()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("renamed", "missing"),
    [
        (["_waiter"], ["web_protocol.RequestHandler._waiter"]),
        (["_match_info"], ["web_request.Request._match_info"]),
        (["_read_bytes"], ["web_request.BaseRequest._read_bytes"]),
        (["_ErrInfo"], ["web_protocol._ErrInfo"]),
        (["start_time"], ["web_protocol.RequestHandler._handle_request(self, request, start_time, request_handler)"]),
        (["_eof_sent"], [f"{RESPONSE}._eof_sent"]),
        (["_cookies", "_body", "_status"], [f"{RESPONSE}.{name}" for name in ("_body", "_cookies", "_status")]),
    ],
    ids=" ".join,
)
def test_stock_path_serves(usual: dict[str, Any], renamed: list[str], missing: list[str]) -> None:
    """With a name missing everything is answered as before by aiohttp's own path, and one warning names what is."""
    found = outcome(*renamed)
    assert (usual.pop("fast", True), usual.pop("warnings", [])) == (True, [])
    assert found.pop("fast") is False
    assert found.pop("warnings") == [
        f"aiohttp {aiohttp.__version__} does not have {', '.join(missing)}: requests take aiohttp's own, slower path"
    ]
    assert found == usual

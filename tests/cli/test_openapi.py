"""``framework openapi``: writing a document, and checking a file."""

import json
from pathlib import Path

import pytest
import yaml

from tests.cli.conftest import SHOP, Run, Write

SEVERAL = SHOP.replace(
    'openapi=OpenAPI(title="Shop", version="1.0")',
    'openapi=[OpenAPI(title="Shop"), OpenAPI(title="Other", path="/other.json", docs_path=None)]',
)


@pytest.fixture(autouse=True)
def shop(write: Write) -> Path:
    """Have an app."""
    write("pyproject.toml", '[tool.framework]\napp = "shop:app"\n')
    return write("shop.py", SHOP)


def test_the_document_is_printed(run: Run) -> None:
    """Without a file it is indented JSON on the standard output."""
    code, out, err = run("openapi")

    assert (code, err) == (0, "")
    assert out.startswith('{\n  "openapi": "3.1.0",\n  "info": {\n    "title": "Shop",\n')
    assert list(json.loads(out)["paths"]) == ["/orders/{number}"]


@pytest.mark.parametrize(
    ("words", "is_yaml"),
    [
        (("-o", "api.json"), False),
        (("--output", "api.yaml"), True),
        (("-o", "api.yml"), True),
        (("-o", "api.txt", "--format", "yaml"), True),
        (("-o", "api.yaml", "--format", "json"), False),
    ],
)
def test_the_document_is_written(run: Run, folder: Path, words: tuple[str, ...], *, is_yaml: bool) -> None:
    """The file's name says the format, unless an option does."""
    code, out, err = run("openapi", "write", "shop:app", *words)

    text = (folder / words[1]).read_text()
    assert (code, out, err) == (0, "", f"{words[1]} is written.\n")
    assert (yaml.safe_load(text) if is_yaml else json.loads(text)) == json.loads(run("openapi").out)
    assert text.startswith("{") is not is_yaml


@pytest.mark.parametrize("name", ["api.json", "api.yaml"])
def test_a_current_file_passes(run: Run, folder: Path, name: str) -> None:
    """What counts is what the document says, however the file is laid out."""
    run("openapi", "-o", name)
    file = folder / name
    file.write_text(json.dumps(yaml.safe_load(file.read_text()), indent=None))

    assert run("openapi", "--check", name) == (0, f"{name} is current.\n", "")


def test_a_file_that_is_not_current_fails(run: Run, folder: Path, shop: Path, write: Write) -> None:
    """The first differences are told with their places, the others are counted; the exit code is 1."""
    run("openapi", "-o", "api.json")
    document = json.loads((folder / "api.json").read_text())
    document["info"]["version"] = True
    del document["info"]["title"]
    document["paths"]["/old~"] = {}
    document["components"]["schemas"]["Order"]["required"] = ["a", "b"]
    write("api.json", json.dumps(document))

    assert run("openapi", "--check", "api.json") == (
        1,
        "",
        "api.json is not current:\n"
        '  /info/version is true and should be "1.0"\n'
        "  /info/title is missing\n"
        "  and 2 more differences\n",
    )
    assert shop.exists()


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.json", None, "a.json cannot be read: [Errno 2] No such file or directory: 'a.json'"),
        ("a.json", "{", "a.json cannot be read: Expecting property name enclosed in double quotes"),
        ("a.yaml", "a: [", "a.yaml cannot be read: while parsing a flow"),
        ("a.json", "[]", "a.json is not an OpenAPI document; write one with framework openapi --output"),
    ],
)
def test_a_file_that_is_no_document(run: Run, write: Write, name: str, text: str | None, said: str) -> None:
    """One line says so; the exit code is 2."""
    if text is not None:
        write(name, text)

    code, out, err = run("openapi", "--check", name)

    assert (code, out) == (2, "")
    assert err.startswith(f"Error: {said}")


def test_a_place_that_cannot_be_written(run: Run) -> None:
    """One line says so; the exit code is 2."""
    assert run("openapi", "-o", "no/api.json") == (
        2,
        "",
        "Error: no/api.json cannot be written: No such file or directory; name another file.\n",
    )


def test_one_of_several_documents(run: Run, write: Write) -> None:
    """``--path`` chooses; the first one is written without it."""
    write("shop.py", SEVERAL)

    assert json.loads(run("openapi").out)["info"]["title"] == "Shop"
    assert json.loads(run("openapi", "--path", "/other.json").out)["info"]["title"] == "Other"
    assert run("openapi", "--path", "/x.json") == (
        2,
        "",
        "Error: this app has no document at /x.json; give the App one with openapi=OpenAPI(...).\n",
    )


def test_without_pyyaml_one_line_says_so(run: Run, monkeypatch: pytest.MonkeyPatch, write: Write) -> None:
    """The extra is named, for writing and for reading."""
    import sys

    monkeypatch.setitem(sys.modules, "yaml", None)
    write("a.yaml", "openapi: 3.1.0")
    said = (2, "", "Error: PyYAML is not installed; install framework-aiohttp[yaml].\n")

    assert run("openapi", "--format", "yaml") == said
    assert run("openapi", "--check", "a.yaml") == said

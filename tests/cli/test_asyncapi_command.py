"""``framework asyncapi``: writing a document of web sockets and event streams, and checking a file."""

import json
from pathlib import Path

import pytest
import yaml

from tests.cli.conftest import SHOP, Run, Write

LIVE = (
    SHOP.replace("OpenAPI, get", "OpenAPI, WebSocket, get, websocket")
    .replace(
        "app = App(",
        '''class Live(Controller):
    @websocket("/live")
    async def talk(self, socket: WebSocket[str, Order]) -> None:
        """Tell orders."""


app = App(''',
    )
    .replace("[Orders]", "[Orders, Live]")
)


@pytest.fixture(autouse=True)
def shop(write: Write) -> Path:
    """Have an app with a web socket."""
    write("pyproject.toml", '[tool.framework]\napp = "shop:app"\n')
    return write("shop.py", LIVE)


def test_the_document_is_printed(run: Run) -> None:
    """Without a file it is indented JSON on the standard output."""
    code, out, err = run("asyncapi")

    assert (code, err) == (0, "")
    assert out.startswith('{\n  "asyncapi": "3.0.0",\n  "info": {\n    "title": "Shop",\n')
    assert list(json.loads(out)["channels"]) == ["Live.talk"]


@pytest.mark.parametrize("name", ["live.json", "live.yaml"])
def test_a_file_is_written_and_checked(run: Run, folder: Path, name: str) -> None:
    """The file's name says the format; a current file passes."""
    assert run("asyncapi", "shop:app", "--output", name) == (0, "", f"{name} is written.\n")
    assert yaml.safe_load((folder / name).read_text()) == json.loads(run("asyncapi").out)
    assert run("asyncapi", "--check", name) == (0, f"{name} is current.\n", "")


def test_a_file_that_is_not_current_fails(run: Run, write: Write) -> None:
    """The first differences are told with their places; the exit code is 1."""
    run("asyncapi", "-o", "live.json")
    write("shop.py", LIVE)
    document = json.loads(run("asyncapi").out)
    document["channels"]["Live.talk"]["address"] = "/dead"
    write("live.json", json.dumps(document))

    assert run("asyncapi", "--check", "live.json") == (
        1,
        "",
        'live.json is not current:\n  /channels/Live.talk/address is "/dead" and should be "/live"\n',
    )


def test_a_file_of_another_kind(run: Run) -> None:
    """One line says so; the exit code is 2."""
    run("openapi", "-o", "api.json")
    said = "Error: api.json is not an AsyncAPI document; write one with framework asyncapi --output.\n"

    assert run("asyncapi", "--check", "api.json") == (2, "", said)


def test_an_app_without_either(run: Run, write: Write) -> None:
    """One line says what would have to be there; the exit code is 2."""
    write("shop.py", SHOP)
    hint = "declare a web socket or an event stream, and asyncapi_path= of its OpenAPI"

    assert run("asyncapi") == (2, "", f"Error: this app has no AsyncAPI document; {hint}.\n")
    assert run("asyncapi", "--path", "/x") == (2, "", f"Error: this app has no AsyncAPI document at /x; {hint}.\n")

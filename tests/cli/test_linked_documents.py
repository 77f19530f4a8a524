"""The commands read documents with links and callbacks as they read others."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run, Write

PLAIN = """\
from msgspec import Struct

from framework import App, Controller, get, post
from framework.openapi import Callback, Link


class NewOrder(Struct):
    notify_url: str


class Order(Struct):
    number: int
    count: int = 1


class Receipt(Struct):
    text: str = ""


class Orders(Controller):
    @post("/orders", status=201)
    async def create(self, order: NewOrder) -> Order:
        raise NotImplementedError

    @get("/orders/{number}")
    async def show(self, number: int) -> Order:
        raise NotImplementedError


app = App([Orders])
"""
LINKED = PLAIN.replace(
    "status=201",
    """status=201,
        links={"order": Link("show", number="$response.body#/number")},
        callbacks={"paid": Callback("{$request.body#/notify_url}", Order, status=200, response=Receipt)},
    """,
)


@pytest.fixture
def documents(run: Run, write: Write) -> tuple[str, str]:
    """Write the document of an app, and that of the same app with links and callbacks."""
    write("plain.py", PLAIN)
    write("linked.py", LINKED)
    for name in ("plain", "linked"):
        assert run("openapi", f"{name}:app", "-o", f"{name}.json").code == 0
    return "plain.json", "linked.json"


def test_they_change_nothing_for_clients(run: Run, documents: tuple[str, str]) -> None:
    """A client of the old document goes on working, whichever of the two is the old one."""
    plain, linked = documents

    for old, new in ((plain, linked), (linked, plain), (linked, linked)):
        assert run("openapi", "diff", old, new) == (0, "", "0 changes, 0 of them breaking.\n")


def test_what_else_changes_is_told(run: Run, documents: tuple[str, str], folder: Path) -> None:
    """Beside links and callbacks a difference is found as ever."""
    _, linked = documents
    changed = json.loads((folder / linked).read_text())
    del changed["components"]["schemas"]["Order"]["properties"]["count"]
    (folder / "changed.json").write_text(json.dumps(changed))

    assert run("openapi", "diff", linked, "changed.json") == (
        1,
        "breaking: schema Order in responses: the field 'count' was removed\n",
        "1 change, 1 of them breaking.\n",
    )


def test_a_client_is_written(run: Run, documents: tuple[str, str], folder: Path) -> None:
    """It has the same methods; what the application sends has its classes, for who takes it."""
    plain, linked = documents
    for name in documents:
        assert run("client", "python", name, "-o", f"{name.removesuffix('.json')}_client.py").code == 0

    sources = [(folder / f"{name.removesuffix('.json')}_client.py").read_text() for name in (plain, linked)]
    assert ["class Receipt(" in one for one in sources] == [False, True]
    methods = [[line for line in one.splitlines() if line.startswith("    async def ")] for one in sources]
    assert methods[0] == methods[1]
    compile(sources[1], "linked_client.py", "exec")

"""Type checkers check the arguments of ``client.call`` and know its result."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_PROGRAM = """\
from decimal import Decimal

from framework.testing import PROVIDED, AppClient
from tests.testing.called_shop import ChatController, Line, NewOrder, OrderController, ValueController


async def right(client: AppClient) -> None:
    reveal_type(await client.call(OrderController.show, order_id=7))
    reveal_type(await client.call(OrderController.create, order=NewOrder("Ada", []), tasks=PROVIDED))
    reveal_type(await client.call(OrderController.sent, 5))
    reveal_type(await client.call(OrderController.export))
    reveal_type(await client.call(OrderController.count, order=NewOrder("Ada", [])))
    reveal_type(await client.call(ValueController.nothing))
    reveal_type(await client.send(OrderController.sent, count=5))
    async with client.socket(ChatController.talk, room="hall") as socket:
        await socket.send(Line("MUG-1"))
        reveal_type(await socket.receive())
    async with client.socket(ChatController.on_message, "hall") as listener:
        reveal_type(listener)
    async with client.events(OrderController.feed, after=1) as events:
        reveal_type(await events.next())


async def wrong(client: AppClient) -> None:
    await client.call(OrderController.show, order_id="7")
    await client.call(OrderController.show, number=7)
    await client.call(OrderController.show)
    async with client.socket(ChatController.talk, room="hall") as socket:
        await socket.send("MUG-1")
"""
_REVEALED = [
    "Order",
    "Order",
    "list[str]",
    "list[Order]",
    "int",
    "None",
    "Reply[list[str]]",
    "Found",
    "TestSocket[Line, Found]",
    "Event[Order]",
]
_WRONG = _PROGRAM[: _PROGRAM.index("async def wrong")].count("\n") + 2


def _check(command: list[str], folder: Path) -> str:
    file = folder / "typed_calls.py"
    file.write_text(_PROGRAM, encoding="utf-8")
    done = subprocess.run(  # noqa: S603  fixed words
        [sys.executable, "-m", *command, str(file)], cwd=_ROOT, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


@pytest.mark.slow
def test_pyright_knows_arguments_and_results(tmp_path: Path) -> None:
    """It reveals the type of each result, and reports each wrong call."""
    told = _check(["pyright", "--pythonpath", sys.executable], tmp_path)

    assert re.findall(r'information: Type of ".*" is "(.*)"', told) == _REVEALED
    lines = {int(one) for one in re.findall(r":(\d+):\d+ - error", told)}
    assert lines == {_WRONG, _WRONG + 1, _WRONG + 2, _WRONG + 4}


@pytest.mark.slow
def test_mypy_knows_arguments_and_results(tmp_path: Path) -> None:
    """As pyright does."""
    told = _check(["mypy", "--cache-dir", str(tmp_path / "cache")], tmp_path)

    revealed = re.findall(r'note: Revealed type is "([^"]*)"', told)
    assert [re.sub(r"[a-z_]+\.|builtins\.|\*", "", one) for one in revealed] == _REVEALED
    lines = {int(one) for one in re.findall(r"typed_calls.py:(\d+): error", told)}
    assert lines == {_WRONG, _WRONG + 1, _WRONG + 2, _WRONG + 4}

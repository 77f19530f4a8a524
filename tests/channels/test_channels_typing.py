"""Type checkers compare events with their topics, and know what subscriptions yield."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_PROGRAM = """\
from framework import Controller, Event, EventStream, get
from framework.channels import Channels, LastEventID, Presence, Topic
from tests.channels.topics import ORDERS, ROLL, Member, Placed

NAMES = Topic[str]("names")
ONLINE = Presence[None]("online")


async def right(channels: Channels) -> None:
    await channels.publish(ORDERS, Placed(1))
    await channels.publish(ORDERS.room("hall"), Placed(1))
    async for event in channels.subscribe(ORDERS.room("hall")):
        reveal_type(event)
    subscription = channels.subscribe(NAMES, after="1-0")
    reveal_type(subscription.lagged)
    async for served in channels.events(NAMES):
        reveal_type(served)
    async for counted in channels.events(NAMES, make=len, event="length"):
        reveal_type(counted)
    async with channels.track(ROLL, "ann", Member("Ann")) as tracked:
        await tracked.update(Member("Ann", away=True))
    async with channels.track(ONLINE.room("hall"), "ann"):
        reveal_type(await channels.present(ROLL))
    async for change in channels.changes(ROLL):
        reveal_type(change.present)


class Feed(Controller):
    @get("/feed")
    async def feed(self, channels: Channels, last: LastEventID = None) -> EventStream[Event[Placed]]:
        return channels.events(ORDERS, after=last)


async def wrong(channels: Channels) -> None:
    await channels.publish(ORDERS, 5)
    await channels.publish(NAMES, Placed(1))
    await channels.publish("orders", Placed(1))
    Topic[Placed]("orders", slow="wait")
    channels.track(ROLL, "ann", 5)
    channels.track(ROLL, "ann")
    channels.track(ROLL, 7, Member("Ann"))
    channels.subscribe(ROLL)
"""
_REVEALED = [
    "Placed",
    "Lagged | None",
    "Event[str]",
    "Event[int]",
    "dict[str, list[Member]]",
    "dict[str, list[Member]]",
]
_WRONG = _PROGRAM[: _PROGRAM.index("async def wrong")].count("\n") + 2
_COMMANDS = {
    "mypy": (["mypy", "--strict", "--no-incremental"], re.compile(r'Revealed type is "(.*?)"')),
    "pyright": (["pyright", "--pythonpath", sys.executable], re.compile(r'Type of ".*?" is "(.*?)"')),
}


@pytest.mark.slow
@pytest.mark.parametrize("checker", _COMMANDS)
def test_type_checkers_read_topics(checker: str, tmp_path: Path) -> None:
    """Each wrong line has an error, no other line has one, and the types are known."""
    command, pattern = _COMMANDS[checker]
    program = tmp_path / "program.py"
    program.write_text(_PROGRAM, encoding="utf-8")
    done = subprocess.run(  # noqa: S603  fixed words
        [sys.executable, "-m", *command, str(program)], cwd=_ROOT, capture_output=True, text=True, check=False
    )
    output = done.stdout
    lines = {int(line) for line in re.findall(r"program\.py:(\d+)(?::\d+)?(?::| -) error", output)}
    revealed = [
        re.sub(r"\b(?:\w+\.)+", "", one).replace("Union[Lagged, None]", "Lagged | None")
        for one in pattern.findall(output)
    ]

    assert lines == {*range(_WRONG, _WRONG + 8)}, output
    assert revealed == _REVEALED, output

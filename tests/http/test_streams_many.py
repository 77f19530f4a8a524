"""Many event streams in one process: nothing is lost, and all of them end in time."""

from aiohttp.test_utils import unused_port

from tests.benchmarks.streams import measure

STREAMS = 200
MESSAGES = 5


async def test_many_streams_lose_nothing_and_end_in_time() -> None:
    """Every stream has every message and its end; every service is closed. The limit of time is five times the rule."""
    outcome = await measure(port=unused_port(), streams=STREAMS, messages=MESSAGES, interval=0.2)
    assert (outcome.received, outcome.complete) == (STREAMS * MESSAGES, STREAMS)
    assert (outcome.opened, outcome.closed) == (STREAMS, STREAMS)
    assert outcome.shutdown < 5 * 1.5

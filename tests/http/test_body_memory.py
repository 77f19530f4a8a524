"""What large bodies cost a server: a process of its own, whose peak of memory is looked at."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.benchmarks.memory import measure, running

MEBIBYTE = 1_048_576


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[int, int]]:
    """Run the server that memory is measured with."""
    with running() as found:
        yield found


@pytest.mark.parametrize(
    ("target", "limit"),
    [
        pytest.param("/parts", 8, id="parts while they arrive"),
        pytest.param("/stream", 8, id="a body while it arrives"),
        pytest.param("/file", 8, id="a file, which lies on the disk"),
        pytest.param("/refused", 2, id="row 3: a body that is refused"),
    ],
)
async def test_large_body_needs_little_memory(server: tuple[int, int], target: str, limit: int) -> None:
    """64 MiB, sent to be streamed, spooled or refused, raise the memory of the server by a few MiB."""
    found = await asyncio.to_thread(measure, *server, target, 64)
    assert found.growth < limit * MEBIBYTE

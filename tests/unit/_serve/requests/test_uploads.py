"""How a file is kept while it arrives."""

import tracemalloc
from itertools import chain, repeat

import pytest

from framework import UploadFile


async def test_tiny_chunks_cost_what_they_hold() -> None:
    """An object for each byte would take forty times the memory."""
    count = 200_000
    file = UploadFile("a.txt", {})
    tracemalloc.start()
    try:
        for _ in repeat(None, count):
            await file.write(b"x")
        used, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert used < 2 * count
    await file.finish()
    assert await file.read() == b"x" * count


@pytest.mark.parametrize("repeated", [1, 40], ids=["in memory", "on the disk"])
async def test_chunks_of_all_sizes_come_out_in_order(repeated: int) -> None:
    """Small ones are joined, large ones kept as they are; whoever reads sees one file, from its start."""
    sizes = chain.from_iterable(repeat((1, 4095, 4096, 3, 30_000, 2), repeated))
    chunks = [bytes([number % 251]) * size for number, size in enumerate(sizes)]
    file = UploadFile("a.bin", {})
    for chunk in chunks:
        await file.write(chunk)
    await file.finish()
    whole = b"".join(chunks)
    assert (file.size, await file.read(5), await file.read()) == (len(whole), whole[:5], whole[5:])
    await file.seek(4000)
    assert await file.read() == whole[4000:]
    await file.close()
    with pytest.raises(ValueError, match="is closed"):
        await file.read()

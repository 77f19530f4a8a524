"""The upload service stores files by their content and sends parts of them."""

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

from pytest_aiohttp.plugin import AiohttpClient

from examples.uploads import create_app

CONTENT = bytes(range(256)) * 10_000
DIGEST = hashlib.sha256(CONTENT).hexdigest()


async def pieces() -> AsyncIterator[bytes]:
    """Yield the content in pieces, so that its length is not known."""
    for start in range(0, len(CONTENT), 100_000):
        yield CONTENT[start : start + 100_000]


def names_in(folder: Path) -> list[str]:
    """Return the names of the files in a folder."""
    return [one.name for one in folder.iterdir()]


async def test_a_file_is_stored_and_sent_in_parts(aiohttp_client: AiohttpClient, tmp_path: Path) -> None:
    """Its digest is its name."""
    client = await aiohttp_client(create_app(tmp_path).build())

    stored = await client.put(f"/files/{DIGEST}", data=pieces())
    part = await client.get(stored.headers["Location"], headers={"Range": "bytes=256-258"})

    assert await stored.json() == {"digest": DIGEST, "size": len(CONTENT)}
    assert (part.status, await part.read()) == (206, b"\x00\x01\x02")


async def test_other_content_is_refused_and_removed(aiohttp_client: AiohttpClient, tmp_path: Path) -> None:
    """Nothing is left in the folder."""
    client = await aiohttp_client(create_app(tmp_path).build())

    response = await client.put(f"/files/{DIGEST}", data=b"other")

    assert response.status == 409
    assert names_in(tmp_path) == []
    assert (await client.get(f"/files/{DIGEST}")).status == 404
    assert (await client.get("/files/short")).status == 422

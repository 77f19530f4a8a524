"""Bodies that are bytes, texts and streams."""

import hashlib
from typing import Annotated, Any

from msgspec import Meta

from framework import Body, BodyStream, Controller, Limits, patch, post, put

__all__ = ("RawBodyController",)


class RawBodyController(Controller):
    """Bodies that no format decodes."""

    path = "/raw"
    tags = ("raw",)

    @post("/bytes")
    async def data(self, data: Annotated[bytes, Body(description="Anything at all.")]) -> int:
        """Return how many bytes came."""
        return len(data)

    @put("/pictures")
    async def picture(
        self, data: Annotated[bytes, Meta(min_length=1, max_length=1_000), Body(media_type=("image/png", "image/jpeg"))]
    ) -> bytes:
        """Return a small picture as it came."""
        return data

    @post("/images")
    async def image(self, data: Annotated[bytes, Body(media_type="image/*")] = b"") -> int:
        """Return how large an image is; there may be none."""
        return len(data)

    @post("/texts")
    async def text(self, text: Annotated[str, Body(media_type="text/plain")]) -> str:
        """Return a text as it came."""
        return text

    @post("/names")
    async def name(self, text: Annotated[str, Meta(min_length=1, max_length=10), Body(media_type="text/plain")]) -> int:
        """Return how long a short text is."""
        return len(text)

    @post("/streams", body_limit=1_000_000)
    async def stream(self, stream: BodyStream) -> str:
        """Return the digest of what is read while it comes."""
        digest = hashlib.sha256()
        async for chunk in stream:
            digest.update(chunk)
        return digest.hexdigest()

    @patch("/tables", limits=Limits(body=2_000, body_rate=0))
    async def table(self, stream: Annotated[BodyStream, Body(media_type="text/csv")]) -> list[Any]:
        """Return the lines of a table, read at once."""
        text = await stream.read()
        return [one.decode(errors="replace") for one in text.splitlines()]

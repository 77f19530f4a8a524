"""A controller that reads bodies in all ways."""

from typing import Annotated

from framework import Body, BodyStream, Controller, Form, MultipartStream, Request, UploadFile, get, post

__all__ = ("Readers",)


class Readers(Controller):
    """Reads bodies in all ways, and answers how long they are decoded."""

    @post("/bytes")
    async def data(self, data: Annotated[bytes, Body()]) -> int:
        """Read bytes."""
        return len(data)

    @post("/form")
    async def form(self, name: Annotated[str, Form()]) -> int:
        """Read a form."""
        return len(name)

    @post("/file")
    async def file(self, file: UploadFile) -> int:
        """Read a file."""
        return file.size

    @post("/stream")
    async def stream(self, stream: BodyStream) -> int:
        """Read a stream."""
        return sum([len(chunk) async for chunk in stream])

    @post("/parts")
    async def parts(self, parts: MultipartStream) -> int:
        """Read parts."""
        return sum([len(await one.read()) async for one in parts])

    @post("/content")
    async def content(self, request: Request) -> int:
        """Read the content of the request itself."""
        return sum([len(chunk) async for chunk in request.content.iter_any()])

    @post("/unread")
    async def unread(self) -> int:
        """Read nothing."""
        return 0

    @get("/nothing")
    async def nothing(self) -> int:
        """Expect nothing."""
        return 0

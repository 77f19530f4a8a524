"""What the memory of uploads is measured with: bodies that are streamed, spooled and refused."""

from aiohttp import web

from framework import App, BodyStream, Controller, Limits, MultipartStream, UploadFile, post
from tests.benchmarks.apps.serve import serve
from tests.benchmarks.schemas import Message

__all__ = ("build",)

_LARGE = 4 * 2**30


class UploadController(Controller):
    """Takes bodies and answers their size."""

    @post("/parts", body_limit=_LARGE)
    async def parts(self, parts: MultipartStream) -> int:
        """Read parts as they arrive."""
        return sum([len(chunk) async for part in parts async for chunk in part])

    @post("/stream", body_limit=_LARGE)
    async def stream(self, stream: BodyStream) -> int:
        """Read a body as it arrives."""
        size = 0
        async for chunk in stream:
            size += len(chunk)
        return size

    @post("/file", limits=Limits(body=_LARGE))
    async def file(self, file: UploadFile) -> int:
        """Spool a file."""
        return file.size

    @post("/refused")
    async def refused(self, message: Message) -> str:
        """Take a body of 1 MiB at most."""
        return message.message


def build() -> web.Application:
    """Return the application."""
    return App([UploadController]).build()


if __name__ == "__main__":
    serve(build())

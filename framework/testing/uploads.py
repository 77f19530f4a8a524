"""Files that a test uploads."""

from multidict import CIMultiDict

from framework.requests import UploadFile

__all__ = ("upload",)


async def upload(filename: str, content: bytes, content_type: str = "application/octet-stream") -> UploadFile:
    """Return a file to be sent.

    ``await client.call(ImageController.add, image=await upload("a.png", data, "image/png"))``.
    """
    file = UploadFile(filename, CIMultiDict({"Content-Type": content_type}))
    await file.write(content)
    await file.finish()
    return file

"""Pictures of products."""

import io

import pytest
from aiohttp import FormData

from app_template.tests.shop import ShopClient

JPEG = b"\xff\xd8\xff\xe0 and the rest"
PATH = "/api/products/MUG-1/image"


def form(data: bytes | io.BytesIO, content_type: str = "image/jpeg") -> FormData:
    """Return a form with a file."""
    fields = FormData()
    fields.add_field("image", data, filename="picture", content_type=content_type)
    return fields


async def test_a_picture_is_stored_and_replaced(staff: ShopClient, visitor: ShopClient) -> None:
    """Its media type is that of the bytes, whatever the client says; a client that has it gets a 304."""
    assert (await visitor.get(PATH)).status == 404
    for data in (JPEG, JPEG + b" of another"):
        stored = await staff.put(PATH, data=form(data, "text/html"))
        shown = await visitor.get(PATH)
        again = await visitor.get(PATH, headers={"If-None-Match": shown.headers["ETag"]})

        assert (stored.status, shown.status, again.status) == (204, 200, 304)
        assert (shown.content_type, await shown.read()) == ("image/jpeg", data)
        assert shown.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("data", [b"", b"<svg/>", b"\x89PNG\r\n\x1a\n", b"\xff\xd8"])
async def test_other_files_are_refused(staff: ShopClient, data: bytes) -> None:
    """Whatever the client says they are."""
    refused = await staff.put(PATH, data=form(data))

    assert refused.status == 422
    assert (await staff.get(PATH)).status == 404


async def test_who_may_store_what_and_where(client: ShopClient, staff: ShopClient) -> None:
    """Customers may not, unknown products have no picture, and large files are refused."""
    assert (await client.put(PATH, data=form(JPEG))).status == 403
    assert (await staff.put("/api/products/CUP-1/image", data=form(JPEG))).status == 404
    assert (await staff.put(PATH, data=form(io.BytesIO(JPEG + b"x" * 2_000_000)))).status == 413

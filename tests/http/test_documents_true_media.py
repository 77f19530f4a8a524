"""The media types of responses that handlers make themselves, beside the document."""

from typing import Any

import pytest
from pytest_aiohttp import AiohttpClient

from framework import App, Controller, Response, get
from framework.testing import ContractClient, ContractError

pytest_plugins = ["framework.testing.fixtures"]


class Pages(Controller):
    """Sends pages and pictures."""

    path = "/pages"

    @get("/html", media_type="text/html")
    async def html(self) -> Response[str]:
        """Send HTML, as is declared."""
        return Response("<p>", media_type="text/html; charset=utf-8")

    @get("/png", media_type="image/png")
    async def png(self) -> Response[bytes]:
        """Send a picture; the route declares its type for all responses."""
        return Response(b"\x89PNG")

    @get("/undeclared")
    async def undeclared(self) -> Response[str]:
        """Send HTML, and declare text."""
        return Response("<p>", media_type="text/html")

    @get("/other", media_type="image/png")
    async def other(self) -> Response[bytes]:
        """Send another picture than is declared."""
        return Response(b"GIF", media_type="image/gif")


@pytest.mark.parametrize(("path", "media_type"), [("/pages/html", "text/html"), ("/pages/png", "image/png")])
async def test_a_declared_media_type_is_documented_and_sent(
    aiohttp_client: AiohttpClient, path: str, media_type: str
) -> None:
    """``media_type=`` of the route is the only one in the document."""
    app = App([Pages])
    client = await aiohttp_client(app.build())
    response = await client.get(path)
    content: Any = app.document()["paths"][path]["get"]["responses"]["200"]["content"]

    assert (response.status, response.content_type) == (200, media_type)
    assert list(content) == [media_type]


@pytest.mark.parametrize(
    ("path", "sent", "declared"),
    [("/pages/undeclared", "text/html", "text/plain"), ("/pages/other", "image/gif", "image/png")],
)
async def test_another_media_type_is_found(
    contract_client: ContractClient, path: str, sent: str, declared: str
) -> None:
    """What a handler decides while it runs is not a part of a plan: contract tests compare it with the document."""
    client = await contract_client(App([Pages]))

    with pytest.raises(ContractError) as caught:
        await client.get(path)

    assert f"the media type {sent!r} is not declared, only {declared}" in str(caught.value)

import msgspec
import pytest
from framework.testing import AppClient

from shop.settings import Settings


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Return settings that name an origin."""
    return msgspec.structs.replace(settings, origins=("https://app.example",))


async def test_pages_of_an_origin_read_responses(visitor: AppClient) -> None:
    """A browser passes the response to pages of the origin that the header names, and to no others."""
    allowed = []
    for origin in ("https://app.example", "https://other.example"):
        async with visitor.request("GET", "/products", headers={"Origin": origin}) as response:
            allowed.append(response.headers.get("Access-Control-Allow-Origin"))

    assert allowed == ["https://app.example", None]

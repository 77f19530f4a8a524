"""The URL shortener makes, counts and refuses links."""

from pytest_aiohttp.plugin import AiohttpClient

from examples.url_shortener import create_app


async def test_a_visitor_is_redirected_and_counted(aiohttp_client: AiohttpClient) -> None:
    """The Location of a new link leads to the URL."""
    client = await aiohttp_client(create_app().build())

    created = await client.post("/links", json={"url": "https://example.org/a?b=1", "name": "docs-2026"})
    visited = await client.get(created.headers["Location"], allow_redirects=False)
    shown = await client.get("/links/docs-2026")

    assert (created.status, visited.status) == (201, 307)
    assert visited.headers["Location"] == "https://example.org/a?b=1"
    assert await shown.json() == {"name": "docs-2026", "url": "https://example.org/a?b=1", "visits": 1}


async def test_names_are_unique_and_unknown_ones_are_404(aiohttp_client: AiohttpClient) -> None:
    """A name is made if none is given."""
    client = await aiohttp_client(create_app().build())

    first = await client.post("/links", json={"url": "https://example.org", "name": "once"})
    again = await client.post("/links", json={"url": "https://example.org", "name": "once"})
    made = await client.post("/links", json={"url": "https://example.org"})
    wrong = await client.post("/links", json={"url": "javascript:alert(1)", "name": "!"})

    assert [one.status for one in (first, again, made, wrong)] == [201, 409, 201, 422]
    assert len((await made.json())["name"]) == 8
    assert [one["pointer"] for one in (await wrong.json())["errors"]] == ["/url", "/name"]
    assert (await client.get("/nowhere")).status == 404

"""Both APIs read the same books."""

import pytest
from pytest_aiohttp.plugin import AiohttpClient

pytest.importorskip("strawberry", reason="strawberry-graphql is not installed")
from examples.graphql_books import create_app


async def test_graphql_and_rest_agree(aiohttp_client: AiohttpClient) -> None:
    """They are in one application."""
    client = await aiohttp_client(create_app())

    query = {"query": '{ books(title: "dub") { id title } }'}
    found = await (await client.post("/graphql", json=query)).json()

    assert found["data"] == {"books": [{"id": 2, "title": "Dubliners"}]}
    assert await (await client.get("/books")).json() == [{"id": 1, "title": "Ulysses"}, {"id": 2, "title": "Dubliners"}]

"""The list of tasks works with and without HTMX."""

import re

from pytest_aiohttp.plugin import AiohttpClient

from examples.htmx_tasks import create_app


async def test_a_task_is_added_and_completed(aiohttp_client: AiohttpClient) -> None:
    """HTMX receives the rows alone, a plain form is redirected to the page."""
    client = await aiohttp_client(create_app("a secret of at least thirty-two bytes").build())
    page = await (await client.get("/")).text()
    found = re.search(r'"X-CSRF-Token": "([^"]+)"', page)
    assert found is not None
    token = {"X-CSRF-Token": found[1]}

    added = await client.post("/tasks", data={"title": "<b>Bread"}, headers={**token, "HX-Request": "true"})
    plain = await client.post("/tasks", data={"title": "Milk"}, headers=token, allow_redirects=False)
    done = await client.post("/tasks/1/done", headers=token)

    assert "<li>\n&lt;b&gt;Bread" in await added.text()
    assert (plain.status, plain.headers["Location"]) == (303, "/")
    assert "<s>&lt;b&gt;Bread</s>" in await done.text()


async def test_other_pages_cannot_add_tasks(aiohttp_client: AiohttpClient) -> None:
    """A form without the token is refused."""
    client = await aiohttp_client(create_app("a secret of at least thirty-two bytes").build())

    response = await client.post("/tasks", data={"title": "x"}, headers={"Origin": "https://evil.example"})

    assert response.status == 403

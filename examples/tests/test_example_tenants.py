"""Tenants are separate."""

from pytest_aiohttp.plugin import AiohttpClient

from examples.tenants import create_app


async def test_each_tenant_has_its_own_notes(aiohttp_client: AiohttpClient) -> None:
    """A tenant does not see the notes of another; unknown hosts have nothing."""
    client = await aiohttp_client(create_app().build())
    acme, globex = {"Host": "acme.localhost"}, {"Host": "globex.localhost"}

    added = await client.post("/notes", json={"text": "ours"}, headers=acme)

    assert added.status == 201
    assert await (await client.get("/notes", headers=acme)).json() == [{"id": 1, "text": "ours"}]
    assert await (await client.get("/notes", headers=globex)).json() == []
    assert (await client.get("/notes", headers={"Host": "nobody.localhost"})).status == 404
    assert (await client.get("/notes", headers={"Host": "acme.example"})).status == 400

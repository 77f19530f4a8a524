"""A user logs in at a real provider, and has a session."""

import pytest
from pytest_aiohttp.plugin import AiohttpClient

from examples.login import create_app
from framework.types import SecretStr
from tests.http.security.identity import REDIRECT_URI, at_provider, running_provider

SECRET = "s" * 32


@pytest.mark.slow
async def test_a_user_logs_in_and_out(aiohttp_client: AiohttpClient) -> None:
    """The page greets, and offers the login again afterwards."""
    with running_provider() as issuer:
        app = create_app(issuer, "shop", SecretStr("shop secret: 100% +/="), SECRET, REDIRECT_URI)
        client = await aiohttp_client(app.build())

        started = await client.get("/login", allow_redirects=False)
        query = await at_provider(started.headers["Location"])
        finished = await client.get("/callback", params=query, allow_redirects=False)
        home = await (await client.get("/")).text()
        await client.post("/logout")

        assert (finished.status, finished.headers["Location"]) == (303, "/")
        assert "Welcome" in home
        assert "Log in" in await (await client.get("/")).text()


async def test_a_response_of_an_old_login_is_refused(aiohttp_client: AiohttpClient) -> None:
    """There is no session without a login that was started here."""
    app = create_app("https://id.example.org", "shop", SecretStr("secret"), SECRET)
    client = await aiohttp_client(app.build())

    response = await client.get("/callback?error=access_denied&state=old")

    assert response.status == 400
    assert "Log in" in await (await client.get("/")).text()

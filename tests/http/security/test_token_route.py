"""The token route of OAuth 2: what it answers to good and bad requests (RFC 6749, section 5)."""

import base64
from typing import Annotated, Any

import pytest
from msgspec import Struct
from pytest_aiohttp.plugin import AiohttpClient

from framework import App, Controller, Form, post
from framework.http_errors import Conflict
from framework.security import Basic, PasswordForm, TokenError, TokenResponse, token_errors
from tests.http.shapes import app_of, problem

GOOD = {"grant_type": "password", "username": "ann", "password": "secret"}


REFRESH = "r"


class Client(Struct):
    """The program that asks."""

    name: str


async def know_client(name: str, password: str) -> Client | None:
    """Know one program."""
    return Client(name) if (name, password) == ("phone", "k") else None


class Tokens(Controller):
    """Issues tokens."""

    @post("/token", exception_handlers=token_errors, raises=(TokenError,))
    async def token(self, form: Annotated[PasswordForm, Form()]) -> TokenResponse:
        """Exchange a password for a token."""
        if form.username == "locked":
            raise Conflict("Somebody else is logging in")
        if form.password.reveal() != "secret":
            raise TokenError('The "name" or the password is wröng', error="invalid_grant")
        if "admin" in form.scopes:
            raise TokenError(error="invalid_scope")
        return TokenResponse(access_token=f"t-{form.username}", expires_in=900)

    @post("/client-token", exception_handlers=token_errors)
    async def client_token(
        self, form: Annotated[PasswordForm, Form()], client: Annotated[Client, Basic(know_client)]
    ) -> TokenResponse:
        """Exchange a password for a token, for a known program."""
        return TokenResponse(access_token=f"t-{form.username}-{client.name}", refresh_token=REFRESH, scope="songs:read")


async def test_a_token(aiohttp_client: AiohttpClient) -> None:
    """The response is JSON that no cache may keep, without what is not set; unknown parameters are ignored."""
    client = await aiohttp_client(app_of(Tokens).build())
    answer = await client.post("/token", data={**GOOD, "audience": "x", "scope": "a b"})
    assert (answer.status, answer.content_type) == (200, "application/json")
    assert (answer.headers["Cache-Control"], answer.headers["Pragma"]) == ("no-store", "no-cache")
    assert await answer.json() == {"access_token": "t-ann", "token_type": "Bearer", "expires_in": 900}


@pytest.mark.parametrize(
    ("changes", "error", "description"),
    [
        ({"password": "wrong"}, "invalid_grant", "The 'name' or the password is wr?ng"),
        ({"scope": "admin"}, "invalid_scope", None),
        ({"grant_type": "refresh_token"}, "unsupported_grant_type", "grant_type: Invalid enum value"),
        ({"grant_type": None}, "invalid_request", "grant_type: Field required"),
        ({"username": None, "password": None}, "invalid_request", "username: Field required; password: Field required"),
    ],
)
async def test_errors(
    aiohttp_client: AiohttpClient, changes: dict[str, str | None], error: str, description: str | None
) -> None:
    """An error is 400 with its code, and its description in the allowed characters."""
    client = await aiohttp_client(app_of(Tokens).build())
    form = {name: value for name, value in {**GOOD, **changes}.items() if value is not None}
    answer = await client.post("/token", data=form)
    assert (answer.status, answer.content_type) == (400, "application/json")
    assert (answer.headers["Cache-Control"], answer.headers["Pragma"]) == ("no-store", "no-cache")
    expected = {"error": error} if description is None else {"error": error, "error_description": description}
    assert await answer.json() == expected


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        ("username=ann&username=bob&password=secret&grant_type=password", "application/x-www-form-urlencoded"),
        ("username=%ff&password=secret&grant_type=password", "application/x-www-form-urlencoded"),
        ('{"username": "ann"}', "application/json"),
        ("", "application/x-www-form-urlencoded"),
    ],
    ids=["twice", "UTF-8", "JSON", "empty"],
)
async def test_requests_that_are_not_a_form(aiohttp_client: AiohttpClient, data: str, media_type: str) -> None:
    """What is not a good form is an invalid request, whatever its status is elsewhere."""
    client = await aiohttp_client(app_of(Tokens).build())
    answer = await client.post("/token", data=data, headers={"Content-Type": media_type})
    assert (answer.status, answer.content_type) == (400, "application/json")
    assert (await answer.json())["error"] == "invalid_request"


async def test_an_unknown_client(aiohttp_client: AiohttpClient) -> None:
    """A program that is not known is 401 with the challenge of its scheme."""
    client = await aiohttp_client(app_of(Tokens).build())

    async def ask(secret: str | None) -> Any:
        encoded = base64.b64encode(f"phone:{secret}".encode()).decode()
        headers = {} if secret is None else {"Authorization": f"Basic {encoded}"}
        return await client.post("/client-token", data=GOOD, headers=headers)

    for secret, description in ((None, "Credentials are required"), ("x", "The credentials are not valid")):
        answer = await ask(secret)
        assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, 'Basic realm="api", charset="UTF-8"')
        assert await answer.json() == {"error": "invalid_client", "error_description": description}
    answer = await ask("k")
    assert await answer.json() == {
        "access_token": "t-ann-phone", "token_type": "Bearer", "refresh_token": "r", "scope": "songs:read",
    }  # fmt: skip


async def test_other_errors(aiohttp_client: AiohttpClient) -> None:
    """Errors that RFC 6749 does not know stay problems."""
    client = await aiohttp_client(app_of(Tokens).build())
    answer = await client.post("/token", data={**GOOD, "username": "locked"})
    assert (answer.status, await answer.json()) == (409, problem(409, "/token", "Somebody else is logging in"))


def test_the_document() -> None:
    """The document has the form, the response with its headers, and the errors in their own shape."""
    document = App([Tokens]).document()
    operation = document["paths"]["/token"]["post"]
    assert "application/x-www-form-urlencoded" in operation["requestBody"]["content"]
    assert operation["responses"]["200"]["headers"].keys() == {"Cache-Control", "Pragma", "Vary"}
    refused = operation["responses"]["400"]["content"]
    assert refused["application/json"]["schema"] == {"$ref": "#/components/schemas/TokenErrorBody"}
    assert document["components"]["schemas"]["TokenErrorBody"]["required"] == ["error"]

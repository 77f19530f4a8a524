"""Accounts over HTTP: registration, login, lost passwords."""

from typing import Any

import msgspec
import pytest
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from app_template.accounts.repository import AccountRepository
from app_template.accounts.row import AccountRow
from app_template.database.base import Base
from app_template.settings import Settings
from app_template.tests.mails import KeptMails
from app_template.tests.shop import ADA, ShopClient, login, place, read
from framework.types import SecretStr

EVE = {"name": "Eve", "email": "Eve@shop.example", "password": "a long enough one"}


async def log_in(client: ShopClient, email: str, password: str) -> tuple[int, dict[str, Any]]:
    """Ask for an access token."""
    form = {"grant_type": "password", "username": email, "password": password}
    async with client.post("/api/token", data=form) as response:
        assert response.headers["Cache-Control"] == "no-store"
        return response.status, await response.json()


async def post(client: ShopClient, path: str, **body: str) -> int:
    """Post a body of strings, and return the status of the response."""
    async with client.post(path, json=body) as response:
        return response.status


async def register(client: ShopClient, mails: KeptMails, **changes: str) -> None:
    """Register Eve, and wait for the mail."""
    number = len(mails.mails)
    assert await post(client, "/api/accounts", **(EVE | changes)) == 202
    while len(mails.mails) == number:
        await read(client, "/api/products")


async def test_an_account_is_registered_and_confirmed(mails: KeptMails, visitor: ShopClient) -> None:
    """The address may be written with other letters; before it is confirmed nobody can log in."""
    await register(visitor, mails)
    refused = await log_in(visitor, "eve@shop.example", EVE["password"])
    confirmed = await post(visitor, "/api/accounts/confirm", token=mails.token())
    status, tokens = await log_in(visitor, "EVE@shop.example", EVE["password"])
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}

    assert refused == (400, {"error": "invalid_grant", "error_description": "The address or the password is wrong"})
    assert (confirmed, status) == (204, 200)
    assert mails.mails[0].to == "eve@shop.example"
    async with visitor.get("/api/accounts/me", headers=headers) as response:
        assert await response.json() == {"id": 3, "name": "Eve", "email": "eve@shop.example", "role": "customer"}
    async with visitor.get("/api/orders", headers=headers) as response:
        assert (await response.json())["total"] == 0


async def test_the_samples_can_log_in(visitor: ShopClient) -> None:
    """Their password is in the README; a wrong one and an unknown address get the same response."""
    wrong = await log_in(visitor, "ada@shop.example", "only for production")
    unknown = await log_in(visitor, "nobody@shop.example", "only for development")

    assert (await log_in(visitor, "ada@shop.example", "only for development"))[0] == 200
    assert wrong == unknown
    assert wrong[0] == 400


async def test_a_known_address_is_not_told(mails: KeptMails, visitor: ShopClient) -> None:
    """Registering it again looks the same, changes nothing, and its owner gets a mail about it."""
    await register(visitor, mails, email="ADA@shop.example", name="Mallory")

    assert "You already have an account" in mails.mails[0].text
    assert mails.mails[0].text.startswith("Hello Ada,")
    assert (await log_in(visitor, "ada@shop.example", EVE["password"]))[0] == 400
    assert (await log_in(visitor, "ada@shop.example", "only for development"))[0] == 200


async def test_a_lost_password_is_replaced_once(mails: KeptMails, visitor: ShopClient) -> None:
    """The link works once, and the old password no longer does. An unknown address gets no mail."""
    for email in ("nobody@shop.example", "ada@shop.example"):
        assert await post(visitor, "/api/accounts/lost-password", email=email) == 202
    while not mails.mails:
        await read(visitor, "/api/products")
    new = {"token": mails.token(), "password": "another long one"}

    assert [await post(visitor, "/api/accounts/password", **new) for _ in range(2)] == [204, 400]
    assert [mail.to for mail in mails.mails] == ["ada@shop.example"]
    assert (await log_in(visitor, "ada@shop.example", "only for development"))[0] == 400
    assert (await log_in(visitor, "ada@shop.example", "another long one"))[0] == 200


async def test_mails_go_to_the_stored_address(mails: KeptMails, visitor: ShopClient) -> None:
    """The Kelvin sign is another character than K, and the same in lower case: its mail is not for a stranger."""
    await register(visitor, mails, email="kay@shop.example")
    await register(visitor, mails, email="\N{KELVIN SIGN}ay@shop.example")
    assert await post(visitor, "/api/accounts/lost-password", email="\N{KELVIN SIGN}ay@shop.example") == 202
    while len(mails.mails) < 3:
        await read(visitor, "/api/products")

    assert [mail.to for mail in mails.mails] == ["kay@shop.example"] * 3


async def test_a_registration_by_somebody_else_leaves_no_password(mails: KeptMails, visitor: ShopClient) -> None:
    """Each mail confirms its own registration, and the last one counts."""
    mallory = {"name": "Mallory", "password": "the password of mallory"}
    await register(visitor, mails, **mallory)
    first = mails.token()
    await register(visitor, mails)
    links = (first, mails.token())

    assert [await post(visitor, "/api/accounts/confirm", token=one) for one in links] == [400, 204]
    assert (await log_in(visitor, "eve@shop.example", mallory["password"]))[0] == 400
    assert (await log_in(visitor, "eve@shop.example", EVE["password"]))[0] == 200
    assert mails.mails[1].text.startswith("Hello Eve,")


async def test_a_new_hash_does_not_bring_back_an_old_password(settings: Settings) -> None:
    """A login that makes a new hash of its password may end after the password has changed."""
    engine = create_async_engine(settings.database_url)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with AsyncSession(engine) as session:
        accounts = AccountRepository(session)
        old, changed, late, new = "old hash", "changed", "old password, new hash", "changed, new hash"
        row = AccountRow(email="eve@shop.example", name="Eve", password_hash=old)
        assert await accounts.add(row)
        assert await accounts.replace_password(row.id, old, changed)
        await accounts.rehash(row.id, old, late)
        await session.refresh(row)
        assert row.password_hash == changed
        await accounts.rehash(row.id, changed, new)
        await session.refresh(row)
        assert row.password_hash == new
    await engine.dispose()


@pytest.mark.parametrize("path", ["/api/accounts/confirm", "/api/accounts/password"])
async def test_changed_links_are_refused(mails: KeptMails, visitor: ShopClient, path: str) -> None:
    """A token of one purpose is none of another, and neither is a changed one."""
    await register(visitor, mails)
    token = mails.token()
    password = {"password": "another long one"} if path.endswith("password") else {}
    wrong = [token + "x", "x"] + ([token] if password else [])

    for one in wrong:
        async with visitor.post(path, json={"token": one} | password) as response:
            assert response.status == 400
            assert (await response.json())["title"] == "The link is not valid"


@pytest.mark.parametrize("password", ["short", "x" * 201])
async def test_passwords_have_a_length(visitor: ShopClient, password: str) -> None:
    """The response does not repeat the password."""
    async with visitor.post("/api/accounts", json=EVE | {"password": password}) as response:
        assert response.status == 422
        assert "12 to 200" in await response.text()
        assert f'"{password}"' not in await response.text()


async def test_a_token_of_another_secret_is_refused(client: ShopClient, settings: Settings) -> None:
    """Each process of development has its own secret."""
    other = login(msgspec.structs.replace(settings, secret=SecretStr("x" * 32)), ADA)

    assert (await place(client, MUG_1=1))[0] == 201
    async with client.get("/api/orders", headers=other) as response:
        assert response.status == 401
        assert response.headers["WWW-Authenticate"] == 'Bearer realm="api", error="invalid_token"'

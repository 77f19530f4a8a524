import pytest
from framework import App
from framework.testing import AppClient
from framework.types import SecretStr

from shop.accounts.controller import AccountController
from shop.accounts.payloads import Registration
from shop.accounts.repository import AccountRepository
from shop.accounts.role import Role
from shop.commands import add_staff


async def test_an_account_becomes_one_of_the_staff(
    app: App, visitor: AppClient, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command has the services of a request, and commits."""
    bob = Registration("Bob", "bob@shop.example", SecretStr("correct horse battery"))
    await visitor.call(AccountController.register, registration=bob)

    async def promote(accounts: AccountRepository) -> int:
        return await add_staff("bob@shop.example", accounts)

    async with app.services() as services:
        assert await services.call(promote) == 0

    assert capsys.readouterr().out == "Bob is of the staff\n"
    async with app.services() as services:
        account = await (await services.get(AccountRepository)).find("bob@shop.example")
    assert account is not None
    assert account.role is Role.STAFF

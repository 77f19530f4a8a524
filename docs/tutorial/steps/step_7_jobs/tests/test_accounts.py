from collections.abc import Mapping
from typing import Any

from framework.testing import PROVIDED, AppClient, Clock
from framework.types import SecretStr

from shop.accounts.controller import AccountController
from shop.accounts.payloads import Account, Registration
from shop.accounts.role import Role


async def log_in(client: AppClient, email: str, password: str) -> tuple[int, Mapping[str, Any]]:
    """Log in, and return the status and the body of the response."""
    form = {"grant_type": "password", "username": email, "password": password}
    async with client.request("POST", "/token", data=form) as response:
        return response.status, await response.json()


async def test_a_user_registers_and_logs_in(visitor: AppClient) -> None:
    """The token of the login identifies the user."""
    bob = Registration("Bob", "Bob@shop.example", SecretStr("correct horse battery"))
    await visitor.call(AccountController.register, registration=bob)

    status, body = await log_in(visitor, "bob@shop.example", "correct horse battery")
    me = await visitor.with_credentials(bearer=body["access_token"]).call(AccountController.show, user=PROVIDED)

    assert status == 200
    assert me == Account(3, "Bob", "bob@shop.example", Role.CUSTOMER)


async def test_guesses_of_a_password_have_to_wait(visitor: AppClient, clock: Clock) -> None:
    """After five wrong passwords and one more, even the right one is not looked at for a second."""
    wrong = [await log_in(visitor, "ada@shop.example", "a guess") for _ in range(6)]
    delayed = await log_in(visitor, "ada@shop.example", "only for development")
    clock.move(1)
    right = await log_in(visitor, "ada@shop.example", "only for development")

    assert {status for status, _ in wrong} == {400}
    assert (delayed[0], right[0]) == (429, 200)


async def test_only_the_public_routes_need_no_token(visitor: AppClient) -> None:
    """The others are a 401, whatever is sent."""
    statuses = {}
    for path in ("/products", "/docs", "/openapi.json", "/orders", "/orders/x", "/accounts/me"):
        async with visitor.request("GET", path) as response:
            statuses[path] = response.status

    assert [path for path, status in statuses.items() if status == 200] == ["/products", "/docs", "/openapi.json"]
    assert [path for path, status in statuses.items() if status == 401] == ["/orders", "/orders/x", "/accounts/me"]

"""The routes of accounts."""

from typing import Annotated

from framework import Controller, Form, Request, get, post
from framework.http_errors import Unauthorized
from framework.security import PasswordForm, TokenError, TokenResponse, TooManyAttempts, public, token_errors

from shop.accounts.errors import EmailTaken
from shop.accounts.login import CurrentUser
from shop.accounts.payloads import Account, Registration
from shop.accounts.service import AccountService
from shop.accounts.tokens import AccessTokens


class AccountController(Controller):
    """Registers accounts and issues access tokens."""

    tags = ("accounts",)

    def __init__(self, accounts: AccountService, tokens: AccessTokens) -> None:
        self._accounts = accounts
        self._tokens = tokens

    @public
    @post("/accounts", status=201, raises=(EmailTaken,))
    async def register(self, registration: Registration) -> Account:
        """Register an account."""
        return await self._accounts.register(registration)

    @public
    @post("/token", exception_handlers=token_errors, raises=(TokenError, TooManyAttempts))
    async def log_in(self, request: Request, form: Annotated[PasswordForm, Form()]) -> TokenResponse:
        """Exchange an address and a password for an access token of 15 minutes."""
        account = await self._accounts.log_in(form.username, form.password, request)
        if account is None:
            raise TokenError("The address or the password is wrong", error="invalid_grant")
        return self._tokens.issue(account)

    @get("/accounts/me")
    async def show(self, user: CurrentUser) -> Account:
        """Return the account of the user."""
        account = await self._accounts.get(user.id)
        if account is None:
            raise Unauthorized
        return account

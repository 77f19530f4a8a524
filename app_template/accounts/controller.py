"""The routes of accounts."""

from typing import Annotated

from app_template.accounts.errors import LinkNotValid
from app_template.accounts.login import LOGIN
from app_template.accounts.mails import send_confirmation, send_reset
from app_template.accounts.payloads import Account, Confirmation, LostPassword, NewPassword, Registration
from app_template.accounts.service import AccountService
from app_template.accounts.tokens import AccessTokens, User
from framework import BackgroundTasks, Controller, Form, Request, get, post
from framework.http_errors import Unauthorized
from framework.security import PasswordForm, TokenError, TokenResponse, TooManyAttempts, public, token_errors

__all__ = ("AccountController",)


class AccountController(Controller):
    """Registers accounts, issues access tokens and replaces lost passwords."""

    tags = ("accounts",)

    def __init__(self, accounts: AccountService, tokens: AccessTokens) -> None:
        self._accounts = accounts
        self._tokens = tokens

    @public
    @post("/accounts", status=202)
    async def register(self, registration: Registration, tasks: BackgroundTasks) -> None:
        """Register an account. The address gets a mail with a link that confirms it."""
        await self._accounts.register(registration)
        tasks.add(send_confirmation, registration.email)

    @public
    @post("/accounts/confirm", raises=(LinkNotValid,))
    async def confirm(self, confirmation: Confirmation) -> None:
        """Confirm an address with the token of the mail."""
        await self._accounts.confirm(confirmation.token)

    @public
    @post("/token", exception_handlers=token_errors, raises=(TokenError, TooManyAttempts))
    async def log_in(self, request: Request, form: Annotated[PasswordForm, Form()]) -> TokenResponse:
        """Exchange an address and a password for an access token of 15 minutes."""
        account = await self._accounts.log_in(form.username, form.password, request)
        if account is None:
            raise TokenError("The address or the password is wrong", error="invalid_grant")
        return self._tokens.issue(account)

    @public
    @post("/accounts/lost-password", status=202)
    async def lose_password(self, lost: LostPassword, tasks: BackgroundTasks) -> None:
        """Ask for a new password. The address gets a mail with a link, if it has an account."""
        tasks.add(send_reset, lost.email)

    @public
    @post("/accounts/password", raises=(LinkNotValid,))
    async def set_password(self, new: NewPassword) -> None:
        """Set a new password with the token of the mail."""
        await self._accounts.set_password(new)

    @get("/accounts/me")
    async def show(self, user: Annotated[User, LOGIN]) -> Account:
        """Return the account of the user."""
        account = await self._accounts.get(user.id)
        if account is None:
            raise Unauthorized
        return account

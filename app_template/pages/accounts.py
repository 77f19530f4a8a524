"""The pages of accounts: login, registration, lost passwords."""

from typing import Annotated

from msgspec import Struct

from app_template.accounts.errors import LinkNotValid
from app_template.accounts.mails import send_confirmation, send_reset
from app_template.accounts.payloads import Confirmation, LostPassword, NewPassword, Registration
from app_template.accounts.service import AccountService
from app_template.pages.layout import TEMPLATES, Layout, PageContext
from app_template.pages.visit import Visit
from framework import BackgroundTasks, Controller, Form, Request, Response, get, post
from framework.http_errors import FieldError, InvalidForm
from framework.middleware import Session
from framework.openapi import handles
from framework.responses import Redirect, see_other
from framework.security import public
from framework.templating import FormState, flash
from framework.types import Email, SecretStr

__all__ = ("AccountPages",)


class FormPage(PageContext, kw_only=True):
    """The names of a page with one form."""

    form: FormState
    token: str = ""


class Login(Struct, frozen=True):
    """The form of the login."""

    email: Email
    password: SecretStr


_PAGES = {
    "/login": (TEMPLATES.page("login.html", FormPage), "Log in"),
    "/register": (TEMPLATES.page("registration.html", FormPage), "Register"),
    "/confirm": (TEMPLATES.page("confirmation.html", FormPage), "Confirm your address"),
    "/lost-password": (TEMPLATES.page("lost_password.html", FormPage), "Lost password"),
    "/reset": (TEMPLATES.page("new_password.html", FormPage), "New password"),
}


def show(request: Request, layout: Layout, form: FormState = FormState(), token: str = "") -> str:  # noqa: B008  frozen
    """Render the page of the path of a request."""
    page, title = _PAGES[request.path]
    return layout.render(page, FormPage, title, form=form, token=token)


@handles(media_type="text/html; charset=utf-8")
async def show_form_again(request: Request, error: InvalidForm, layout: Layout) -> Response[str]:
    """Render the page with what was sent and its errors."""
    return Response(show(request, layout, FormState.of(error), str(error.values.get("token", ""))))


def refuse(message: str, **values: str) -> InvalidForm:
    """Return the error of a form as a whole."""
    return InvalidForm(message, errors=[FieldError("form", "", "value", message)], values=values)


@public
class AccountPages(Controller):
    """Logs users in and out, registers them and replaces lost passwords."""

    in_document = False
    exception_handlers = {InvalidForm: show_form_again}  # noqa: RUF012  read once

    def __init__(self, accounts: AccountService, session: Session[Visit], layout: Layout) -> None:
        self._accounts = accounts
        self._layout = layout
        self._session = session

    @get("/login", media_type="text/html")
    async def show_login(self, request: Request) -> str:
        """Show the form."""
        return show(request, self._layout)

    @post("/login")
    async def log_in(self, request: Request, login: Annotated[Login, Form()]) -> Redirect:
        """Log in; the session gets a new id."""
        account = await self._accounts.log_in(login.email, login.password, request)
        if account is None:
            raise refuse("The address or the password is wrong", email=login.email)
        self._session.value = Visit.of(account)
        self._session.renew()
        flash(self._session, f"Welcome, {account.name}.")
        return see_other("/")

    @post("/logout")
    async def log_out(self) -> Redirect:
        """Log out."""
        self._session.end()
        return see_other("/")

    @get("/register", media_type="text/html")
    async def show_registration(self, request: Request) -> str:
        """Show the form."""
        return show(request, self._layout)

    @post("/register")
    async def register(self, new: Annotated[Registration, Form()], tasks: BackgroundTasks) -> Redirect:
        """Register an account; nobody learns whether the address is known."""
        await self._accounts.register(new)
        tasks.add(send_confirmation, new.email)
        return self._say("Look into your mailbox: a link confirms your address.")

    @get("/confirm", media_type="text/html")
    async def show_confirmation(self, request: Request, token: str) -> str:
        """Show a button: programs that open the links of mails confirm nothing."""
        return show(request, self._layout, token=token)

    @post("/confirm")
    async def confirm(self, form: Annotated[Confirmation, Form()]) -> Redirect:
        """Confirm an address."""
        try:
            await self._accounts.confirm(form.token)
        except LinkNotValid as error:
            raise refuse("The link is not valid any more") from error
        return self._say("Your address is confirmed. You can log in.", "/login")

    @get("/lost-password", media_type="text/html")
    async def show_lost_password(self, request: Request) -> str:
        """Show the form."""
        return show(request, self._layout)

    @post("/lost-password")
    async def lose_password(self, lost: Annotated[LostPassword, Form()], tasks: BackgroundTasks) -> Redirect:
        """Ask for a link."""
        tasks.add(send_reset, lost.email)
        return self._say("If the address has an account, a link is in its mailbox.")

    @get("/reset", media_type="text/html")
    async def show_new_password(self, request: Request, token: str) -> str:
        """Show the form."""
        return show(request, self._layout, token=token)

    @post("/reset")
    async def set_password(self, new: Annotated[NewPassword, Form()]) -> Redirect:
        """Set a new password."""
        try:
            await self._accounts.set_password(new)
        except LinkNotValid as error:
            raise refuse("The link is not valid any more") from error
        return self._say("Your password is changed. You can log in.", "/login")

    def _say(self, message: str, to: str = "/") -> Redirect:
        flash(self._session, message)
        return see_other(to)

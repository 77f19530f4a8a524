"""Login with an identity provider: OpenID Connect with PKCE, and a session of the application's own.

Settings are environment variables: ISSUER, CLIENT_ID, CLIENT_SECRET, SECRET. Register the redirect URI
http://127.0.0.1:8080/callback at the provider.
"""

import os
from typing import Annotated

from msgspec import Struct

from framework import App, Container, Controller, Query, Request, get, post
from framework.http_errors import ServiceUnavailable
from framework.middleware import Session, Sessions
from framework.responses import Redirect, see_other
from framework.security import AuthorizationResponse, LoginFailed, OpenIDLogin
from framework.types import SecretStr

__all__ = ("app", "create_app")

_REDIRECT_URI = "http://127.0.0.1:8080/callback"


class Claims(Struct):
    """What the provider says of a user; further claims are ignored."""

    sub: str
    name: str = "a user"


class Visit(Struct):
    """The session."""

    user: Claims | None = None


class LoginController(Controller):
    """Logs users in and out."""

    def __init__(self, login: OpenIDLogin[Claims]) -> None:
        self._login = login

    @get("/login", raises=(ServiceUnavailable,))
    async def start(self, request: Request, target: str = "/") -> Redirect:
        """Send the browser to the provider."""
        return await self._login.start(request, return_to=target)

    @get("/callback", raises=(LoginFailed, ServiceUnavailable))
    async def finish(
        self, request: Request, response: Annotated[AuthorizationResponse, Query()], session: Session[Visit]
    ) -> Redirect:
        """Begin a session for the user."""
        done = await self._login.finish(request, response)
        session.value.user = done.claims
        session.renew()
        return done.redirect()

    @post("/logout")
    async def logout(self, session: Session[Visit]) -> Redirect:
        """End the session."""
        session.end()
        return see_other("/")


class HomeController(Controller):
    """Greets users."""

    @get("/", media_type="text/html")
    async def show(self, session: Session[Visit]) -> str:
        """Show who is logged in."""
        user = session.value.user
        if user is None:
            return '<p><a href="/login">Log in</a></p>'
        return '<p>Welcome.</p><form method="post" action="/logout"><button>Log out</button></form>'


def create_app(
    issuer: str, client_id: str, client_secret: SecretStr, secret: str, redirect_uri: str = _REDIRECT_URI
) -> App:
    """Return the app of a provider."""
    login = OpenIDLogin(
        Claims,
        issuer=issuer,
        client_id=client_id,
        client_secret=client_secret,
        redirect_uri=redirect_uri,
        secret=secret,
        scopes=("openid", "profile"),
    )
    container = Container()
    container.add_instance(OpenIDLogin[Claims], login)
    sessions = Sessions(Visit, secret=secret)
    return App([LoginController, HomeController], container=container, openapi=None, middlewares=[sessions])


app = create_app(
    os.environ.get("ISSUER", "https://id.example.org"),
    os.environ.get("CLIENT_ID", "shop"),
    SecretStr(os.environ.get("CLIENT_SECRET", "of the client")),
    os.environ.get("SECRET", "an example only: at least 32 bytes"),
)

"""Guards of pages: visitors are sent to the login."""

from aiohttp import web

from app_template.accounts.tokens import User
from app_template.pages.visit import Visit
from framework.http_errors import NotFound
from framework.middleware import Session

__all__ = ("signed_in", "staff_only", "user_of")


def user_of(session: Session[Visit]) -> User:
    """Return the user, or send the visitor to the login."""
    user = session.value.user
    if user is None:
        raise web.HTTPSeeOther("/login")
    return user


async def signed_in(session: Session[Visit]) -> None:
    """Admit users."""
    user_of(session)


async def staff_only(session: Session[Visit]) -> None:
    """Admit the staff; others get a 404."""
    if not user_of(session).is_staff:
        raise NotFound

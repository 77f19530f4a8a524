"""Who may do what: every route requires a user, unless it is marked as public."""

from app_template.accounts.role import Role
from app_template.accounts.tokens import AccessTokens, User
from framework.security import OAuth2, Roles

__all__ = ("LOGIN", "STAFF")


async def verify(token: str, tokens: AccessTokens) -> User | None:
    """Return the user of a bearer token."""
    return await tokens.verify(token)


LOGIN = OAuth2(verify, flows={"password": {"tokenUrl": "/api/token", "scopes": {}}})
STAFF = Roles(LOGIN, (Role.STAFF,))

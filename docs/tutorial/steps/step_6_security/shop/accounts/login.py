"""Who may do what: every route requires a user, unless it is marked as public."""

from typing import Annotated, TypeAlias

from framework.security import OAuth2, Roles

from shop.accounts.role import Role
from shop.accounts.tokens import AccessTokens, User


async def verify(token: str, tokens: AccessTokens) -> User | None:
    """Return the user of a bearer token."""
    return await tokens.verify(token)


LOGIN = OAuth2(verify, flows={"password": {"tokenUrl": "/token", "scopes": {}}})
STAFF = Roles(LOGIN, (Role.STAFF,))
CurrentUser: TypeAlias = Annotated[User, LOGIN]

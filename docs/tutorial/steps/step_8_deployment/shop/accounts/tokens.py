"""The tokens with which clients identify their user."""

from datetime import timedelta

from framework.security import JWT, TokenResponse
from msgspec import Struct

from shop.accounts.payloads import Account
from shop.accounts.role import Role
from shop.settings import Settings

LIFETIME = timedelta(minutes=15)


class User(Struct, frozen=True):
    """The user of a request: the claims of an access token."""

    sub: str
    name: str
    roles: tuple[Role, ...] = ()

    @property
    def id(self) -> int:
        """The number of the account."""
        return int(self.sub)

    @property
    def is_staff(self) -> bool:
        """Whether the user may see all orders and add products."""
        return Role.STAFF in self.roles


class AccessTokens:
    """Issues and verifies access tokens."""

    def __init__(self, settings: Settings) -> None:
        self._tokens = JWT(User, keys=settings.secret, algorithms=("HS256",), issuer="shop", audience="shop")

    async def verify(self, token: str) -> User | None:
        """Return the user of a valid token."""
        return await self._tokens(token)

    def issue(self, account: Account) -> TokenResponse:
        """Return a new token for an account."""
        user = User(str(account.id), account.name, (account.role,))
        token = self._tokens.issue(user, expires=LIFETIME)
        return TokenResponse(access_token=token, expires_in=int(LIFETIME.total_seconds()))

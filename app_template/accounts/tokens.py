"""The tokens that the shop issues: for requests to the API, and for the links in its mails."""

from datetime import timedelta

from msgspec import Struct

from app_template.accounts.payloads import Account
from app_template.accounts.role import Role
from app_template.accounts.row import AccountRow
from app_template.settings import Settings
from framework.security import JWT, Signer, TokenResponse

__all__ = ("AccessTokens", "LinkTokens", "User")

_ACCESS = timedelta(minutes=15)
_CONFIRMATION = timedelta(days=3)
_RESET = timedelta(hours=1)


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
        """Whether the user may see all orders and change products."""
        return Role.STAFF in self.roles


class AccessTokens:
    """Issues and verifies the tokens with which clients of the API identify their user."""

    def __init__(self, settings: Settings) -> None:
        self._tokens = JWT(
            User,
            keys=settings.secret,
            algorithms=("HS256",),
            issuer="shop",
            audience="shop",
            remember=10_000,
        )

    async def verify(self, token: str) -> User | None:
        """Return the user of a valid token."""
        return await self._tokens(token)

    def issue(self, account: Account) -> TokenResponse:
        """Return a new token for an account."""
        user = User(str(account.id), account.name, (account.role,))
        seconds = int(_ACCESS.total_seconds())
        return TokenResponse(access_token=self._tokens.issue(user, expires=_ACCESS), expires_in=seconds)


class LinkTokens:
    """Signs and reads the tokens of links."""

    def __init__(self, settings: Settings) -> None:
        secret = settings.secret
        self._confirmations = Signer(secret, purpose="confirm-email")
        self._resets = Signer(secret, purpose="reset-password")

    def sign_confirmation(self, account: AccountRow) -> str:
        """Return a token that confirms the address of an account, for three days.

        It has a part of the hash, and so confirms the registration of this mail and no other.
        """
        return self._confirmations.sign((account.id, account.password_hash[-12:]), expires=_CONFIRMATION)

    def read_confirmation(self, token: str) -> tuple[int, str] | None:
        """Return the number of the account whose address is confirmed, and the end of its hash."""
        return self._confirmations.read(token, tuple[int, str])

    def sign_reset(self, account: AccountRow) -> str:
        """Return a token that allows one change of the password, for an hour.

        It has a part of the old hash, and so is useless once the password has changed.
        """
        return self._resets.sign((account.id, account.password_hash[-12:]), expires=_RESET)

    def read_reset(self, token: str) -> tuple[int, str] | None:
        """Return the number of the account and the end of the hash that is to be replaced."""
        return self._resets.read(token, tuple[int, str])

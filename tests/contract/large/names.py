"""All types of ``framework.types``, wherever they may stand."""

from typing import Annotated, Any

from msgspec import Struct

from framework import Controller, Form, Header, Query, get, post
from framework.types import (
    Email,
    Hostname,
    HttpUrl,
    IPAddress,
    IPv4Address,
    IPv6Address,
    NonEmptyStr,
    NonNegativeInt,
    Port,
    PositiveInt,
    SecretStr,
    Slug,
)

__all__ = ("NameController",)


class Account(Struct):
    """Somebody's account."""

    email: Email
    password: SecretStr
    homepage: HttpUrl | None = None
    host: Hostname = "localhost"
    port: Port = 80
    first: IPv4Address = "127.0.0.1"
    second: IPv6Address = "::1"
    others: list[IPAddress] = []
    slug: Slug | None = None
    title: NonEmptyStr = "untitled"
    visits: NonNegativeInt = 0
    number: PositiveInt = 1


class AccountAnswer(Struct):
    """What may be told of it."""

    email: Email
    homepage: HttpUrl | None
    host: Hostname
    port: Port
    addresses: list[IPAddress]
    slug: Slug | None
    title: NonEmptyStr
    number: PositiveInt


class NameController(Controller):
    """What has a name in the framework."""

    path = "/names"
    tags = ("names",)

    @post("/accounts/{slug}")
    async def create(self, slug: Slug, account: Account) -> AccountAnswer:
        """Return all but the secret."""
        return AccountAnswer(
            account.email,
            account.homepage,
            account.host,
            account.port,
            [account.first, account.second, *account.others],
            slug,
            account.title,
            account.number,
        )

    @get("/queries/{port}")
    async def query(
        self,
        port: Port,
        email: Email,
        number: PositiveInt = 1,
        hosts: Annotated[list[Hostname], Query(style="csv")] = [],  # noqa: B006  copied
        x_secret: Annotated[SecretStr | None, Header()] = None,
        x_address: Annotated[IPv4Address | None, Header()] = None,
    ) -> list[Any]:
        """Return what was read, but the secret."""
        return [port, email, number, hosts, x_secret is None, x_address]

    @post("/login")
    async def log_in(self, name: Annotated[NonEmptyStr, Form()], password: Annotated[SecretStr, Form()]) -> int:
        """Take a form with a secret."""
        return len(name) + len(password.reveal())

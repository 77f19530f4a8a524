"""Request and response bodies of accounts."""

from typing import Annotated, TypeAlias

from msgspec import Meta, Struct

from app_template.accounts.role import Role
from app_template.fields import Name
from framework.types import Email, SecretStr

__all__ = ("Account", "Confirmation", "LostPassword", "NewPassword", "Registration")

_SHORTEST, _LONGEST = 12, 200
Password: TypeAlias = Annotated[SecretStr, Meta(description="At least 12 characters, of any kind.")]
LinkToken: TypeAlias = Annotated[str, Meta(min_length=1, max_length=500, description="The token of a link in a mail.")]


class Registration(Struct, frozen=True, forbid_unknown_fields=True):
    """A new account as it is sent."""

    name: Annotated[Name, Meta(examples=["Ada"])]
    email: Annotated[Email, Meta(examples=["ada@shop.example"])]
    password: Password

    def __post_init__(self) -> None:
        _check(self.password)


class Confirmation(Struct, frozen=True, forbid_unknown_fields=True):
    """The token that was sent to the address of a new account."""

    token: LinkToken


class LostPassword(Struct, frozen=True, forbid_unknown_fields=True):
    """The address of an account whose password is lost."""

    email: Email


class NewPassword(Struct, frozen=True, forbid_unknown_fields=True):
    """A new password, with the token that was sent by mail."""

    token: LinkToken
    password: Password

    def __post_init__(self) -> None:
        _check(self.password)


class Account(Struct, frozen=True):
    """An account."""

    id: int
    name: str
    email: str
    role: Role


def _check(password: SecretStr) -> None:
    """Raise ValueError if a password is too short, or longer than anybody types."""
    if not _SHORTEST <= len(password.reveal()) <= _LONGEST:
        raise ValueError(f"Expected a password of {_SHORTEST} to {_LONGEST} characters")

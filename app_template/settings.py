"""What the environment decides about the application."""

import typing
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

__all__ = ("Environment", "Settings", "SettingsError", "read_settings")

# SQLite in memory is left out: each connection of the pool would see a database of its own.
_DATABASE_URL = r"^(sqlite\+aiosqlite:///(?!:memory:|file:).+|postgresql\+asyncpg://.+)$"


class Environment(StrEnum):
    """Where the application runs."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class Settings(
    Struct,
    frozen=True,
    kw_only=True,
    rename={"environment": "SHOP_ENV", "host": "SHOP_HOST", "port": "SHOP_PORT", "database_url": "DATABASE_URL"},
):
    """The settings; each description completes the sentence that is told of a bad value: ``SHOP_PORT must be …``."""

    environment: Annotated[Environment, Meta(description="development or production")] = Environment.DEVELOPMENT
    host: Annotated[str, Meta(min_length=1, description="a name or an address to listen on")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=1, le=65_535, description="a number from 1 to 65535")] = 8000
    database_url: Annotated[
        str,
        Meta(
            pattern=_DATABASE_URL,
            description="sqlite+aiosqlite:///FILE or postgresql+asyncpg://USER:PASSWORD@HOST/DATABASE",
        ),
    ] = "sqlite+aiosqlite:///shop.db"

    @property
    def docs(self) -> bool:
        """Whether the document and its page are served."""
        return self.environment is not Environment.PRODUCTION

    @property
    def samples(self) -> bool:
        """Whether an empty database is filled with a few products."""
        return self.environment is not Environment.PRODUCTION


class SettingsError(Exception):
    """Variables of the environment that cannot be used; all of them, and without their values, which may be secrets."""

    def __init__(self, mistakes: Mapping[str, str]) -> None:
        super().__init__("\n".join(f"{name} must be {expected}." for name, expected in mistakes.items()))
        self.mistakes = mistakes


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings, ``{"SHOP_PORT": "80"}`` -> ``Settings(port=80)``; raises SettingsError."""
    values: dict[str, object] = {}
    mistakes: dict[str, str] = {}
    for field in msgspec.structs.fields(Settings):
        name = field.encode_name
        if name not in environment:
            continue
        try:
            values[field.name] = msgspec.convert(environment[name], field.type, strict=False)
        except msgspec.ValidationError:
            mistakes[name] = typing.get_args(field.type)[1].description
    if mistakes:
        raise SettingsError(mistakes)
    return msgspec.structs.replace(Settings(), **values)

"""Settings of the shop, read from environment variables."""

import secrets
from collections.abc import Mapping
from typing import Annotated

import msgspec
from framework.settings import read_settings
from framework.types import SecretStr
from msgspec import Meta, Struct

# SQLite in memory is not allowed: each connection of the pool would have its own database.
DATABASE_URL = r"^sqlite\+aiosqlite:///(?!:memory:|file:).+$"
SHORTEST_SECRET = 32


class Settings(Struct, frozen=True, kw_only=True):
    """The settings. Variables begin with ``SHOP_``: ``SHOP_SAMPLES=0``."""

    title: str = "Shop"
    samples: bool = True
    """Whether a new shop has sample products and accounts."""
    database_url: Annotated[str, Meta(pattern=DATABASE_URL)] = msgspec.field(
        name="DATABASE_URL", default="sqlite+aiosqlite:///shop.db"
    )
    secret: SecretStr = msgspec.field(default_factory=lambda: SecretStr(secrets.token_urlsafe(32)))
    """Signs tokens. Without it each process makes one of its own, and its tokens end with it."""
    origins: tuple[str, ...] = ()
    """The origins of pages that may read responses, ``https://app.example``."""

    def __post_init__(self) -> None:
        """Check what the types do not say. Raises ValueError."""
        if len(self.secret.reveal()) < SHORTEST_SECRET:
            raise ValueError(f"the secret requires at least {SHORTEST_SECRET} characters")


def read(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings. Raises framework.settings.SettingsError with all errors."""
    return read_settings(Settings, environ, prefix="SHOP_", env_file=".env")

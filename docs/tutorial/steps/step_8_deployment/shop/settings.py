"""Settings of the shop, read from environment variables."""

import secrets
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

import msgspec
from framework.settings import read_settings
from framework.types import SecretStr
from msgspec import Meta, Struct

# SQLite in memory is not allowed: each connection of the pool would have its own database.
DATABASE_URL = r"^sqlite\+aiosqlite:///(?!:memory:|file:).+$"
SHORTEST_SECRET = 32
OF_DEVELOPMENT = "development-"


class Environment(StrEnum):
    """Where the shop runs."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class Settings(Struct, frozen=True, kw_only=True):
    """The settings. Variables begin with ``SHOP_``: ``SHOP_SECRET_FILE=/run/secrets/shop``."""

    environment: Environment = msgspec.field(name="SHOP_ENV", default=Environment.DEVELOPMENT)
    title: str = "Shop"
    samples: bool = True
    """Whether a new shop has sample products and accounts; in production it has none."""
    database_url: Annotated[str, Meta(pattern=DATABASE_URL)] = msgspec.field(
        name="DATABASE_URL", default="sqlite+aiosqlite:///shop.db"
    )
    redis_url: SecretStr | None = None
    """Where processes share the live feed and the failed logins, ``redis://…``; else each has its own."""
    secret: SecretStr = msgspec.field(default_factory=lambda: SecretStr(OF_DEVELOPMENT + secrets.token_urlsafe(32)))
    """Signs tokens. In development each process makes one of its own, and its tokens end with it."""
    hosts: tuple[str, ...] = ()
    """The hosts that are served, ``shop.example``; all, if there are none."""
    proxies: tuple[str, ...] = ()
    """The networks of proxies in front of the shop, ``10.0.0.0/8``."""
    origins: tuple[str, ...] = ()
    """The origins of pages that may read responses, ``https://app.example``."""
    metrics: bool = False
    """Whether ``/metrics`` shows the numbers of requests; the proxy in front keeps it from strangers."""

    def __post_init__(self) -> None:
        """Check what the types do not say. Raises ValueError."""
        if len(self.secret.reveal()) < SHORTEST_SECRET:
            raise ValueError(f"the secret requires at least {SHORTEST_SECRET} characters")
        if self.production and self.secret.reveal().startswith(OF_DEVELOPMENT):
            raise ValueError("a secret is required that all processes share")

    @property
    def production(self) -> bool:
        """Whether the shop is open to the public: over HTTPS only, without documentation and samples."""
        return self.environment is Environment.PRODUCTION


def read(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings. Raises framework.settings.SettingsError with all errors."""
    return read_settings(Settings, environ, prefix="SHOP_", env_file=".env")

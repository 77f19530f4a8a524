"""Settings of the application, read from environment variables."""

import secrets
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from framework.middleware import CORS, ProxyHeaders, TrustedHosts
from framework.settings import read_settings
from framework.types import Email, Port, SecretStr

__all__ = ("Environment", "Settings", "read")

# SQLite in memory is not allowed: each connection of the pool would have its own database.
_DATABASE_URL = r"^(sqlite\+aiosqlite:///(?!:memory:|file:).+|postgresql\+asyncpg://.+)$"
_SHORTEST_SECRET = 32
_OF_DEVELOPMENT = "development-"


class Environment(StrEnum):
    """Where the application runs."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class Settings(Struct, frozen=True, kw_only=True):
    """The settings. Variables begin with ``SHOP_``: ``SHOP_PORT=80``, ``SHOP_SECRET_FILE=/run/secrets/shop``."""

    environment: Environment = msgspec.field(name="SHOP_ENV", default=Environment.DEVELOPMENT)
    host: Annotated[str, Meta(min_length=1)] = "127.0.0.1"
    port: Port = 8000
    hosts: tuple[str, ...] = ()
    """The hosts that are served, ``shop.example,*.shop.example``; all, if there are none."""
    origins: tuple[str, ...] = ()
    """The origins of other pages that may read responses, ``https://app.example``."""
    proxies: tuple[str, ...] = ()
    """The networks of proxies in front of the shop, ``10.0.0.0/8``."""
    database_url: Annotated[str, Meta(pattern=_DATABASE_URL)] = msgspec.field(
        name="DATABASE_URL", default="sqlite+aiosqlite:///shop.db"
    )
    redis_url: SecretStr | None = None
    """Where sessions and limits are kept that several processes share, ``redis://…``; else in the process."""
    jobs_url: SecretStr | None = None
    """A broker that carries jobs to workers, ``redis://…`` or ``nats://…``; else, or if empty, they read the table."""
    secret: SecretStr = msgspec.field(default_factory=lambda: SecretStr(_OF_DEVELOPMENT + secrets.token_urlsafe(32)))
    """Signs tokens and links. In development each process makes one of its own, so tokens end with it."""
    url: Annotated[str, Meta(pattern=r"^https?://[^/]+$")] = "http://127.0.0.1:8000"
    """The address of the shop in its mails."""
    smtp_url: SecretStr | None = None
    """``smtp://USER:PASSWORD@HOST:PORT`` or ``smtps://…``; without it mails are logged."""
    mail_sender: Email = "shop@shop.example"
    metrics: bool = False
    """Whether ``/metrics`` shows the numbers of requests, to anybody: the proxy in front keeps it from strangers."""
    traces: Annotated[float, Meta(ge=0, le=1)] = 0.0
    """The share of requests that are traced; ``OTEL_…`` variables say where traces are sent."""
    sentry_dsn: SecretStr | None = None
    """Where unhandled exceptions are reported, ``https://KEY@HOST/PROJECT``."""

    def __post_init__(self) -> None:
        """Check what the types do not say. Raises ValueError."""
        if len(self.secret.reveal()) < _SHORTEST_SECRET:
            raise ValueError(f"the secret requires at least {_SHORTEST_SECRET} characters")
        if self.production and self.secret.reveal().startswith(_OF_DEVELOPMENT):
            raise ValueError("a secret is required that all processes share")
        layers = {
            "hosts": TrustedHosts(*self.hosts) if self.hosts else None,
            "origins": CORS(origins=self.origins) if self.origins else None,
            "proxies": ProxyHeaders(trusted=self.proxies) if self.proxies else None,
        }
        for name, layer in layers.items():
            if layer is not None and any(layer.mistakes()):
                raise ValueError(f"the {name} have an item that is not valid")

    @property
    def production(self) -> bool:
        """Whether the shop is open to the public: over HTTPS only, and without documentation."""
        return self.environment is Environment.PRODUCTION


def read(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings. Raises framework.settings.SettingsError with all errors."""
    return read_settings(Settings, environ, prefix="SHOP_", env_file=".env")

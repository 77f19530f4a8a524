"""Settings of the shop, read from environment variables."""

from collections.abc import Mapping
from typing import Annotated

import msgspec
from framework.settings import read_settings
from msgspec import Meta, Struct

# SQLite in memory is not allowed: each connection of the pool would have its own database.
DATABASE_URL = r"^sqlite\+aiosqlite:///(?!:memory:|file:).+$"


class Settings(Struct, frozen=True, kw_only=True):
    """The settings. Variables begin with ``SHOP_``: ``SHOP_SAMPLES=0``."""

    title: str = "Shop"
    samples: bool = True
    """Whether a new shop has sample products."""
    database_url: Annotated[str, Meta(pattern=DATABASE_URL)] = msgspec.field(
        name="DATABASE_URL", default="sqlite+aiosqlite:///shop.db"
    )


def read(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings. Raises framework.settings.SettingsError with all errors."""
    return read_settings(Settings, environ, prefix="SHOP_", env_file=".env")

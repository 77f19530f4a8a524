"""Settings of the shop, read from environment variables."""

from collections.abc import Mapping

from framework.settings import read_settings
from msgspec import Struct


class Settings(Struct, frozen=True, kw_only=True):
    """The settings. Variables begin with ``SHOP_``: ``SHOP_SAMPLES=0``."""

    title: str = "Shop"
    samples: bool = True
    """Whether a new shop has sample products."""


def read(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings. Raises framework.settings.SettingsError with all errors."""
    return read_settings(Settings, environ, prefix="SHOP_", env_file=".env")

"""The template's application, over a database of its own."""

from pathlib import Path

from app_template.application import create_app, create_container
from app_template.settings import Settings
from framework import App

__all__ = ("create_shop",)


def create_shop(folder: Path) -> App:
    """Declare the shop; its database is a file in the folder."""
    settings = Settings(database_url=f"sqlite+aiosqlite:///{folder / 'shop.db'}")
    return create_app(settings, create_container(settings))

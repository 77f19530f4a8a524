"""Serves the shop from one process, for development: ``python -m app_template``."""

import os
import sys

from aiohttp import web

from app_template.application import create_app, create_container
from app_template.logs import configure_logging
from app_template.settings import Settings, SettingsError, read_settings


def main() -> None:
    """Read the settings and serve until Ctrl+C."""
    try:
        settings = read_settings(os.environ)
    except SettingsError as error:
        sys.exit(str(error))
    configure_logging()
    app = create_app(settings, create_container(settings))

    def welcome(_: str) -> None:
        sys.stdout.write(_welcome(settings))

    web.run_app(app.build(), host=settings.host, port=settings.port, print=welcome)


def _welcome(settings: Settings) -> str:
    address = f"http://{settings.host}:{settings.port}"
    docs = f"its documentation at {address}/docs" if settings.docs else "without its documentation"
    return f"The shop is open at {address}, {docs}. Ctrl+C closes it.\n"


if __name__ == "__main__":
    main()

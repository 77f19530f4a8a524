"""Serves the shop in one process, for development: ``python -m app_template``."""

import sys

from aiohttp import web

from app_template.application import create_app, create_container
from app_template.settings import Settings, read
from framework.jobs import working_in_process
from framework.telemetry import configure_logging


def main() -> None:
    """Read the settings and serve until Ctrl+C."""
    settings = read()
    configure_logging()
    app = create_app(settings, create_container(settings))
    with working_in_process():
        web_app = app.build()

    def welcome(_: str) -> None:
        sys.stdout.write(_welcome(settings))

    # The app has an access log of its own.
    web.run_app(web_app, host=settings.host, port=settings.port, access_log=None, print=welcome)


def _welcome(settings: Settings) -> str:
    address = f"http://{settings.host}:{settings.port}"
    docs = f"its documentation at {address}/docs" if not settings.production else "without documentation"
    return f"The shop is served at {address}, {docs}. Press Ctrl+C to stop it.\n"


if __name__ == "__main__":
    main()

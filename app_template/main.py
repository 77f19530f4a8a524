"""What servers import: ``gunicorn app_template.main:web_app -k aiohttp.GunicornUVLoopWebWorker``."""

import os

from app_template.application import create_app, create_container
from app_template.logs import configure_logging
from app_template.settings import read_settings

__all__ = ("app", "web_app")

configure_logging()
_settings = read_settings(os.environ)

app = create_app(_settings, create_container(_settings))
web_app = app.build()

"""What servers import: ``framework run app_template.main:app``."""

from app_template.application import create_app, create_container
from app_template.settings import read
from framework.telemetry import configure_logging

__all__ = ("app", "web_app")

configure_logging()
_settings = read()

app = create_app(_settings, create_container(_settings))
web_app = app.build()

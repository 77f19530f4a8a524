"""What the server imports."""

from framework.telemetry import configure_logging

from shop.application import create_app, create_container
from shop.settings import read

configure_logging()
settings = read()
app = create_app(settings, create_container(settings))

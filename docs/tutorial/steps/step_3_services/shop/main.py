"""What the server imports."""

from shop.application import create_app, create_container
from shop.settings import read

settings = read()
app = create_app(settings, create_container(settings))

"""Declares the application: its services and its controllers."""

from framework import App, Container, OpenAPI

from shop.products.controller import ProductController
from shop.products.repository import ProductRepository
from shop.products.service import ProductService
from shop.settings import Settings


def create_container(settings: Settings) -> Container:
    """Register the services."""
    container = Container()
    container.add_instance(Settings, settings)
    container.add_singleton(ProductRepository)
    container.add_scoped(ProductService)
    return container


def create_app(settings: Settings, container: Container) -> App:
    """Return the application."""
    app = App(
        controllers=[ProductController],
        container=container,
        openapi=OpenAPI(title=settings.title, version="1.0.0"),
    )
    # Controllers inject it to make URLs of handlers.
    container.add_instance(App, app)
    return app

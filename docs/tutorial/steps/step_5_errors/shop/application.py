"""Declares the application: its services and its controllers."""

from framework import App, Container, OpenAPI
from framework.middleware import RequestID
from framework.telemetry import AccessLog
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from shop.database.engine import open_engine
from shop.database.errors import DatabaseUnavailable, unavailable
from shop.database.session import open_session
from shop.orders.controller import OrderController
from shop.orders.repository import OrderRepository
from shop.orders.service import OrderService
from shop.products.controller import ProductController
from shop.products.repository import ProductRepository
from shop.products.service import ProductService
from shop.settings import Settings


def create_container(settings: Settings) -> Container:
    """Register the services: one engine per process, one session per request."""
    container = Container()
    container.add_instance(Settings, settings)
    container.add_singleton(AsyncEngine, open_engine)
    container.add_scoped(AsyncSession, open_session)
    container.add_scoped(ProductRepository)
    container.add_scoped(ProductService)
    container.add_scoped(OrderRepository)
    container.add_scoped(OrderService)
    return container


def create_app(settings: Settings, container: Container) -> App:
    """Return the application."""
    app = App(
        controllers=[ProductController, OrderController],
        container=container,
        middlewares=[RequestID()],
        observers=[AccessLog()],
        exception_handlers={OperationalError: unavailable},
        raises=(DatabaseUnavailable,),
        openapi=OpenAPI(title=settings.title, version="1.0.0"),
    )
    # Controllers inject it to make URLs of handlers.
    container.add_instance(App, app)
    return app

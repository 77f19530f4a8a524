"""Puts the application together: which services there are, and which controllers use them."""

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from app_template.database.engine import open_engine
from app_template.database.session import open_session
from app_template.orders.controller import OrderController
from app_template.orders.repository import OrderRepository
from app_template.orders.service import OrderService
from app_template.products.controller import ProductController
from app_template.products.repository import ProductRepository
from app_template.products.service import ProductService
from app_template.request_id import add_request_id
from app_template.settings import Settings
from framework import App, Container, OpenAPI

__all__ = ("create_app", "create_container")

_OPENAPI = OpenAPI(
    title="Shop",
    version="1.0.0",
    description="Products in stock, and orders that never sell more than there is.",
    tags={"products": "What is sold.", "orders": "Who bought what."},
)


def create_container(settings: Settings) -> Container:
    """Register the services: one engine for the process, one session for each request."""
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
    """Declare the application; ``build()`` on it gives what a server serves."""
    app = App(
        controllers=[ProductController, OrderController],
        container=container,
        middlewares=[add_request_id],
        openapi=_OPENAPI if settings.docs else None,
    )
    # Controllers ask for it where they need the URL of another handler.
    container.add_instance(App, app)
    return app

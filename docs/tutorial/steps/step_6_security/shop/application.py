"""Declares the application: its services, its controllers and what is around them."""

from framework import App, Container, OpenAPI, Router
from framework.layers import Layer
from framework.middleware import CORS, RateLimit, RequestID
from framework.security import LoginThrottle, PasswordHasher
from framework.telemetry import AccessLog
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from shop.accounts.controller import AccountController
from shop.accounts.login import LOGIN
from shop.accounts.repository import AccountRepository
from shop.accounts.service import AccountService
from shop.accounts.tokens import AccessTokens
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
    container.add_singleton(AccessTokens)
    container.add_instance(PasswordHasher, PasswordHasher())
    container.add_instance(LoginThrottle, LoginThrottle())
    container.add_scoped(AsyncSession, open_session)
    container.add_scoped(AccountRepository)
    container.add_scoped(AccountService)
    container.add_scoped(ProductRepository)
    container.add_scoped(ProductService)
    container.add_scoped(OrderRepository)
    container.add_scoped(OrderService)
    return container


def create_app(settings: Settings, container: Container) -> App:
    """Return the application."""
    app = App(
        controllers=[
            Router("", [AccountController], middlewares=[RateLimit("30/minute")]),
            ProductController,
            OrderController,
        ],
        container=container,
        default_guard=LOGIN,
        middlewares=create_middlewares(settings),
        observers=[AccessLog()],
        exception_handlers={OperationalError: unavailable},
        raises=(DatabaseUnavailable,),
        openapi=OpenAPI(title=settings.title, version="1.0.0", guards=()),
    )
    # Controllers inject it to make URLs of handlers.
    container.add_instance(App, app)
    return app


def create_middlewares(settings: Settings) -> list[Layer]:
    """Return what is around all routes, from the outside to the inside."""
    middlewares: list[Layer] = [RequestID()]
    if settings.origins:
        middlewares.append(CORS(origins=settings.origins, expose=("Location", "X-Request-ID")))
    return middlewares

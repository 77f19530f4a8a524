"""Declares the application: its services, its controllers and what is around them."""

from framework import App, Container, OpenAPI, Router
from framework.jobs import JobSettings
from framework.layers import Layer
from framework.middleware import CORS, RateLimit, RequestID
from framework.security import LoginThrottle, PasswordHasher
from framework.stores import MemoryStore, RedisStore, Store
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
from shop.mails import LoggedMailer, Mailer
from shop.orders.controller import OrderController
from shop.orders.feed import OrderFeed, OrderFeedController, choose_channels
from shop.orders.mails import OrderMails
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
    container.add_singleton(Mailer, LoggedMailer)
    container.add_instance(PasswordHasher, PasswordHasher())
    container.add_scoped(AsyncSession, open_session)
    container.add_scoped(AccountRepository)
    container.add_scoped(AccountService)
    container.add_scoped(ProductRepository)
    container.add_scoped(ProductService)
    container.add_scoped(OrderRepository)
    container.add_scoped(OrderService)
    container.add_scoped(OrderFeed)
    return container


def create_app(settings: Settings, container: Container) -> App:
    """Return the application."""
    store = choose_store(settings)
    container.add_instance(LoginThrottle, LoginThrottle(store=store))
    app = App(
        controllers=[
            Router("", [AccountController], middlewares=[RateLimit("30/minute", store=store)]),
            ProductController,
            OrderController,
            OrderFeedController,
        ],
        container=container,
        default_guard=LOGIN,
        middlewares=create_middlewares(settings),
        observers=[AccessLog()],
        channels=choose_channels(settings),
        jobs=JobSettings([OrderMails]),
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


def choose_store(settings: Settings) -> Store:
    """Return a store that all processes share, or one in this process, for development."""
    return MemoryStore() if settings.redis_url is None else RedisStore(settings.redis_url.reveal())

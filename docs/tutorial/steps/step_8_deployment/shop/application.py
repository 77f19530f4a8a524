"""Declares the application: its services, its controllers and what is around them."""

from framework import App, Container, OpenAPI, Router
from framework.health import Health
from framework.job_store import jobs_ready
from framework.jobs import JobSettings
from framework.middleware import RateLimit
from framework.security import LoginThrottle, PasswordHasher
from framework.stores import MemoryStore, RedisStore, Store
from framework.telemetry import AccessLog, Metrics
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from shop.accounts.controller import AccountController
from shop.accounts.login import LOGIN
from shop.accounts.repository import AccountRepository
from shop.accounts.service import AccountService
from shop.accounts.tokens import AccessTokens
from shop.commands import add_staff
from shop.database.engine import open_engine
from shop.database.errors import DatabaseUnavailable, unavailable
from shop.database.session import open_session
from shop.health import database
from shop.mails import LoggedMailer, Mailer
from shop.middlewares import create_middlewares
from shop.orders.controller import OrderController
from shop.orders.feed import OrderFeed, OrderFeedController, choose_channels
from shop.orders.mails import OrderMails
from shop.orders.repository import OrderRepository
from shop.orders.service import OrderService
from shop.products.controller import ProductController
from shop.products.repository import ProductRepository
from shop.products.service import ProductService
from shop.settings import Settings

METRICS = Metrics()


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
            Health(checks=[database, jobs_ready]),
            *([METRICS.routes(public=True)] if settings.metrics else ()),
        ],
        container=container,
        default_guard=LOGIN,
        middlewares=create_middlewares(settings),
        observers=[AccessLog(exclude=("/metrics",)), *([METRICS] if settings.metrics else ())],
        channels=choose_channels(settings),
        jobs=JobSettings([OrderMails]),
        exception_handlers={OperationalError: unavailable},
        raises=(DatabaseUnavailable,),
        commands=[add_staff],
        openapi=None if settings.production else OpenAPI(title=settings.title, version="1.0.0", guards=()),
    )
    # Controllers inject it to make URLs of handlers.
    container.add_instance(App, app)
    return app


def choose_store(settings: Settings) -> Store:
    """Return a store that all processes share, or one in this process, for development."""
    return MemoryStore() if settings.redis_url is None else RedisStore(settings.redis_url.reveal())

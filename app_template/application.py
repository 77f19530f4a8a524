"""Declares the application: its services, its controllers and what stands around them."""

from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from app_template.accounts.controller import AccountController
from app_template.accounts.login import LOGIN
from app_template.accounts.repository import AccountRepository
from app_template.accounts.service import AccountService
from app_template.accounts.tokens import AccessTokens, LinkTokens
from app_template.database.engine import open_engine
from app_template.database.session import open_session
from app_template.health import database
from app_template.mails.mailer import Mailer, choose_mailer
from app_template.middlewares import PAGE_POLICY, create_middlewares
from app_template.observers import METRICS, create_observers
from app_template.orders.controller import OrderController
from app_template.orders.feed import OrderFeed, choose_channels
from app_template.orders.live import LiveOrderController
from app_template.orders.mails import OrderMails
from app_template.orders.reports import OrderReports
from app_template.orders.repository import OrderRepository
from app_template.orders.service import OrderService
from app_template.pages.accounts import AccountPages
from app_template.pages.jobs import JobPages
from app_template.pages.layout import TEMPLATES, Layout
from app_template.pages.orders import OrderPages
from app_template.pages.products import ProductCatalogue, ProductPages
from app_template.products.controller import ProductController
from app_template.products.images import ProductImageController, ProductImages
from app_template.products.repository import ProductRepository
from app_template.products.service import ProductService
from app_template.settings import Settings
from app_template.stores import choose_store
from framework import App, Container, OpenAPI, Router
from framework.caching import CacheControl
from framework.health import Health
from framework.job_store import jobs_ready
from framework.jobs import JobSettings
from framework.middleware import Idempotency
from framework.security import LoginThrottle, PasswordHasher
from framework.static import StaticFiles
from framework.templating import Templates

__all__ = ("create_app", "create_container")

_STATIC = Path(__file__).with_name("pages") / "static"
_OPENAPI = OpenAPI(
    title="Shop",
    version="1.0.0",
    description="Products in stock, and orders that never exceed the stock.",
    guards=(),
    tags={
        "accounts": "Registration and login.",
        "products": "Products and their stock.",
        "orders": "Orders of customers.",
    },
)


def create_container(settings: Settings) -> Container:
    """Register the services: one engine per process, one session per request."""
    container = Container()
    container.add_instance(Settings, settings)
    container.add_singleton(AsyncEngine, open_engine)
    container.add_singleton(AccessTokens)
    container.add_singleton(LinkTokens)
    container.add_singleton(Mailer, choose_mailer)
    container.add_instance(PasswordHasher, PasswordHasher())
    container.add_scoped(AsyncSession, open_session)
    container.add_scoped(AccountRepository)
    container.add_scoped(AccountService)
    container.add_scoped(ProductRepository)
    container.add_scoped(ProductService)
    container.add_scoped(ProductImages)
    container.add_scoped(OrderRepository)
    container.add_scoped(OrderService)
    container.add_scoped(OrderFeed)
    container.add_instance(Templates, TEMPLATES)
    container.add_scoped(Layout)
    container.add_scoped(ProductCatalogue)
    return container


def create_app(settings: Settings, container: Container) -> App:
    """Return the application; its ``build()`` returns the ``aiohttp.web.Application`` that a server serves."""
    store = choose_store(settings)
    container.add_instance(LoginThrottle, LoginThrottle(store=store))
    app = App(
        controllers=[
            # Its credentials are no cookies, so other pages cannot use them.
            Router(
                "/api",
                [AccountController, ProductController, ProductImageController, LiveOrderController],
                metadata={"csrf": False},
            ),
            Router("/api", [OrderController], metadata={"csrf": False}, middlewares=[Idempotency(store=store)]),
            Router("", [ProductPages, OrderPages, AccountPages, JobPages], middlewares=[PAGE_POLICY]),
            StaticFiles("/static", _STATIC, public=True, cache_control=CacheControl(max_age=300, public=True)),
            Health(checks=[database, jobs_ready]),
            *([METRICS.routes(public=True)] if settings.metrics else ()),
        ],
        container=container,
        default_guard=LOGIN,
        middlewares=create_middlewares(settings, store),
        observers=create_observers(settings),
        channels=choose_channels(settings),
        # A migration creates their tables. They run in framework dev, and elsewhere by framework jobs run.
        jobs=JobSettings(
            [OrderMails, OrderReports], broker=settings.jobs_url or None, broker_prefix="shop_jobs", create_tables=False
        ),
        openapi=None if settings.production else _OPENAPI,
    )
    # Controllers inject it to make URLs of handlers.
    container.add_instance(App, app)
    return app

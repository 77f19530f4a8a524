"""InvalidOptionError: a setting that nobody knows, or of the wrong type."""

import http
from collections.abc import AsyncIterator
from datetime import date, datetime
from typing import Any

import pytest

from framework import (
    App,
    Controller,
    Deprecation,
    EventStream,
    HTTPError,
    Limits,
    OpenAPI,
    Router,
    WebSocket,
    get,
    route,
    websocket,
)
from framework.caching import CacheControl
from framework.errors import InvalidOptionError
from framework.openapi import Callback, Link
from framework.routing import RouteOptions
from tests.startup.expected import after, mistakes, place, told

WRONG: Any = 1.5


async def require_user(request: object) -> None:
    """Guard."""


class Orders(Controller):
    """A controller with nothing wrong."""

    @get("/orders")
    async def search(self) -> str:
        """Answer."""
        return ""


@pytest.mark.parametrize(
    ("option", "value", "what", "example"),
    [
        ("status", "201", "status='201' is not a number", "status=201"),
        ("status", True, "status=True is not a number", "status=201"),
        ("name", 3, "name=3 is not a text with something in it", 'name="orders"'),
        ("name", "", "name='' is not a text with something in it", 'name="orders"'),
        ("raises", HTTPError, "raises=HTTPError is not a sequence of HTTPError classes", "raises=(HTTPError,)"),
        ("tags", "orders", "tags='orders' is not a sequence of strings", 'tags=("orders",)'),
        ("tags", (3,), "tags=(3,) is not a sequence of strings", 'tags=("orders",)'),
        ("guards", require_user, "guards=require_user is not a sequence", "guards=(require_user,)"),
        ("guards", "admin", "guards='admin' is not a sequence", "guards=(require_user,)"),
        ("middlewares", None, "middlewares=None is not a sequence", "middlewares=(measure,)"),
        (
            "exception_handlers",
            [KeyError],
            "exception_handlers=[KeyError] is not a mapping",
            "exception_handlers={KeyError: not_found}",
        ),
        ("summary", 3, "summary=3 is not a text", 'summary="Return one order"'),
        ("description", b"", "description=b'' is not a text", 'description="All orders."'),
        ("operation_id", "", "operation_id='' is not a text with something in it", 'operation_id="show_order"'),
        ("deprecated", "yes", "deprecated='yes' is not True, False or a Deprecation", "deprecated=True"),
        ("in_document", 0, "in_document=0 is not True or False", "in_document=False"),
        ("media_type", "json", "media_type='json' is not a media type", 'media_type="text/csv"'),
        ("media_type", "text/*", "media_type='text/*' is not a media type", 'media_type="text/csv"'),
        ("media_type", "a/b\r\nX: 1", "media_type='a/b\\r\\nX: 1' is not a media type", 'media_type="text/csv"'),
        ("media_type", (), "media_type=() is not a media type", 'media_type="text/csv"'),
        (
            "cache_control",
            "no-store",
            "cache_control='no-store' is not a CacheControl",
            "cache_control=CacheControl(max_age=60)",
        ),
        ("etag", "v1", "etag='v1' is not True, or a function of the value", "etag=True"),
        ("etag", str, "etag=str is not True, or a function of the value", "etag=True"),
        ("last_modified", 3, "last_modified=3 is not a function of the value", "last_modified=changed_at"),
        ("ranges", "bytes", "ranges='bytes' is not True or False", "ranges=True"),
        ("response_headers", dict, "response_headers=dict is not a Struct class", "response_headers=PageHeaders"),
        ("require_precondition", 1, "require_precondition=1 is not True or False", "require_precondition=True"),
        ("body_limit", "1 MB", "body_limit='1 MB' is not a number of bytes", "body_limit=65_536"),
        ("body_limit", -1, "body_limit=-1 is not a number of bytes", "body_limit=65_536"),
        ("timeout", 0, "timeout=0 is not a positive number of seconds", "timeout=2.5"),
        ("timeout", float("nan"), "timeout=nan is not a positive number of seconds", "timeout=2.5"),
        ("timeout", "3s", "timeout='3s' is not a positive number of seconds", "timeout=2.5"),
        ("keep_alive", 0, "keep_alive=0 is not a positive number of seconds", "keep_alive=15"),
        (
            "links",
            {"next": "Orders.search"},
            "links={'next': 'Orders.search'} is not a mapping of names to Links",
            'links={"order": Link("OrderController.show")}',
        ),
        (
            "links",
            {1: Link("Orders.search"), 2: Link(require_user)},
            "links={1: Link('Orders.search'), 2: Link(require_user)} is not a mapping of names to Links",
            'links={"order": Link("OrderController.show")}',
        ),
        (
            "callbacks",
            {1: Callback("https://shop.example")},
            "callbacks={1: Callback(url='https://shop.example', body=None, method='POST', status=None, response=None, "
            "summary=None, description=None)} is not a mapping of names to Callbacks",
            'callbacks={"paid": Callback("{$request.body#/notify_url}", Payment)}',
        ),
        ("extra", (), "extra=() is not a mapping of what JSON has", 'extra={"x-internal": True}'),
    ],
)
def test_an_option_of_a_route(option: str, value: Any, what: str, example: str) -> None:
    """Each option of a route has a type, and the hint shows a value of it."""
    options: Any = {option: value}

    class Items(Controller):
        @get("/items", **options)
        async def search(self) -> str:
            return ""

    assert mistakes(Items) == [
        (InvalidOptionError, f"Items.search ({place(Items.search)}): {what}.\n  Hint: write it as {example}.")
    ]


@pytest.mark.parametrize(
    ("control", "mistake"),
    [
        (CacheControl(), "it is empty"),
        (CacheControl(public=True, private=True), "public and private exclude each other"),
        (CacheControl(private=True, s_maxage=1), "private and s_maxage exclude each other"),
        (CacheControl(no_store=True, max_age=1), "no_store and max_age exclude each other"),
        (CacheControl(no_store=True, immutable=True), "no_store and immutable exclude each other"),
        (CacheControl(max_age=1, immutable=True, no_cache=True), "immutable and no_cache exclude each other"),
        (CacheControl(immutable=True), "immutable needs a max_age"),
        (CacheControl(no_cache=True, stale_if_error=1), "no_cache and stale_if_error exclude each other"),
        (CacheControl(max_age=-1), "max_age=-1 is not a number of seconds"),
        (CacheControl(max_age=WRONG), "max_age=1.5 is not a number of seconds"),
    ],
)
def test_a_policy_that_contradicts_itself(control: CacheControl, mistake: str) -> None:
    """What caches would read in two ways is told."""

    class Items(Controller):
        @get("/items", cache_control=control)
        async def search(self) -> str:
            return ""

    assert mistakes(Items) == [
        (
            InvalidOptionError,
            f"Items.search ({place(Items.search)}): cache_control= is not a policy: {mistake}.\n"
            "  Hint: keep what is meant.",
        )
    ]


def test_a_precondition_where_nothing_changes() -> None:
    """A read without a precondition is the usual one."""

    class Items(Controller):
        @get("/items", require_precondition=True)
        async def search(self) -> str:
            return ""

    assert mistakes(Items) == [
        (
            InvalidOptionError,
            f"Items.search ({place(Items.search)}): require_precondition=True is for what changes something, "
            "and it is GET.\n  Hint: drop it.",
        )
    ]


def test_an_option_that_nobody_knows() -> None:
    """A misspelt option, or that of another framework, is reported with the one that is meant, else with all."""

    class Items(Controller):
        @route("/items", methods=("GET",), statuss=201)  # type: ignore[call-arg]  # the mistake
        async def search(self) -> str:
            return ""

        @route("/other", methods=("GET",), status_code=201, colour="red")  # type: ignore[call-arg]  # the mistake
        async def other(self) -> str:
            return ""

    known = ", ".join(RouteOptions.__annotations__)
    search, other = (
        f"Items.{one.__name__} ({place(one)}): no route has an option" for one in (Items.search, Items.other)
    )
    assert mistakes(Items) == [
        (InvalidOptionError, f"{search} statuss=.\n  Hint: write status= instead."),
        (InvalidOptionError, f"{other} status_code=.\n  Hint: write status= instead."),
        (InvalidOptionError, f"{other} colour=.\n  Hint: use one of {known}."),
    ]


def test_keep_alive_without_an_event_stream() -> None:
    """Only an event stream has a comment that can be sent into silence."""

    class Items(Controller):
        @get("/items", keep_alive=3)
        async def search(self) -> list[str]:
            return []

        @get("/lines", keep_alive=None)
        async def lines(self) -> AsyncIterator[str]:
            yield ""

        @get("/events", keep_alive=None)
        async def events(self) -> EventStream[str]:
            yield ""

    hint = "  Hint: take it out, or annotate the handler -> EventStream[…]."
    said = {"search": "list[str]", "lines": "AsyncIterator[str]"}
    assert mistakes(Items) == [
        (
            InvalidOptionError,
            f"Items.{name} ({place(vars(Items)[name])}): keep_alive= is for event streams, and it returns {what}.\n"
            f"{hint}",
        )
        for name, what in said.items()
    ]


def test_methods_that_no_request_has() -> None:
    """A method is a token; no method at all is a route that nobody reaches."""
    numbers: Any = (3, "GET")

    class Items(Controller):
        @route("/a", methods=())
        async def none(self) -> str:
            return ""

        @route("/b", methods=("GET, POST",))
        async def joined(self) -> str:
            return ""

        @route("/c", methods=numbers)
        async def number(self) -> str:
            return ""

        @route("/d", methods="patch")
        async def text(self) -> str:
            return ""

    hint = '  Hint: write it as methods=("GET", "POST").'
    assert mistakes(Items) == [
        (InvalidOptionError, f"Items.none ({place(Items.none)}): methods=() names no HTTP methods.\n{hint}"),
        (
            InvalidOptionError,
            f"Items.joined ({place(Items.joined)}): methods=('GET, POST') names no HTTP methods.\n{hint}",
        ),
        (
            InvalidOptionError,
            f"Items.number ({place(Items.number)}): methods=(3, 'GET') names no HTTP methods.\n{hint}",
        ),
    ]


def test_attributes_of_a_controller() -> None:
    """A controller's attributes are told where its class stands, all of them, and its handlers are still looked at."""
    wrong: Any = 3

    class Items(Controller):
        path = wrong
        tags = wrong
        guards = wrong
        middlewares = wrong
        exception_handlers = wrong

        @get("/items", name=wrong)
        async def search(self) -> str:
            return ""

    where = f"Items ({place(Items)})"
    assert mistakes(Items) == [
        (InvalidOptionError, f'{where}: path=3 is not a text.\n  Hint: write it as path="/orders".'),
        (InvalidOptionError, f'{where}: tags=3 is not a sequence of strings.\n  Hint: write it as tags=("orders",).'),
        (InvalidOptionError, f"{where}: guards=3 is not a sequence.\n  Hint: write it as guards=(require_user,)."),
        (
            InvalidOptionError,
            f"{where}: middlewares=3 is not a sequence.\n  Hint: write it as middlewares=(measure,).",
        ),
        (
            InvalidOptionError,
            f"{where}: exception_handlers=3 is not a mapping.\n"
            "  Hint: write it as exception_handlers={KeyError: not_found}.",
        ),
        (
            InvalidOptionError,
            f"Items.search ({place(Items.search)}): name=3 is not a text with something in it.\n"
            '  Hint: write it as name="orders".',
        ),
    ]


def test_settings_of_a_router() -> None:
    """A router whose controllers were given as its path is the usual mistake."""
    controllers: Any = [Orders]
    one: Any = Orders
    assert mistakes(Router(controllers)) == [
        (
            InvalidOptionError,
            'Router([Orders]): path=[Orders] is not a text.\n  Hint: write it as path="/orders".',
        )
    ]
    assert mistakes(Router("/v1", one)) == [
        (
            InvalidOptionError,
            "Router('/v1'): controllers=Orders is not a sequence.\n  Hint: write it as controllers=[Orders].",
        )
    ]


def test_settings_of_the_app() -> None:
    """Everything given to App is told with the place of the call, beside the mistakes of the controllers."""
    wrong: Any = 3

    def make() -> App:
        return App(
            Orders,  # type: ignore[arg-type]  # the mistake
            container=wrong,
            openapi=wrong,
            tags="orders",
            guards=wrong,
            middlewares=wrong,
            exception_handlers=wrong,
            limits=wrong,
        )

    where = f"App ({after(make, 1)})"
    assert told(make()) == [
        (
            InvalidOptionError,
            f"{where}: controllers=Orders is not a sequence.\n  Hint: write it as controllers=[Orders].",
        ),
        (InvalidOptionError, f"{where}: container=3 is not a Container.\n  Hint: write it as container=Container()."),
        (
            InvalidOptionError,
            f'{where}: openapi=3 is not an OpenAPI.\n  Hint: write it as openapi=OpenAPI(title="Shop").',
        ),
        (
            InvalidOptionError,
            f"{where}: tags='orders' is not a sequence of strings.\n  Hint: write it as tags=(\"orders\",).",
        ),
        (InvalidOptionError, f"{where}: guards=3 is not a sequence.\n  Hint: write it as guards=(require_user,)."),
        (InvalidOptionError, f"{where}: middlewares=3 is not a sequence.\n  Hint: write it as middlewares=(measure,)."),
        (
            InvalidOptionError,
            f"{where}: exception_handlers=3 is not a mapping.\n"
            "  Hint: write it as exception_handlers={KeyError: not_found}.",
        ),
        (InvalidOptionError, f"{where}: limits=3 is not a Limits.\n  Hint: write it as limits=Limits(body=65_536)."),
    ]


def test_limits_of_the_app() -> None:
    """The numbers inside Limits are looked at too."""

    def make() -> App:
        return App([Orders], openapi=None, limits=Limits(body=-1, timeout=-2.0))

    where = f"App ({after(make, 1)})"
    assert told(make()) == [
        (
            InvalidOptionError,
            f"{where}: Limits(body=-1) is not a number of bytes.\n  Hint: write it as Limits(body=65_536).",
        ),
        (
            InvalidOptionError,
            f"{where}: Limits(timeout=-2.0) is not a positive number of seconds.\n"
            "  Hint: write it as Limits(timeout=2.5).",
        ),
    ]


def test_what_is_no_mistake() -> None:
    """Lists and sets are sequences, an HTTPStatus is a number, and None leaves a setting as it is."""
    unset: Any = None

    class Items(Controller):
        tags = ["items"]
        guards = [require_user]

        @get("/items", status=http.HTTPStatus.CREATED, tags={"a"}, timeout=unset, summary=unset, body_limit=0)  # type: ignore[arg-type]  # a set will do
        async def search(self) -> str:
            return ""

    assert mistakes(Items) == []


@pytest.mark.parametrize(
    ("settings", "what", "hint"),
    [
        (
            {"since": date(2027, 1, 1), "sunset": date(2026, 12, 31)},
            "its sunset 2026-12-31 is before it is deprecated, 2027-01-01",
            "give a sunset that is later than since",
        ),
        (
            {"since": "2027"},
            "Deprecation(since='2027') is not a date or a datetime with a time zone",
            "write it as Deprecation(since=date(2027, 1, 31))",
        ),
        (
            {"since": date(2027, 1, 1), "sunset": datetime(2027, 2, 1)},  # noqa: DTZ001  the mistake
            "Deprecation(sunset=datetime.datetime(2027, 2, 1, 0, 0)) is not a date or a datetime with a time zone",
            "write it as Deprecation(sunset=date(2027, 1, 31))",
        ),
        (
            {"since": date(2027, 1, 1), "link": "https://example.com/>; rel=x"},
            "Deprecation(link='https://example.com/>; rel=x') is not a URL",
            'write it as Deprecation(link="https://example.com/changes")',
        ),
    ],
)
def test_a_deprecation(settings: Any, what: str, hint: str) -> None:
    """Its moments and its link are checked wherever it is declared."""
    deprecation = Deprecation(**settings)

    class Items(Controller):
        deprecated = deprecation

        @get("/items", deprecated=deprecation)
        async def search(self) -> str:
            return ""

    told_of = [
        (InvalidOptionError, f"{where}: {what}.\n  Hint: {hint}.")
        for where in ("Router('/v1')", f"Items ({place(Items)})", f"Items.search ({place(Items.search)})")
    ]
    assert mistakes(Router("/v1", [Items], deprecated=deprecation)) == told_of


@pytest.mark.parametrize(
    ("settings", "what", "hint"),
    [
        (
            {"include": "internal"},
            "include='internal' is neither a sequence of tags and path prefixes nor a function",
            'write it as include=("internal",)',
        ),
        (
            {"exclude": (3,)},
            "exclude=(3,) is neither a sequence of tags and path prefixes nor a function",
            'write it as exclude=("internal",)',
        ),
        (
            {"include": ("/orders", "intrenal")},
            "include= names 'intrenal', which is neither a tag nor a path prefix of a route in the document",
            "name one that there is, or take it out",
        ),
        (
            {"exclude": ("/order",)},
            "exclude= names '/order', which is neither a tag nor a path prefix of a route in the document",
            "name one that there is, or take it out",
        ),
    ],
)
def test_routes_of_a_document(settings: dict[str, Any], what: str, hint: str) -> None:
    """What chooses the routes of a document must name some; the same mistake in two documents is told once."""
    documents = (OpenAPI(**settings), OpenAPI(path="/b.json", docs_path="/b", **settings))

    assert told(App([Orders], openapi=documents)) == [(InvalidOptionError, f"OpenAPI: {what}.\n  Hint: {hint}.")]


def test_asyncapi_documents_at_one_place() -> None:
    """Those that have something to say need paths of their own; where nothing stands in them, nothing is told."""

    class Live(Controller):
        @websocket("/live")
        async def talk(self, socket: WebSocket[str]) -> None: ...

    documents = [OpenAPI(), OpenAPI(path="/b.json", docs_path=None), OpenAPI(path="/c.json", docs_path="/c")]
    app = App([Orders, Live], openapi=documents)
    where = f"App ({after(test_asyncapi_documents_at_one_place, 8)})"

    assert told(App([Orders], openapi=documents)) == []
    assert told(app) == [
        (
            InvalidOptionError,
            f"{where}: several documents of openapi= have asyncapi_path='/asyncapi.json'.\n"
            "  Hint: give each OpenAPI its own asyncapi_path=, or None.",
        )
    ]


def test_documents_at_one_place() -> None:
    """Several documents need paths of their own, for their pages as well."""
    app = App([Orders], openapi=[OpenAPI(), OpenAPI(title="Internal"), OpenAPI(path="/b.json", docs_path=None)])
    where = f"App ({after(test_documents_at_one_place, 2)})"

    assert told(app) == [
        (
            InvalidOptionError,
            f"{where}: several documents of openapi= have path='/openapi.json'.\n"
            "  Hint: give each OpenAPI its own path=.",
        ),
        (
            InvalidOptionError,
            f"{where}: several documents of openapi= have docs_path='/docs'.\n"
            "  Hint: give each OpenAPI its own docs_path=.",
        ),
    ]


@pytest.mark.parametrize(
    ("settings", "what", "hint"),
    [
        ({"title": 3}, "title=3) is not a text", 'title="Shop"'),
        ({"version": 1.0}, "version=1.0) is not a text", 'version="1.0"'),
        ({"description": b""}, "description=b'') is not a text", 'description="All that is sold."'),
        ({"contact": "me"}, "contact='me') is not a mapping", 'contact={"name": "Ann", "email": "ann@shop.example"}'),
        (
            {"license": {"identifier": "MIT"}},
            "license={'identifier': 'MIT'}) is not a mapping with a name",
            'license={"name": "MIT", "identifier": "MIT"}',
        ),
        (
            {"servers": "https://shop.example"},
            "servers='https://shop.example') is not a sequence of URLs, or of mappings with a url",
            'servers=("https://shop.example",)',
        ),
        (
            {"servers": [{"description": "Test"}]},
            "servers=[{'description': 'Test'}]) is not a sequence of URLs, or of mappings with a url",
            'servers=("https://shop.example",)',
        ),
        ({"tags": ["a"]}, "tags=['a']) is not a mapping of tags to texts", 'tags={"orders": "What is sold"}'),
        (
            {"external_docs": {}},
            "external_docs={}) is not a mapping with a url",
            'external_docs={"url": "https://shop.example/docs"}',
        ),
        (
            {"webhooks": [int]},
            "webhooks=[int]) is not a mapping of names to types",
            'webhooks={"orderPlaced": OrderPlaced}',
        ),
        ({"yaml": "no"}, "yaml='no') is not True or False", "yaml=False"),
        ({"guards": print}, "guards=print) is not a sequence", "guards=(require_admin,)"),
    ],
)
def test_settings_of_a_document(settings: dict[str, Any], what: str, hint: str) -> None:
    """What would be served as it is, and break those who read it, is told with the place of the call of App."""

    def make() -> App:
        return App([Orders], openapi=OpenAPI(**settings))

    assert told(make()) == [
        (InvalidOptionError, f"App ({after(make, 1)}): OpenAPI({what}.\n  Hint: write it as {hint}.")
    ]


class Unknown:
    """A class that has no schema."""


def test_what_cannot_stand_in_the_document() -> None:
    """A type may stand below schema; elsewhere there is what JSON has."""

    class Items(Controller):
        @get("/a", extra={"x-limits": {"schema": Unknown, "most": 2**70, "since": [None, 1.5]}})
        async def right(self) -> str:
            return ""

        @get("/b", extra={"x-limits": [{"owner": Unknown}]})
        async def wrong(self) -> str:
            return ""

    ((kind, text),) = mistakes(Items)
    assert kind is InvalidOptionError
    assert text.startswith(f"Items.wrong ({place(Items.wrong)}): extra={{'x-limits': [{{'owner': ")
    assert text.endswith('is not a mapping of what JSON has.\n  Hint: write it as extra={"x-internal": True}.')


@pytest.mark.parametrize(
    ("settings", "what", "hint"),
    [
        ({"path": None}, "OpenAPI(path=None) is not a path", 'OpenAPI(path="/openapi.json")'),
        ({"docs_path": 3}, "OpenAPI(docs_path=3) is not a path or None", 'OpenAPI(docs_path="/docs")'),
        ({"redoc_path": True}, "OpenAPI(redoc_path=True) is not a path or None", 'OpenAPI(redoc_path="/redoc")'),
        ({"scalar_path": b"/"}, "OpenAPI(scalar_path=b'/') is not a path or None", 'OpenAPI(scalar_path="/scalar")'),
    ],
)
def test_places_that_are_none(settings: dict[str, Any], what: str, hint: str) -> None:
    """Documents and pages are at paths; the same mistake in two documents is told once."""
    one, two = OpenAPI(**settings), OpenAPI(**{"path": "/b.json", "docs_path": "/b", **settings})
    apps = App([Orders], openapi=one), App([Orders], openapi=(one, two))
    where = f"App ({after(test_places_that_are_none, 12)})"

    for app in apps:
        assert told(app) == [(InvalidOptionError, f"{where}: {what}.\n  Hint: write it as {hint}.")]


def test_pages_at_one_place() -> None:
    """Documents and all of their pages need paths of their own, within one document and among several."""
    app = App(
        [Orders],
        openapi=[OpenAPI(redoc_path="/docs"), OpenAPI(path="/b.json", docs_path=None, scalar_path="/openapi.json")],
    )
    where = f"App ({after(test_pages_at_one_place, 2)})"

    assert told(app) == [
        (
            InvalidOptionError,
            f"{where}: path='/openapi.json' and scalar_path='/openapi.json' of openapi= are one place.\n"
            "  Hint: give each a path of its own.",
        ),
        (
            InvalidOptionError,
            f"{where}: docs_path='/docs' and redoc_path='/docs' of openapi= are one place.\n"
            "  Hint: give each a path of its own.",
        ),
    ]


def test_redoc_pages_at_one_place() -> None:
    """Pages that are off unless asked for share no place by default, and are told when they do."""
    documents = [OpenAPI(redoc_path="/r"), OpenAPI(path="/b.json", docs_path=None, redoc_path="/r")]
    app = App([Orders], openapi=documents)
    where = f"App ({after(test_redoc_pages_at_one_place, 3)})"

    assert told(app) == [
        (
            InvalidOptionError,
            f"{where}: several documents of openapi= have redoc_path='/r'.\n"
            "  Hint: give each OpenAPI its own redoc_path=.",
        )
    ]

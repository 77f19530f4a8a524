"""An app with everything, against which the document is proved.

To add a feature: write a controller, here or in a file of its own, and put it into ``CONTROLLERS``. Handlers answer
from what they are sent, so that every request that the document allows can be answered as it says. Then write the
committed documents anew with ``python -m tests.contract.snapshots``.
"""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta

from framework import (
    App,
    Body,
    Container,
    Controller,
    Cookie,
    Header,
    HTTPError,
    OpenAPI,
    Path,
    Query,
    Request,
    Response,
    Router,
    delete,
    get,
    head,
    options,
    patch,
    post,
    put,
    route,
)
from framework.controller import Controllers
from framework.http_errors import Conflict, Forbidden, NotFound, Unauthorized
from tests.contract.large_types import (
    Address,
    Circle,
    ClientHeaders,
    Code,
    Collections,
    Colour,
    Filter,
    Level,
    Moments,
    Name,
    Page,
    PageQuery,
    Pair,
    Parcel,
    Person,
    Point,
    Scalars,
    Share,
    Small,
    Square,
    Tree,
    Version1,
    Version2,
)

__all__ = ("CONTROLLERS", "create_app")


class Gone(HTTPError, status=410, title="Gone for good", type="https://example.com/problems/gone"):
    """What was asked for is gone."""

    since: date
    colour: Colour = Colour.RED


class TooOdd(HTTPError, status=409, title="Too odd"):
    """An odd number."""

    number: int


class PathController(Controller):
    """Placeholders of every kind."""

    path = "/paths"
    tags = ("paths",)

    @get("/numbers/{number}", raises=(Gone, TooOdd, Conflict))
    async def number(self, number: Annotated[Small, Path(description="A small number.")]) -> int:
        """Return the number.

        Negative ones are gone, and some are too odd.
        """
        if number < 0:
            raise Gone("It was never there", since=date(2020, 1, 1))
        if number % 5 == 3:
            raise TooOdd(number=number)
        if number % 5 == 1:
            raise Conflict("One too many")
        return number

    @get("/ids/{identifier}", "/identifiers/{identifier}")
    async def identifier(self, identifier: UUID) -> UUID:
        """Return the id; it has two paths."""
        return identifier

    @get("/days/{day}/colours/{colour}")
    async def day(self, day: date, colour: Colour) -> Pair:
        """Return year and colour."""
        return Pair(day.year, colour.value)

    @get("/codes/{code}")
    def code(self, code: Code) -> str:
        """Return the code, from a thread."""
        return code

    @get("/files/{name:path}")
    async def file(self, name: str) -> str:
        """Return the rest of the path."""
        return name

    @get("/levels/{level}", raises=(NotFound,))
    async def level(self, level: Level) -> Level:
        """Return the level."""
        if level is Level.HIGH:
            raise NotFound
        return level


class QueryController(Controller):
    """Query parameters of every kind."""

    path = "/queries"
    tags = ("queries",)

    @get("/scalars")
    async def scalars(
        self,
        text: Name,
        number: Annotated[Small, Query(name="the-number")],
        share: Share = 0.5,
        *,
        flag: bool = False,
        colour: Colour | None = None,
        identifier: UUID | None = None,
        amount: Decimal = Decimal(0),
        deprecated: Annotated[str | None, Query(deprecated=True)] = None,
    ) -> dict[str, Any]:
        """Return what was read."""
        return {"text": text, "number": number, "rest": [share, flag, colour, identifier, str(amount), deprecated]}

    @get("/moments")
    async def moments(
        self,
        at: Annotated[datetime, Meta(tz=True)],
        day: date | None = None,
        hour: time | None = None,
        length: timedelta = timedelta(0),
    ) -> list[str]:
        """Return moments as Python writes them."""
        return [str(at), str(day), str(hour), str(length)]

    @get("/collections")
    async def collections(
        self,
        tags: Annotated[list[Name], Meta(max_length=4)] = [],  # noqa: B006  copied for every request
        # Nothing between commas is a value that is empty, so that these cannot be empty and there.
        numbers: Annotated[tuple[Small, ...], Meta(min_length=1), Query(style="csv")] = (0,),
        colours: Annotated[frozenset[Colour], Meta(min_length=1), Query(style="pipe")] = frozenset({Colour.RED}),
    ) -> list[int]:
        """Return how many there are of each."""
        return [len(tags), len(numbers), len(colours)]

    @get("/models")
    async def models(
        self,
        page: Annotated[PageQuery, Query()],
        filter: Annotated[Filter | None, Query(style="deepObject")] = None,  # noqa: A002  its name on the wire
    ) -> Page[str]:
        """Return a page of nothing."""
        return Page([str(filter)], page.limit)


class HeaderController(Controller):
    """Headers and cookies."""

    path = "/headers"
    tags = ("headers",)

    @get()
    async def headers(
        self,
        client: Annotated[ClientHeaders, Header()],
        x_trace: Annotated[str | None, Header(description="Comes back.")] = None,
        session: Annotated[int, Cookie()] = 0,
    ) -> Response[list[Any]]:
        """Return what was read, with a header and a cookie."""
        return Response([client, x_trace, session], headers={"X-Build": str(client.x_build)}, cookies={"seen": "1"})


class BodyController(Controller):
    """Bodies of every kind, which come back."""

    path = "/bodies"
    tags = ("bodies",)

    @post("/scalars", status=201)
    async def scalars(self, body: Scalars) -> Scalars:
        """Return the scalars."""
        return body

    @post("/collections")
    async def collections(self, body: Collections) -> Collections:
        """Return the collections."""
        return body

    @put("/moments")
    async def moments(self, body: Moments) -> Moments:
        """Return the moments."""
        return body

    @post("/trees")
    async def tree(self, body: Tree) -> Tree:
        """Return a tree."""
        return body

    @post("/shapes")
    async def shape(self, body: Circle | Square) -> Circle | Square:
        """Return one of two shapes."""
        return body

    @post("/versions")
    async def version(self, body: Version1 | Version2 | None = None) -> Version1 | Version2 | None:
        """Return a version, or null."""
        return body

    @post("/people")
    async def person(self, body: Person) -> Person:
        """Return a dataclass."""
        return body

    @post("/addresses")
    async def address(self, body: Address) -> Address:
        """Return a dictionary with known keys."""
        return body

    @post("/parcels")
    async def parcel(self, body: Parcel) -> Parcel:
        """Return a class of attrs."""
        return body

    @post("/points")
    async def points(self, body: list[Point]) -> dict[str, Point]:
        """Return points by their place."""
        return {str(number): one for number, one in enumerate(body)}

    @patch("/any")
    async def anything(self, body: Annotated[Any, Body()]) -> Any:
        """Return anything."""
        return body

    @delete("/numbers")
    async def numbers(self, body: Annotated[set[Small], Body(description="Without the ones that come twice.")]) -> int:
        """Return how many there are."""
        return len(body)

    @post("/both/{number}", body_limit=4_096, deprecated=True)
    async def both(self, number: Small, body: Pair, page: Annotated[PageQuery, Query()]) -> tuple[int, int, Pair]:
        """Return what came from three places."""
        return number, page.limit, body


class AnswerController(Controller):
    """Answers of every kind."""

    path = "/answers"
    tags = ("answers",)

    @get("/nothing")
    async def nothing(self) -> None:
        """Answer nothing."""

    @get("/text")
    async def text(self) -> str:
        """Answer a text."""
        return "text"

    @get("/bytes")
    async def data(self) -> bytes:
        """Answer bytes."""
        return b"\0\xff"

    @get("/maybe")
    async def maybe(self, *, there: bool = False) -> Point | None:
        """Answer a point or null."""
        return Point(1, 2) if there else None

    @get("/page", status=203)
    async def page(self) -> Page[Page[Scalars | None]]:
        """Answer pages of pages."""
        return Page([Page([None], 1)], 1)

    @post("/accepted", status=202)
    async def accepted(self) -> Response[None]:
        """Answer with a header alone."""
        return Response(None, status=202, headers={"Location": "/answers/nothing"})

    @get("/now", extra={"x-internal": True, "externalDocs": {"url": "https://example.com/now"}})
    async def now(self) -> datetime:
        """Answer a moment."""
        return datetime.now(UTC)

    @route("/methods", methods=("GET", "PUT"))
    async def methods(self) -> str:
        """Answer two methods."""
        return "both"

    @head("/head")
    async def head(self) -> None:
        """Answer HEAD."""

    @options("/options")
    async def options(self) -> None:
        """Answer OPTIONS."""


async def require_key(request: Request) -> None:
    """Let in who knows the key."""
    key = request.headers.get("X-Key")
    if key is None:
        raise Unauthorized(headers={"WWW-Authenticate": "Key"})
    if key != "open":
        raise Forbidden


class CurrentUser:
    """Who is asking."""

    def __init__(self, name: str) -> None:
        self.name = name


async def current_user(x_user: Annotated[Name, Header(description="Who is asking.")]) -> CurrentUser:
    """Read who is asking."""
    return CurrentUser(x_user)


class GuardedController(Controller):
    """Behind a guard, with a service that reads the request."""

    path = "/guarded"
    tags = ("guarded",)
    guards = (require_key,)

    @get("/me", raises=(Unauthorized, Forbidden), operation_id="me", summary="Who am I?")
    async def me(self, user: CurrentUser) -> str:
        """Return who is asking."""
        return user.name

    @get("/hidden", in_document=False)
    async def hidden(self) -> str:
        """Stand in no document."""
        return "hidden"


CONTROLLERS: Controllers = (
    PathController,
    QueryController,
    HeaderController,
    BodyController,
    AnswerController,
    Router("/v1", [GuardedController], name="v1", tags=("v1",)),
)


def create_app(controllers: Controllers = CONTROLLERS) -> App:
    """Declare the app."""
    container = Container()
    container.add_scoped(CurrentUser, current_user)
    settings = OpenAPI(
        title="Everything",
        version="1.0.0",
        summary="All that can be declared.",
        description="An app that has *one of each*.",
        contact={"name": "Ada", "email": "ada@example.com"},
        license={"name": "MIT", "identifier": "MIT"},
        servers=("https://everything.example",),
        tags={
            "paths": "Placeholders.",
            "queries": "Query parameters.",
            "headers": "Headers and cookies.",
            "bodies": "Bodies.",
            "answers": "Answers.",
            "guarded": "What not everybody may have.",
            "v1": "The first version.",
        },
    )
    return App(controllers, container=container, openapi=settings)

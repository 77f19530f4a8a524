"""An app with everything, against which the document is proved.

To add a feature: write a controller in the module of its subject, or in one of its own, and put it into
``CONTROLLERS``. Handlers answer from what they are sent, so that every request that the document allows can be answered
as it says. Then write the committed documents anew with ``python -m tests.contract.snapshots``.
"""

from msgspec import Struct

from framework import App, Controller, Limits, OpenAPI, Router, get
from framework.controller import Controllers
from framework.formats import JSON, MSGPACK
from framework.openapi import Webhook
from tests.contract.large.answers import AnswerController, ErrorController
from tests.contract.large.bodies import BodyController, SeveralController
from tests.contract.large.files import ASSETS, FileController, RedirectController
from tests.contract.large.forms import FormController, UploadController
from tests.contract.large.headers import HeaderController
from tests.contract.large.layers import GuardedController, HandledController, count_bytes
from tests.contract.large.lists import ListController, OldController
from tests.contract.large.names import NameController
from tests.contract.large.negotiation import YAML, NegotiationController
from tests.contract.large.parameters import PathController, QueryController
from tests.contract.large.raw_bodies import RawBodyController
from tests.contract.large.secured import SecuredController
from tests.contract.large.sockets import SocketController
from tests.contract.large.streams import StreamController
from tests.contract.large.types import Circle, Pair, Scalars, Small, Square
from tests.contract.large.versions import VersionController
from tests.contract.large.work import LIFESPAN, PERIODIC, WorkController, make_container

__all__ = ("CONTROLLERS", "INTERNAL", "create_app")

INTERNAL = "/internal/openapi.json"
"""Where the second document is."""


class Told(Struct, tag="told"):
    """What others are told."""

    pair: Pair
    scalars: Scalars | None = None


class InternalController(Controller):
    """What only colleagues read of."""

    path = "/internal"
    tags = ("internal",)

    @get("/state/{number}")
    async def state(self, number: Small) -> Pair:
        """Return how things are."""
        return Pair(number, "well")


CONTROLLERS: Controllers = (
    PathController,
    QueryController,
    HeaderController,
    BodyController,
    SeveralController,
    RawBodyController,
    FormController,
    UploadController,
    AnswerController,
    ErrorController,
    NegotiationController,
    VersionController,
    FileController,
    RedirectController,
    StreamController,
    SocketController,
    ListController,
    OldController,
    NameController,
    SecuredController,
    HandledController,
    WorkController,
    InternalController,
    Router("/v1", [GuardedController], name="v1", tags=("v1",)),
    ASSETS,
)

_TAGS = {
    "paths": "Placeholders.",
    "queries": "Query parameters.",
    "headers": "Headers and cookies.",
    "bodies": "Bodies that are values.",
    "raw": "Bodies that are bytes, texts and streams.",
    "forms": "Forms and files.",
    "answers": "Answers.",
    "errors": "Errors.",
    "formats": "Formats.",
    "versions": "Versions and parts.",
    "files": "Files.",
    "redirects": "Redirects.",
    "streams": "Streams.",
    "sockets": "Web sockets.",
    "tasks": "Lists and changes.",
    "old": "What will be gone.",
    "names": "Types with names.",
    "secured": "What needs credentials.",
    "guarded": "What not everybody may have.",
    "work": "Work beside requests.",
    "v1": "The first version.",
}


def _documents() -> tuple[OpenAPI, ...]:
    public = OpenAPI(
        title="Everything",
        version="1.0.0",
        summary="All that can be declared.",
        description="An app that has *one of each*.",
        terms_of_service="https://everything.example/terms",
        contact={"name": "Ada", "email": "ada@example.com"},
        license={"name": "MIT", "identifier": "MIT"},
        servers=("https://everything.example",),
        external_docs={"url": "https://everything.example/docs"},
        tags=_TAGS,
        webhooks={"told": Told, "shape": Webhook(Circle | Square, summary="A shape was drawn.")},
        exclude=("internal",),
    )
    return public, OpenAPI(title="Inside", path=INTERNAL, docs_path=None, include=("internal", "/answers/text"))


def create_app(controllers: Controllers = CONTROLLERS) -> App:
    """Declare the app."""
    return App(
        controllers,
        container=make_container(),
        openapi=_documents(),
        middlewares=(count_bytes,),
        limits=Limits(body=100_000, message=10_000),
        formats=(JSON, MSGPACK, YAML),
        lifespan=LIFESPAN,
        periodic=PERIODIC,
        shutdown_timeout=2,
    )

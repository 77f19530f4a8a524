"""Request bodies in the document: a content for each media type, required or not, with the limits that can be told."""

import enum
from typing import Annotated, Any, Generic, TypedDict, TypeVar

import pytest
from msgspec import Meta, Struct
from openapi_spec_validator import OpenAPIV31SpecValidator

from framework import (
    App,
    Body,
    BodyStream,
    Controller,
    File,
    Form,
    Limits,
    MultipartStream,
    OpenAPI,
    UploadFile,
    post,
)
from framework.formats import JSON
from tests.http.raw import ask
from tests.http.shapes import Serve


class Color(enum.Enum):
    """A color."""

    RED = "red"


class Line(Struct):
    """A line."""

    sku: str


class Signup(Struct, forbid_unknown_fields=True, rename="camel"):
    """A form without files."""

    full_name: Annotated[str, Meta(min_length=1, description="Both names.")]
    color: Color = Color.RED
    age: int | None = None
    tags: list[str] = []


class Upload(Struct):
    """A form with files and parts."""

    image: UploadFile
    lines: list[Line]
    more: list[UploadFile] = []
    title: str = "-"


class Bodies(Controller):
    """Reads bodies."""

    @post("/typed")
    async def typed(self, line: Line) -> None:
        """Read a value."""

    @post("/narrowed")
    async def narrowed(self, line: Annotated[Line, Body(media_type="application/vnd.line+json")]) -> None:
        """Read a value of one type."""

    @post("/bytes")
    async def data(self, data: Annotated[bytes, Body(media_type="image/png", description="A picture.")]) -> None:
        """Read bytes."""

    @post("/any")
    async def any(self, data: Annotated[Annotated[bytes, Meta(max_length=5)] | None, Body()] = None) -> None:
        """Read what may be absent."""

    @post("/text")
    async def text(self, text: Annotated[str, Body(media_type="text/plain")]) -> None:
        """Read a text."""

    @post("/stream", body_limit=77)
    async def stream(self, stream: BodyStream) -> None:
        """Read a stream."""

    @post("/parts")
    async def parts(self, parts: MultipartStream) -> None:
        """Read parts."""

    @post("/form")
    async def form(
        self, signup: Annotated[Signup, Form()], code: Annotated[int, Form(name="the-code", description="Sent.")] = 5
    ) -> None:
        """Read a form."""

    @post("/upload", limits=Limits(file=1000))
    async def upload(
        self,
        upload: Annotated[Upload, Form()],
        mask: Annotated[UploadFile | None, File(description="Hides.")] = None,
    ) -> None:
        """Read a form with files."""

    @post("/gallery")
    async def gallery(
        self,
        photos: list[UploadFile],
        names: Annotated[list[str], Form()],
        sizes: Annotated[set[int], Meta(min_length=2), Form()],
        more: Annotated[list[int], Form()] = [],  # noqa: B006  copied
    ) -> None:
        """Read what repeats."""


@pytest.fixture
async def document(serve: Serve) -> dict[str, Any]:
    """Return the document of the bodies."""
    app = App([Bodies], openapi=OpenAPI(title="Bodies", version="1"))
    found: dict[str, Any] = (await ask(await serve(app), "GET", "/openapi.json")).json
    OpenAPIV31SpecValidator(found).validate()
    return found


LINE = {"schema": {"$ref": "#/components/schemas/Line"}}
FILE = {"type": "string", "contentMediaType": "application/octet-stream"}


def binary(media_type: str, length: int, **more: int) -> dict[str, Any]:
    """Return the content of bytes."""
    return {"schema": {"type": "string", "contentMediaType": media_type, "maxLength": length, **more}}


SIGNUP = {
    "schema": {
        "type": "object",
        "properties": {
            "fullName": {"type": "string", "minLength": 1, "description": "Both names."},
            "color": {"$ref": "#/components/schemas/Color", "default": "red"},
            "age": {"type": "integer"},
            "tags": {"type": "array", "items": {"type": "string"}, "default": []},
            "the-code": {"type": "integer", "description": "Sent.", "default": 5},
        },
        "required": ["fullName"],
        "additionalProperties": False,
    }
}
UPLOAD = {
    "schema": {
        "type": "object",
        "properties": {
            "image": {**FILE, "maxLength": 1000},
            "lines": {"type": "array", "items": {"$ref": "#/components/schemas/Line"}},
            "more": {"type": "array", "items": {**FILE, "maxLength": 1000}, "default": []},
            "title": {"type": "string", "default": "-"},
            "mask": {**FILE, "description": "Hides.", "maxLength": 1000},
        },
        "required": ["image", "lines"],
    },
    "encoding": {"lines": {"contentType": "application/json, application/msgpack"}},
}


@pytest.mark.parametrize(
    ("path", "content", "required"),
    [
        ("/typed", {"application/json": LINE, "application/msgpack": LINE}, True),
        ("/narrowed", {"application/vnd.line+json": LINE}, True),
        ("/bytes", {"image/png": binary("image/png", 1_048_576, minLength=1)}, True),
        ("/any", {"*/*": binary("application/octet-stream", 5)}, False),
        ("/text", {"text/plain": {"schema": {"type": "string", "minLength": 1}}}, True),
        ("/stream", {"*/*": binary("application/octet-stream", 77)}, False),
        ("/parts", {"multipart/form-data": {"schema": {"type": "object"}}}, True),
        ("/form", {"application/x-www-form-urlencoded": SIGNUP, "multipart/form-data": SIGNUP}, True),
        ("/upload", {"multipart/form-data": UPLOAD}, True),
    ],
)
async def test_body_stands_in_the_document(
    document: dict[str, Any], path: str, content: dict[str, Any], *, required: bool
) -> None:
    """Each media type that is read has its content, and the framework's own answers are told."""
    operation = document["paths"][path]["post"]
    described = dict(operation["requestBody"])
    assert described.pop("description", None) == ("A picture." if path == "/bytes" else None)
    assert described == {"content": content, "required": required}
    assert "parameters" not in operation
    assert {"400", "408", "413", "415"} <= operation["responses"].keys()


async def test_what_repeats_is_there_once_at_least(document: dict[str, Any]) -> None:
    """A form cannot say that a name has no values, so a list that has to be there is not empty."""
    schema = document["paths"]["/gallery"]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
    integers = {"type": "array", "items": {"type": "integer"}}
    assert schema == {
        "type": "object",
        "properties": {
            "photos": {"type": "array", "items": FILE, "minItems": 1},
            "names": {"type": "array", "items": {"type": "string"}, "minItems": 1},
            "sizes": {**integers, "minItems": 2, "uniqueItems": True},
            "more": {**integers, "default": []},
        },
        "required": ["photos", "names", "sizes"],
    }


async def test_answers_that_cannot_be_are_not_told(document: dict[str, Any]) -> None:
    """What takes anything refuses nothing as invalid."""
    invalid = {path for path, item in document["paths"].items() if "422" in item["post"]["responses"]}
    assert invalid == {"/typed", "/narrowed", "/any", "/parts", "/form", "/upload", "/gallery"}


async def test_rate_that_is_not_asked_for_is_not_told(serve: Serve) -> None:
    """Where nobody is too slow there is no 408; one format is one content."""
    app = App([Bodies], limits=Limits(body_rate=0), formats=[JSON])
    document = (await ask(await serve(app), "GET", "/openapi.json")).json
    operation = document["paths"]["/typed"]["post"]
    assert "408" not in operation["responses"]
    assert operation["requestBody"] == {"content": {"application/json": LINE}, "required": True}


T = TypeVar("T")


class Page(Struct, Generic[T]):
    """Some of many."""

    items: list[T]


class Row(TypedDict, Generic[T]):
    """A row with one cell."""

    cell: T


@pytest.mark.parametrize(
    ("annotation", "name"), [(Page[int], "PageOfInt"), (Page[Line], "PageOfLine"), (Row[Line], "RowOfLine")]
)
def test_a_generic_body(annotation: Any, name: str) -> None:
    """A parametrised generic is named for what it holds."""

    class Pages(Controller):
        @post("/pages")
        async def add(self, page: Annotated[annotation, Body()]) -> None:  # pyright: ignore[reportInvalidTypeForm]  of each test
            """Add."""

    document = App([Pages]).document()
    OpenAPIV31SpecValidator(document).validate()

    content = document["paths"]["/pages"]["post"]["requestBody"]["content"]
    assert content["application/json"] == {"schema": {"$ref": f"#/components/schemas/{name}"}}

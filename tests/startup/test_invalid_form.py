"""What a form cannot carry, and where files and streams cannot stand: several classes of mistakes."""

from typing import Annotated, Any

from msgspec import Struct

from framework import (
    Body,
    BodyStream,
    Controller,
    File,
    Form,
    Header,
    MultipartStream,
    Query,
    UploadFile,
    get,
    post,
)
from framework.errors import BodyNotAllowedError, InvalidHandlerError, InvalidMarkerError, UnsupportedTypeError
from tests.startup.expected import mistakes, place


class Inner(Struct):
    """A model with a file, which stands in another."""

    image: UploadFile


class Outer(Struct):
    """A model whose field no form can carry."""

    inner: Inner


class Filter(Struct):
    """A model of scalars."""

    text: str = ""


def test_forms_and_files_where_there_is_no_body() -> None:
    """GET has no form and no file; what a query can carry may stand there."""

    class Uploads(Controller):
        @get("/field")
        async def field(self, name: Annotated[str, Form()]) -> str:
            return name

        @get("/model")
        async def model(self, filter_: Annotated[Filter, Form()]) -> str:
            return str(filter_)

        @get("/file")
        async def file(self, photo: UploadFile) -> str:
            return str(photo)

        @get("/files")
        async def files(self, photos: Annotated[list[UploadFile], File()]) -> str:
            return str(photos)

        @get("/stream")
        async def stream(self, stream: BodyStream) -> str:
            return str(stream)

    def told(handler: Any, parameter: str, name: str, hint: str) -> tuple[type, str]:
        return (
            BodyNotAllowedError,
            f"Uploads.{handler.__name__} ({place(handler)}), parameter {parameter!r}: "
            f"{name} would be the request body, and GET has none.\n  Hint: {hint}.",
        )

    other = "serve POST, PUT, PATCH or DELETE"
    spread = "spread its fields over the query with Annotated[Filter, Query()], or register the type in the container"
    assert mistakes(Uploads) == [
        told(Uploads.field, "name", "str", "read it from the query with Annotated[str, Query()]"),
        told(Uploads.model, "filter_", "Filter", spread),
        told(Uploads.file, "photo", "UploadFile", other),
        told(Uploads.files, "photos", "list[UploadFile]", other),
        told(Uploads.stream, "stream", "BodyStream", other),
    ]


def test_files_that_no_form_can_carry() -> None:
    """A file stands in a form by itself or in a list, not inside of other values."""

    class Uploads(Controller):
        @post("/nested")
        async def nested(self, outer: Annotated[Outer, Form()]) -> str:
            return str(outer)

        @post("/by-name")
        async def by_name(self, photos: Annotated[dict[str, UploadFile], Form()]) -> str:
            return str(photos)

    hint = "  Hint: take UploadFile, UploadFile | None or list[UploadFile] as a field of the form itself."
    assert mistakes(Uploads) == [
        (
            InvalidMarkerError,
            f"Uploads.nested ({place(Uploads.nested)}), parameter 'outer': "
            f"the field 'inner' of Outer holds files that no form can carry.\n{hint}",
        ),
        (
            InvalidMarkerError,
            f"Uploads.by_name ({place(Uploads.by_name)}), parameter 'photos': "
            f"its type holds files that no form can carry.\n{hint}",
        ),
    ]


def test_files_outside_of_forms() -> None:
    """A file is not JSON, no query parameter and no header."""

    class Uploads(Controller):
        @post("/body")
        async def body(self, inner: Inner) -> str:
            return str(inner)

        @post("/marked")
        async def marked(self, photo: Annotated[UploadFile, Body()]) -> str:
            return str(photo)

        @post("/query")
        async def query(self, photo: Annotated[UploadFile, Query()]) -> str:
            return str(photo)

        @post("/header")
        async def header(self, photo: Annotated[list[UploadFile], Header()]) -> str:
            return str(photo)

    def told(handler: Any, parameter: str, name: str) -> tuple[type, str]:
        return (
            UnsupportedTypeError,
            f"Uploads.{handler.__name__} ({place(handler)}), parameter {parameter!r}: "
            f"{name} cannot be read from a request (msgspec does not know UploadFile).\n"
            "  Hint: send it as a form: UploadFile by itself, in a list, or as a field of Annotated[T, Form()].",
        )

    assert mistakes(Uploads) == [
        told(Uploads.body, "inner", "Inner"),
        told(Uploads.marked, "photo", "UploadFile"),
        told(Uploads.query, "photo", "UploadFile"),
        told(Uploads.header, "photo", "list[UploadFile]"),
    ]


def test_markers_that_say_nothing_of_their_type() -> None:
    """File() is for files, and embed= for what would be spread."""

    class Uploads(Controller):
        @post("/file")
        async def file(self, name: Annotated[str, File()]) -> str:
            return name

        @post("/embed")
        async def embed(self, name: Annotated[str, Form(embed=True)]) -> str:
            return name

        @post("/named")
        async def named(self, model: Annotated[Filter, Form(name="x")]) -> str:
            return str(model)

    assert mistakes(Uploads) == [
        (
            InvalidMarkerError,
            f"Uploads.file ({place(Uploads.file)}), parameter 'name': File() stands at a type that is not a file.\n"
            "  Hint: take an UploadFile, or mark it Form().",
        ),
        (
            InvalidMarkerError,
            f"Uploads.embed ({place(Uploads.embed)}), parameter 'name': "
            "embed=True stands at what is one field anyway.\n  Hint: drop embed=True.",
        ),
        (
            InvalidMarkerError,
            f"Uploads.named ({place(Uploads.named)}), parameter 'model': "
            "name='x' names one parameter, and every field of a model is one.\n"
            "  Hint: drop name=; the fields are renamed in the model.",
        ),
    ]


def test_media_types_that_nobody_reads() -> None:
    """media_type= is a media type, one that a format reads where a value is decoded, and none for parts."""

    class Uploads(Controller):
        @post("/typed")
        async def typed(self, filter_: Annotated[Filter, Body(media_type="image/png")]) -> str:
            return str(filter_)

        @post("/wrong")
        async def wrong(self, data: Annotated[bytes, Body(media_type="png")]) -> str:
            return str(data)

        @post("/parts")
        async def parts(self, parts: Annotated[MultipartStream, Body(media_type="multipart/mixed")]) -> str:
            return str(parts)

    assert mistakes(Uploads) == [
        (
            InvalidMarkerError,
            f"Uploads.typed ({place(Uploads.typed)}), parameter 'filter_': no format reads image/png.\n"
            "  Hint: take bytes, or give the app a format that reads it: App(formats=...).",
        ),
        (
            InvalidMarkerError,
            f"Uploads.wrong ({place(Uploads.wrong)}), parameter 'data': media_type='png' is not a media type.\n"
            '  Hint: write it as media_type="image/png".',
        ),
        (
            InvalidMarkerError,
            f"Uploads.parts ({place(Uploads.parts)}), parameter 'parts': "
            "a MultipartStream is always multipart/form-data.\n  Hint: drop media_type=.",
        ),
    ]


def test_plain_functions_that_would_have_to_await() -> None:
    """Files and streams are read with await, which a plain def cannot."""

    class Uploads(Controller):
        @post("/file")
        def file(self, photo: UploadFile) -> str:
            return str(photo)

        @post("/stream")
        def stream(self, stream: BodyStream) -> str:
            return str(stream)

        @post("/field")
        def field(self, name: Annotated[str, Form()]) -> str:
            return name

    assert mistakes(Uploads) == [
        (
            InvalidHandlerError,
            f"{handler.__qualname__.rpartition('<locals>.')[2]} ({place(handler)}): "
            "it is a plain def, and its body is read with await.\n  Hint: write it as async def.",
        )
        for handler in (Uploads.file, Uploads.stream)
    ]


def test_defaults_of_forms_fit_their_types() -> None:
    """A file has no default but None, and a list of files an empty one."""

    class Uploads(Controller):
        @post("/maybe")
        async def maybe(self, photo: UploadFile | None = None, photos: list[UploadFile] = []) -> str:
            return str((photo, photos))

    assert mistakes(Uploads) == []

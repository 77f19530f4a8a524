"""Forms: fields, models, files, values in parts of their own, and parts while they arrive."""

from datetime import date
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from framework import Controller, File, Form, Limits, MultipartStream, UploadFile, post, put
from framework.http_errors import UnprocessableContent
from tests.contract.large.types import Colour, Name, Pair, Small

__all__ = ("FormController", "UploadController")


class Signup(Struct, forbid_unknown_fields=True):
    """What is filled in."""

    name: Name
    age: Annotated[int, Meta(ge=0, le=150)] | None = None
    topics: Annotated[list[Name], Meta(max_length=3)] = []
    colour: Colour = Colour.RED


class Album(Struct):
    """A value in a part of its own."""

    title: Name
    year: Small
    made: date | None = None


class Report(Struct, kw_only=True):
    """A form with files."""

    title: Name
    picture: UploadFile | None = None
    pages: Annotated[list[UploadFile], Meta(max_length=3)] = []
    album: Album | None = None


class FormController(Controller):
    """Forms without files, urlencoded or multipart."""

    path = "/forms"
    tags = ("forms",)

    @post("/signup", status=201)
    async def sign_up(self, signup: Annotated[Signup, Form()]) -> Signup:
        """Take a form as a model."""
        return signup

    @post("/login")
    async def log_in(
        self,
        user: Annotated[Name, Form(description="Who it is.")],
        next_page: Annotated[str, Form(name="next", example="/home")] = "/",
        remember: Annotated[bool, Form()] = False,  # noqa: FBT002  by name
        lucky: Annotated[set[Small], Form()] = set(),  # noqa: B006  copied
        mode: Annotated[Literal["fast", "safe"] | None, Form(deprecated=True)] = None,
    ) -> list[Any]:
        """Take a form field by field."""
        return [user, next_page, remember, sorted(lucky), mode]


class UploadController(Controller):
    """Forms with files and values in parts of their own."""

    path = "/uploads"
    tags = ("forms",)

    @post("/one")
    async def one(self, photo: UploadFile, note: Annotated[str, Form()] = "") -> str:
        """Take a file and a text."""
        return f"{len(await photo.read())} {note}"

    @post("/several", limits=Limits(body=100_000, file=10_000))
    async def several(
        self,
        photos: Annotated[list[UploadFile], File(name="photo", description="One or more.")],
        extra: UploadFile | None = None,
    ) -> list[int]:
        """Take some files, and perhaps another."""
        sizes = [one.size for one in photos]
        return sizes if extra is None else [*sizes, sum([len(chunk) async for chunk in extra])]

    @put("/values")
    async def values(
        self,
        album: Annotated[Album, Form(embed=True)],
        pairs: Annotated[list[Pair], Form()] = [],  # noqa: B006  copied
        counts: Annotated[dict[str, Small], Form()] = {},  # noqa: B006  copied
    ) -> list[Any]:
        """Take values in parts of their own."""
        return [album, pairs, counts]

    @post("/reports")
    async def report(self, report: Annotated[Report, Form()]) -> dict[str, Any]:
        """Take a model with files."""
        size = None if report.picture is None else report.picture.size
        return {"title": report.title, "picture": size, "pages": len(report.pages), "album": report.album}

    @post("/streams", limits=Limits(body=1_000_000, file=500_000))
    async def stream(self, parts: MultipartStream) -> dict[str, int]:
        """Take a form of any size, part by part."""
        return {part.name[:50]: sum([len(chunk) async for chunk in part]) async for part in parts}

    @post("/albums", raises=(UnprocessableContent,))
    async def albums(self, parts: MultipartStream) -> list[Album]:
        """Take the parts that are albums."""
        return [await part.decode(Album) async for part in parts if part.name == "album"]

"""Files, folders and redirects."""

from pathlib import Path
from typing import Annotated, Literal

from aiohttp import web
from msgspec import Meta, Struct

from framework import Controller, Query, Router, get, post
from framework.caching import CacheControl
from framework.http_errors import BadRequest, NotFound
from framework.responses import (
    FileResponse,
    Redirect,
    SetCookie,
    permanent_redirect,
    see_other,
    temporary_redirect,
)
from framework.static import StaticFiles
from tests.contract.large.types import Pair, Small

__all__ = ("ASSETS", "FileController", "RedirectController")

_HERE = Path(__file__).parent
ASSETS = Router("/static", [StaticFiles("/assets", _HERE, name="assets", cache_control=CacheControl(max_age=60))])


class FileController(Controller):
    """Files of this folder."""

    path = "/files"
    tags = ("files",)

    @get("/types.py")
    async def source(self) -> FileResponse:
        """Return a file, or a part of it."""
        return FileResponse(_HERE / "types.py", media_type="text/x-python", cache_control=CacheControl(max_age=60))

    @get("/saved/{name}")
    async def saved(self, name: Literal["types", "nothing"], inline: bool = False) -> FileResponse:  # noqa: FBT002
        """Return a file to be saved, or nothing."""
        return FileResponse(_HERE / f"{name}.py", filename="Über alles.py", inline=inline)

    @get("/maybe", raises=(NotFound,))
    async def maybe(self, there: bool = True) -> FileResponse | Pair:  # noqa: FBT002  by name
        """Return a file or what is known of it."""
        return FileResponse(_HERE / "files.py") if there else Pair(1, "files.py")

    @get("/aiohttp")
    async def of_aiohttp(self) -> web.StreamResponse:
        """Return a response of aiohttp's."""
        return web.Response(text="plain")


class Place(Struct):
    """Where to go."""

    to: Annotated[str, Meta(pattern=r"^/[a-z]*$(?!\n)")] = "/"


class RedirectController(Controller):
    """Redirects."""

    path = "/redirects"
    tags = ("redirects",)

    @get("/plain", raises=(BadRequest,))
    async def plain(self, place: Annotated[Place, Query()]) -> Redirect:
        """Lead where the client wants to go, on this host."""
        return Redirect(place.to, headers={"X-From": "plain"})

    @post("/login")
    async def log_in(self) -> Redirect:
        """Begin a session."""
        return Redirect("/answers/nothing", cookies=[SetCookie(name="session", value="1", max_age=60)])

    @post("/logout")
    async def log_out(self) -> Redirect:
        """End a session."""
        response = see_other("/answers/nothing")
        response.del_cookie("session")
        return response

    @get("/moved", status=308)
    async def moved(self) -> Redirect:
        """Lead elsewhere for good."""
        return permanent_redirect("/answers/text")

    @get("/away/{number}", status=307)
    async def away(self, number: Small) -> Redirect:
        """Lead to another host that is allowed."""
        return temporary_redirect(f"https://example.com/{number}", hosts=("example.com",))

"""Versions, preconditions, parts and caches."""

from datetime import UTC, datetime
from typing import Annotated

from msgspec import Struct

from framework import Controller, Header, Response, delete, get, put
from framework.caching import CacheControl, ETag, Preconditions
from framework.http_errors import NotFound
from tests.contract.large.types import Name, Small

__all__ = ("VersionController",)

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


class Wiki(Struct):
    """A page of a wiki."""

    text: str
    version: int
    changed: datetime = NOON


class Edit(Struct):
    """What becomes of a page."""

    text: Name


def version_of(page: Wiki) -> str:
    """Return what tells one version from another."""
    return f"v{page.version}"


async def weak_version_of(page: Wiki) -> ETag:
    """Return a tag of the same meaning."""
    return ETag(f"v{page.version}", weak=True)


def changed_at(page: Wiki) -> datetime:
    """Return when a page was changed."""
    return page.changed


class VersionController(Controller):
    """What clients have already, or have seen."""

    path = "/versions"
    tags = ("versions",)

    @get("/digests", etag=True, cache_control=CacheControl(max_age=60, private=True))
    async def digest(self, text: str = "") -> list[str]:
        """Tag the bytes."""
        return [text]

    @get("/pages/{number}", etag=version_of, last_modified=changed_at)
    async def show(self, number: Small) -> Wiki:
        """Tag the value."""
        return Wiki("text", number)

    @get("/weak/{number}", etag=weak_version_of, cache_control=CacheControl(no_cache=True, public=True))
    async def weak(self, number: Small) -> Wiki | None:
        """Tag the value weakly."""
        return Wiki("text", number)

    @put("/pages/{number}", require_precondition=True)
    async def edit(self, number: Small, edit: Edit, preconditions: Preconditions) -> Response[Wiki]:
        """Change the version that the client has seen, and no other."""
        known = Wiki("text", number)
        preconditions.check(version_of(known), last_modified=known.changed)
        page = Wiki(edit.text, number + 1)
        return Response(page, headers={"ETag": f'"{version_of(page)}"'})

    @delete("/pages/{number}", raises=(NotFound,))
    async def remove(self, number: Small, preconditions: Preconditions) -> None:
        """Remove a page, of the version that is meant, if one is."""
        if number < 0:
            raise NotFound
        preconditions.check(f"v{number}")

    @get("/expensive")
    async def expensive(self, preconditions: Preconditions, x_exists: Annotated[bool, Header()] = True) -> str:  # noqa: FBT002
        """Look before anything expensive is done."""
        preconditions.check("v1", last_modified=NOON, exists=x_exists)
        return "expensive"

    @get("/parts", ranges=True)
    async def parts(self, length: Small = 10) -> bytes:
        """Let clients ask for a part."""
        return bytes(range(max(0, min(length, 256))))

    @get("/parts/pictures", ranges=True, media_type="image/gif", etag=lambda _: "one", last_modified=lambda _: NOON)
    async def picture_parts(self) -> bytes:
        """Let clients ask for a part of a picture."""
        return b"GIF89a" * 20

"""Pages, partial updates, and routes that will be gone."""

from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any

from msgspec import Meta, Struct

from framework import Controller, Deprecation, Patch, Query, Response, get, patch
from framework.pagination import Cursor, CursorPaging, Page, Paging, encode_cursor
from tests.contract.large.types import Colour, Name, Pair, Small

__all__ = ("ListController", "OldController")


class Detail(Struct):
    """More about a task."""

    place: Name
    colour: Colour = Colour.RED


class Task(Struct, forbid_unknown_fields=True):
    """Something to do."""

    id: Small
    title: Name
    note: str | None = None
    labels: dict[str, Small] = {}
    detail: Detail | None = None


@dataclass
class Job:
    """The same, as a dataclass."""

    title: Name
    steps: list[Small] = field(default_factory=list)


_TASKS = [Task(number, f"Task {number}") for number in range(45)]


class ListController(Controller):
    """Lists in parts, and changes in parts."""

    path = "/tasks"
    tags = ("tasks",)

    @get()
    async def search(self, paging: Annotated[Paging, Query()]) -> Page[Task]:
        """Return a page by its offset."""
        return paging.page(_TASKS[paging.offset : paging.offset + paging.limit], total=len(_TASKS))

    @get("/feed")
    async def feed(self, paging: Annotated[CursorPaging, Query()]) -> Cursor[Pair]:
        """Return what comes after a cursor."""
        after = paging.after(int) or 0
        items = [Pair(one.id, one.title) for one in _TASKS if one.id > after][: paging.limit]
        following = encode_cursor(items[-1].number) if len(items) == paging.limit else None
        return Cursor(items=items, next=following)

    @get("/perhaps")
    async def perhaps(self, paging: Annotated[Paging | None, Query()] = None) -> Response[Page[Name]] | None:
        """Return a page if one is asked for."""
        return None if paging is None else Response(paging.page([], total=0))

    @patch("/{number}")
    async def change(self, number: Small, change: Patch[Task]) -> Task:
        """Change a task."""
        return change.apply_to(Task(number, "Read", labels={"fun": 1}, detail=Detail("home")))

    @patch("/jobs")
    async def change_job(self, change: Patch[Job]) -> dict[str, Any]:
        """Tell what would change of a job."""
        return change.changes()


class OldController(Controller):
    """What will be gone."""

    path = "/old"
    tags = ("old",)
    deprecated = Deprecation(since=date(2026, 1, 1), sunset=date(2027, 1, 1), link="https://everything.example/old")

    @get("/tasks")
    async def search(self, paging: Annotated[Paging, Query()]) -> Page[str]:
        """Return a page of titles, as long as it lasts."""
        return paging.page([], total=0)

    @get("/now", deprecated=True)
    async def now(self) -> Annotated[str, Meta(pattern="^now$")]:
        """Return a word."""
        return "now"

"""The controller that shows and changes jobs: JSON routes, and a page made of them."""

import html
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from typing import Annotated, ClassVar

from aiohttp import web
from msgspec import Meta, Struct

from framework._jobs.store import JobFilter, JobStore, QueueState, StoredJob
from framework.caching import CacheControl
from framework.controller import Controller
from framework.http_errors import NotFound, UnprocessableContent
from framework.routing import get, post, put

__all__ = ("Changed", "JobSelection", "JobsController", "NoSuchJob", "QueueChange")

_NO_STORE = CacheControl(no_store=True)
_Limit = Annotated[int, Meta(ge=1, le=500)]


class NoSuchJob(NotFound):
    """No job has this id, or it has been deleted."""

    __module__ = "framework.job_store"


class Changed(Struct, frozen=True):
    """How many jobs were changed."""

    __module__ = "framework.job_store"

    changed: int


class JobSelection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which jobs are changed; everything that is given must match, and something must be given."""

    __module__ = "framework.job_store"

    ids: tuple[int, ...] = ()
    states: tuple[str, ...] = ()
    queue: str | None = None
    name: str | None = None
    all: bool = False
    """All jobs in a state that can be changed."""


class QueueChange(Struct, frozen=True, forbid_unknown_fields=True):
    """What a queue becomes."""

    __module__ = "framework.job_store"

    paused: bool


class JobsController(Controller):
    """Shows the jobs of the app, and retries, discards and runs them: ``App(controllers=[..., JobsController])``.

    A subclass sets its ``path`` and its ``guards``. Without a guard, of its own or around it, the app does not start.
    """

    __module__ = "framework.job_store"
    __guarded__ = True

    path: ClassVar[str] = "/jobs"
    in_document: ClassVar[bool | None] = False

    def __init__(self, store: JobStore) -> None:
        self._store = store

    @get(media_type="text/html; charset=utf-8", cache_control=_NO_STORE)
    def page(self, request: web.Request) -> str:
        """Return the page."""
        # Relative to the path of the page, which may have a prefix that a proxy removes.
        own = html.escape(request.path.rstrip("/").rpartition("/")[2], quote=True)
        return _asset("page.html").replace("{own}", own)

    @get("/page.js", media_type="text/javascript; charset=utf-8", cache_control=_NO_STORE)
    def script(self) -> str:
        """Return the script of the page."""
        return _asset("page.js")

    @get("/page.css", media_type="text/css; charset=utf-8", cache_control=_NO_STORE)
    def style(self) -> str:
        """Return the style of the page."""
        return _asset("page.css")

    @get("/queues", cache_control=_NO_STORE)
    async def queues(self) -> list[QueueState]:
        """Return the queues."""
        return list(await self._store.queues())

    @put("/queues/{name}", status=204)
    async def change_queue(self, name: str, change: QueueChange) -> None:
        """Pause or resume a queue."""
        await (self._store.pause if change.paused else self._store.resume)(name)

    @get("/items", cache_control=_NO_STORE, raises=(UnprocessableContent,))
    async def search(
        self,
        state: tuple[str, ...] = (),
        queue: str | None = None,
        name: str | None = None,
        before: int | None = None,
        limit: _Limit = 50,
    ) -> list[StoredJob]:
        """Return jobs, the newest first."""
        which = JobFilter(states=state, queue=queue, name=name)
        with _unknown_states():
            return list(await self._store.list(which, limit=limit, before=before))

    @get("/items/{job_id}", cache_control=_NO_STORE, raises=(NoSuchJob,))
    async def show(self, job_id: int) -> StoredJob:
        """Return one job."""
        found = await self._store.find(job_id)
        if found is None:
            raise NoSuchJob(f"There is no job {job_id}")
        return found

    @post("/retry", status=200, raises=(UnprocessableContent,))
    async def retry(self, which: JobSelection) -> Changed:
        """Make dead and cancelled jobs ready again."""
        with _unknown_states():
            return Changed(await self._store.retry(_chosen(which)))

    @post("/discard", status=200, raises=(UnprocessableContent,))
    async def discard(self, which: JobSelection) -> Changed:
        """Cancel jobs that wait or run."""
        with _unknown_states():
            return Changed(await self._store.discard(_chosen(which)))

    @post("/run-now", status=200, raises=(UnprocessableContent,))
    async def run_now(self, which: JobSelection) -> Changed:
        """Make scheduled jobs ready."""
        with _unknown_states():
            return Changed(await self._store.run_now(_chosen(which)))


def _chosen(which: JobSelection) -> JobFilter:
    """Return the filter of a selection; a forgotten one does not mean all jobs. Raises ValueError."""
    found = JobFilter(ids=which.ids, states=which.states, queue=which.queue, name=which.name)
    if (found == JobFilter()) is not which.all:
        raise ValueError("Name jobs with ids, states, queue or name, or all of them with all alone")
    return found


@contextmanager
def _unknown_states() -> Iterator[None]:
    """Turn the error of an unknown state into a problem."""
    try:
        yield
    except ValueError as error:
        raise UnprocessableContent(str(error)) from error


@cache
def _asset(name: str) -> str:
    return files("framework._jobs.page").joinpath("assets", name).read_text(encoding="utf-8")

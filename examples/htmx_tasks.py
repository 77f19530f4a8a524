"""A list of tasks with HTMX: pages from the server, fragments for HTMX, forms that are protected from other pages."""

import os
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from framework import App, Container, Controller, Form, Header, HTTPError, Request, Response, get, post
from framework.middleware import CSRF, CSRFToken, SecurityHeaders, Sessions
from framework.responses import Redirect, see_other
from framework.templating import Templates

__all__ = ("app", "create_app")

_HTMX = "https://unpkg.com/htmx.org@2.0.8/dist/htmx.min.js"
templates = Templates(Path(__file__).parent / "templates")


class Task(Struct):
    """A task."""

    id: int
    title: str
    done: bool = False


class TaskNotFound(HTTPError, status=404, title="Task not found"):
    """There is no task with this number."""


class NewTask(Struct):
    """The form."""

    title: Annotated[str, Meta(min_length=1, max_length=80)]


class Visit(Struct):
    """The session of a browser, to which its token is bound."""


class Page(Struct):
    """The names of tasks.html."""

    tasks: list[Task]
    token: CSRFToken
    htmx: str = _HTMX


class Rows(Struct):
    """The names of its block ``rows``."""

    tasks: list[Task]


page = templates.page("tasks.html", Page)
rows = templates.page("tasks.html", Rows, block="rows")


class Tasks:
    """Keeps the tasks in memory."""

    def __init__(self) -> None:
        self.all: list[Task] = []

    def add(self, title: str) -> None:
        """Add a task."""
        self.all.append(Task(len(self.all) + 1, title))

    def complete(self, task_id: int) -> None:
        """Complete a task. Raises TaskNotFound."""
        if not 1 <= task_id <= len(self.all):
            raise TaskNotFound
        self.all[task_id - 1].done = True


class TaskController(Controller):
    """The page and its fragments."""

    def __init__(self, tasks: Tasks) -> None:
        self._tasks = tasks

    @get("/", media_type="text/html")
    async def show(self, request: Request, token: CSRFToken) -> str:
        """Show the page."""
        return page.render(request, Page(self._tasks.all, token))

    @post("/tasks")
    async def create(
        self, request: Request, task: Annotated[NewTask, Form()], *, hx_request: Annotated[bool, Header()] = False
    ) -> Response[str] | Redirect:
        """Add a task; without HTMX the browser loads the page again."""
        self._tasks.add(task.title)
        return self._rows(request) if hx_request else see_other("/")

    @post("/tasks/{task_id}/done", media_type="text/html", raises=(TaskNotFound,))
    async def complete(self, request: Request, task_id: int) -> str:
        """Complete a task."""
        self._tasks.complete(task_id)
        return rows.render(request, Rows(self._tasks.all))

    def _rows(self, request: Request) -> Response[str]:
        return Response(rows.render(request, Rows(self._tasks.all)), media_type="text/html")


def create_app(secret: str) -> App:
    """Return the app without tasks."""
    container = Container()
    container.add_singleton(Tasks)
    container.add_instance(Templates, templates)
    policy = {"default-src": ("'self'",), "script-src": ("'nonce'",), "style-src": ("'self'", "'unsafe-inline'")}
    layers = [SecurityHeaders(csp=policy), Sessions(Visit, secret=secret), CSRF(secret=secret)]
    return App([TaskController], container=container, openapi=None, middlewares=layers)


app = create_app(os.environ.get("SECRET", "an example only: at least 32 bytes"))

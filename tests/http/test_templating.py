"""Pages of Jinja: escaped, with URLs of handlers, nonces, fragments, and forms that come back with their errors."""

import re
from pathlib import Path
from typing import Annotated

import pytest
from jinja2 import UndefinedError
from msgspec import Meta, Struct

from framework import App, Container, Controller, Form, Request, Response, get, post
from framework.errors import ReverseError
from framework.http_errors import FieldError, InvalidForm, UnprocessableContent
from framework.middleware import SecurityHeaders
from framework.openapi import handles
from framework.routing import url_for
from framework.templating import FormState, Templates
from framework.testing import PROVIDED, AppClient, AppClientFactory, ContractClient
from framework.types import SecretStr

TEMPLATES = {
    "base.html": "<title>{{ title }}</title>{% block main %}{% endblock %}",
    "tasks.html": """{% extends "base.html" %}
{% block main %}
<ul>
{% block rows %}
{% for task in tasks %}
<li>{{ task.title }} <a href="{{ url_for("TaskController.show", task_id=task.id) }}">show</a></li>
{% endfor %}
{% endblock %}
</ul>
<script nonce="{{ csp_nonce() }}"></script>
{% endblock %}
""",
    "form.html": """{% extends "base.html" %}
{% block main %}
<form>
{% for name in ["title", "days", "password"] %}
<input name="{{ name }}" value="{{ form.value(name) }}">{{ form.errors_of(name)|join }};
{% endfor %}{{ form.errors_of()|join }}</form>
{% endblock %}
""",
    "mail.txt": "Hello {{ title }}",
}


class Task(Struct):
    """A task."""

    id: int
    title: str


class TasksPage(Struct):
    """The page of all tasks."""

    title: str
    tasks: list[Task]


class Rows(Struct):
    """The rows alone."""

    tasks: list[Task]


class FormPage(Struct):
    """The page of the form."""

    title: str
    form: FormState = FormState()


class NewTask(Struct):
    """The form."""

    title: Annotated[str, Meta(min_length=3)]
    days: list[int] = []
    password: SecretStr | None = None


def pages_of(folder: Path) -> App:  # noqa: C901  the app of all tests
    """Return an app with pages."""
    for name, text in TEMPLATES.items():
        (folder / name).write_text(text, encoding="utf-8")
    templates = Templates(folder)
    page = templates.page("tasks.html", TasksPage)
    rows = templates.page("tasks.html", Rows, block="rows")
    form_page = templates.page("form.html", FormPage)
    mail = templates.page("mail.txt", FormPage)
    some = [Task(1, "Bread & <b>butter</b>"), Task(2, "Milk")]

    @handles(media_type="text/html")
    async def show_again(request: Request, error: InvalidForm) -> Response[str]:
        return Response(form_page.render(request, FormPage("New", FormState.of(error))))

    class TaskController(Controller):
        path = "/tasks"

        @get(media_type="text/html")
        async def tasks(self, request: Request) -> str:
            return page.render(request, TasksPage("Tasks", some))

        @get("/rows", media_type="text/html")
        async def rows(self, request: Request) -> str:
            return rows.render(request, Rows(some[1:]))

        @get("/mail")
        async def mail(self, request: Request) -> str:
            return mail.render(request, FormPage("<Ada>"))

        @get("/{task_id}")
        async def show(self, task_id: int) -> Task:
            return some[task_id]

        @get("/new/form", media_type="text/html")
        async def form(self, request: Request) -> str:
            return form_page.render(request, FormPage("New"))

        @post("/new/form", exception_handlers={InvalidForm: show_again}, media_type="text/html")
        async def create(self, new: Annotated[NewTask, Form()]) -> str:
            if new.title == "Bread":
                taken = FieldError("form", "/title", "value", "Taken")
                raise InvalidForm("1 error", errors=[taken], values={"title": new.title})
            return "made"

        @post("/plain")
        async def plain(self, title: Annotated[str, Form()], days: Annotated[int, Form()]) -> str:
            return f"{title} {days}"

    container = Container()
    container.add_instance(Templates, templates)
    csp = {"script-src": ("'nonce'",)}
    return App(controllers=[TaskController], container=container, middlewares=[SecurityHeaders(csp=csp)])


@pytest.fixture
async def client(app_client: AppClientFactory, tmp_path: Path) -> AppClient:
    """Serve the pages."""
    return await app_client(pages_of(tmp_path))


async def test_a_page(client: AppClient) -> None:
    """Values are escaped, links are those of the handlers, and the nonce is that of the policy."""
    async with client.request("GET", "/tasks") as response:
        text = await response.text()
        policy = response.headers["Content-Security-Policy"]
    assert response.content_type == "text/html"
    (nonce,) = re.findall(r"nonce-([\w-]+)", policy)
    assert text == (
        "<title>Tasks</title><ul>\n"
        '<li>Bread &amp; &lt;b&gt;butter&lt;/b&gt; <a href="/tasks/1">show</a></li>\n'
        '<li>Milk <a href="/tasks/2">show</a></li>\n'
        f'</ul>\n<script nonce="{nonce}"></script>\n'
    )


async def test_a_fragment_and_plain_text(client: AppClient) -> None:
    """One block with a context of its own; text files are not escaped."""
    async with client.request("GET", "/tasks/rows") as response:
        assert await response.text() == '<li>Milk <a href="/tasks/2">show</a></li>\n'
    async with client.request("GET", "/tasks/mail") as response:
        assert await response.text() == "Hello <Ada>"


async def test_a_form_comes_back_with_its_errors(client: AppClient) -> None:
    """It has what was sent, escaped, without the password, and each error is at its field."""
    sent = {"title": '"', "days": "x", "password": "hush"}
    async with client.request("POST", "/tasks/new/form", data=sent) as response:
        text = await response.text()
    assert (response.status, response.content_type) == (422, "text/html")
    assert text.splitlines()[1:] == [
        '<input name="title" value="&#34;">Expected `str` of length &gt;= 3;',
        '<input name="days" value="[&#39;x&#39;]">Expected `int`, got `str`;',
        '<input name="password" value="">;',
        "</form>",
    ]
    async with client.request("GET", "/tasks/new/form") as response:
        assert '<input name="title" value="">;' in await response.text()


async def test_a_handler_shows_its_form_again(client: AppClient) -> None:
    """What only the handler knows is an InvalidForm, too."""
    async with client.request("POST", "/tasks/new/form", data={"title": "Bread"}) as response:
        assert '<input name="title" value="Bread">Taken;' in await response.text()
    async with client.request("POST", "/tasks/new/form", data={"title": "Cheese"}) as response:
        assert await response.text() == "made"


async def test_without_an_exception_handler_it_is_the_usual_problem(client: AppClient) -> None:
    """Forms of APIs are unchanged."""
    async with client.request("POST", "/tasks/plain", data={"days": "x"}) as response:
        problem = await response.json()
    assert (response.status, response.content_type) == (422, "application/problem+json")
    assert problem.keys() == {"type", "title", "status", "detail", "instance", "errors"}
    assert [(one["pointer"], one["code"]) for one in problem["errors"]] == [("/title", "missing"), ("/days", "type")]


async def test_the_document_has_the_page(contract_client: ContractClient, tmp_path: Path) -> None:
    """The 422 of a form that comes back is HTML in the OpenAPI document, that of another form the problem."""
    app = pages_of(tmp_path)
    paths = app.document()["paths"]
    assert [*paths["/tasks/new/form"]["post"]["responses"]["422"]["content"]] == ["text/html"]
    assert paths["/tasks/plain"]["post"]["responses"]["422"] == {"$ref": "#/components/responses/UnprocessableContent"}
    client = await contract_client(app)
    assert (await client.post("/tasks/new/form", data={"title": ""})).status == 422


def test_values_and_messages_of_a_form() -> None:
    """Errors beside the fields are under an empty name; names are unescaped."""
    errors = [
        FieldError("form", "/a~1b/0", "value", "first"),
        FieldError("form", "/a~1b", "value", "second"),
        FieldError("query", "/page", "type", "third"),
    ]
    error = InvalidForm(errors=errors, values={"a/b": "x"})
    form = FormState.of(error)
    assert isinstance(error, UnprocessableContent)
    assert (form.value("a/b"), form.value("c", "-")) == ("x", "-")
    assert (form.errors_of("a/b"), form.errors_of(), form.errors_of("c")) == (["first", "second"], ["third"], ())


@pytest.mark.parametrize("name", ["password", "new_password", "newPassword", "passphrase", "user_pwd", "PWD"])
def test_passwords_of_a_form_do_not_come_back(name: str) -> None:
    """Not even if they are not declared as SecretStr; other fields do."""
    form = FormState.of(InvalidForm(values={name: "sesame", "compass": "north", "upwds": "south"}))
    assert [form.value(one) for one in (name, "compass", "upwds")] == ["", "north", "south"]


async def test_what_is_wrong_while_a_page_is_rendered(app_client: AppClientFactory, tmp_path: Path) -> None:
    """A context of another type and a missing attribute are errors of the programmer, not empty strings."""
    (tmp_path / "page.html").write_text("{{ task.titel }}")

    class Page(Struct):
        task: Task

    templates = Templates(tmp_path)
    page = templates.page("page.html", Page)
    seen: list[Exception] = []

    class Pages(Controller):
        @get("/page")
        async def page(self, request: Request) -> str:
            for context in (Page(Task(1, "Bread")), Task(1, "Bread")):
                try:
                    page.render(request, context)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
                except (TypeError, UndefinedError) as error:
                    seen.append(error)
            return str(url_for(request, Pages.page))

        @get("/lost")
        async def lost(self, request: Request) -> str:
            with pytest.raises(ReverseError, match=r"^url_for: no route of this app is Nothing\.here$"):
                url_for(request, "Nothing.here")
            return "lost"

    client = await app_client(App(controllers=[Pages]))
    assert await client.call(Pages.page, PROVIDED) == "/page"
    assert await client.call(Pages.lost, PROVIDED) == "lost"
    assert [type(one) for one in seen] == [UndefinedError, TypeError]
    assert str(seen[1]).endswith("Page) is rendered with a Task")


async def test_changed_files_are_read_again_for_development(app_client: AppClientFactory, tmp_path: Path) -> None:
    """With ``reload``; without it a page is what was checked at start-up."""
    file = tmp_path / "page.html"

    class Page(Struct):
        title: str

    for reload, expected in ((True, "new Ada"), (False, "old Ada")):
        file.write_text("old {{ title }}")
        templates = Templates(tmp_path, reload=reload)
        page = templates.page("page.html", Page)

        class Pages(Controller):
            @get("/page")
            async def page(self, request: Request) -> str:
                return page.render(request, Page("Ada"))  # noqa: B023  called inside the loop

        container = Container()
        container.add_instance(Templates, templates)
        client = await app_client(App(controllers=[Pages], container=container))
        file.write_text("new {{ title }}, longer")
        assert (await client.call(Pages.page, PROVIDED)).startswith(expected)

"""InvalidTemplateError: a template is missing or broken, or uses a name that it is not given."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from msgspec import Struct

from framework import App, Container, Controller, get
from framework.errors import DefinitionErrors, InvalidTemplateError
from framework.templating import Templates


class Page(Struct):
    """The names of a template."""

    title: str
    tasks: list[str] = []


class Tasks(Controller):
    """A route to link to."""

    @get("/tasks/{task_id}")
    async def show(self, task_id: int) -> int:
        """Return a number."""
        return task_id


def errors_of(templates: Templates) -> list[tuple[str, str, str]]:
    """Return place, error and hint of each error of an app with these templates."""
    container = Container()
    container.add_instance(Templates, templates)
    app = App(controllers=[Tasks], container=container)
    with pytest.raises(DefinitionErrors) as caught:
        app.build()
    with pytest.raises(DefinitionErrors):
        app.routes()
    found = [one for one in caught.value.exceptions if isinstance(one, InvalidTemplateError)]
    assert len(found) == len(caught.value.exceptions)
    return [(one.where, one.what, one.hint) for one in found]


def written(folder: Path, **files: str) -> Templates:
    """Return the templates of a folder with these files."""
    for name, text in files.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return Templates(folder)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """The hint does not depend on the working directory."""
    folder = tmp_path / "nothing"
    hint = 'write the path from the module, Templates(Path(__file__).parent / "templates")'
    assert errors_of(Templates(folder)) == [(f"Templates({str(folder)!r})", "it is not a folder", hint)]


@pytest.mark.parametrize(
    ("text", "line", "what", "hint"),
    [
        (
            "<p>\n{% for x in y %}",
            2,
            "Unexpected end of template. Jinja was looking for the following tags: 'endfor' or 'else'. The innermost "
            "block that needs to be closed is 'for'",
            "correct it; the syntax is that of Jinja",
        ),
        ("{{ 1|shout }}", 1, "No filter named 'shout'", "correct it; the syntax is that of Jinja"),
        ("\n{% extends 'bas.html' %}", 2, "there is no template 'bas.html' in {folder}", "write 'base.html'"),
        ("{% include 'x' %}", 1, "there is no template 'x' in {folder}", "create it, or correct the name"),
        (
            "{{ url_for('Tasks.shw', task_id=1) }}",
            1,
            "url_for: no route of this app is 'Tasks.shw'",
            "write 'Tasks.show'",
        ),
        (
            "{{ url_for('Tasks.show', id=1) }}",
            1,
            "url_for: Tasks.show takes (task_id), not (id)",
            "give each placeholder of the path by its name",
        ),
    ],
)
def test_broken_templates(tmp_path: Path, text: str, line: int, what: str, hint: str) -> None:
    """Each error is in the file and line where it is."""
    templates = written(tmp_path, base="<html></html>", page=text)
    assert errors_of(templates) == [(f"{tmp_path}/page.html:{line}", what.replace("{folder}", str(tmp_path)), hint)]


def test_a_broken_page_is_reported_once(tmp_path: Path) -> None:
    """The page of a template with a syntax error adds nothing to it."""
    templates = written(tmp_path, page="{{ titel", other="{% extends 'page.html' %}")
    templates.page("page.html", Page)
    templates.page("other.html", Page)
    what = "unexpected end of template, expected 'end of print statement'"
    assert errors_of(templates) == [(f"{tmp_path}/page.html:1", what, "correct it; the syntax is that of Jinja")]


def test_names_that_the_context_does_not_have(tmp_path: Path) -> None:
    """Also in the templates that a page extends and includes."""
    templates = written(
        tmp_path,
        base="{{ title }}{% block main %}{% endblock %}\n{{ user }}",
        row="{{ task }}",
        page="{% extends 'base.html' %}\n{% block main %}\n{{ titel }}{% include 'row.html' %}{% endblock %}",
    )
    templates.page("page.html", Page)
    assert errors_of(templates) == [
        (f"{tmp_path}/page.html:3", "it uses 'titel', which Page does not have", "write title"),
        (f"{tmp_path}/base.html:2", "it uses 'user', which Page does not have", "add a field user to Page"),
        (f"{tmp_path}/row.html:1", "it uses 'task', which Page does not have", "write tasks"),
    ]


def test_pages_that_cannot_be_rendered(tmp_path: Path) -> None:
    """The name, the block and the type of the context are checked."""
    templates = written(tmp_path, page="{% block rows %}{{ title }}{% endblock %}")
    templates.page("pag.html", Page)
    templates.page("page.html", Page, block="row")
    templates.page("page.html", dict[str, Any])
    templates.page("page.html", int)
    assert errors_of(templates) == [
        ("Template('pag.html', Page)", f"there is no template 'pag.html' in {tmp_path}", "write 'page.html'"),
        ("Template('page.html', Page, block='row')", "page.html has no block 'row'", "it has rows"),
        ("Template('page.html', dict)", "its context has no fields", "use a Struct or a dataclass"),
        ("Template('page.html', int)", "its context has no fields", "use a Struct or a dataclass"),
    ]


def test_a_block_that_is_rendered_alone(tmp_path: Path) -> None:
    """What is imported at the top of its template is not there; in the whole page it is."""
    templates = written(
        tmp_path,
        macros="{% macro row(task) %}{{ task }}{% endmacro %}",
        page="{% from 'macros.html' import row %}{% block rows %}{{ row(title) }}{% endblock %}",
    )
    templates.page("page.html", Page)
    templates.page("page.html", Page, block="rows")
    hint = "import or set it inside the block, which is rendered alone"
    assert errors_of(templates) == [(f"{tmp_path}/page.html:1", "it uses 'row', which Page does not have", hint)]


def test_without_jinja(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hint names the extra."""
    monkeypatch.setitem(sys.modules, "jinja2", None)
    hint = "install framework-aiohttp[templating]"
    assert errors_of(Templates(tmp_path)) == [("Templates", "it uses the package jinja2, which is not installed", hint)]


def test_bytes_that_are_not_text(tmp_path: Path) -> None:
    """A picture among the templates."""
    (tmp_path / "logo.png").write_bytes(b"\x89PNG\xff")
    assert errors_of(Templates(tmp_path)) == [(f"{tmp_path}/logo.png", "it is not UTF-8", "move it out of the folder")]


def test_mocks_are_not_asked() -> None:
    """They have every attribute, and check nothing."""
    container = Container()
    container.add_instance(Mock, Mock())
    App(controllers=[Tasks], container=container).build()


def test_right_templates_are_no_errors(tmp_path: Path) -> None:
    """Names of loops, macros, imports and blocks are known, and so are own globals, filters and dataclasses."""

    @dataclass
    class Small:
        tasks: list[str]

    (tmp_path / "macros.html").write_text("{% macro row(task) %}{{ task|shout }}{% endmacro %}")
    parts = [
        "{% from 'macros.html' import row %}{% set n = 1 %}{% include 'maybe.html' ignore missing %}",
        "{% import 'macros.html' as all %}{% set long %}text{% endset %}{% set a, b = 1, 2 %}",
        "{% macro own() %}{% endmacro %}",
        "{% block made %}{{ all.row(long) }}{{ a }}{{ b }}{{ own() }}{% endblock %}",
        "{% block list %}{% from 'macros.html' import row %}",
        "{% for one in tasks %}{{ loop.index }}{{ row(one) }}{{ site }}{% endfor %}{% endblock %}",
        "{% block numbers %}{{ n }}{{ row(title) }}{% endblock %}{{ title }}{{ n }}{{ request.path }}",
        "{{ csp_nonce() }}{{ url_for('Tasks.show', task_id=1) }}",
        "{% set values = {} %}{{ url_for('Tasks.show', **values) }}{{ url_for(title) }}",
    ]
    (tmp_path / "page.html").write_text("\n".join(parts))
    templates = Templates(tmp_path, globals={"site": "Shop"}, filters={"shout": str.upper})
    templates.page("page.html", Page)
    templates.page("page.html", Small, block="list")
    container = Container()
    container.add_instance(Templates, templates)
    App(controllers=[Tasks], container=container).build()


def test_what_changes_between_two_builds_is_checked(tmp_path: Path) -> None:
    """Templates that were right are checked again after a change of a file, a page, a name or the routes."""
    templates = written(tmp_path, tasks="{{ url_for('Tasks.show', task_id=1) }}{{ title }}{{ site }}")
    templates.environment.globals["site"] = "Tasks"
    templates.page("tasks.html", Page)
    container = Container()
    container.add_instance(Templates, templates)
    App(controllers=[Tasks], container=container).build()

    del templates.environment.globals["site"]
    assert [what for _, what, _ in errors_of(templates)] == ["it uses 'site', which Page does not have"]
    templates.environment.globals["site"] = "Tasks"
    with pytest.raises(DefinitionErrors) as caught:
        App(container=container).build()
    assert "no route of this app is 'Tasks.show'" in str(caught.value.exceptions[0])
    App(controllers=[Tasks], container=container).build()
    written(tmp_path, tasks="{{ titel }}")
    assert [what for _, what, _ in errors_of(templates)] == ["it uses 'titel', which Page does not have"]
    written(tmp_path, tasks="{{ title }}")
    templates.page("missing.html", Page)
    assert [what for _, what, _ in errors_of(templates)] == [f"there is no template 'missing.html' in {tmp_path}"]

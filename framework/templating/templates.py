"""Templates of one folder, and pages with typed contexts."""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, TypeVar

from aiohttp import web
from msgspec import Struct

from framework.container import RouteNames
from framework.errors import DefinitionError, InvalidTemplateError
from framework.middleware import csp_nonce
from framework.option_errors import explained_class
from framework.routing import url_for
from framework.templating.checking import Checker
from framework.templating.flashes import Flash, flashes

__all__ = ("Template", "Templates")

_T = TypeVar("_T")
_OWN = frozenset({"request"})


class Template(Generic[_T]):
    """A template, or one of its blocks, with the type of its context; made by ``Templates.page``."""

    def __init__(self, templates: "Templates", name: str, context: type[_T], block: str | None) -> None:
        self.name = name
        self.context = context
        self.block = block
        self._templates = templates

    def __repr__(self) -> str:
        block = "" if self.block is None else f", block={self.block!r}"
        return f"Template({self.name!r}, {self.context.__qualname__}{block})"

    def render(self, request: web.Request, context: _T) -> str:
        """Return the text for a context: its fields are the names that the template uses.

        Raises TypeError for a context of another type, and jinja2.UndefinedError for an attribute that is not there.
        """
        if not isinstance(context, self.context):
            raise TypeError(f"{self!r} is rendered with a {type(context).__qualname__}")
        template = self._templates.environment.get_template(self.name)
        names = {one: getattr(context, one) for one in field_names(self.context)}
        if self.block is None:
            return str(template.render(names, request=request))
        return "".join(template.blocks[self.block](template.new_context({**names, "request": request})))


@explained_class("Templates", 'Templates("templates")')
class Templates:
    """The Jinja templates of a folder: ``Templates(Path(__file__).parent / "templates")``.

    Register it with ``container.add_instance(Templates, templates)``: then every template is compiled, and errors are
    reported, when the app is built. Values are escaped, except in ``.txt`` files. Templates can call
    ``url_for("TaskController.show", task_id=7)``, ``csp_nonce()`` and ``flashes()``, and have the ``request``. An
    undefined name or attribute is an error. ``reload`` reads changed files again, for development.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        globals: Mapping[str, Any] | None = None,  # noqa: A002  its name in Jinja
        filters: Mapping[str, Callable[..., Any]] | None = None,
        reload: bool = False,
    ) -> None:
        self._folder = Path(folder)
        self._globals = dict(globals or {})
        self._filters = dict(filters or {})
        self._reload = reload
        self._pages: list[Template[Any]] = []
        self._valid: object = None

    @cached_property
    def environment(self) -> Any:
        """Jinja's environment, for what this class has no option for. Raises InvalidTemplateError without Jinja."""
        try:
            from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context, select_autoescape
        except ModuleNotFoundError as error:
            what = "it uses the package jinja2, which is not installed"
            raise InvalidTemplateError("Templates", what, hint="install framework-aiohttp[templating]") from error
        environment = Environment(
            loader=FileSystemLoader(self._folder),
            autoescape=select_autoescape(disabled_extensions=("txt",), default=True, default_for_string=True),
            undefined=StrictUndefined,
            auto_reload=self._reload,
            cache_size=-1,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.globals["url_for"] = pass_context(_url_for)
        environment.globals["csp_nonce"] = pass_context(_csp_nonce)
        environment.globals["flashes"] = pass_context(_flashes)
        environment.globals |= self._globals
        environment.filters |= self._filters
        return environment

    def page(self, name: str, context: type[_T], *, block: str | None = None) -> Template[_T]:
        """Declare a template and the Struct or dataclass of its names; ``block`` renders only this block of it."""
        made = Template(self, name, context, block)
        self._pages.append(made)
        return made

    def definition_errors(self, routes: RouteNames) -> Iterator[DefinitionError]:
        """Compile all templates and yield their errors; called when an app is built."""
        where = f"Templates({str(self._folder)!r})"
        if not self._folder.is_dir():
            hint = 'write the path from the module, Templates(Path(__file__).parent / "templates")'
            yield InvalidTemplateError(where, "it is not a folder", hint=hint)
            return
        try:
            checker = Checker(self.environment, str(self._folder))
        except InvalidTemplateError as error:
            yield error
            return
        # PERF: each test of an app builds it again; that of the template is built a fifth faster without this check.
        state = (checker.state(), routes, [*self._pages])
        if state[0] is None or state != self._valid:
            errors = [*checker.all(routes), *(error for page in self._pages for error in _page_errors(page, checker))]
            self._valid = None if errors else state
            yield from errors


def field_names(context: type[Any]) -> tuple[str, ...]:
    """Return the names that a context gives to its template. Raises TypeError for other types."""
    if issubclass(context, Struct):
        return context.__struct_fields__
    if is_dataclass(context):
        return tuple(one.name for one in fields(context))
    raise TypeError


def _page_errors(page: Template[Any], checker: Checker) -> Iterator[DefinitionError]:
    try:
        known = _OWN.union(field_names(page.context))
    except TypeError:
        yield InvalidTemplateError(repr(page), "its context has no fields", hint="use a Struct or a dataclass")
        return
    if not checker.has(page.name):
        # A template with a syntax error is reported already.
        if page.name not in checker.names:
            yield checker.missing(repr(page), page.name)
        return
    blocks = checker.blocks(page.name)
    if page.block is not None and page.block not in blocks:
        named = ", ".join(blocks) or "no block"
        yield InvalidTemplateError(repr(page), f"{page.name} has no block {page.block!r}", hint=f"it has {named}")
        return
    yield from checker.undefined(page.name, page.block, known, page.context.__qualname__)


def _url_for(context: Any, target: str, /, **values: Any) -> str:
    return str(url_for(context["request"], target, **values))


def _csp_nonce(context: Any) -> str:
    return csp_nonce(context["request"])


def _flashes(context: Any) -> list[Flash]:
    return flashes(context["request"])

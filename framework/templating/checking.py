"""Finds the errors in templates when an app is built."""

from collections.abc import Collection, Iterator
from difflib import get_close_matches
from typing import Any

from framework.container import RouteNames
from framework.errors import InvalidTemplateError

__all__ = ("Checker",)

_ALWAYS = ("self", "super", "loop", "caller", "varargs", "kwargs")


def _made_at_the_top(tree: Any) -> Iterator[str]:
    """Yield the names that a template imports, sets and defines outside of its blocks, which see them."""
    from jinja2 import nodes

    for one in tree.body:
        if isinstance(one, nodes.Import):
            yield one.target
        elif isinstance(one, nodes.FromImport):
            yield from (each if isinstance(each, str) else each[1] for each in one.names)
        elif isinstance(one, nodes.Macro):
            yield one.name
        elif isinstance(one, nodes.Assign | nodes.AssignBlock):
            yield from (each.name for each in one.target.find_all(nodes.Name))
            yield from [one.target.name] if isinstance(one.target, nodes.Name) else []


class Checker:
    """Checks the templates of one folder; each template is parsed once."""

    def __init__(self, environment: Any, folder: str) -> None:
        self._environment = environment
        self._folder = folder
        self._names: frozenset[str] = frozenset(environment.list_templates())
        self._parsed: dict[str, Any] = {}
        self._used: dict[tuple[str, str | None], frozenset[str]] = {}

    @property
    def names(self) -> frozenset[str]:
        """The names of all templates."""
        return self._names

    def state(self) -> tuple[object, ...] | None:
        """Return all that the errors depend on, except routes and pages; None if a template cannot be read."""
        environment = self._environment
        try:
            sources = {name: environment.loader.get_source(environment, name)[0] for name in self._names}
        except UnicodeDecodeError:
            return None
        known = (environment.globals, environment.filters, environment.tests, environment.extensions)
        return (sources, *map(frozenset, known))

    def where(self, name: str, line: int = 0) -> str:
        """Return the place of an error: ``templates/tasks.html:12``."""
        return f"{self._folder}/{name}" + (f":{line}" if line else "")

    def all(self, routes: RouteNames) -> Iterator[InvalidTemplateError]:
        """Compile all templates; yield syntax errors, missing templates and unknown routes."""
        from jinja2 import TemplateSyntaxError

        for name in sorted(self._names):
            try:
                self._environment.get_template(name)
                tree = self._tree(name)
            except TemplateSyntaxError as error:
                place = self.where(error.name or name, error.lineno)
                yield InvalidTemplateError(
                    place, str(error.message).rstrip("."), hint="correct it; the syntax is that of Jinja"
                )
            except UnicodeDecodeError:
                yield InvalidTemplateError(self.where(name), "it is not UTF-8", hint="move it out of the folder")
            else:
                yield from self._missing(name, tree)
                yield from self._routes(name, tree, routes)

    def has(self, name: str) -> bool:
        """Return whether there is a template, without errors in its syntax."""
        from jinja2 import TemplateSyntaxError

        try:
            return name in self._names and self._tree(name) is not None
        except (TemplateSyntaxError, UnicodeDecodeError):
            return False

    def missing(self, where: str, name: str) -> InvalidTemplateError:
        """Return the error for a template that does not exist."""
        near = get_close_matches(name, self._names, 1)
        hint = f"write {near[0]!r}" if near else "create it, or correct the name"
        return InvalidTemplateError(where, f"there is no template {name!r} in {self._folder}", hint=hint)

    def blocks(self, name: str) -> dict[str, Any]:
        """Return the blocks that a template itself has."""
        from jinja2 import nodes

        return {one.name: one for one in self._tree(name).find_all(nodes.Block)}

    def undefined(self, name: str, block: str | None, known: Collection[str], owner: str) -> Iterator[Any]:
        """Yield an error for each name that a template, or one of its blocks, uses and is not given."""
        from jinja2 import nodes

        tree = self._tree(name)
        part = tree if block is None else nodes.Template([self.blocks(name)[block]], lineno=1)
        part.environment = self._environment
        made = set(_made_at_the_top(tree))
        given = {*known, *self._environment.globals, *_ALWAYS, *(made if block is None else ())}
        for one in sorted(self._undeclared(name, block, part) - given):
            lines = [each.lineno for each in part.find_all(nodes.Name) if each.name == one and each.ctx == "load"]
            near = get_close_matches(one, known, 1)
            hint = f"write {near[0]}" if near else f"add a field {one} to {owner}"
            hint = "import or set it inside the block, which is rendered alone" if one in made else hint
            what = f"it uses {one!r}, which {owner} does not have"
            yield InvalidTemplateError(self.where(name, min(lines, default=0)), what, hint=hint)
        for other in self._parts(part):
            if self.has(other):
                yield from self.undefined(other, None, known, owner)

    def _undeclared(self, name: str, block: str | None, part: Any) -> frozenset[str]:
        """Return the names that a template, or one of its blocks, uses; pages share the templates around them."""
        from jinja2 import meta

        if (name, block) not in self._used:
            self._used[name, block] = frozenset(meta.find_undeclared_variables(part))
        return self._used[name, block]

    def _parts(self, tree: Any) -> Iterator[str]:
        """Yield the templates that get the same names: parents and includes."""
        from jinja2 import nodes

        for one in tree.find_all((nodes.Extends, nodes.Include)):
            if isinstance(one.template, nodes.Const) and isinstance(one.template.value, str):
                yield one.template.value

    def _missing(self, name: str, tree: Any) -> Iterator[InvalidTemplateError]:
        from jinja2 import nodes

        for one in tree.find_all((nodes.Extends, nodes.Include, nodes.Import, nodes.FromImport)):
            optional = isinstance(one, nodes.Include) and one.ignore_missing
            target = one.template.value if isinstance(one.template, nodes.Const) else None
            if isinstance(target, str) and not optional and target not in self._names:
                yield self.missing(self.where(name, one.lineno), target)

    def _routes(self, name: str, tree: Any, routes: RouteNames) -> Iterator[InvalidTemplateError]:
        """Yield an error for each url_for() with a constant name that no route has, or with other placeholders."""
        from jinja2 import nodes

        for call in tree.find_all(nodes.Call):
            target = call.args[0] if call.args else None
            is_url = isinstance(call.node, nodes.Name) and call.node.name == "url_for"
            if not is_url or not isinstance(target, nodes.Const):
                continue
            where, given = self.where(name, call.lineno), {one.key for one in call.kwargs}
            if target.value not in routes:
                near = get_close_matches(str(target.value), routes, 1)
                hint = f"write {near[0]!r}" if near else "the name of a route is that of its handler: 'Tasks.show'"
                yield InvalidTemplateError(where, f"url_for: no route of this app is {target.value!r}", hint=hint)
            elif call.dyn_kwargs is None and not any(given == one for one in routes[target.value]):
                wanted = " or ".join(f"({', '.join(sorted(one))})" for one in routes[target.value])
                what = f"url_for: {target.value} takes {wanted}, not ({', '.join(sorted(given))})"
                yield InvalidTemplateError(where, what, hint="give each placeholder of the path by its name")

    def _tree(self, name: str) -> Any:
        if name not in self._parsed:
            source, _, _ = self._environment.loader.get_source(self._environment, name)
            self._parsed[name] = self._environment.parse(source, name)
        return self._parsed[name]

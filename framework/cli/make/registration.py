"""Registers a class in the module that declares an application, by inserting text at places that ``ast`` finds.

Nothing else in the module changes: comments, order and layout stay.
"""

import ast
from collections.abc import Iterator

__all__ = ("prefix_of", "with_controller", "with_job", "with_service")

_LINE = 120


def with_controller(source: str, module: str, name: str) -> str | None:
    """Return the source with a controller at the end of the list ``App(controllers=[...])``.

    If no controller is in the list itself, the list of its first Router is the one. Returns None if there is no such
    list.
    """
    tree = ast.parse(source)
    found = _controllers(tree)
    if found is None:
        return None
    return _with_import(_with_element(source, found, name), tree, module, name)


def with_job(source: str, module: str, name: str) -> str | None:
    """Return the source with a class at the end of the list ``App(jobs=[...])`` or ``JobSettings([...])``.

    Returns None if there is no such list.
    """
    tree = ast.parse(source)
    found = _lists_of(tree, "jobs")
    if len(found) != 1:
        return None
    return _with_import(_with_element(source, found[0], name), tree, module, name)


def with_service(source: str, module: str, name: str) -> str | None:
    """Return the source with ``container.add_singleton(...)`` after the last service that is added to ``container``.

    Returns None if no service is added there.
    """
    tree = ast.parse(source)
    added = [one for one in ast.walk(tree) if isinstance(one, ast.Expr) and _adds_service(one.value)]
    if not added:
        return None
    # The function that adds the first one is the one that registers the services.
    functions = [one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef) and added[0] in one.body]
    inside = [one for one in added if one in functions[0].body] if functions else added
    last = max(inside, key=lambda one: one.lineno)
    lines = source.splitlines(keepends=True)
    lines.insert(_end(last), f"{' ' * last.col_offset}container.add_singleton({name})\n")
    return _with_import("".join(lines), tree, module, name)


def prefix_of(source: str) -> str:
    """Return the prefix of the Router that ``with_controller`` adds to: ``/api``, or an empty string."""
    lists = _lists(ast.parse(source))
    router = _first_router(lists[0]) if lists else None
    first = router.args[0] if router is not None and router.args else None
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else ""


# Places


def _lists(tree: ast.Module) -> list[ast.List]:
    return _lists_of(tree, "controllers")


def _lists_of(tree: ast.Module, name: str) -> list[ast.List]:
    """Return the lists that an option of App has, also as the first argument of a call: ``JobSettings([...])``."""
    values = [
        option.value
        for one in ast.walk(tree)
        if isinstance(one, ast.Call) and isinstance(one.func, ast.Name) and one.func.id == "App"
        for option in one.keywords
        if option.arg == name
    ]
    inner = [one.args[0] if isinstance(one, ast.Call) and one.args else one for one in values]
    return [one for one in inner if isinstance(one, ast.List)]


def _controllers(tree: ast.Module) -> ast.List | None:
    lists = _lists(tree)
    if len(lists) != 1:
        return None
    router = _first_router(lists[0])
    if router is None:
        return lists[0]
    inner = [one for one in router.args if isinstance(one, ast.List)]
    return inner[0] if inner else lists[0]


def _first_router(found: ast.List) -> ast.Call | None:
    """Return the first Router of a list that has no controllers beside routers, folders and instances."""
    if any(isinstance(one, ast.Name) for one in found.elts):
        return None
    calls = [one for one in found.elts if isinstance(one, ast.Call)]
    return next((one for one in calls if isinstance(one.func, ast.Name) and one.func.id == "Router"), None)


def _adds_service(value: ast.expr) -> bool:
    return (
        isinstance(value, ast.Call)
        and isinstance(value.func, ast.Attribute)
        and value.func.attr.startswith("add_")
        and isinstance(value.func.value, ast.Name)
        and value.func.value.id == "container"
        and value.func.attr in {"add_singleton", "add_scoped", "add_transient", "add_instance"}
    )


# Text


def _with_element(source: str, found: ast.List, name: str) -> str:
    """Insert an element after the last name of a list: on its line, or on a line of its own if the list has several."""
    lines = source.splitlines(keepends=True)
    if not found.elts:
        return _inserted(lines, found.lineno, found.col_offset + 1, name)
    last = next((one for one in reversed(found.elts) if isinstance(one, ast.Name)), found.elts[-1])
    line, column = _end(last), last.end_col_offset or 0
    if line == found.end_lineno:
        return _inserted(lines, line, column, f", {name}")
    # A comma after the last element stays, and is after the new one then.
    return _inserted(lines, line, column, f",\n{' ' * last.col_offset}{name}")


def _inserted(lines: list[str], line: int, column: int, text: str) -> str:
    """Insert text at a place as ``ast`` counts: lines from 1, columns in bytes from 0."""
    changed = lines[line - 1].encode()
    return "".join([*lines[: line - 1], (changed[:column] + text.encode() + changed[column:]).decode(), *lines[line:]])


def _with_import(source: str, before: ast.Module, module: str, name: str) -> str:
    """Insert the import in the order of the imports of the same package. These lines are the same in both sources."""
    lines = source.splitlines(keepends=True)
    lines.insert(_place(before, module), _import_line(module, name))
    return "".join(lines)


def _place(tree: ast.Module, module: str) -> int:
    """Return the number of lines before the import."""
    imports = list(_imports(tree))
    package = module.partition(".")[0]
    same = [one for one in imports if str(one.module).partition(".")[0] == package]
    earlier = [one for one in same if str(one.module) <= module]
    if earlier:
        return _end(earlier[-1])
    if same:
        return same[0].lineno - 1
    if imports:
        return _end(imports[-1])
    described = tree.body and ast.get_docstring(tree) is not None
    return _end(tree.body[0]) if described else 0


def _end(node: ast.stmt | ast.expr) -> int:
    return node.end_lineno or node.lineno


def _imports(tree: ast.Module) -> Iterator[ast.ImportFrom]:
    yield from (one for one in tree.body if isinstance(one, ast.ImportFrom) and not one.level)


def _import_line(module: str, name: str) -> str:
    line = f"from {module} import {name}\n"
    return line if len(line) <= _LINE + 1 else f"from {module} import (\n    {name},\n)\n"

"""Makes the pages of the public modules, for tools/build_docs.py: an entry for each public name."""

import ast
from collections.abc import Mapping
from importlib import import_module
from inspect import cleandoc, isroutine
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

from framework import _PLACES  # where each of its names is

# Modules without a page: the command line, the plugin of pytest, and old names of modules.
WITHOUT_PAGE = {"cli", "media_types", "pytest_plugin", "schemes"}


def public_modules() -> Mapping[str, tuple[str, ...]]:
    """Return the public modules of the framework, with the names of each."""
    package = import_module("framework")
    names = ["framework"]
    names += [f"framework.{one.name}" for one in iter_modules(package.__path__) if is_public(one.name)]
    return {name: names_of(import_module(name)) for name in names if names_of(import_module(name))}


def is_public(name: str) -> bool:
    """Return whether a module has a page."""
    return not name.startswith("_") and name not in WITHOUT_PAGE


def names_of(module: Any) -> tuple[str, ...]:
    """Return the public names of a module."""
    return tuple(one for one in getattr(module, "__all__", ()) if not one.startswith("__"))


def write_modules(folder: Path) -> list[str]:
    """Write a page for each public module; return their names."""
    folder.mkdir()
    pages = []
    for name, names in public_modules().items():
        lines = [name, "=" * len(name), "", f".. automodule:: {name}", "   :no-members:", ""]
        for one in names:
            lines += entry(name, one)
        (folder / f"{name}.rst").write_text("\n".join(lines), encoding="utf-8")
        pages.append(f"api/{name}")
    return pages


def entry(module: str, name: str) -> list[str]:
    """Return the directive that documents a public name."""
    value = getattr(import_module(module), name)
    if module == "framework" and (home := home_of(name)) != "framework":
        return [f"* :py:obj:`~{home}.{name}`", ""]
    if isinstance(value, type) and issubclass(value, type):
        # Sphinx finds no signature of a metaclass that is made in C.
        return [f".. py:class:: {module}.{name}", "", f"   {(value.__doc__ or '').partition(chr(10))[0]}", ""]
    if isinstance(value, type):
        return [f".. autoclass:: {module}.{name}", "   :members:", ""]
    if isroutine(value):
        return [f".. autofunction:: {module}.{name}", ""]
    alias, text = described(module, name)
    lines = [f"   {line}" if line else "" for line in text.splitlines()]
    head = [f".. py:data:: {name}", f"   :module: {module}", *([f"   :value: {alias}"] if alias else [])]
    return [*head, "", *lines, ""]


def home_of(name: str) -> str:
    """Return the public module of a name that ``framework`` exports."""
    return next(home for home, names in _PLACES.items() if name in names)


def described(module: str, name: str) -> tuple[str, str]:
    """Return the type that a name is an alias of, empty for a constant, and its docstring, where it is assigned."""
    body = ast.parse(Path(import_module(module).__file__ or "").read_text(encoding="utf-8")).body
    for statement, following in zip(body, [*body[1:], ast.Pass()], strict=True):
        match statement:
            case ast.ImportFrom(module=str(home), names=names) if any(one.name == name for one in names):
                return described(home, name)
            case ast.AnnAssign(target=ast.Name(found), annotation=ast.Name("TypeAlias"), value=ast.expr() as value):
                alias = ast.unparse(value)
            case ast.AnnAssign(target=ast.Name(found)) | ast.Assign(targets=[ast.Name(found)]):
                alias = ""
            case _:
                continue
        if found == name:
            return alias, docstring(following)
    return "", ""


def docstring(statement: ast.stmt) -> str:
    """Return the text of a statement that is a string, else an empty string."""
    match statement:
        case ast.Expr(ast.Constant(str(text))):
            return cleandoc(text)
    return ""

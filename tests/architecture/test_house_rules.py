"""The rules of the house that no tool of the trade checks."""

import ast
import re
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

import framework
from framework import errors

ROOT = Path(framework.__file__).parent
TESTS = ROOT.parent / "tests"
MODULES = sorted(str(path.relative_to(ROOT.parent)) for path in ROOT.rglob("*.py"))


@cache
def tree_of(module: str) -> ast.Module:
    """Parse a module of the framework."""
    return ast.parse((ROOT.parent / module).read_text(), module)


def imported(tree: ast.AST) -> Iterator[str]:
    """Yield the dotted names that a module imports: ``inspect``, ``typing.get_type_hints``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{one.name}" for one in node.names)


def named(tree: ast.AST) -> Iterator[str]:
    """Yield all names and attributes that a module uses: ``exec``, ``typing.TYPE_CHECKING``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield dotted(node)


def dotted(node: ast.expr) -> str:
    """Return the dotted name of an attribute, for example ``typing.cast``; of a call's attribute, ``.cast``."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


@cache
def imports_of(module: str) -> frozenset[str]:
    """Return the dotted names that a module imports."""
    return frozenset(imported(tree_of(module)))


@cache
def names_of(module: str) -> frozenset[str]:
    """Return all names and attributes that a module uses."""
    return frozenset(named(tree_of(module)))


def last_names_of(module: str) -> set[str]:
    """Return the last part of each name that a module imports or uses."""
    return {one.rpartition(".")[2] for one in imports_of(module) | names_of(module)}


def reads_signatures(module: str) -> bool:
    """Tell whether a module imports ``inspect``, or resolves annotations."""
    from_imports = any(one == "inspect" or one.startswith("inspect.") for one in imports_of(module))
    return from_imports or "get_type_hints" in last_names_of(module)


def executes(module: str) -> bool:
    """Tell whether a module runs text as code."""
    return not names_of(module).isdisjoint({"exec", "eval", "builtins.exec", "builtins.eval"})


def checks_types_only(module: str) -> bool:
    """Tell whether a module imports something for type checkers alone."""
    return "TYPE_CHECKING" in last_names_of(module)


@pytest.mark.parametrize(
    ("breaks", "allowed"),
    [
        (reads_signatures, {"framework/_inspect/"}),
        (executes, {"framework/_source.py"}),
        (checks_types_only, set[str]()),
    ],
)
def test_who_may_do_what(breaks: Callable[[str], bool], allowed: set[str]) -> None:
    """Signatures have one reader, text becomes code in one place, and no import is for type checkers alone."""
    assert [one for one in MODULES if breaks(one) and not one.startswith(tuple(allowed))] == []
    assert all(any(breaks(one) for one in MODULES if one.startswith(where)) for where in allowed)


CATALOGUE = tuple(f"framework/{one}/" for one in ("middleware", "security", "stores", "telemetry"))
CLOCKS = {"time.time", "time.monotonic", "datetime.now", "datetime.utcnow"}


def test_the_catalogue_reads_time_in_one_place() -> None:
    """What limits, expiry and tokens compare is read from framework.clock, which tests can move."""
    modules = [one for one in MODULES if one.startswith(CATALOGUE)]
    own = {one: CLOCKS & (imports_of(one) | names_of(one)) for one in modules}

    assert {one: names for one, names in own.items() if names} == {}
    assert any("clock.monotonic" in names_of(one) for one in modules)


@pytest.mark.parametrize("module", MODULES)
def test_public_names_are_a_sorted_tuple(module: str) -> None:
    """Every module that defines something says what is public; ``__all__`` is a tuple, sorted, and tells the truth."""
    tree = tree_of(module)
    assigned = [one for one in tree.body if isinstance(one, ast.Assign) and ast.unparse(one.targets[0]) == "__all__"]
    if not assigned:
        assert all(isinstance(one, ast.Expr) for one in tree.body), "a module with code has no __all__"
        return
    (one,) = assigned
    assert isinstance(one.value, ast.Tuple)
    names = [ast.literal_eval(each) for each in one.value.elts]
    assert names == sorted(set(names), key=order_of)
    # What is imported late is bound in the stub, whose own names are the same.
    stub = (ROOT.parent / module).with_suffix(".pyi")
    assert set(names) <= (bound(ast.parse(stub.read_text())) if stub.exists() else bound(tree))


def test_public_names_are_where_type_checkers_read_them() -> None:
    """Every name that is imported late is what the stub says, and nothing else is public."""
    stub = ast.parse((ROOT / "__init__.pyi").read_text())
    places = {
        name.asname or name.name: (one.module, name.name)
        for one in stub.body
        if isinstance(one, ast.ImportFrom)
        for name in one.names
    }
    (public,) = [one for one in stub.body if isinstance(one, ast.Assign)]

    assert ast.literal_eval(public.value) == framework.__all__
    assert set(framework.__all__) == places.keys() <= set(dir(framework))
    for name, (module, attribute) in places.items():
        assert getattr(framework, name) is getattr(import_module(str(module)), attribute)
    with pytest.raises(AttributeError, match=r"^module 'framework' has no attribute 'Nothing'$"):
        framework.Nothing  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]  # noqa: B018


def order_of(name: str) -> tuple[int, str]:
    """Return where a name stands, as ruff sorts them: constants, then classes, then the others."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)


def bound(tree: ast.Module) -> set[str]:
    """Return the names that the top level of a module binds."""
    found = set[str]()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found.update(each.id for one in targets for each in ast.walk(one) if isinstance(each, ast.Name))
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found.update(one.asname or one.name for one in node.names)
    return found


MISTAKES = [
    name
    for name, one in vars(errors).items()
    if isinstance(one, type) and issubclass(one, errors.DefinitionError) and one is not errors.DefinitionError
]


def test_every_mistake_has_its_tests() -> None:
    """Each DefinitionError has a file in tests/startup that is named for it."""
    wanted = {f"test_{re.sub(r'(?<=[a-z])(?=[A-Z])', '_', name.removesuffix('Error')).lower()}.py" for name in MISTAKES}
    assert wanted - {path.name for path in (TESTS / "startup").iterdir()} == set()


def test_every_mistake_is_public_and_documented() -> None:
    """Each DefinitionError is in ``__all__``, and a row of the table of all kinds."""
    page = (ROOT.parent / "docs" / "reference" / "errors-at-startup.md").read_text(encoding="utf-8")
    assert [name for name in MISTAKES if name not in errors.__all__] == []
    assert sorted(re.findall(r"^\| `(\w+Error)` \|", page, re.MULTILINE)) == sorted(MISTAKES)


def collected(tree: ast.Module | ast.ClassDef) -> Iterator[ast.stmt]:
    """Yield what stands where pytest looks for tests: at the top level, and in classes."""
    for node in tree.body:
        yield node
        if isinstance(node, ast.ClassDef):
            yield from collected(node)


def test_every_test_states_a_behaviour() -> None:
    """Every test has a docstring."""
    silent = [
        f"{path.relative_to(TESTS)}:{node.lineno}"
        for path in TESTS.rglob("test_*.py")
        for node in collected(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and not ast.get_docstring(node)
    ]
    assert silent == []


PUBLIC = sorted(
    str(path.relative_to(ROOT.parent).with_suffix("")).replace("/", ".").removesuffix(".__init__")
    for path in (*ROOT.glob("[a-z]*.py"), *ROOT.glob("[a-z]*/__init__.py"))
)


# pytest imports them.
FIXTURES = {"framework.testing.fixtures", "framework.pytest_plugin"}


@pytest.mark.parametrize("module", [one for one in PUBLIC if one not in FIXTURES])
def test_public_classes_bear_a_public_module(module: str) -> None:
    """Messages, tracebacks and pickles say ``framework.requests.UploadFile``, and the class is found there."""
    found = import_module(module)
    for name in getattr(found, "__all__", ()):
        named = getattr(found, name)
        if isinstance(named, type) and named.__module__.startswith("framework"):
            assert not any(part.startswith("_") for part in named.__module__.split(".")), named
            assert getattr(import_module(named.__module__), named.__qualname__) is named

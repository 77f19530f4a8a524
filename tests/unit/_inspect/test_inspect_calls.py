"""Wrong calls: what Python refuses is an error with a hint, and type checkers refuse it as well."""

import inspect
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec import Struct

from framework import Container, Limits, OpenAPI, Response, Router, route
from framework._inspect.calls import ExplainedMeta, explained
from framework.background import Periodic
from framework.deprecation import Deprecation
from framework.errors import InvalidOptionError
from framework.option_errors import explained_class
from framework.responses import FileResponse, Redirect
from framework.security import PasswordHasher, Sealer, Signer

HERE = str(Path(__file__).relative_to(Path.cwd()))


def line_of(text: str) -> int:
    """Return the line of this file that holds a text first."""
    return next(number for number, line in enumerate(Path(__file__).read_text().splitlines(), 1) if text in line)


class Settings:
    """A service."""


def test_type_checkers_refuse_what_is_reported() -> None:
    """Each of these lines needs its comment, so that mypy in strict mode refuses the call without it."""
    container = Container()
    with pytest.raises(InvalidOptionError, match=r"Router .*: it has no option prefix="):
        Router(prefix="/v1")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  that is the point
    with pytest.raises(InvalidOptionError, match=r"@route .*: it lacks methods="):
        route("/x")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  that is the point
    with pytest.raises(InvalidOptionError, match=r"add_instance .*: it lacks instance="):
        container.add_instance(Settings())  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  as above
    with pytest.raises(InvalidOptionError, match=r"add_singleton .*: it has no option instance="):
        container.add_singleton(Settings, instance=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    with pytest.raises(InvalidOptionError, match=r"Response .*: it has no option status_code="):
        Response("", status_code=201)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  as above
    with pytest.raises(InvalidOptionError, match=r"Redirect .*: it has no option status_code="):
        Redirect("/", status_code=301)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  as above
    with pytest.raises(InvalidOptionError, match=r"FileResponse .*: it has no option attachment="):
        FileResponse("x", attachment=True)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  as above
    with pytest.raises(InvalidOptionError, match=r"OpenAPI .*: it has no option titel="):
        OpenAPI(titel="Shop")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  as above
    with pytest.raises(InvalidOptionError, match=r"Limits .*: it has no option bodies="):
        Limits(bodies=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  as above
    with pytest.raises(InvalidOptionError, match=r"PasswordHasher .*: it has no option rounds="):
        PasswordHasher(rounds=12)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  as above
    with pytest.raises(InvalidOptionError, match=r"Signer .*: it lacks purpose="):
        Signer("secret")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  as above
    with pytest.raises(InvalidOptionError, match=r"Sealer .*: it has no option salt="):
        Sealer("secret", purpose="cart", salt="")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  as above


@pytest.mark.parametrize(
    ("given", "written"),
    [((Settings(),), "Settings, …"), ((Settings,), "Settings, instance"), ((), "Settings, …")],
)
def test_the_type_of_an_instance(given: tuple[object, ...], written: str) -> None:
    """The hint names the type of what was given."""
    with pytest.raises(InvalidOptionError) as error:
        Container().add_instance(*given)
    assert error.value.hint == f"write container.add_instance({written})"


@explained("add", "add(1, b=2)", {"plus": "write b= instead"})
def add(a: int, /, *, b: int = 0, c: int = 0) -> int:
    """Add, if both are numbers."""
    return a + b + c


def test_a_right_call() -> None:
    """It returns what the function returns; the signature and the docstring are the function's."""
    assert add(1, b=2) == 3
    assert str(inspect.signature(add)) == "(a: int, /, *, b: int = 0, c: int = 0) -> int"
    assert add.__doc__ == "Add, if both are numbers."


def test_a_type_error_of_the_function_itself() -> None:
    """It is raised as it is."""
    with pytest.raises(TypeError, match="can only concatenate str"):
        add("x", b=2)  # type: ignore[arg-type]  # wrong inside


def test_the_whole_message() -> None:
    """Place, what is wrong, and a hint for each option, once."""
    with pytest.raises(InvalidOptionError) as unknown:
        add(1, plus=1, d=2)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  that is the point
    assert str(unknown.value) == (
        f"add ({HERE}:{line_of('add(1, plus=1')}): it has no option plus= and no option d=.\n"
        "  Hint: write b= instead; use one of b, c."
    )
    with pytest.raises(InvalidOptionError) as many:
        add(1, 2)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  that is the point
    assert str(many.value) == (
        f"add ({HERE}:{line_of('add(1, 2)')}): too many positional arguments.\n  Hint: write add(1, b=2)."
    )
    with pytest.raises(InvalidOptionError) as few:
        add()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  that is the point
    assert str(few.value) == f"add ({HERE}:{line_of('        add()')}): it lacks a=.\n  Hint: write add(1, b=2)."


def test_a_registration_is_placed_where_it_is_called() -> None:
    """What explains the calls is no place of a registration."""
    container = Container()
    container.add_instance(Settings, Settings())
    with container.override(Settings, instance=Settings()):
        (override,) = container.registrations()
    (one,) = container.registrations()

    assert [Path(place.rpartition(":")[0]) for place in (one.place, override.place)] == [Path(__file__)] * 2


@pytest.mark.parametrize(
    ("make", "what", "hint"),
    [
        (lambda: OpenAPI(titel="Shop"), "OpenAPI: it has no option titel=", "write title= instead"),  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
        (lambda: OpenAPI(openapi_url="/x"), "OpenAPI: it has no option openapi_url=", "write path= instead"),  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
        (lambda: OpenAPI("Shop"), "OpenAPI: too many positional arguments", "write OpenAPI(title=…)"),  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
        (lambda: Deprecation(), "Deprecation: it lacks since=", "write Deprecation(since=…)"),  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # noqa: PLW0108
        (
            lambda: Periodic(),  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # noqa: PLW0108
            "Periodic: it lacks function= and every=",
            "write Periodic(function=…, every=…)",
        ),
    ],
)
def test_a_declaration_that_is_a_struct(make: Callable[[], object], what: str, hint: str) -> None:
    """Its wrong calls have the place and a hint too."""
    with pytest.raises(InvalidOptionError) as raised:
        make()
    name, _, reason = what.partition(": ")
    place = f"{HERE}:{make.__code__.co_firstlineno}"
    assert str(raised.value) == f"{name} ({place}): {reason}.\n  Hint: {hint}."


class Declared(Struct, metaclass=ExplainedMeta):
    """A declaration that checks itself."""

    number: int = 0

    def __post_init__(self) -> None:
        if self.number < 0:
            raise TypeError("it is negative")


def test_a_struct_whose_values_are_wrong() -> None:
    """Its own errors are raised as they are, and right calls are as before."""
    with pytest.raises(TypeError, match=r"^it is negative$"):
        Declared(-1)
    assert Declared(number=1) == Declared(1)


@explained_class("Ruler", "Ruler(30)")
class Ruler:
    """A class of an application with an option."""

    def __init__(self, length: int) -> None:
        if length < 0:
            raise InvalidOptionError("Ruler", f"length={length} is negative", hint="write it as length=30")
        if length == 0:
            raise InvalidOptionError("something else", "it is empty", hint="leave it out")


def test_a_constructor_that_refuses_a_value() -> None:
    """Its error at its own name gets the place of the call; another error is raised as it is."""
    with pytest.raises(InvalidOptionError) as negative:
        Ruler(-1)
    assert str(negative.value) == (
        f"Ruler ({HERE}:{line_of('        Ruler(-1)')}): length=-1 is negative.\n  Hint: write it as length=30."
    )
    with pytest.raises(InvalidOptionError, match=r"^something else: it is empty\."):
        Ruler(0)

"""InvalidSecurityError: credentials that cannot be verified as they were declared."""

from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any

import pytest
from msgspec import Struct

from framework import App, Container, Controller, Header, Query, get
from framework.credentials import Credentials
from framework.errors import CyclicProviderError, InvalidMarkerError, InvalidSecurityError, MissingProviderError
from framework.security import APIKey, Basic, Bearer, OAuth2
from tests.startup.expected import mistakes, place, told

OF_ONE = "  Hint: write it as async def verify(token: str) -> User | None; its other parameters are injected."
OF_TWO = (
    "  Hint: write it as async def verify(name: str, password: str) -> User | None; its other parameters are injected."
)


class User(Struct):
    """Who is asking."""

    name: str


class Users:
    """A service."""

    def __init__(self, tenant: str) -> None:
        self.tenant = tenant


async def good(token: str) -> User | None:
    """Verify."""


async def number(token: int) -> User | None:
    """Take what no header gives."""


async def nothing() -> User | None:
    """Take nothing."""


async def keyword(*, token: str) -> User | None:
    """Take the token by its name alone."""


async def one(name: str) -> User | None:
    """Take no password."""


async def silent(token: str):  # type: ignore[no-untyped-def]  # what is tested
    """Say nothing of what is returned."""


async def boolean(token: str) -> bool:
    """Say only whether it is good."""
    return token == ""


async def none(token: str) -> None:
    """Return nobody, ever."""


async def generator(token: str) -> AsyncIterator[User]:
    """Yield."""
    yield User(token)


async def hungry(token: str, users: Users) -> User | None:
    """Need a service."""


async def reading(token: str, page: Annotated[int, Query()]) -> User | None:
    """Read a parameter."""


async def circular(token: str, user: "Annotated[User, Bearer(circular)]") -> User | None:  # pyright: ignore[reportUndefinedVariable]  it is, when it is read
    """Need itself."""


def handler(asked: Credentials | type, annotation: Any = User) -> type[Controller]:
    """Return a controller whose handler asks for credentials."""

    class Names(Controller):
        @get("/name")
        async def name(self, user: Annotated[annotation, asked]) -> str:  # pyright: ignore[reportInvalidTypeForm]  of each test
            return str(user)

    return Names


@pytest.mark.parametrize(
    ("asked", "what"),
    [
        (Bearer(nothing), "it does not take token first, which Bearer() gives it"),
        (Bearer(keyword), "it does not take token first, which Bearer() gives it"),
        (Bearer(silent), "it does not say whom it returns"),
        (Bearer(generator), "it verifies credentials and is a generator"),
        (Bearer(number), "it is int, and Bearer() gives it a str"),
        (Basic(one), "it does not take name and password first, which Basic() gives it"),
    ],
)
def test_a_function_of_the_wrong_shape(asked: Any, what: str) -> None:
    """The credentials come first, and what is returned is who they belong to."""
    verify: Callable[..., Any] = asked.verify
    parameter = ", parameter 'token'" if verify is number else ""
    hint = OF_TWO if verify is one else OF_ONE
    text = f"{verify.__name__} ({place(verify)}){parameter}: {what}.\n{hint}"
    assert mistakes(handler(asked)) == [(InvalidSecurityError, text)]


@pytest.mark.parametrize(("verify", "returned"), [(boolean, "bool"), (none, "None")])
def test_a_result_that_says_nothing(verify: Callable[..., Any], returned: str) -> None:
    """False would be somebody, since only None is nobody."""
    assert mistakes(handler(Bearer(verify))) == [
        (
            InvalidSecurityError,
            f"{verify.__name__} ({place(verify)}): it returns {returned}, which says nothing of who is asking.\n"
            "  Hint: return whom the credentials belong to, and None for nobody.",
        )
    ]


def test_another_type() -> None:
    """What verify returns is what the parameter is."""
    names = handler(Bearer(good), str)
    assert mistakes(names) == [
        (
            InvalidSecurityError,
            f"Names.name ({place(names_of(names))}), parameter 'user': good ({place(good)}) gives User, "
            "and the parameter is str.\n"
            "  Needed by: Names.name\n"
            "  Hint: annotate it as User, or return str.",
        )
    ]


@pytest.mark.parametrize(
    ("asked", "what", "hint"),
    [
        (
            Bearer(Users),
            "Bearer() is given the class Users to verify with",
            OF_ONE.removeprefix("  Hint: "),
        ),
        (Bearer("good"), "Bearer() is given 'good' to verify with", OF_ONE.removeprefix("  Hint: ")),  # type: ignore[arg-type]  # what is tested
        (Bearer(good, scopes="read"), "Bearer(scopes='read') names no scopes", 'write it as scopes=("orders:write",).'),  # type: ignore[arg-type]  # what is tested
        (
            Bearer(good, scopes=("a b",)),
            "Bearer(scopes=('a b',)) names no scopes",
            'write it as scopes=("orders:write",).',
        ),
        (
            Bearer(good, name="my tokens"),
            "Bearer(name='my tokens') is not a name for the document",
            "use letters, digits, '.', '-' and '_' alone.",
        ),
        (
            Bearer(good, realm="a\r\nb"),
            "Bearer(realm='a\\r\\nb') cannot stand in a header",
            "write the realm in ASCII, on one line.",
        ),
        (
            Bearer(good, scopes=("read",)),
            "Bearer() asks for scopes=('read',), and User has no scopes",
            "give User an attribute scopes, or say scopes_of=lambda owner: ….",
        ),
        (APIKey(good), "APIKey() needs one place of its key", 'give one of header="X-API-Key", query= and cookie=.'),
        (
            APIKey(good, header="a", query="b"),
            "APIKey() needs one place of its key",
            'give one of header="X-API-Key", query= and cookie=.',
        ),
        (
            APIKey(good, header="a b"),
            "APIKey() has 'a b' for the name of its key",
            'write it as header="X-API-Key".',
        ),
        (
            OAuth2(good, flows={}),
            "OAuth2() has no flow",
            "give one of implicit, password, clientCredentials, authorizationCode.",
        ),
        (
            OAuth2(good, flows={"magic": {}}),
            "OAuth2() has a flow 'magic', which nobody knows",
            "give one of implicit, password, clientCredentials, authorizationCode.",
        ),
        (
            OAuth2(good, flows={"password": {}}),
            "the flow 'password' of OAuth2() lacks tokenUrl and scopes",
            "add what is lacking.",
        ),
        (
            OAuth2(good, flows={"password": {"tokenUrl": "/", "scopes": {}}}, scopes=("read",)),
            "no flow of OAuth2() gives the scope 'read'",
            "add it to the scopes of a flow.",
        ),
    ],
)
def test_a_scheme_that_makes_no_sense(asked: Any, what: str, hint: str) -> None:
    """It is told where it was given, as a parameter or as a guard."""
    names = handler(asked)
    assert mistakes(names) == [
        (
            InvalidSecurityError,
            f"Names.name ({place(names_of(names))}), parameter 'user': {what}.\n"
            f"  Needed by: Names.name\n  Hint: {hint}",
        )
    ]

    class Guarded(Controller):
        guards = (asked,)

        @get("/name")
        async def name(self) -> str:
            return ""

    assert mistakes(Guarded) == [
        (
            InvalidSecurityError,
            f"the guards of Guarded: {what}.\n  Needed by: guards of Guarded\n  Hint: {hint}",
        )
    ]


def test_what_verify_needs_and_nobody_provides() -> None:
    """It is told once, with who asked for it."""
    assert mistakes(handler(Bearer(hungry)), guards=(Bearer(hungry),)) == [
        (
            MissingProviderError,
            f"hungry ({place(hungry)}), parameter 'users': no provider for Users.\n"
            "  Needed by: guards of app -> hungry\n"
            "  Hint: pass container= to App, with container.add_scoped(Users), or give the parameter a default.",
        )
    ]


def test_what_is_read_later() -> None:
    """Credentials are verified before parameters are read, by verify or by a service that it needs."""
    hint = "  Hint: take the Request itself, or nothing that is read from it."
    assert mistakes(handler(Bearer(reading))) == [
        (
            InvalidSecurityError,
            f"reading ({place(reading)}), parameter 'page': reading verifies credentials before parameters and body "
            f"are read, and needs one of them.\n{hint}",
        )
    ]

    async def users(tenant: Annotated[str, Header()]) -> Users:
        return Users(tenant)

    container = Container()
    container.add_scoped(Users, users)
    assert mistakes(handler(Bearer(hungry)), container=container) == [
        (
            InvalidSecurityError,
            "the provider of Users, parameter 'tenant': hungry verifies credentials before parameters and body "
            f"are read, and needs one of them.\n{hint}",
        )
    ]


def test_what_needs_itself() -> None:
    """Nobody can be known before he is known."""
    assert mistakes(handler(Bearer(circular))) == [
        (
            CyclicProviderError,
            f"circular ({place(circular)}), parameter 'user': the provider of circular needs itself.\n"
            "  Needed by: circular -> circular\n"
            "  Hint: let one of them take what it needs as a method argument, or move what both need to a third "
            "service.",
        )
    ]


def test_an_alternative_that_needs_both() -> None:
    """The one that asks for itself is told, whichever of several it is."""

    async def asking(key: str, user: Any) -> User | None:
        return user if key else None

    either = Bearer(good) | APIKey(asking, header="X-Key")
    asking.__annotations__["user"] = Annotated[User, either]
    assert mistakes(handler(either)) == [
        (
            CyclicProviderError,
            f"asking ({place(asking)}), parameter 'user': the provider of asking needs itself.\n"
            "  Needed by: asking -> asking\n"
            "  Hint: let one of them take what it needs as a method argument, or move what both need to a third "
            "service.",
        )
    ]


def test_a_class_without_its_function() -> None:
    """The class alone does not say how to verify."""
    names = handler(Bearer)
    assert mistakes(names) == [
        (
            InvalidMarkerError,
            f"Names.name ({place(names_of(names))}), parameter 'user': Bearer has no function to verify with.\n"
            "  Hint: write Annotated[User, Bearer(verify)].",
        )
    ]


def test_two_schemes_of_one_name() -> None:
    """A name in the document stands for one scheme."""
    first, second = handler(Bearer(good)), handler(Bearer(good, format="JWT"))
    second.path = "/other"
    assert told(App([first, second])) == [
        (
            InvalidSecurityError,
            f"Names.name ({place(names_of(second))}): its security scheme 'bearer' differs from another of this name.\n"
            "  Hint: give one of them another name, for example name='bearer-2'.",
        )
    ]


def names_of(controller: type[Controller]) -> Any:
    """Return the handler of a controller."""
    return vars(controller)["name"]


class Verifier:
    """Verifies, and needs a service."""

    def __init__(self, users: Users) -> None:
        self._users = users

    async def __call__(self, token: str) -> User | None:
        """Verify."""


class Reader:
    """Reads a parameter when it is made."""

    def __init__(self, page: Annotated[int, Query()]) -> None:
        self._page = page

    async def __call__(self, token: str) -> User | None:
        """Verify."""


class Short:
    """Takes no token."""

    async def __call__(self) -> User | None:
        """Verify."""


class Boolean:
    """Says only whether it is good."""

    def __call__(self, token: str) -> bool:
        """Verify."""
        return token == ""


def test_a_class_whose_services_are_missing() -> None:
    """Its constructor is injected as that of a guard is."""
    assert mistakes(handler(Bearer(Verifier))) == [
        (
            MissingProviderError,
            f"Verifier.__init__ ({place(Verifier.__init__)}), parameter 'users': no provider for Users.\n"
            "  Needed by: Names.name -> Verifier\n"
            "  Hint: pass container= to App, with container.add_scoped(Users), or give the parameter a default.",
        )
    ]


@pytest.mark.parametrize(
    ("cls", "what", "hint"),
    [
        (Short, "it does not take token first, which Bearer() gives it", OF_ONE),
        (
            Boolean,
            "it returns bool, which says nothing of who is asking",
            "  Hint: return whom the credentials belong to, and None for nobody.",
        ),
    ],
)
def test_a_class_of_the_wrong_shape(cls: type, what: str, hint: str) -> None:
    """Its __call__ is looked at as a function is."""
    call: Any = vars(cls)["__call__"]
    text = f"{cls.__name__}.__call__ ({place(call)}): {what}.\n{hint}"
    assert mistakes(handler(Bearer(cls))) == [(InvalidSecurityError, text)]


def test_a_class_that_reads_parameters() -> None:
    """Credentials are verified before parameters are read."""
    assert mistakes(handler(Bearer(Reader))) == [
        (
            InvalidSecurityError,
            "the provider of Reader, parameter 'page': Reader verifies credentials before parameters and body are "
            "read, and needs one of them.\n"
            "  Hint: take the Request itself, or nothing that is read from it.",
        )
    ]

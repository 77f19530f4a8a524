"""InvalidLayerError: a guard, middleware or exception handler of the wrong shape."""

from collections.abc import Callable
from typing import Annotated, Any, NoReturn

from aiohttp import web

from framework import App, Container, Controller, Header, Query, Response, Router, get
from framework.errors import InvalidLayerError, MissingProviderError, NoRequestError
from framework.http_errors import Forbidden
from framework.typedefs import CallNext
from tests.startup.expected import after, mistakes, place, told

GUARD = (
    "  Hint: write it as async def guard(request) -> None, with every other parameter annotated, "
    "or as a class with such a __call__."
)
MIDDLEWARE = (
    "  Hint: write it as async def middleware(request, call_next), or as a class with such a __call__, whose "
    "constructor takes its services."
)
HANDLER = (
    "  Hint: write it as async def handler(request, error), with services as its other parameters, "
    "or as a class with such a __call__."
)


def plain(request: web.Request) -> None:
    """Be no coroutine function."""


async def no_arguments() -> None:
    """Take nothing."""


async def one_argument(request: web.Request) -> None:
    """Have the shape of a guard."""


async def two_arguments(request: web.Request, other: Any) -> web.Response:
    """Have the shape of a middleware and of an exception handler."""
    raise NotImplementedError


class Guard:
    """A guard as it should be."""

    async def __call__(self, request: web.Request) -> None:
        """Admit everybody."""


class PlainGuard:
    """A guard that cannot be awaited."""

    def __call__(self, request: web.Request) -> None:
        """Admit everybody."""


class NoGuard:
    """A class that cannot be called."""

    async def check(self, request: web.Request) -> None:
        """Have another name."""


class Orders(Controller):
    """A controller with nothing wrong."""

    @get("/orders")
    async def search(self) -> str:
        """Answer."""
        return ""


def misfit(where: str, name: str, role: str, level: str, hint: str) -> tuple[type, str]:
    """Return the mistake as it is told."""
    return InvalidLayerError, f"{where}: {name} is given as {role} of {level} and cannot be called as one.\n{hint}"


def test_guards() -> None:
    """A guard is async and takes the request, as a function, a class or an instance."""
    wrong: Any = (plain, no_arguments, two_arguments, PlainGuard, PlainGuard(), NoGuard, NoGuard(), "admin", None)

    def make() -> App:
        return App([Orders], openapi=None, guards=(one_argument, Guard, Guard(), *wrong))

    app = f"App ({after(make, 1)})"
    role = ("a guard", "app", GUARD)
    call = PlainGuard.__call__
    found = told(make())
    assert found[:6] == [
        misfit(f"plain ({place(plain)})", "plain", *role),
        misfit(f"no_arguments ({place(no_arguments)})", "no_arguments", *role),
        misfit(f"two_arguments ({place(two_arguments)})", "two_arguments", *role),
        misfit(f"PlainGuard ({place(PlainGuard)})", "PlainGuard", *role),
        misfit(f"PlainGuard ({place(call)})", "PlainGuard", *role),
        misfit(f"NoGuard ({place(NoGuard)})", "NoGuard", *role),
    ]
    assert found[6:] == [
        misfit(app, "an instance of NoGuard", *role),
        misfit(app, "'admin'", *role),
        misfit(app, "None", *role),
    ]


def test_middlewares_and_exception_handlers() -> None:
    """Both take two arguments, and each role is looked at by itself."""
    guard: Any = one_argument
    assert mistakes(
        Orders,
        guards=(one_argument,),
        middlewares=(two_arguments, guard, Guard),
        exception_handlers={KeyError: two_arguments, ValueError: guard},
    ) == [
        misfit(f"one_argument ({place(one_argument)})", "one_argument", "a middleware", "app", MIDDLEWARE),
        misfit(f"Guard ({place(Guard)})", "Guard", "a middleware", "app", MIDDLEWARE),
        misfit(f"one_argument ({place(one_argument)})", "one_argument", "an exception handler", "app", HANDLER),
    ]


def test_every_level() -> None:
    """Each level is told by its name, and what cannot be called by where the level stands."""
    text: Any = ("admin",)

    class Items(Controller):
        guards = text

        @get("/items", guards=text)
        async def search(self) -> str:
            return ""

    assert mistakes(Router("/v1", [Items], guards=text)) == [
        misfit("Router('/v1')", "'admin'", "a guard", "router /v1", GUARD),
        misfit(f"Items ({place(Items)})", "'admin'", "a guard", "Items", GUARD),
        misfit(f"Items.search ({place(Items.search)})", "'admin'", "a guard", "route search", GUARD),
    ]


def test_keys_of_exception_handlers() -> None:
    """A handler is for one Exception class or one status of an error."""
    keys: Any = ["KeyError", BaseException, (KeyError, ValueError), 4.5, True, 200, int]

    def make() -> App:
        return App([Orders], openapi=None, exception_handlers=dict.fromkeys([*keys, 404, OSError], two_arguments))

    where = f"App ({after(make, 1)})"
    hint = "  Hint: register it for one Exception class or one status from 400 to 599."
    assert told(make()) == [
        (InvalidLayerError, f"{where}: an exception handler is registered for {name}.\n{hint}")
        for name in ("'KeyError'", "BaseException", "[KeyError, ValueError]", "4.5", "True", "200", "int")
    ]


def test_a_scoped_guard() -> None:
    """A guard lives as long as the process, so it cannot be registered as scoped."""

    class Registered(Guard):
        """One with a registration."""

    def build(register: Callable[[Container], None]) -> Any:
        container = Container()
        register(container)
        return mistakes(Orders, container=container, guards=(Registered,))

    assert build(lambda container: container.add_scoped(Registered)) == [
        (
            InvalidLayerError,
            f"Registered.__init__ ({place(Registered)}): it is given as a guard of app, "
            "which lives as long as the process, and it is registered as scoped.\n"
            "  Hint: register it as a singleton, or not at all.",
        )
    ]
    assert build(lambda container: container.add_singleton(Registered)) == []


async def is_ann(request: web.Request) -> bool:
    """Tell by the result."""
    return request.headers.get("X-User") == "ann"


class IsAnn:
    """Tells by the result as well."""

    async def __call__(self, request: web.Request) -> bool:
        """Tell."""
        return request.headers.get("X-User") == "ann"


async def silent(request: web.Request):  # type: ignore[no-untyped-def]  # what is tested
    """Say nothing of the result."""


async def never(request: web.Request) -> NoReturn:
    """Refuse everybody."""
    raise Forbidden(request.path)


async def unreadable(request: web.Request) -> "Nowhere":  # type: ignore[name-defined]  # what is tested
    """Have a result that nobody needs to know."""


def test_a_guard_that_tells_by_its_result() -> None:
    """False would admit everybody: a guard raises to refuse."""
    hint = (
        "  Hint: raise Forbidden or another HTTPError to refuse, and annotate it -> None: nobody looks at its result."
    )

    assert mistakes(Orders, guards=[is_ann, IsAnn, silent, never, unreadable]) == [
        (
            InvalidLayerError,
            f"is_ann ({place(is_ann)}): it is given as a guard of app and returns bool.\n{hint}",
        ),
        (
            InvalidLayerError,
            f"IsAnn.__call__ ({place(IsAnn.__call__)}): it is given as a guard of app and returns bool.\n{hint}",
        ),
        (
            InvalidLayerError,
            f"silent ({place(silent)}): it is given as a guard of app and does not say that it returns nothing.\n"
            "  Hint: annotate it -> None, and raise Forbidden or another HTTPError to refuse.",
        ),
    ]


async def swallow(request: web.Request, call_next: CallNext) -> None:
    """Forget to return what is inside."""
    await call_next(request)


async def text(request: web.Request, error: KeyError) -> str:
    """Answer as a handler may."""
    return f"{request.path} {error}"


async def either(request: web.Request, call_next: CallNext) -> web.Response | web.StreamResponse:
    """Answer in one of two ways."""
    return await call_next(request)


async def anything(request: web.Request, call_next: CallNext) -> object:
    """Say no more than that something is returned."""
    return await call_next(request)


async def typed(request: web.Request, error: KeyError) -> Response[str]:
    """Answer as it should be."""
    return Response(f"{request.path} {error}")


def test_layers_that_give_no_response() -> None:
    """What is not a response would be a 500 for every request."""
    assert mistakes(Orders, middlewares=[swallow, either], exception_handlers={KeyError: text}) == [
        (
            InvalidLayerError,
            f"swallow ({place(swallow)}): it is given as a middleware of app and returns None.\n"
            "  Hint: return what call_next gives, or a Response, and say so in the annotation.",
        ),
        (
            InvalidLayerError,
            f"text ({place(text)}): it is given as an exception handler of app and returns str.\n"
            "  Hint: return a Response, and say so in the annotation.",
        ),
    ]
    fitting: list[Any] = [either, anything]
    assert told(App([Orders], middlewares=fitting, exception_handlers={KeyError: typed}, openapi=None)) == []


class Session:
    """A service."""


class User:
    """A service that reads the request."""


async def take_values(
    request: web.Request, error: KeyError, limit: int, page: Annotated[str, Query()], session: Session
) -> web.Response:
    """Take what is not a service."""
    raise NotImplementedError(request, error, limit, page, session)


async def take_user(request: web.Request, error: KeyError, user: User) -> web.Response:
    """Take a service that reads the request."""
    raise NotImplementedError(request, error, user)


async def take_nobody(request: web.Request, error: KeyError, session: Session) -> web.Response:
    """Take a service that is not registered."""
    raise NotImplementedError(request, error, session)


def test_services_of_exception_handlers() -> None:
    """They take services alone, and none that read the request: its scope is closed, and it may be what is wrong."""

    def user_of(authorization: Annotated[str, Header()]) -> User:
        raise NotImplementedError(authorization)

    container = Container()
    container.add_scoped(User, user_of)
    assert mistakes(
        Orders,
        container=container,
        exception_handlers={KeyError: take_values, ValueError: take_user, TypeError: take_nobody},
    ) == [
        (
            InvalidLayerError,
            f"take_values ({place(take_values)}), parameter 'limit': int is not a service, and an exception handler "
            "takes services alone.\n  Hint: read it from the request, which is the first argument.",
        ),
        (
            NoRequestError,
            f"user_of ({place(user_of)}), parameter 'authorization': it is read from a request, and take_user runs "
            "outside of one.\n"
            "  Needed by: take_user -> User\n"
            "  Hint: pass what is needed of the request as an argument, or write Request | None where the request "
            "itself is asked for.",
        ),
        (
            MissingProviderError,
            f"take_nobody ({place(take_nobody)}), parameter 'session': no provider for Session.\n"
            "  Needed by: take_nobody\n"
            "  Hint: container.add_scoped(Session), or give the parameter a default.",
        ),
    ]

"""Guards that check the user: by scopes, by roles, or by a function of the application."""

import functools
from collections.abc import Awaitable, Callable, Collection
from typing import Annotated, Any

from msgspec.structs import replace

from framework.credentials import Credentials, SecurityScheme
from framework.errors import InvalidSecurityError
from framework.http_errors import Forbidden, HTTPError
from framework.option_errors import ExplainedMeta, explained_class

__all__ = ("Policy", "Roles", "Scopes")

_REFUSED = "The credentials do not allow this"


class Scopes(Credentials, frozen=True, metaclass=ExplainedMeta):
    """Credentials with additional scopes: ``Scopes(bearer, ("songs:write",))``, in ``guards=`` or in ``Annotated``.

    It does the same as ``Bearer(verify, scopes=...)``, for schemes that are defined elsewhere, or for alternatives.
    """

    asked: Credentials
    scopes: tuple[str, ...]

    def __post_init__(self) -> None:
        _check_credentials("Scopes", self.asked)
        _check_names("Scopes", "scopes", self.scopes)

    @property
    def alternatives(self) -> tuple[SecurityScheme, ...]:
        """The schemes, each with the scopes."""
        return tuple(
            replace(one, scopes=tuple(dict.fromkeys((*one.scopes, *self.scopes)))) for one in self.asked.alternatives
        )

    def missing(self) -> Exception:
        """Return the error for a request without any of the credentials."""
        return self.asked.missing()


class _With(Credentials, frozen=True):
    """Credentials of a user who must have some attributes."""

    asked: Credentials
    needed: tuple[str, ...]

    @property
    def alternatives(self) -> tuple[SecurityScheme, ...]:
        return self.asked.alternatives

    @property
    def attributes(self) -> tuple[str, ...]:
        return self.needed

    def missing(self) -> Exception:
        return self.asked.missing()


@explained_class("Roles", 'Roles(bearer, ("admin",))')
class Roles:
    """A guard that requires one of some roles: ``Roles(bearer, ("admin", "editor"))``.

    Roles are read from the user's attribute ``roles`` (a collection or a space-separated string), or by ``roles_of``.
    With ``every=True`` all are required.
    """

    def __init__(
        self,
        asked: Credentials,
        roles: Collection[str],
        *,
        every: bool = False,
        roles_of: Callable[[Any], Collection[str] | str] | None = None,
    ) -> None:
        _check_credentials("Roles", asked)
        _check_names("Roles", "roles", roles)
        if roles_of is not None and not callable(roles_of):
            raise _mistake(
                "Roles", f"roles_of={roles_of!r} cannot be called", "write it as roles_of=lambda user: user.groups"
            )
        self.raises = (Forbidden,)
        self._roles = frozenset(roles)
        self._every = every
        self._roles_of = roles_of
        # Members of an enum are shown by their values.
        self.__qualname__ = f"Roles({', '.join(repr(str.__str__(role)) for role in roles)})"
        # Read by the framework as the signature of a guard with parameters.
        wanted = asked if roles_of is not None else _With(asked, ("roles",))
        self.__annotations__ = {"owner": Annotated[object, wanted], "return": None}

    async def __call__(self, owner: Any) -> None:
        """Refuse users without the roles; raises Forbidden."""
        found = owner.roles if self._roles_of is None else self._roles_of(owner)
        held = self._roles.intersection(found.split() if isinstance(found, str) else found)
        if len(held) < (len(self._roles) if self._every else 1):
            raise Forbidden(_REFUSED)


@explained_class("Policy", "Policy(owns_song)")
class Policy:
    """A guard from a function that returns whether a request is allowed: ``Policy(owns_song)``.

    The function is plain or async, returns a ``bool``, and has the parameters of a guard: the request, credentials,
    services, and values of path, query, headers and cookies, by their markers. ``detail`` is that of the problem, and
    ``error`` is raised instead of Forbidden: NotFound hides that the resource exists.
    """

    def __init__(
        self,
        allows: Callable[..., bool | Awaitable[bool]],
        *,
        detail: str | None = None,
        error: type[HTTPError] = Forbidden,
    ) -> None:
        given: Any = allows
        if not callable(given) or isinstance(given, type):
            raise _mistake(
                "Policy",
                f"it is given {given!r}, which is not a function",
                "write it as async def owns_song(user: Annotated[User, Bearer(verify)], ...) -> bool",
            )
        raised: Any = error
        if not isinstance(raised, type) or not issubclass(raised, HTTPError):
            raise _mistake("Policy", f"error={error!r} is not an HTTPError class", "write it as error=NotFound")
        self.raises = (error,)
        self._allows = allows
        self._detail = _REFUSED if detail is None and error is Forbidden else detail
        self._error = error
        functools.update_wrapper(self, allows, assigned=("__module__", "__name__", "__qualname__", "__doc__"))

    def __getattr__(self, name: str) -> Any:
        """Return the annotations of a guard with the parameters of the function."""
        # Read when the app is built: annotations may name classes that are defined below the function.
        if name == "__annotations__":
            return {**getattr(self._allows, name, {}), "return": None}
        raise AttributeError(name)

    async def __call__(self, *values: Any, **named: Any) -> None:
        """Refuse a request that the function does not allow; raises the error."""
        answer = self._allows(*values, **named)
        if not (await answer if isinstance(answer, Awaitable) else answer):
            raise self._error(self._detail)


def _check_credentials(label: str, asked: Any) -> None:
    if not isinstance(asked, Credentials):
        raise _mistake(
            label,
            f"it is given {asked!r}, which is not a scheme",
            f'give the scheme first, for example {label}(Bearer(verify), ("admin",))',
        )


def _check_names(label: str, option: str, names: Any) -> None:
    listed = isinstance(names, tuple | list | set | frozenset) and bool(names)
    if not listed or not all(isinstance(one, str) and one for one in names):
        raise _mistake(
            label,
            f"it is given {names!r}, which names no {option}",
            f'give them in a tuple: {label}(bearer, ("admin",))',
        )


def _mistake(label: str, what: str, hint: str) -> InvalidSecurityError:
    return InvalidSecurityError(label, what, hint=hint)

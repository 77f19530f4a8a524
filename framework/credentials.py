"""The protocol by which guards, providers and parameters declare the credentials that a request requires."""

from collections.abc import Callable, Collection, Mapping
from enum import Enum
from typing import Any, ClassVar

from aiohttp import web
from msgspec import Struct

__all__ = ("Credentials", "Refusal", "SecurityRequirement", "SecurityScheme", "stated_errors", "stated_security")


class SecurityRequirement(Struct, frozen=True, kw_only=True):
    """Required credentials in the OpenAPI document; the ``security`` of a custom guard or provider."""

    scheme: str
    """The name of the scheme among the components of the document."""
    document: Mapping[str, Any]
    """The Security Scheme Object (OpenAPI 3.1, section 4.8.27)."""
    scopes: tuple[str, ...] = ()


class Refusal(Enum):
    """The reason to refuse a request for its credentials."""

    MISSING = "missing"
    INVALID = "invalid"
    INSUFFICIENT = "insufficient"
    """The credentials are valid, but a required scope is missing."""


class Credentials(Struct, frozen=True):
    """Required credentials, among guards or in ``Annotated``: one scheme, or several alternatives.

    A request without credentials is refused unless the parameter is optional (``User | None``).
    """

    @property
    def alternatives(self) -> tuple["SecurityScheme", ...]:
        """The schemes; the first one whose credentials are in the request is used."""
        raise NotImplementedError

    @property
    def attributes(self) -> tuple[str, ...]:
        """The attributes that the owner of the credentials must have, checked when the app is built."""
        return ()

    def missing(self) -> Exception:
        """Return the error for a request without any of the credentials."""
        raise NotImplementedError


class _Verified(Credentials, frozen=True):
    verify: Callable[..., Any]
    """``(credentials, …)`` -> their owner, or ``None`` if they are invalid; its other parameters are injected.

    A plain function runs in a worker thread.
    """


class SecurityScheme(_Verified, frozen=True, kw_only=True):
    """One kind of credentials, and the function that verifies them."""

    credentials: ClassVar[tuple[str, ...]] = ("credentials",)
    """The names of the strings that ``read`` returns; they are the first arguments of ``verify``."""

    scopes: tuple[str, ...] = ()
    """The scopes that the owner of the credentials must have."""
    scopes_of: Callable[[Any], Collection[str] | str] | None = None
    """Return the scopes of an owner: a collection or a space-separated string. Default: the attribute ``scopes``."""

    @property
    def alternatives(self) -> tuple["SecurityScheme", ...]:
        """The scheme itself."""
        return (self,)

    def missing(self) -> Exception:
        """Return the error for a request without the credentials."""
        return self.refuse(Refusal.MISSING)

    def read(self, request: web.Request) -> tuple[str, ...] | None:
        """Return the credentials of a request, or None if it has none of this kind.

        Raises the result of ``refuse(Refusal.INVALID)`` for malformed credentials.
        """
        raise NotImplementedError

    def refuse(self, reason: Refusal) -> Exception:
        """Return the error for a request with wrong credentials."""
        raise NotImplementedError

    def requirement(self) -> SecurityRequirement:
        """Return the scheme for the OpenAPI document."""
        raise NotImplementedError

    def mistake(self) -> tuple[str, str] | None:
        """Return the error in the declaration and its hint, or None."""
        return None

    @property
    def raises(self) -> tuple[type[Exception], ...]:
        """The errors beside the refusals, for the OpenAPI document."""
        return ()

    def grants(self, owner: Any) -> bool:
        """Return whether the owner of the credentials has all required scopes."""
        found = owner.scopes if self.scopes_of is None else self.scopes_of(owner)
        return set(self.scopes).issubset(found.split() if isinstance(found, str) else found)


def stated_security(target: Any) -> tuple[SecurityRequirement, ...]:
    """Return the attribute ``security`` of a custom guard or provider."""
    stated = getattr(target, "security", ())
    listed = (stated,) if isinstance(stated, SecurityRequirement) else stated
    if not isinstance(listed, tuple | list):
        return ()
    return tuple(one for one in listed if isinstance(one, SecurityRequirement))


def stated_errors(guard: Any) -> tuple[type[Exception], ...]:
    """Return the attribute ``raises`` of a guard: the errors with which it refuses."""
    stated = getattr(guard, "raises", ())
    listed = stated if isinstance(stated, tuple | list) else ()
    return tuple(one for one in listed if isinstance(one, type) and issubclass(one, Exception))

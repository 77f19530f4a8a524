"""The protocol by which guards, providers and parameters say which credentials a request must carry."""

from collections.abc import Callable, Collection, Mapping
from enum import Enum
from typing import Any, ClassVar

from aiohttp import web
from msgspec import Struct

__all__ = ("Credentials", "Refusal", "SecurityRequirement", "SecurityScheme", "stated_security")


class SecurityRequirement(Struct, frozen=True, kw_only=True):
    """What a client must send, as the document says it; the ``security`` of a guard or a provider of your own."""

    scheme: str
    """Its name among the components of the document."""
    document: Mapping[str, Any]
    """The Security Scheme Object (OpenAPI 3.1, section 4.8.27)."""
    scopes: tuple[str, ...] = ()


class Refusal(Enum):
    """Why a request is refused for its credentials."""

    MISSING = "missing"
    INVALID = "invalid"
    INSUFFICIENT = "insufficient"
    """They are good, and do not reach for what is asked for."""


class Credentials(Struct, frozen=True):
    """What stands among guards, or in ``Annotated``, and asks for credentials: one scheme, or several to choose from.

    A request that carries none is refused unless the parameter is optional (``User | None``).
    """

    @property
    def alternatives(self) -> tuple["SecurityScheme", ...]:
        """The schemes, of which the first that finds its credentials in a request counts."""
        raise NotImplementedError

    def missing(self) -> Exception:
        """Return the answer to a request without any of the credentials."""
        raise NotImplementedError


class _Verified(Credentials, frozen=True):
    verify: Callable[..., Any]
    """``(credentials, …)`` -> who they belong to, or ``None`` for nobody; its other parameters are injected.

    A plain function runs in a worker thread.
    """


class SecurityScheme(_Verified, frozen=True, kw_only=True):
    """One way of carrying credentials, and the function that verifies them."""

    credentials: ClassVar[tuple[str, ...]] = ("credentials",)
    """What ``read`` finds: as many texts are the first arguments of ``verify``."""

    scopes: tuple[str, ...] = ()
    """What whom the credentials belong to must be allowed to do."""
    scopes_of: Callable[[Any], Collection[str] | str] | None = None
    """Tells what somebody may do; without it, his attribute ``scopes`` does. A text is parted at its spaces."""

    @property
    def alternatives(self) -> tuple["SecurityScheme", ...]:
        """The scheme itself."""
        return (self,)

    def missing(self) -> Exception:
        """Return the answer to a request without the credentials."""
        return self.refuse(Refusal.MISSING)

    def read(self, request: web.Request) -> tuple[str, ...] | None:
        """Return the credentials of a request, ``None`` where it carries none of this kind.

        Raises what ``refuse(Refusal.INVALID)`` gives for those that are malformed.
        """
        raise NotImplementedError

    def refuse(self, reason: Refusal) -> Exception:
        """Return the answer to a request with wrong credentials."""
        raise NotImplementedError

    def requirement(self) -> SecurityRequirement:
        """Return what the document says of it."""
        raise NotImplementedError

    def mistake(self) -> tuple[str, str] | None:
        """Return what is wrong with how it was declared, and the hint; ``None`` for nothing."""
        return None

    def grants(self, owner: Any) -> bool:
        """Tell whether the owner of credentials may do all that is asked for."""
        found = owner.scopes if self.scopes_of is None else self.scopes_of(owner)
        return set(self.scopes).issubset(found.split() if isinstance(found, str) else found)


def stated_security(target: Any) -> tuple[SecurityRequirement, ...]:
    """Return what a guard or a provider of the user's own says in its attribute ``security``."""
    stated = getattr(target, "security", ())
    listed = (stated,) if isinstance(stated, SecurityRequirement) else stated
    if not isinstance(listed, tuple | list):
        return ()
    return tuple(one for one in listed if isinstance(one, SecurityRequirement))

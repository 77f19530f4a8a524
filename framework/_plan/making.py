"""What is called with arguments: services, credentials, handlers."""

from collections.abc import Callable
from enum import Enum
from typing import Any

from msgspec import Struct

from framework._plan.reading import ParameterPlan
from framework.container import Lifetime
from framework.schemes import Credentials, SecurityScheme

__all__ = (
    "ArgumentPlan",
    "Call",
    "CredentialPlan",
    "FactoryKind",
    "GuardPlan",
    "Provision",
    "ServicePlan",
    "VerificationPlan",
)


class FactoryKind(Enum):
    """How a factory makes its service."""

    VALUE = "value"
    """There is nothing to call: an instance."""
    CALL = "call"
    ASYNC_CALL = "async call"
    GENERATOR = "generator"
    ASYNC_GENERATOR = "async generator"
    CONTEXT = "context manager"
    ASYNC_CONTEXT = "async context manager"

    @property
    def cleans_up(self) -> bool:
        """Whether something must be closed after use."""
        return self not in {FactoryKind.VALUE, FactoryKind.CALL, FactoryKind.ASYNC_CALL}

    @property
    def awaits(self) -> bool:
        """Whether making the service awaits."""
        return self in {FactoryKind.ASYNC_CALL, FactoryKind.ASYNC_GENERATOR, FactoryKind.ASYNC_CONTEXT}


class Provision(Enum):
    """What fills an argument."""

    PARAMETER = "parameter"
    BODY = "body"
    REQUEST = "request"
    PRECONDITIONS = "preconditions"
    """What the request says of the version that it means."""
    SERVICE = "service"
    SERVICES = "services"
    """All implementations of one type, as a list."""
    CREDENTIAL = "credential"
    """Who the credentials of the request belong to."""
    SOCKET = "socket"


class ArgumentPlan(Struct, frozen=True, kw_only=True):
    """One argument of a handler, a constructor or a factory."""

    name: str
    provision: Provision
    variables: tuple[str, ...] = ()
    """The names under which the emitted code holds what is passed; one, except for a list of services."""
    positional: bool = False


class Call(Struct, frozen=True, kw_only=True):
    """Something called with arguments that were decided at start-up."""

    target: Callable[..., Any]
    arguments: tuple[ArgumentPlan, ...]


class ServicePlan(Struct, frozen=True, kw_only=True):
    """How one service is made."""

    variable: str
    label: str
    """Its type, as messages and comments name it."""
    lifetime: Lifetime
    kind: FactoryKind
    call: Call
    value: Any = None
    """The instance itself, of kind VALUE."""
    outermost: bool = False
    """Whether it is closed after all others of its scope."""


class VerificationPlan(Struct, frozen=True, kw_only=True):
    """One kind of credentials, and how it is verified."""

    scheme: SecurityScheme
    """With all scopes that the route asks for."""
    call: Call
    """The scheme's ``verify``, with the arguments that follow the credentials."""
    synchronous: bool
    verifier: str = ""
    """The variable that holds the instance that is called, where ``verify`` is a class."""


class CredentialPlan(Struct, frozen=True, kw_only=True):
    """Credentials that a route verifies with its guards, once, whoever asks for them."""

    variable: str
    """Holds what ``verify`` gave."""
    asked: Credentials
    verifications: tuple[VerificationPlan, ...]
    """The alternatives, the first of which that finds its credentials counts."""
    optional: bool
    guards: tuple[str, ...]
    """The guards in whose place it stands; without one, all guards come before it."""
    services: tuple[str, ...]
    """The variables of the services that are made before it."""


class GuardPlan(Struct, frozen=True, kw_only=True):
    """A guard of one route that takes more than the request, and what is read and made before it is called."""

    variable: str
    arguments: tuple[ArgumentPlan, ...]
    parameters: tuple[ParameterPlan, ...]
    """Read and validated for the guard alone, with those of the services that are made for it."""
    services: tuple[str, ...]
    """The variables of the services that it needs."""
    credentials: tuple[str, ...]
    """The variables of the credentials that are verified before it."""

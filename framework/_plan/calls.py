"""Calls with planned arguments: services, credentials, handlers."""

from collections.abc import Callable
from enum import Enum
from typing import Any

from msgspec import Struct

from framework._plan.requests import ParameterPlan
from framework.container import Lifetime
from framework.credentials import Credentials, SecurityScheme

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
    """How a factory creates its service."""

    VALUE = "value"
    """Not called: an instance."""
    CALL = "call"
    ASYNC_CALL = "async call"
    GENERATOR = "generator"
    ASYNC_GENERATOR = "async generator"
    CONTEXT = "context manager"
    ASYNC_CONTEXT = "async context manager"

    @property
    def cleans_up(self) -> bool:
        """Whether the service must be closed after use."""
        # PERF: no set, because the hash of a member of an enum is a function in Python.
        return self not in (FactoryKind.VALUE, FactoryKind.CALL, FactoryKind.ASYNC_CALL)


class Provision(Enum):
    """Where an argument comes from."""

    PARAMETER = "parameter"
    BODY = "body"
    REQUEST = "request"
    PRECONDITIONS = "preconditions"
    """The precondition of the request: the version that it refers to."""
    SERVICE = "service"
    SERVICES = "services"
    """All implementations of one type, as a list."""
    CREDENTIAL = "credential"
    """The user that the credentials of the request belong to."""
    SOCKET = "socket"


class ArgumentPlan(Struct, frozen=True, kw_only=True):
    """One argument of a handler, a constructor or a factory."""

    name: str
    provision: Provision
    variables: tuple[str, ...] = ()
    """The names of the passed values in the emitted code; exactly one name, except for a list of services."""
    positional: bool = False


class Call(Struct, frozen=True, kw_only=True):
    """A callable with arguments that were planned at start-up."""

    target: Callable[..., Any]
    arguments: tuple[ArgumentPlan, ...]


class ServicePlan(Struct, frozen=True, kw_only=True):
    """How one service is created."""

    variable: str
    label: str
    """Its type, as messages and comments name it."""
    lifetime: Lifetime
    kind: FactoryKind
    call: Call
    key: Any = None
    """Its type as it is required; ``None`` for an object of the process without one."""
    value: Any = None
    """The instance itself, for kind VALUE."""
    outermost: bool = False
    """Whether it is closed after all other services of its scope."""


class VerificationPlan(Struct, frozen=True, kw_only=True):
    """One kind of credentials, and how it is verified."""

    scheme: SecurityScheme
    """With all scopes that the route requires."""
    call: Call
    """The scheme's ``verify``, with the arguments that follow the credentials."""
    synchronous: bool
    verifier: str = ""
    """The variable that holds the instance that is called, if ``verify`` is a class."""


class CredentialPlan(Struct, frozen=True, kw_only=True):
    """Credentials that a route verifies together with its guards, once, however many parameters use them."""

    variable: str
    """The variable that holds the result of ``verify``."""
    credentials: Credentials
    verifications: tuple[VerificationPlan, ...]
    """The alternatives; the first alternative whose credentials are present is used."""
    optional: bool
    guards: tuple[str, ...]
    """The guards that it replaces; if empty, all guards run before it."""
    services: tuple[str, ...]
    """The variables of the services that are created before it."""


class GuardPlan(Struct, frozen=True, kw_only=True):
    """A guard with more parameters than the request, and what is read and created before it is called."""

    variable: str
    arguments: tuple[ArgumentPlan, ...]
    parameters: tuple[ParameterPlan, ...]
    """The parameters that are read and validated only for the guard and for its services."""
    services: tuple[str, ...]
    """The variables of the services that it depends on."""
    credentials: tuple[str, ...]
    """The variables of the credentials that are verified before it."""

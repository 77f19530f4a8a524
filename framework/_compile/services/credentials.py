"""Plans the credentials that a route verifies, each once, and the services for that."""

import typing
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from framework._compile.services.needs import needed_services
from framework._compile.services.planner import ServicePlanner
from framework._compile.services.products import is_a
from framework._inspect.names import callable_name, type_name, value_name
from framework._inspect.signatures import (
    MISSING,
    Parameter,
    Signature,
    accepts,
    class_hints,
    instance_call,
    is_async,
    is_generator,
    read_signature,
)
from framework._inspect.types import without_none
from framework._plan import ArgumentPlan, Call, CredentialPlan, Provision, VerificationPlan
from framework.credentials import Credentials, SecurityScheme
from framework.errors import CyclicProviderError, DefinitionError, InvalidSecurityError

__all__ = ("CredentialPlanner",)

_OF_THE_REQUEST = frozenset({Provision.PARAMETER, Provision.BODY})


class _Asked(Struct, kw_only=True, eq=False):
    """Credentials that guards or parameters require; credentials that differ only in their scopes are the same."""

    key: tuple[SecurityScheme, ...]
    asked: Credentials
    variable: str
    calls: tuple[Call, ...] = ()
    signatures: tuple[Signature, ...] = ()
    verifiers: tuple[str, ...] = ()
    scopes: list[tuple[str, ...]] = field(default_factory=list)
    """For each alternative, the scopes that guards and parameters require."""
    optional: bool = True
    guards: list[str] = field(default_factory=list)


class CredentialPlanner:
    """Collects the credentials of one route."""

    def __init__(self, planner: ServicePlanner, report: Callable[[DefinitionError], None]) -> None:
        self._planner = planner
        self._report = report
        self._known: list[_Asked] = []
        self._planned: list[_Asked] = []
        self._open: list[_Asked] = []

    def guard(self, variable: str, asked: Credentials, level: str) -> None:
        """Verify credentials as a guard, and report errors."""
        try:
            one = self._ask(asked, f"the guards of {level}", (f"guards of {level}",), optional=False)
        except DefinitionError as error:
            self._report(error)
        else:
            one.guards.append(variable)

    def bind(
        self, parameter: Parameter, annotation: Any, asked: Credentials, where: str, path: Sequence[str]
    ) -> ArgumentPlan:
        """Pass the verified user as a parameter; raises a DefinitionError."""
        wanted = without_none(annotation)
        place = f"{where}, parameter {parameter.name!r}"
        one = self._ask(asked, place, path, optional=wanted is not annotation)
        for signature in one.signatures:
            if not is_a(signature.returns, wanted):
                given = type_name(without_none(signature.returns))
                raise InvalidSecurityError(
                    place,
                    f"{signature.where} gives {given}, and the parameter is {type_name(wanted)}",
                    hint=f"annotate it as {given}, or return {type_name(wanted)}",
                    needed_by=path,
                )
        return ArgumentPlan(
            name=parameter.name,
            provision=Provision.CREDENTIAL,
            variables=(one.variable,),
            positional=parameter.positional,
        )

    def plans(self) -> tuple[CredentialPlan, ...]:
        """Return the plans, in the order in which the credentials are verified."""
        return tuple(self._plan(one) for one in self._planned)

    def _ask(self, asked: Credentials, place: str, path: Sequence[str], *, optional: bool) -> _Asked:
        schemes = asked.alternatives
        for scheme in schemes:
            wrong = scheme.mistake()
            if wrong is not None:
                raise InvalidSecurityError(place, wrong[0], hint=wrong[1], needed_by=path)
        key = tuple(replace(one, scopes=()) for one in schemes)
        one = next((one for one in self._known if one.key == key), None)
        if one is None:
            one = self._add(key, asked, place, path)
        elif one in self._open:
            # The scheme whose parameters are being planned.
            label = next(name for name in (callable_name(scheme.verify) for scheme in schemes) if name in path)
            raise CyclicProviderError(place, (*path[path.index(label) :], label))
        one.optional &= optional
        for index, scheme in enumerate(schemes):
            if scheme.scopes:
                _check_scopes(scheme, one.signatures[index], place, path)
                one.scopes[index] = tuple(dict.fromkeys((*one.scopes[index], *scheme.scopes)))
            for name in asked.attributes:
                _check_attribute(name, one.signatures[index], place, path)
        return one

    def _add(self, key: tuple[SecurityScheme, ...], asked: Credentials, place: str, path: Sequence[str]) -> _Asked:
        one = _Asked(key=key, asked=asked, variable=f"credential_{len(self._known) + 1}", scopes=[() for _ in key])
        self._open.append(one)
        self._known.append(one)
        try:
            read = [(scheme, _read_verify(scheme, place, path)) for scheme in key]
            one.signatures = tuple(signature for _, signature in read)
            one.verifiers = tuple(self._verifier(scheme, path) for scheme in key)
            one.calls = tuple(
                Call(target=scheme.verify, arguments=self._arguments(scheme, signature, path))
                for scheme, signature in read
            )
        except DefinitionError:
            self._known.remove(one)
            raise
        finally:
            self._open.remove(one)
        self._planned.append(one)
        return one

    def _verifier(self, scheme: SecurityScheme, path: Sequence[str]) -> str:
        """Plan the instance of a verifier class; return its variable, "" for a function."""
        if not isinstance(scheme.verify, type):
            return ""
        variable = self._planner.make_settled(scheme.verify, path)
        self._check_services((variable,), callable_name(scheme.verify))
        return variable

    def _arguments(self, scheme: SecurityScheme, signature: Signature, path: Sequence[str]) -> tuple[ArgumentPlan, ...]:
        rest = replace(signature, parameters=signature.parameters[len(scheme.credentials) :])
        label = callable_name(scheme.verify)
        arguments = self._planner.arguments(rest, (*path, label))
        for one in arguments:
            self._check_stage(one, signature.where, label)
        self._check_services([name for one in arguments for name in one.variables], label)
        return arguments

    def _check_services(self, variables: Iterable[str], label: str) -> None:
        for service in needed_services(self._planner.services, variables):
            for one in service.call.arguments:
                self._check_stage(one, f"the provider of {service.label}", label)

    def _check_stage(self, argument: ArgumentPlan, where: str, label: str) -> None:
        if argument.provision in _OF_THE_REQUEST:
            raise InvalidSecurityError(
                f"{where}, parameter {argument.name!r}",
                f"{label} verifies credentials before parameters and body are read, and needs one of them",
                hint="take the Request itself, or nothing that is read from it",
            )

    def _plan(self, one: _Asked) -> CredentialPlan:
        needed = [name for call in one.calls for each in call.arguments for name in each.variables]
        verifications = tuple(
            VerificationPlan(
                scheme=replace(scheme, scopes=one.scopes[index]),
                call=one.calls[index],
                synchronous=not is_async(scheme.verify),
                verifier=one.verifiers[index],
            )
            for index, scheme in enumerate(one.key)
        )
        return CredentialPlan(
            variable=one.variable,
            credentials=one.asked,
            verifications=verifications,
            optional=one.optional,
            guards=tuple(one.guards),
            services=tuple(
                service.variable for service in needed_services(self._planner.services, [*one.verifiers, *needed])
            ),
        )


def _read_verify(scheme: SecurityScheme, place: str, path: Sequence[str]) -> Signature:
    """Return the signature of a scheme's ``verify``; raises a DefinitionError."""
    verify: Any = scheme.verify
    label, names = type(scheme).__name__, ", ".join(f"{one}: str" for one in scheme.credentials)
    written = f"write it as async def verify({names}) -> User | None; its other parameters are injected"
    is_class = isinstance(verify, type)
    called = instance_call(verify) if is_class else verify
    if not callable(called):
        what = f"{label}() is given {value_name(verify)} to verify with"
        raise InvalidSecurityError(place, what, hint=written, needed_by=path)
    signature = read_signature(called, owner=verify if is_class else None, method=is_class)
    count = len(scheme.credentials)
    if is_generator(called):
        raise InvalidSecurityError(signature.where, "it verifies credentials and is a generator", hint=written)
    if len(signature.parameters) < count or not accepts(called, count + is_class, more=True):
        what = f"it does not take {' and '.join(scheme.credentials)} first, which {label}() gives it"
        raise InvalidSecurityError(signature.where, what, hint=written)
    for one in signature.parameters[:count]:
        if one.annotation not in (MISSING, str, Any):
            what = f"it is {type_name(one.annotation)}, and {label}() gives it a str"
            raise InvalidSecurityError(f"{signature.where}, parameter {one.name!r}", what, hint=written)
    _check_result(signature, written)
    return signature


def _check_result(signature: Signature, written: str) -> None:
    if signature.returns is MISSING:
        raise InvalidSecurityError(signature.where, "it does not say whom it returns", hint=written)
    if without_none(signature.returns) in (bool, None, type(None)):
        what = f"it returns {type_name(signature.returns)}, which says nothing of who is asking"
        raise InvalidSecurityError(
            signature.where, what, hint="return whom the credentials belong to, and None for nobody"
        )


def _check_scopes(scheme: SecurityScheme, signature: Signature, place: str, path: Sequence[str]) -> None:
    owner = without_none(signature.returns)
    if scheme.scopes_of is None and _lacks(owner, "scopes"):
        raise InvalidSecurityError(
            place,
            f"{type(scheme).__name__}() asks for scopes={scheme.scopes!r}, and {type_name(owner)} has no scopes",
            hint=f"give {type_name(owner)} an attribute scopes, or say scopes_of=lambda owner: …",
            needed_by=path,
        )


def _check_attribute(name: str, signature: Signature, place: str, path: Sequence[str]) -> None:
    owner = without_none(signature.returns)
    if _lacks(owner, name):
        raise InvalidSecurityError(
            place,
            f"it decides by {name}, and {type_name(owner)} has no {name}",
            hint=f"give {type_name(owner)} an attribute {name}, or say {name}_of=lambda owner: …",
            needed_by=path,
        )


def _lacks(owner: Any, name: str) -> bool:
    """Return whether a type certainly does not have an attribute."""
    plain = typing.get_origin(owner) or owner
    return isinstance(plain, type) and not hasattr(plain, name) and name not in class_hints(plain)

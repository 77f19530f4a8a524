"""All registrations as a graph: finds the provider of a type, and checks each provider."""

import functools
import typing
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from framework._compile.services.keys import wrong_key
from framework._compile.services.products import is_a
from framework._inspect.factories import factory_shape, is_abstract, misuse_of, product_of
from framework._inspect.names import (
    callable_name,
    describe_class,
    is_running,
    short_path,
    type_name,
    value_name,
)
from framework._inspect.signatures import MISSING, Parameter, Signature, read_signature, type_arguments
from framework._inspect.types import without_none
from framework._plan import FactoryKind
from framework.container import Lifetime, Registration
from framework.errors import DefinitionError, DuplicateProviderError, InvalidProviderError

__all__ = ("FACTORY_KINDS", "Provider", "ServiceGraph", "constructor_variables")

FACTORY_KINDS: dict[str, FactoryKind] = {
    "call": FactoryKind.CALL,
    "async_call": FactoryKind.ASYNC_CALL,
    "generator": FactoryKind.GENERATOR,
    "async_generator": FactoryKind.ASYNC_GENERATOR,
    "context": FactoryKind.CONTEXT,
    "async_context": FactoryKind.ASYNC_CONTEXT,
}


class Provider(Struct, frozen=True, kw_only=True, eq=False):
    """A registration with its signature: what it creates, how, and what it needs."""

    label: str
    key: Any = None
    """The type under which it is required; ``None`` for a lifespan function."""
    lifetime: Lifetime
    kind: FactoryKind
    target: Callable[..., Any]
    signature: Signature
    value: Any = None
    outermost: bool = False
    """Whether it is opened before all others of its scope, and therefore closed after them."""
    adopted: bool = False
    """Whether it is not registered: a controller, or a guard or middleware, which has no other lifetime."""


def _nothing() -> None:
    """Be the factory of an existing instance."""


class ServiceGraph:
    """Finds providers by type and qualifier; reports errors of single registrations when they are read."""

    def __init__(
        self,
        registrations: Iterable[Registration],
        report: Callable[[DefinitionError], None],
        *,
        own: Sequence[Registration] = (),
        has_container: bool = True,
    ) -> None:
        self.has_container = has_container
        """Whether the app was given a container at all."""
        self._own = own
        """The registrations of the framework itself, which are read only if something needs them."""
        self._report = report
        self._registrations: dict[tuple[Any, str | None], Registration] = {}
        self._providers: dict[tuple[Any, str | None], Provider | None] = {}
        self._settled: dict[type[Any], Provider | None] = {}
        for one in (*registrations, *own):
            wrong = wrong_key(one)
            if wrong is not None:
                what, hint = wrong
                report(InvalidProviderError(_place(one), what, hint=hint))
                continue
            first = self._registrations.setdefault((one.key, one.qualifier), one)
            if first is not one:
                report(DuplicateProviderError(_place(one), type_name(one.key), one.qualifier, _place(first)))

    def __iter__(self) -> typing.Iterator[Provider]:
        """Yield the provider of each valid registration of the app.

        Without open generics, whose types are not known yet.
        """
        for (key, qualifier), registration in self._registrations.items():
            is_read = registration not in self._own and not getattr(key, "__parameters__", ())
            provider = self.find(key, qualifier) if is_read else None
            if provider is not None:
                yield provider

    def knows(self, annotation: Any, qualifier: str | None = None) -> bool:
        """Return whether a type, its optional form or a list of it is registered."""
        plain = without_none(annotation)
        return self._registration(plain, qualifier) is not None or (
            qualifier is None and bool(self._collected(annotation))
        )

    def find(self, annotation: Any, qualifier: str | None = None) -> Provider | None:
        """Return the provider of ``T``, also for ``T | None``."""
        plain = without_none(annotation)
        key = (plain, qualifier)
        registration = self._registration(plain, qualifier)
        if registration is not None and key not in self._providers:
            self._providers[key] = self._read(registration, plain)
        return None if registration is None else self._providers[key]

    def find_all(self, annotation: Any) -> Sequence[Provider]:
        """Return all providers of ``T`` for ``list[T]``, in the order of registration."""
        found = (self.find(one.key, one.qualifier) for one in self._collected(annotation))
        return [one for one in found if one is not None]

    def qualifiers(self, annotation: Any) -> tuple[str, ...]:
        """Return the qualifiers under which a type is registered."""
        plain = without_none(annotation)
        return tuple(qualifier for key, qualifier in self._registrations if key == plain and qualifier is not None)

    def _collected(self, annotation: Any) -> list[Registration]:
        annotation = without_none(annotation)
        if typing.get_origin(annotation) is not list:
            return []
        (item,) = typing.get_args(annotation)
        return [one for one in self._registrations.values() if one.key == item]

    def _registration(self, annotation: Any, qualifier: str | None) -> Registration | None:
        try:
            exact = self._registrations.get((annotation, qualifier))
        except TypeError:  # An annotation that cannot be hashed, such as one with a list in its Meta.
            return None
        return exact or self._registrations.get((typing.get_origin(annotation), qualifier))

    def _read(self, registration: Registration, annotation: Any) -> Provider | None:
        try:
            return _read_provider(registration, annotation)
        except DefinitionError as error:
            self._report(error)
            return None

    def adopt(self, factory: type[Any]) -> Provider | None:
        """Read an unregistered class as a singleton: a controller, a guard, a middleware."""
        if (factory, None) not in self._providers:
            registration = Registration(
                key=factory, qualifier=None, lifetime=Lifetime.SINGLETON, factory=factory, instance=None, place=""
            )
            provider = self._read(registration, factory)
            self._providers[factory, None] = None if provider is None else replace(provider, adopted=True)
        return self._providers[factory, None]

    def settle(self, cls: type[Any], lifetime_of: Callable[["ServiceGraph", Signature], Lifetime]) -> Provider | None:
        """Read a class that may be unregistered; its lifetime is that of its dependencies: a controller, a verifier."""
        if cls not in self._settled:
            provider = self.find(cls) if self.knows(cls) else self.adopt(cls)
            if provider is not None and provider.adopted:
                provider = replace(provider, lifetime=lifetime_of(self, provider.signature))
            self._settled[cls] = provider
        return self._settled[cls]


def _place(registration: Registration) -> str:
    filename, _, line = registration.place.rpartition(":")
    return f"{short_path(filename)}:{line}"


def _read_provider(registration: Registration, annotation: Any) -> Provider:
    label = type_name(annotation)
    factory = registration.factory
    if factory is None:
        _check_instance(registration, annotation)
        return Provider(
            label=label,
            key=annotation,
            lifetime=Lifetime.SINGLETON,
            kind=FactoryKind.VALUE,
            target=_nothing,
            signature=Signature(where=label, parameters=(), returns=None),
            value=registration.instance,
        )
    _check(registration, factory)
    target, signature = _signature(factory, annotation)
    plain = typing.get_origin(factory) or factory
    kind = FACTORY_KINDS[factory_shape(plain, signature.returns)]
    _check_product(registration, signature, annotation, makes_itself=kind is FactoryKind.CALL)
    return Provider(
        label=label,
        key=annotation,
        lifetime=registration.lifetime,
        kind=kind,
        target=target,
        signature=signature,
        outermost=registration.outermost,
    )


def _check(registration: Registration, factory: Any) -> None:
    if not callable(factory):
        raise InvalidProviderError(
            _place(registration),
            f"the factory of {type_name(registration.key)} is {value_name(factory)}"
            if is_running(factory)
            else f"the factory of {type_name(registration.key)} cannot be called",
            hint="give the function itself, without calling it"
            if is_running(factory)
            else "give a class or a function, or use add_instance for something that exists already",
        )
    plain: Any = typing.get_origin(factory) or factory
    if is_abstract(plain):
        raise InvalidProviderError(
            describe_class(plain),
            f"{callable_name(plain)} is abstract and cannot be made",
            hint=f"register what implements it: container.add_{registration.lifetime}({callable_name(plain)}, …)",
        )


def _check_product(registration: Registration, signature: Signature, annotation: Any, *, makes_itself: bool) -> None:
    factory: Any = typing.get_origin(registration.factory) or registration.factory
    if not isinstance(factory, type) and [one.name for one in signature.parameters[:1]] == ["self"]:
        raise InvalidProviderError(
            signature.where, "it is a method without its object", hint="register the method of an instance"
        )
    if signature.rest and not signature.parameters and not registration.replaces:
        raise InvalidProviderError(
            signature.where,
            f"nothing fills {signature.rest}",
            hint="name the parameters one by one, or register a function that calls it",
        )
    wrong = misuse_of(factory, signature.returns)
    if wrong is not None:
        what, hint = wrong
        raise InvalidProviderError(signature.where, what, hint=hint)
    # The result of __enter__ of a context manager's class is not known.
    product = factory if isinstance(factory, type) and makes_itself else product_of(signature.returns)
    if not is_a(product, annotation):
        raise InvalidProviderError(
            signature.where,
            f"it makes {type_name(product)} and is registered for {type_name(annotation)}",
            hint="register it for what it makes, or correct its return annotation",
        )


def _check_instance(registration: Registration, annotation: Any) -> None:
    value, name = registration.instance, type_name(annotation)
    if value is None:
        raise InvalidProviderError(
            _place(registration), f"the instance of {name} is None", hint="give an instance, or a factory"
        )
    # The fake object of a test may have any type.
    if not registration.replaces and not is_a(type(value), annotation):
        given = f"{value_name(value)} itself" if isinstance(value, type) else f"a {type_name(type(value))}"
        raise InvalidProviderError(
            _place(registration), f"the instance of {name} is {given}", hint=f"give an instance of {name}"
        )


def constructor_variables(annotation: Any) -> dict[Any, Any]:
    """Return the values of the type variables in the constructor of a class or a parametrised generic."""
    plain = typing.get_origin(annotation) or annotation
    definer = next((one for one in plain.__mro__ if "__init__" in one.__dict__), plain)
    return type_arguments(annotation).get(definer, {})


def _signature(factory: Any, annotation: Any) -> tuple[Callable[..., Any], Signature]:
    plain = typing.get_origin(factory) or factory
    if not isinstance(plain, type):
        return factory, read_signature(factory)
    values = typing.get_args(annotation)
    if values and getattr(factory, "__parameters__", ()):
        factory = factory[values]
    signature = read_signature(plain, variables=constructor_variables(factory))
    # An open generic may require the class that it is created for: ``def __init__(self, model: type[T])``.
    given = {one.name: typing.get_args(one.annotation)[0] for one in signature.parameters if _is_type_of(one)}
    if not given:
        return plain, signature
    kept = tuple(one for one in signature.parameters if one.name not in given)
    return functools.partial(plain, **given), Signature(where=signature.where, parameters=kept, returns=MISSING)


def _is_type_of(parameter: Parameter) -> bool:
    arguments = typing.get_args(parameter.annotation)
    return typing.get_origin(parameter.annotation) is type and isinstance(arguments[0], type)

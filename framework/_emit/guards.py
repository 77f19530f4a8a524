"""Emits the guards of a route with their arguments and services, and the verification of credentials."""

from collections.abc import Sequence
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

from framework._emit.body import emit_early_binding
from framework._emit.call import argument_list, emit_services, keeps_early
from framework._plan import CredentialPlan, GuardPlan, RoutePlan, ServicePlan, VerificationPlan, in_guard_order
from framework._source import Source
from framework.credentials import Refusal

__all__ = ("emit_guards",)

_FUNCTIONS = (BuiltinFunctionType, FunctionType, MethodType)


def emit_guards(source: Source, plan: RoutePlan) -> None:
    """Emit the guards and verifications, which may refuse a request before it is read."""
    waiting = list(plan.credentials)
    made: set[str] = set()

    def verify(last: CredentialPlan) -> None:
        # Credentials that others depend on come first.
        while last in waiting:
            _emit_credential(source, waiting.pop(0), plan, made)

    injected = {one.variable: one for one in plan.guards}
    verified = {name: one for one in plan.credentials for name in one.guards}
    for guard in (one for level in in_guard_order(plan.layers) for one in level.guards):
        if guard in verified:
            verify(verified[guard])
        elif guard in injected:
            for credential in plan.credentials:
                if credential.variable in injected[guard].credentials:
                    verify(credential)
            _emit_injected(source, injected[guard], plan, made)
        else:
            source.line(f"await {guard}(request)")
    for credential in plan.credentials:
        verify(credential)


def _emit_injected(source: Source, guard: GuardPlan, route: RoutePlan, made: set[str]) -> None:
    """Emit a guard with its arguments and services; services that were created already are shared."""
    emit_early_binding(source, route, guard.parameters)
    emit_services(source, _new_services(guard.services, route, made))
    source.line(f"await {guard.variable}({argument_list(guard.arguments)})")


def _new_services(names: Sequence[str], route: RoutePlan, made: set[str]) -> list[ServicePlan]:
    services = [one for one in route.services if one.variable in names and one.variable not in made]
    made.update(one.variable for one in services)
    return services


def _emit_credential(source: Source, plan: CredentialPlan, route: RoutePlan, made: set[str]) -> None:
    services = _new_services(plan.services, route, made)
    # The services of credentials stay open while a plain function verifies them in a thread.
    opened = "opened" if keeps_early(route) else "[]"
    if len(plan.verifications) == 1 and not plan.optional:
        _emit_only(source, plan, services, opened)
        return
    # Services that are created here may be needed later, whichever credentials were sent.
    emit_services(source, services)
    source.line(f"{plan.variable} = None")
    for number, verification in enumerate(plan.verifications):
        name = f"{plan.variable}_{number}"
        _use(source, name, verification)
        with source.block(f"{'if' if number == 0 else 'elif'} (found := read_{name}(request)) is not None:"):
            _emit_verification(source, plan.variable, name, verification, opened)
    if not plan.optional:
        source.use(**{f"missing_{plan.variable}": plan.credentials.missing})
        with source.block("else:"):
            source.line(f"raise missing_{plan.variable}()")


def _emit_only(source: Source, plan: CredentialPlan, services: list[ServicePlan], opened: str) -> None:
    """Emit the verification of required credentials: without them, no service is created."""
    (verification,) = plan.verifications
    name = plan.variable
    _use(source, name, verification)
    source.line(f"found = read_{name}(request)")
    with source.block("if found is None:"):
        source.line(f"raise refuse_{name}(Refusal.MISSING)")
    emit_services(source, services)
    _emit_verification(source, name, name, verification, opened)


def _use(source: Source, name: str, verification: VerificationPlan) -> None:
    scheme = verification.scheme
    source.use(**{f"read_{name}": scheme.read, f"refuse_{name}": scheme.refuse}, Refusal=Refusal)
    if not verification.verifier:
        verify: Any = scheme.verify
        # PERF: calling an object is more expensive than its method.
        source.use(**{f"verify_{name}": verify if isinstance(verify, _FUNCTIONS) else verify.__call__})


def _emit_verification(source: Source, variable: str, name: str, plan: VerificationPlan, opened: str) -> None:
    # PERF: a starred argument makes a slower call.
    found = "found[0]" if len(plan.scheme.credentials) == 1 else "*found"
    arguments = ", ".join(filter(None, (found, argument_list(plan.call.arguments))))
    called = plan.verifier or f"verify_{name}"
    if plan.synchronous:
        source.line(f"{variable} = await in_thread({opened}, {called}, {arguments})")
    else:
        source.line(f"{variable} = await {called}({arguments})")
    # False means no user as well, in spite of the annotation.
    with source.block(f"if {variable} is None or {variable} is False:"):
        source.line(f"raise refuse_{name}(Refusal.INVALID)")
    if plan.scheme.scopes:
        source.use(**{f"grants_{name}": plan.scheme.grants})
        with source.block(f"if not grants_{name}({variable}):"):
            source.line(f"raise refuse_{name}(Refusal.INSUFFICIENT)")

"""Emits the guards of a route, with what is read and made for them, and the verification of credentials."""

from collections.abc import Sequence

from framework._compiler.emit_body import emit_early_binding
from framework._compiler.emit_call import argument_list, emit_services, keeps_early
from framework._compiler.source import Source
from framework._plan import CredentialPlan, GuardPlan, RoutePlan, ServicePlan, VerificationPlan
from framework.schemes import Refusal

__all__ = ("emit_guards",)


def emit_guards(source: Source, plan: RoutePlan) -> None:
    """Emit all that may refuse a request before anything of it is read."""
    waiting = list(plan.credentials)
    made: set[str] = set()

    def verify(last: CredentialPlan) -> None:
        # What one needs to be verified stands before it.
        while last in waiting:
            _emit_credential(source, waiting.pop(0), plan, made)

    injected = {one.variable: one for one in plan.guards}
    verified = {name: one for one in plan.credentials for name in one.guards}
    for guard in (one for level in plan.layers for one in level.guards):
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
    """Emit a guard with what is read and made for it; what was made already is shared."""
    emit_early_binding(source, route, guard.parameters)
    emit_services(source, _new_services(guard.services, route, made))
    source.line(f"await {guard.variable}({argument_list(guard.arguments)})")


def _new_services(names: Sequence[str], route: RoutePlan, made: set[str]) -> list[ServicePlan]:
    services = [one for one in route.services if one.variable in names and one.variable not in made]
    made.update(one.variable for one in services)
    return services


def _emit_credential(source: Source, plan: CredentialPlan, route: RoutePlan, made: set[str]) -> None:
    services = _new_services(plan.services, route, made)
    # What is opened for credentials stays open while a plain function verifies them in a thread.
    opened = "opened" if keeps_early(route) else "[]"
    if len(plan.verifications) == 1 and not plan.optional:
        _emit_only(source, plan, services, opened)
        return
    # What is made here may be needed later, whichever of the credentials came.
    emit_services(source, services)
    source.line(f"{plan.variable} = None")
    for number, verification in enumerate(plan.verifications):
        name = f"{plan.variable}_{number}"
        _use(source, name, verification)
        with source.block(f"{'if' if number == 0 else 'elif'} (found := read_{name}(request)) is not None:"):
            _emit_verification(source, plan.variable, name, verification, opened)
    if not plan.optional:
        source.use(**{f"missing_{plan.variable}": plan.asked.missing})
        with source.block("else:"):
            source.line(f"raise missing_{plan.variable}()")


def _emit_only(source: Source, plan: CredentialPlan, services: list[ServicePlan], opened: str) -> None:
    """Emit the verification of what every request must carry: without it, no service is made."""
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
        source.use(**{f"verify_{name}": scheme.verify})


def _emit_verification(source: Source, variable: str, name: str, plan: VerificationPlan, opened: str) -> None:
    arguments = ", ".join(filter(None, ("*found", argument_list(plan.call.arguments))))
    called = plan.verifier or f"verify_{name}"
    if plan.synchronous:
        source.line(f"{variable} = await in_thread({opened}, {called}, {arguments})")
    else:
        source.line(f"{variable} = await {called}({arguments})")
    # False is nobody as well, whatever its annotation says.
    with source.block(f"if {variable} is None or {variable} is False:"):
        source.line(f"raise refuse_{name}(Refusal.INVALID)")
    if plan.scheme.scopes:
        source.use(**{f"grants_{name}": plan.scheme.grants})
        with source.block(f"if not grants_{name}({variable}):"):
            source.line(f"raise refuse_{name}(Refusal.INSUFFICIENT)")

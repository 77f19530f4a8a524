"""Security in the OpenAPI document: the credentials that an operation requires, and the schemes that it names."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any

from framework._document.schemas.scalars import Schema, plain_copy
from framework._plan import RoutePlan
from framework.credentials import SecurityRequirement
from framework.errors import InvalidSecurityError

__all__ = ("asks_for_credentials", "asks_for_scopes", "describe_security", "security_schemes")


def describe_security(plan: RoutePlan) -> list[Schema]:
    """Return the security requirements of a route: one of the list suffices; all schemes in one are required together.

    Optional credentials add an empty requirement, as OpenAPI defines.
    """
    choices: list[Sequence[Sequence[SecurityRequirement]]] = [[[one]] for one in plan.security]
    for one in plan.credentials:
        alternatives = [[each.scheme.requirement()] for each in one.verifications]
        choices.append([*alternatives, *([[]] if one.optional else [])])
    if not choices:
        return []
    found: list[Schema] = []
    for chosen in product(*choices):
        merged = _merged(each for group in chosen for each in group)
        if merged not in found:
            found.append(merged)
    return found


def _merged(requirements: Iterable[SecurityRequirement]) -> Schema:
    merged: dict[str, list[str]] = {}
    for one in requirements:
        scopes = merged.setdefault(one.scheme, [])
        scopes += [scope for scope in one.scopes if scope not in scopes]
    return merged


def asks_for_credentials(plan: RoutePlan) -> bool:
    """Return whether a request may be rejected because of its credentials (401)."""
    return bool(plan.credentials or plan.security)


def asks_for_scopes(plan: RoutePlan) -> bool:
    """Return whether valid credentials may be rejected, for their scopes or by a guard (403)."""
    if any(one.credentials for one in plan.guards):
        return True  # Guards that know the user exist to reject some users.
    verified = any(each.scheme.scopes for one in plan.credentials for each in one.verifications)
    return verified or any(one.scopes for one in plan.security)


def security_schemes(routes: Iterable[RoutePlan]) -> dict[str, Schema]:
    """Return all schemes by name, sorted; raises an ExceptionGroup if two schemes have the same name."""
    found: dict[str, Mapping[str, Any]] = {}
    for plan in routes:
        verified = [each.scheme.requirement() for one in plan.credentials for each in one.verifications]
        for one in (*verified, *plan.security):
            if found.setdefault(one.scheme, one.document) != one.document:
                error = InvalidSecurityError(
                    plan.label,
                    f"its security scheme {one.scheme!r} differs from another of this name",
                    hint=f"give one of them another name, for example name={f'{one.scheme}-2'!r}",
                )
                raise ExceptionGroup("The OpenAPI document cannot be made", [error])
    return {name: plain_copy(found[name]) for name in sorted(found)}

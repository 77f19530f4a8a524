"""Declares the credentials of custom guards and providers for the OpenAPI document."""

from collections.abc import Callable
from typing import Any, TypeVar

from framework.credentials import SecurityRequirement

__all__ = ("states",)

_T = TypeVar("_T", bound=Callable[..., Any])


def states(*requirements: SecurityRequirement) -> Callable[[_T], _T]:
    """Declare the credentials that a guard or a provider requires and verifies itself.

    All given requirements apply together. A class may have the attribute ``security`` instead.
    """

    def attach(target: Any) -> Any:
        target.security = requirements
        return target

    return attach

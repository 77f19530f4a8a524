"""Guards and providers of the user's own say in the document what they ask for."""

from collections.abc import Callable
from typing import Any, TypeVar

from framework.schemes import SecurityRequirement

__all__ = ("states",)

_T = TypeVar("_T", bound=Callable[..., Any])


def states(*requirements: SecurityRequirement) -> Callable[[_T], _T]:
    """Say which credentials a guard or a provider asks for, where it verifies them itself.

    All that are given are needed together. A class may have the attribute ``security`` in its place.
    """

    def attach(target: Any) -> Any:
        target.security = requirements
        return target

    return attach

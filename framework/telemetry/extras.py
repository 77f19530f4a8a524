"""Errors for packages of extras that are not installed."""

from collections.abc import Iterator
from importlib.util import find_spec

__all__ = ("missing_packages",)


def missing_packages(what: str, extra: str, *modules: str) -> Iterator[tuple[str, str]]:
    """Yield what is not installed of an extra that a piece requires, with a hint."""
    for module in modules:
        if not _is_installed(module):
            yield f"{what} requires the package {module}", f"install it: pip install 'framework-aiohttp[{extra}]'"
            return


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        # The package around it is missing.
        return False

"""Imports packages that only tests require, and that may not be installed."""

from importlib import import_module
from typing import Any

__all__ = ("MissingExtraError", "need")


class MissingExtraError(ImportError):
    """A package of the extra ``testing`` is not installed."""

    def __init__(self, package: str) -> None:
        super().__init__(f"{package} is not installed; install framework-aiohttp[testing]", name=package)


def need(module: str) -> Any:
    """Import a module of an optional package. Raises MissingExtraError."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        package = module.partition(".")[0]
        # A missing requirement of the package itself is another error.
        if error.name is not None and error.name.partition(".")[0] == package:
            raise MissingExtraError(package) from error
        raise

"""Errors of accounts."""

from framework import HTTPError

__all__ = ("LinkNotValid",)


class LinkNotValid(HTTPError, status=400, title="The link is not valid"):
    """The link has expired, was used before, or was changed."""

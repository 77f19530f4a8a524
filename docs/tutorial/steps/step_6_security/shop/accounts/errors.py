"""Errors of accounts."""

from framework import HTTPError


class EmailTaken(HTTPError, status=409, title="Address taken"):
    """Another account has this address."""

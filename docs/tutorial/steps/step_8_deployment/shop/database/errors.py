"""Errors of the database."""

import logging

from framework import HTTPError, Request, Response
from sqlalchemy.exc import OperationalError

LOGGER = logging.getLogger(__name__)


class DatabaseUnavailable(HTTPError, status=503, title="The database is not available"):
    """The database is locked or cannot be reached; try again."""


async def unavailable(request: Request, error: OperationalError) -> Response[None]:
    """Log what the database reports, and send clients a problem without it."""
    LOGGER.error("%s %s: %s", request.method, request.path, error.orig)
    raise DatabaseUnavailable(headers={"Retry-After": "1"}) from error

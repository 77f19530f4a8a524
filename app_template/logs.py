"""Logging to standard error, each line with the id of its request."""

import logging

from app_template.request_id import current_request_id

__all__ = ("add_request_id_to_record", "configure_logging")

_FORMAT = "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s"


def configure_logging() -> None:
    """Set up the root logger, unless the process has set up its own."""
    handler = logging.StreamHandler()
    handler.addFilter(add_request_id_to_record)
    logging.basicConfig(level=logging.INFO, format=_FORMAT, handlers=[handler])


def add_request_id_to_record(record: logging.LogRecord) -> bool:
    """Give the record an attribute ``request_id``; a filter that lets everything pass."""
    record.request_id = current_request_id.get()
    return True

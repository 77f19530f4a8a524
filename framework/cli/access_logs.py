"""Chooses the log of the requests to an app that a command serves."""

import logging

from aiohttp.log import access_logger

from framework.app import App

__all__ = ("access_log_of",)


def access_log_of(app: App | None) -> logging.Logger | None:
    """Return aiohttp's access log, or ``None`` if the app has an AccessLog: each request has one record."""
    observers = () if app is None else app.observers
    if not observers:
        return access_logger
    # Imported late: an app without observers does not use it.
    from framework.telemetry import AccessLog

    return None if any(isinstance(one, AccessLog) for one in observers) else access_logger

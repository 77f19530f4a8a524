"""Observers that come with the framework, and logging."""

from framework.telemetry.access_log import AccessLog
from framework.telemetry.error_reports import ErrorReports
from framework.telemetry.logs import configure_logging
from framework.telemetry.metrics import Metrics
from framework.telemetry.processes import mark_worker_dead, prepare_metrics_folder
from framework.telemetry.tracing import Tracing

__all__ = (
    "AccessLog",
    "ErrorReports",
    "Metrics",
    "Tracing",
    "configure_logging",
    "mark_worker_dead",
    "prepare_metrics_folder",
)

"""Liveness and readiness, for orchestrators and load balancers."""

from framework.health.checks import HealthCheck
from framework.health.health import Health, HealthStatus, NotReady

__all__ = ("Health", "HealthCheck", "HealthStatus", "NotReady")

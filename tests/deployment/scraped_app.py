"""An application for gunicorn whose metrics Prometheus scrapes."""

import os

from framework import App, Controller, get
from framework.telemetry import Metrics

__all__ = ("app",)


class Orders(Controller):
    """Sells things."""

    @get("/orders/{order_id}")
    async def show(self, order_id: int) -> int:
        """Return the process that responds."""
        return os.getpid() if order_id else 1 // order_id


metrics = Metrics()
app = App([Orders, metrics.routes()], observers=[metrics])

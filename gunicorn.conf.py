"""Settings of gunicorn, which reads this file from the folder in which it is started.

The command line and GUNICORN_CMD_ARGS have precedence.
"""

import os
from typing import Any

bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
worker_class = "framework.worker.Worker"
# One worker for each core; each has its own pool of database connections.
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))

# Longer than the proxy keeps its connections: it must not send a request on a connection that has just been closed.
keepalive = 75
# A worker ends within this time, with all cleanup. What starts gunicorn must wait longer before it kills it.
graceful_timeout = 30
# A worker whose event loop is blocked for longer is killed, and logs the line that blocks.
timeout = 30

# A worker is replaced after so many requests, if memory grows: max_requests = 100_000. The jitter keeps workers apart.
max_requests = 0
max_requests_jitter = 10_000

# gunicorn would write a control socket into the home folder.
control_socket_disable = True

# The app has an access log of its own: framework.telemetry.AccessLog.
accesslog = None

# The settings of the worker, in seconds; each may also be set in the environment.
raw_env = [
    "FRAMEWORK_WORKER_ANNOUNCE=1",
    "FRAMEWORK_WORKER_START_TIMEOUT=60",
    "FRAMEWORK_WORKER_RETRY=10",
    "FRAMEWORK_WORKER_STALL=0.25",
]


def on_starting(_server: Any) -> None:
    """Empty the folder in which processes share their metrics (PROMETHEUS_MULTIPROC_DIR), if there is one."""
    from framework.telemetry import prepare_metrics_folder

    prepare_metrics_folder()


def child_exit(_server: Any, worker: Any) -> None:
    """Take the gauges of a worker that has ended out of the metrics."""
    from framework.telemetry import mark_worker_dead

    mark_worker_dead(worker.pid)

"""The framework's application for ASGI servers."""

from framework.asgi import ASGIApp
from tests.benchmarks.apps.framework_app import build
from tests.benchmarks.apps.serve import variant

__all__ = ("app",)

app = ASGIApp(build(variant()))

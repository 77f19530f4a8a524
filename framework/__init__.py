"""Class-based controllers on aiohttp: compiled at start-up, validated by msgspec, documented by apispec.

Names are imported on first access, so that code without them, such as the command ``framework``, starts fast. Type
checkers read them in ``__init__.pyi``.
"""

# pyright: reportUnsupportedDunderAll=false

from importlib import import_module
from typing import Any

__all__ = (
    "App",
    "BackgroundTasks",
    "Body",
    "BodyStream",
    "Container",
    "Controller",
    "Cookie",
    "DefinitionError",
    "Deprecation",
    "Event",
    "EventStream",
    "File",
    "Form",
    "Guard",
    "HTTPError",
    "Header",
    "Inject",
    "Lifetime",
    "Limits",
    "Middleware",
    "MultipartStream",
    "Observation",
    "Observer",
    "OpenAPI",
    "Patch",
    "Path",
    "Periodic",
    "Query",
    "Request",
    "Response",
    "Router",
    "UploadFile",
    "WebSocket",
    "__version__",
    "delete",
    "get",
    "head",
    "options",
    "patch",
    "post",
    "put",
    "route",
    "websocket",
)

_PLACES = {
    "aiohttp.web": ("Request",),
    "framework.openapi": ("OpenAPI",),
    "framework._version": ("__version__",),
    "framework.app": ("App",),
    "framework.background": ("BackgroundTasks", "Periodic"),
    "framework.container": ("Container", "Lifetime"),
    "framework.controller": ("Controller", "Router"),
    "framework.deprecation": ("Deprecation",),
    "framework.errors": ("DefinitionError",),
    "framework.http_errors": ("HTTPError",),
    "framework.limits": ("Limits",),
    "framework.merge_patch": ("Patch",),
    "framework.observers": ("Observation", "Observer"),
    "framework.params": ("Body", "Cookie", "File", "Form", "Header", "Inject", "Path", "Query"),
    "framework.requests": ("BodyStream", "MultipartStream", "UploadFile"),
    "framework.responses": ("Event", "EventStream", "Response"),
    "framework.routing": ("delete", "get", "head", "options", "patch", "post", "put", "route", "websocket"),
    "framework.typedefs": ("Guard", "Middleware"),
    "framework.websockets": ("WebSocket",),
}
_PLACE_OF = {name: place for place, names in _PLACES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Import a public name on its first access (PEP 562)."""
    if name not in _PLACE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(_PLACE_OF[name]), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

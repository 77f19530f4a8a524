"""Class-based controllers on aiohttp: compiled at start-up, validated by msgspec, documented by apispec.

The names are imported when they are asked for first, so that what needs none of them, the command ``framework`` above
all, starts at once. Type checkers read them in ``__init__.pyi``.
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
    "framework._binding.multipart": ("MultipartStream",),
    "framework._binding.streams": ("BodyStream",),
    "framework._binding.uploads": ("UploadFile",),
    "framework._openapi.settings": ("OpenAPI",),
    "framework._responses.response": ("Response",),
    "framework._responses.stream_events": ("Event", "EventStream"),
    "framework._sockets.websocket": ("WebSocket",),
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
    "framework.routing": ("delete", "get", "head", "options", "patch", "post", "put", "route", "websocket"),
    "framework.typedefs": ("Guard", "Middleware"),
}
_PLACE_OF = {name: place for place, names in _PLACES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Import a public name (PEP 562), the first time that it is asked for."""
    if name not in _PLACE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(_PLACE_OF[name]), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

"""What other frameworks call what is written differently here, for the hints of unknown options and attributes."""

from collections.abc import Collection, Mapping
from difflib import get_close_matches

from framework.errors import DefinitionError, InvalidOptionError, UnknownAttributeError

__all__ = ("did_you_mean", "hint_for_option", "unknown_attribute", "unknown_option")

# The same option under another name.
_NAMES: Mapping[str, str] = {
    "status_code": "status",
    "dependencies": "guards",
    "permissions": "guards",
    "include_in_schema": "in_document",
    "responses": "raises",
    "opt": "metadata",
    "prefix": "path",
    "url_prefix": "path",
    "response_class": "media_type",
    "content_type": "media_type",
    "mimetype": "media_type",
    "max_body_size": "body_limit",
    "client_max_size": "limits",
    "openapi_extra": "extra",
    "endpoint": "name",
    "routes": "controllers",
    "route_handlers": "controllers",
    "routers": "controllers",
    "middleware": "middlewares",
    "on_startup": "lifespan",
    "on_shutdown": "lifespan",
    "cleanup_ctx": "lifespan",
    "openapi_config": "openapi",
}
_DOCUMENT = "write it as openapi=OpenAPI({}=…)"
# What is said in another way.
_WAYS: Mapping[str, str] = {
    "response_model": "write it as the return annotation of the handler: -> Item",
    "methods": 'write @route("/path", methods=("GET", "POST"))',
    "title": _DOCUMENT.format("title"),
    "version": _DOCUMENT.format("version"),
    "description": _DOCUMENT.format("description"),
    "servers": _DOCUMENT.format("servers"),
    "docs_url": _DOCUMENT.format("docs_path"),
    "debug": "leave it out; errors are logged, and never shown to clients",
    "import_name": "leave it out",
    "cors_config": "leave it out, and give a middleware",
}

# What users of other frameworks look for in an App, and what is written here.
_CONTROLLERS = "routes are methods of controllers: class Items(Controller), given as App(controllers=[Items])"
_MOUNTED = "give it as App(controllers=[…]), which takes controllers and Routers"
_SERVED = "serve app.build(): aiohttp.web.run_app(app.build()), or gunicorn with aiohttp's worker"
_LIFESPAN = "write an async generator that yields once, given as App(lifespan=[…])"
_MIDDLEWARES = "give it as App(middlewares=[…])"
_HANDLERS = "give it as App(exception_handlers={KeyError: handler})"
_ATTRIBUTES: Mapping[str, str] = {
    **dict.fromkeys(("get", "post", "put", "patch", "delete", "head", "options", "route", "websocket"), _CONTROLLERS),
    **dict.fromkeys(("add_api_route", "add_route", "add_routes", "add_url_rule", "router"), _CONTROLLERS),
    **dict.fromkeys(("include_router", "mount", "register", "register_blueprint", "add_subapp"), _MOUNTED),
    **dict.fromkeys(("run", "serve", "listen"), _SERVED),
    **dict.fromkeys(("on_event", "on_startup", "on_shutdown", "on_cleanup", "cleanup_ctx"), _LIFESPAN),
    **dict.fromkeys(("add_middleware", "middleware", "middlewares"), _MIDDLEWARES),
    **dict.fromkeys(("add_exception_handler", "errorhandler", "exception_handler"), _HANDLERS),
    **dict.fromkeys(("before_request", "after_request"), _MIDDLEWARES),
    "dependency_overrides": "write with container.override(T, instance=fake): around app.build()",
    "state": "register what is shared in the container, and ask for it by its type",
    "test_client": "use aiohttp_client(app.build()) of pytest-aiohttp",
}


def did_you_mean(name: str, known: Collection[str]) -> str:
    """Return the known name that was probably meant, an empty string if none is near."""
    other = _NAMES.get(name, "")
    if other in known:
        return other
    return next(iter(get_close_matches(name, known, n=1, cutoff=0.75)), "")


def hint_for_option(name: str, known: Collection[str]) -> str:
    """Return what to write instead of an option that nobody knows."""
    if name in _WAYS:
        return _WAYS[name]
    meant = did_you_mean(name, known)
    return f"write {meant}= instead" if meant else f"use one of {', '.join(known)}"


def unknown_option(name: str, known: Collection[str], where: str) -> DefinitionError:
    """Return the error of an option that App has not."""
    return InvalidOptionError(where, f"App has no option {name}=", hint=hint_for_option(name, sorted(known)))


def unknown_attribute(name: str, where: str) -> AttributeError:
    """Return the error of an attribute that App has not; one that nobody is likely to look for is Python's own."""
    if name not in _ATTRIBUTES:
        return AttributeError(f"'App' object has no attribute {name!r}")
    return UnknownAttributeError(where, "App has no such attribute", hint=_ATTRIBUTES[name])

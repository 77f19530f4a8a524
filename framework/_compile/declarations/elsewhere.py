"""Options and attributes of other frameworks and their counterparts here, for hints."""

from collections.abc import Collection, Mapping

from framework._inspect.near_names import hint_for_option
from framework.errors import DefinitionError, InvalidOptionError, UnknownAttributeError

__all__ = ("too_many_arguments", "unknown_attribute", "unknown_option")

# Attributes of apps in other frameworks, and their counterparts here.
_CONTROLLERS = "routes are methods of controllers: class Items(Controller), given as App(controllers=[Items])"
_MOUNTED = "give it as App(controllers=[…]), which takes controllers and Routers"
_SERVED = "serve it with framework run, or app.build() with aiohttp.web.run_app()"
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


def too_many_arguments(where: str) -> DefinitionError:
    """Return the error of an App with more arguments by position than its controllers."""
    hint = "name the others: App([Items], container=container)"
    return InvalidOptionError(where, "only the controllers are given by position", hint=hint)


def unknown_option(name: str, known: Collection[str], where: str) -> DefinitionError:
    """Return the error for an option that App does not have."""
    return InvalidOptionError(where, f"App has no option {name}=", hint=hint_for_option(name, sorted(known)))


def unknown_attribute(name: str, where: str) -> AttributeError:
    """Return the error for an attribute that App does not have: with a hint, or Python's own."""
    if name not in _ATTRIBUTES:
        return AttributeError(f"'App' object has no attribute {name!r}")
    return UnknownAttributeError(where, "App has no such attribute", hint=_ATTRIBUTES[name])

"""Options of other frameworks and their counterparts here, for the hints of unknown options."""

from collections.abc import Collection, Mapping

__all__ = ("did_you_mean", "hint_for_option")

# Options with another name here.
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
# Options that are expressed in another way here.
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


def did_you_mean(name: str, known: Collection[str]) -> str:
    """Return the known name that was probably meant, an empty string if none is similar."""
    other = _NAMES.get(name, "")
    if other in known:
        return other
    # Imported late: only unknown names need it.
    from difflib import get_close_matches

    return next(iter(get_close_matches(name, known, n=1, cutoff=0.75)), "")


def hint_for_option(name: str, known: Collection[str]) -> str:
    """Return the hint for an unknown option."""
    if name in _WAYS:
        return _WAYS[name]
    meant = did_you_mean(name, known)
    return f"write {meant}= instead" if meant else f"use one of {', '.join(known)}"

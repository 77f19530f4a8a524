"""``framework client python``: an OpenAPI document -> the source of a module with a typed client."""

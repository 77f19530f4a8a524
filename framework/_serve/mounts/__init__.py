"""ASGI applications below a path: requests, web sockets, and their start and end."""

"""Serves an aiohttp application to an ASGI server, over connections in memory."""

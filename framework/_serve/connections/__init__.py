"""Connections: parsing, the fast path past the router of aiohttp, and the end of a connection."""

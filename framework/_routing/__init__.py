"""Path templates, the table of paths, and its place in aiohttp's router."""

"""Path templates, the table of paths, and its place in the router of aiohttp."""

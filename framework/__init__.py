"""Class-based controllers on aiohttp."""

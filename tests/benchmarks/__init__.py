"""Speed against hand-written aiohttp and against the peers; nothing here is collected by pytest."""

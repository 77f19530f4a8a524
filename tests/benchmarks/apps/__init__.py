"""The applications of the framework and of hand-written aiohttp, each answering the same workloads."""

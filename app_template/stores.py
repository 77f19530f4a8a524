"""Where sessions, limits and idempotency keys are kept."""

from app_template.settings import Settings
from framework.stores import MemoryStore, RedisStore, Store

__all__ = ("choose_store",)


def choose_store(settings: Settings) -> Store:
    """Return a store that all processes share, or one in this process, for development."""
    return MemoryStore() if settings.redis_url is None else RedisStore(settings.redis_url.reveal())

"""Stores: bytes under keys that expire, in the process or in Redis, with atomic operations."""

from framework.stores.base import Store, StoreError, StoreTimeoutError
from framework.stores.memory import MemoryStore
from framework.stores.quotas import Quota, QuotaState, Reservation
from framework.stores.redis import RedisStore

__all__ = (
    "MemoryStore",
    "Quota",
    "QuotaState",
    "RedisStore",
    "Reservation",
    "Store",
    "StoreError",
    "StoreTimeoutError",
)

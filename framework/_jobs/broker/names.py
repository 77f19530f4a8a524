"""Names that all brokers allow, and addresses that people may see."""

import hashlib
import re
from urllib.parse import urlsplit

__all__ = ("address_of", "plain_name")

_OTHER = re.compile(r"[^A-Za-z0-9_-]")


def plain_name(name: str) -> str:
    """Return a name of letters, digits, hyphens and underscores; with a digest if the given one has others."""
    if _OTHER.search(name) is None:
        return name
    return f"{_OTHER.sub('_', name)[:40]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def address_of(url: str) -> str:
    """Return a URL without credentials and options: ``nats://host:4222``."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"

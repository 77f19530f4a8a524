"""Media types as RFC 9110, section 8.3.1 writes them."""

__all__ = ("essence",)


def essence(media_type: str) -> str:
    """Return type and subtype without parameters: ``text/plain; charset=utf-8`` -> ``text/plain``."""
    return media_type.partition(";")[0].strip().lower()

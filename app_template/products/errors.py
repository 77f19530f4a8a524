"""What can go wrong with products."""

from framework import HTTPError

__all__ = ("ProductNotFound", "SkuTaken")


class ProductNotFound(HTTPError, status=404, title="Product not found"):
    """No product has this SKU."""

    sku: str


class SkuTaken(HTTPError, status=409, title="SKU taken"):
    """Another product has this SKU already."""

    sku: str

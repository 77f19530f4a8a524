"""Errors of products."""

from framework import HTTPError

__all__ = ("ImageNotFound", "ImageNotValid", "ProductChanged", "ProductNotFound", "SkuTaken")


class ProductNotFound(HTTPError, status=404, title="Product not found"):
    """No product has this SKU."""

    sku: str


class SkuTaken(HTTPError, status=409, title="SKU taken"):
    """Another product already has this SKU."""

    sku: str


class ProductChanged(HTTPError, status=409, title="Product changed"):
    """Somebody else has changed the product at the same moment; nothing was stored."""

    sku: str


class ImageNotFound(HTTPError, status=404, title="Image not found"):
    """The product has no picture."""

    sku: str


class ImageNotValid(HTTPError, status=422, title="Image not valid"):
    """The file is not a JPEG."""

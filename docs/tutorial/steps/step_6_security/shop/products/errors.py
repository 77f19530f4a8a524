"""Errors of products."""

from framework import HTTPError


class ProductNotFound(HTTPError, status=404, title="Product not found"):
    """No product has this SKU."""

    sku: str


class SkuTaken(HTTPError, status=409, title="SKU taken"):
    """Another product already has this SKU."""

    sku: str

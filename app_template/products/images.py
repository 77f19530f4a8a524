"""Pictures of products: what is stored, and the routes."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app_template.accounts.login import STAFF
from app_template.fields import Sku
from app_template.products.errors import ImageNotFound, ImageNotValid, ProductNotFound
from app_template.products.row import ProductImageRow, ProductRow
from framework import Controller, Limits, UploadFile, get, put
from framework.caching import CacheControl
from framework.security import public

__all__ = ("ProductImageController", "ProductImages")

_MEGABYTE = 1_000_000
# What a file is, is decided by its first bytes, never by what the client says.
_JPEG = b"\xff\xd8\xff"


class ProductImages:
    """The pictures in the database."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def find(self, sku: str) -> ProductImageRow:
        """Return the picture of a product. Raises ImageNotFound."""
        row = await self._session.get(ProductImageRow, sku)
        if row is None:
            raise ImageNotFound(sku=sku)
        return row

    async def known(self, skus: Sequence[str]) -> set[str]:
        """Return which of the products have a picture."""
        found = await self._session.scalars(select(ProductImageRow.sku).where(ProductImageRow.sku.in_(skus)))
        return set(found)

    async def put(self, sku: str, data: bytes) -> None:
        """Store or replace a picture. Raises ImageNotValid and ProductNotFound."""
        if not data.startswith(_JPEG):
            raise ImageNotValid
        if await self._session.get(ProductRow, sku) is None:
            raise ProductNotFound(sku=sku)
        await self._session.merge(ProductImageRow(sku=sku, data=data))


class ProductImageController(Controller):
    """Serves and replaces the pictures of products."""

    path = "/products/{sku}/image"
    tags = ("products",)

    def __init__(self, images: ProductImages) -> None:
        self._images = images

    @public
    @get(
        media_type="image/jpeg",
        etag=True,
        cache_control=CacheControl(max_age=300, public=True),
        raises=(ImageNotFound,),
    )
    async def show(self, sku: Sku) -> bytes:
        """Return the picture of a product."""
        return (await self._images.find(sku)).data

    @put(guards=(STAFF,), limits=Limits(body=2 * _MEGABYTE), raises=(ImageNotValid, ProductNotFound))
    async def replace(self, sku: Sku, image: UploadFile) -> None:
        """Store a JPEG of at most 2 MB."""
        await self._images.put(sku, await image.read())

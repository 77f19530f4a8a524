"""What has to work for the shop to be ready."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

__all__ = ("database",)


async def database(engine: AsyncEngine) -> None:
    """Ask the database; an exception means that the shop is not ready."""
    async with engine.connect() as connection:
        await connection.execute(text("SELECT 1"))

"""What has to work for the shop to be ready."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine


async def database(engine: AsyncEngine) -> None:
    """Query the database; an exception means that the shop is not ready."""
    async with engine.connect() as connection:
        await connection.execute(text("SELECT 1"))

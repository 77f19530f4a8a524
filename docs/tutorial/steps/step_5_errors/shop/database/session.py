"""The session: one per request, in one transaction."""

from collections.abc import AsyncIterator

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession


async def open_session(engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
    """Commit after the handler and before the response is sent; roll back on any error."""
    async with AsyncSession(engine, expire_on_commit=False) as session, session.begin():
        yield session

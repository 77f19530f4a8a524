"""The session: one for each request, in one transaction."""

from collections.abc import AsyncIterator

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

__all__ = ("open_session",)


async def open_session(engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
    """Commit after the handler, before its answer is sent; roll back on any error.

    A connection is taken from the pool with the first statement.
    """
    async with AsyncSession(engine, expire_on_commit=False) as session, session.begin():
        yield session

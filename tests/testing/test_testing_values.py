"""Values for tests: made from types, and rows of a database that are gone when a test ends."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec
import pytest
from msgspec import Meta, Struct
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine

from framework import App, Container, Controller, HTTPError, get, post
from framework.testing import (
    AppClient,
    AppClientFactory,
    Overrides,
    ProblemError,
    make,
    make_many,
    rolled_back,
    session_on,
)
from framework.types import SecretStr
from tests.testing.called_shop import Line, NewOrder


class Account(Struct):
    """An account with constraints."""

    name: Annotated[str, Meta(pattern="^[a-z]{3}$")]
    age: Annotated[int, Meta(ge=18, lt=20)]
    password: SecretStr
    lines: Annotated[list[Line], Meta(min_length=2, max_length=3)]


@dataclass
class Point:
    """A dataclass with constraints."""

    x: Annotated[int, Meta(ge=5, le=6)]


def test_values_keep_their_constraints() -> None:
    """Fields that are not fixed have values that a request could have."""
    for account in make_many(Account, 20):
        assert (len(account.name), account.age in {18, 19}, len(account.lines) in {2, 3}) == (3, True, True)
        assert account.password.reveal()
    assert {make(Point).x for _ in range(40)} == {5, 6}
    assert make(NewOrder, customer="Ada").customer == "Ada"


def test_invalid_values_are_not_made() -> None:
    """The error is that of a request with this value."""
    with pytest.raises(msgspec.ValidationError, match=r"^Expected `str` of length >= 1 - at `\$.customer`$"):
        make(NewOrder, customer="")
    with pytest.raises(TypeError, match=r"^NewOrder has no field 'colour'$"):
        make(NewOrder, colour="red")
    with pytest.raises(TypeError, match=r"^make\(int\): it is neither a Struct nor a dataclass$"):
        make(int)


class Full(HTTPError, status=409):
    """No more names are taken."""


class NameController(Controller):
    """Names in a table."""

    path = "/names"

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    @get()
    async def names(self) -> list[str]:
        """Return all names."""
        return list(await self._session.scalars(text("SELECT name FROM names ORDER BY name")))

    @post("/{name}")
    async def add(self, name: str) -> None:
        """Add a name, and fail for one of them."""
        await self._session.execute(text("INSERT INTO names VALUES (:name)"), {"name": name})
        if name == "zoe":
            raise Full


async def open_session(engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
    """Open a session as the app does without a test."""
    async with AsyncSession(engine) as session, session.begin():
        yield session


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    """Create a database with one name."""
    engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path / 'names.db'}")
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE names (name TEXT)"))
        await connection.execute(text("INSERT INTO names VALUES ('ada')"))
    yield engine
    await engine.dispose()


async def _names(connection: AsyncConnection) -> list[str]:
    return list(await connection.scalars(text("SELECT name FROM names ORDER BY name")))


async def _client(app_client: AppClientFactory, engine: AsyncEngine) -> AppClient:
    container = Container()
    container.add_instance(AsyncEngine, engine)
    container.add_scoped(AsyncSession, open_session)
    return await app_client(App(controllers=[NameController], container=container))


async def test_rows_are_rolled_back(engine: AsyncEngine, app_client: AppClientFactory, overrides: Overrides) -> None:
    """Requests commit and roll back as usual; at the end of the block nothing of it is in the database."""
    async with rolled_back(engine) as connection:
        overrides.replace(AsyncSession, session_on(connection))
        client = await _client(app_client, engine)
        await client.call(NameController.add, name="grace")
        with pytest.raises(ProblemError, match="409"):
            await client.call(NameController.add, name="zoe")
        assert await client.call(NameController.names) == ["ada", "grace"]
        assert await _names(connection) == ["ada", "grace"]

    async with engine.connect() as connection:
        assert await _names(connection) == ["ada"]

"""The SQL statements on the page of an unhandled exception of ``framework dev``."""

import asyncio
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from pytest_aiohttp.plugin import AiohttpClient
from sqlalchemy import Column, Engine, Integer, LargeBinary, MetaData, String, Table, create_engine, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from framework import App, Container, Controller, get
from framework.cli.dev.development import Development

HTML = {"Accept": "text/html"}
TABLES = MetaData()
PEOPLE = Table(
    "people",
    TABLES,
    Column("name", String, primary_key=True),
    Column("age", Integer),
    Column("password_hash", String),
    Column("picture", LargeBinary),
)
ADA = {"name": "Ada", "age": 36, "password_hash": "$argon2id$ada", "picture": b"12345"}


class People(Controller):
    """Handlers that execute statements and fail."""

    def __init__(self, session: AsyncSession, plain: Engine) -> None:
        self._session = session
        self._plain = plain

    @get("/added")
    async def added(self) -> None:
        """Insert, change and read people."""
        await self._session.execute(PEOPLE.insert(), ADA)
        await self._session.execute(PEOPLE.insert(), [{**ADA, "name": name} for name in ("Bob", "Eve", "x" * 200)])
        await self._session.execute(PEOPLE.update().where(PEOPLE.c.age > 30).values(age=37))
        await self._session.execute(select(PEOPLE.c.name).where(PEOPLE.c.name.in_(["Ada", "Bob"])))
        raise LookupError("after the statements")

    @get("/twice")
    async def twice(self) -> None:
        """Insert somebody twice."""
        await self._session.execute(PEOPLE.insert(), ADA)
        await self._session.execute(PEOPLE.insert(), ADA)

    @get("/driver")
    async def driver(self) -> None:
        """Execute a statement whose parameters have no names, one with a secret in it, and one with a credential."""
        connection = await self._session.connection()
        await connection.exec_driver_sql("SELECT age FROM people WHERE name = ?", ("Ada",))
        await connection.exec_driver_sql("SELECT age FROM people WHERE password_hash = ?", ("$argon2id$eve",))
        await self._session.execute(text("SELECT age FROM people WHERE password_hash = '$argon2id$eve'"))
        await self._session.execute(text("SELECT age FROM people WHERE name = :name"), {"name": "0123456789"})
        raise LookupError("after the statements")

    @get("/thread")
    def thread(self) -> None:
        """Execute a statement outside the loop."""
        with self._plain.connect() as connection:
            connection.execute(text("SELECT 'of a thread'"))
        raise LookupError("after the statements")

    @get("/many")
    async def many(self) -> None:
        """Execute more statements than are shown."""
        for number in range(150):
            await self._session.execute(text(f"SELECT {number}"))
        raise LookupError("after the statements")

    @get("/none")
    async def none(self) -> None:
        """Fail without a statement."""
        raise LookupError("before any statement")


async def open_engine() -> AsyncIterator[AsyncEngine]:
    """Open a database in memory with the table of people."""
    engine = create_async_engine("sqlite+aiosqlite://")
    async with engine.begin() as connection:
        await connection.run_sync(TABLES.create_all)
    yield engine
    await engine.dispose()


async def open_session(engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
    """Open the transaction of a request."""
    async with AsyncSession(engine) as session, session.begin():
        yield session


def make_app(tmp_path: Path) -> App:
    """Return the app."""
    container = Container()
    container.add_singleton(AsyncEngine, open_engine)
    container.add_scoped(AsyncSession, open_session)
    container.add_instance(Engine, create_engine(f"sqlite:///{tmp_path}/plain.db"))
    return App([People], container=container)


@pytest.fixture
async def client(aiohttp_client: AiohttpClient, tmp_path: Path) -> Any:
    """Serve the app for development."""
    app = make_app(tmp_path)
    application = app.build()
    Development("127.0.0.1", app).install(application)
    return await aiohttp_client(application)


async def statements_of(client: Any, path: str, **headers: str) -> list[tuple[str, str]]:
    """Return the title of the section, then the line and the text of each statement; durations are ``n ms``."""
    page = await (await client.get(path, headers={**HTML, **headers})).text()
    found = re.search(r"<strong>(SQL[^<]*)</strong>(.*?)</details>", page, re.DOTALL)
    if found is None:
        return []
    blocks = re.findall(r'(?:<p class="place">([^<]*)</p>)?\s*<pre class="wrapped">([^<]*)</pre>', found[2])
    lines = [(found[1], ""), *blocks]
    return [(re.sub(r"\d+\.\d ms", "n ms", line), unescape(shown)) for line, shown in lines]


async def test_the_page_shows_the_statements_of_the_request(client: Any) -> None:
    """With duration, rows and shortened parameters, and what became of the transaction; a hash is hidden."""
    title, begin, *shown, end = await statements_of(client, "/added")

    one, several, changed, read = shown
    assert title == ("SQL (4 statements, n ms)", "")
    assert (begin, end) == (("", "BEGIN"), ("", "ROLLBACK"))
    assert one[0] == "n ms, 1 row"
    assert one[1].splitlines()[0].startswith("INSERT INTO people (name, age, password_hash, picture) VALUES")
    assert one[1].splitlines()[1:] == [
        "  name = 'Ada'",
        "  age = 36",
        "  password_hash = (hidden)",
        "  picture = 5 bytes",
    ]
    assert several[0] == "n ms, 3 rows, 3 sets of parameters, the first is shown"
    assert several[1].splitlines()[1] == "  name = 'Bob'"
    assert changed == ("n ms, 4 rows", "UPDATE people SET age=? WHERE people.age > ?\n  age = 37\n  age_1 = 30")
    assert read[0] == "n ms, 2 rows"
    assert read[1].splitlines()[-2:] == ["  name_1_1 = 'Ada'", "  name_1_2 = 'Bob'"]


async def test_a_statement_that_fails_is_shown_without_values(client: Any) -> None:
    """The message of SQLAlchemy, which has all parameters, is shown without them; the exception itself is unchanged."""
    page = await (await client.get("/twice", headers=HTML)).text()
    shown = await statements_of(client, "/twice")

    assert shown[-2][0] == "n ms, failed with IntegrityError"
    assert "argon2id$ada" not in page.replace(unescape("&quot;"), "").split("<details")[0]
    assert "[SQL parameters hidden due to hide_parameters=True]" in page
    assert IntegrityError("", {}, Exception()).hide_parameters is False


async def test_values_that_may_be_secret_are_hidden(client: Any) -> None:
    """Those without a name beside a column of secrets, strings in such a statement, and parts of hidden headers."""
    plain, unnamed, literal, cookie = (await statements_of(client, "/driver", Cookie="id=0123456789"))[2:-1]

    assert plain[1].splitlines()[1:] == ["  1 = 'Ada'"]
    assert unnamed[1].splitlines()[1:] == ["  1 = (hidden)"]
    assert literal[1] == "SELECT age FROM people WHERE password_hash = '(hidden)'"
    assert cookie[1].splitlines()[1:] == ["  name = (hidden)"]


async def test_statements_of_a_thread_are_shown(client: Any) -> None:
    """A handler that is a plain function runs in a thread; other drivers do not know the number of rows."""
    assert await statements_of(client, "/thread") == [
        ("SQL (1 statement, n ms)", ""),
        ("", "BEGIN"),
        ("n ms", "SELECT 'of a thread'"),
        ("", "ROLLBACK"),
    ]


async def test_the_last_statements_are_shown(client: Any) -> None:
    """Of 150 statements and two of the transaction a hundred are kept."""
    page = await (await client.get("/many", headers=HTML)).text()
    shown = await statements_of(client, "/many")

    assert "<pre>52 earlier ones are left out</pre>" in page
    assert (len(shown), shown[1][1], shown[-2][1]) == (101, "SELECT 51", "SELECT 149")


async def test_requests_at_the_same_time_have_statements_of_their_own(client: Any) -> None:
    """And one without statements has no section."""
    found = await asyncio.gather(*(statements_of(client, path) for path in ("/thread", "/none", "/thread", "/none")))

    assert [len(one) for one in found] == [4, 0, 4, 0]


def test_production_does_not_listen() -> None:
    """The modules that record are imported by the command for development only, and no engine has a listener."""
    program = (
        "import sys, sqlalchemy.ext.asyncio, framework.cli.run, framework.cli.worker_process, framework.worker\n"
        "from framework import App\n"
        "App().build()\n"
        "engine = sqlalchemy.create_engine('sqlite://')\n"
        "print([one for one in sys.modules if one.startswith('framework.cli.dev')], engine._has_events)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603  ours

    assert done.stdout == "[] False\n"

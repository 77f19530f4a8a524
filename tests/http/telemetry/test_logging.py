"""configure_logging: one format for all records, with ids and without secrets."""

import asyncio
import io
import json
import logging
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from opentelemetry.sdk.trace import TracerProvider

from framework import App, Controller, get
from framework.errors import InvalidOptionError
from framework.middleware import RequestID
from framework.telemetry import AccessLog, Tracing, configure_logging
from framework.telemetry.secret_names import hiding_text
from framework.types import SecretStr
from tests.http.telemetry.observed_app import Observed


class Terminal(io.StringIO):
    """Standard error in a terminal."""

    def isatty(self) -> bool:
        """Be one."""
        return True


@pytest.fixture
def err(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Keep what is logged, and restore logging."""
    root = logging.getLogger()
    known, level = list(root.handlers), root.level
    # What configure() replaces, to be restored.
    monkeypatch.setattr(sys, "stderr", sys.stderr)
    yield io.StringIO()
    root.handlers[:] = known
    root.setLevel(level)
    structlog.reset_defaults()


def configure(err: io.StringIO, **options: Any) -> None:
    """Configure logging with another standard error: pytest has its own for each phase of a test."""
    sys.stderr = err
    configure_logging(**options)


def events(err: io.StringIO) -> list[dict[str, Any]]:
    """Return the events that were logged."""
    return [json.loads(line) for line in err.getvalue().splitlines()]


class Logging(Controller):
    """Logs."""

    @get("/logged")
    async def logged(self) -> None:
        """Log in both ways."""
        logging.getLogger("shop").warning("sold %d", 3)
        structlog.get_logger("shop").info("paid", amount=5)


@pytest.mark.both_loops
async def test_each_record_of_a_request_has_its_ids(aiohttp_client: Any, err: io.StringIO) -> None:
    """Also that of an unhandled exception, aiohttp's and the access log's."""
    configure(err, json=True)
    provider = TracerProvider(shutdown_on_exit=False)
    app = App([Logging, Observed], observers=[AccessLog(), Tracing(provider=provider)], middlewares=[RequestID()])
    client = await aiohttp_client(app.build())
    for path in ("/logged", "/orders/broken/one"):
        await client.get(path, headers={"X-Request-ID": "id-1"})
    provider.shutdown()

    own = ("aiohttp.access", "framework", "framework.access", "shop")
    found = [one for one in events(err) if one["logger"] in own]
    assert {one["request_id"] for one in found} == {"id-1"}
    assert {len(one["trace_id"]) for one in found} == {32}
    assert [(one["logger"], one["level"], one["event"]) for one in found if one["logger"] != "aiohttp.access"][:2] == [
        ("shop", "warning", "sold 3"),
        ("shop", "info", "paid"),
    ]
    (failed,) = [one for one in found if one["logger"] == "framework"]
    assert failed["event"] == "GET /orders/broken/one failed [id-1]"
    assert failed["exception"].startswith("Traceback (most recent call last):\n")
    assert failed["exception"].endswith("KeyError: 'password=***'")
    assert "framework_unhandled" not in failed
    access = [one for one in found if one["logger"] == "framework.access"]
    assert [(one["route"], one["status"], one["error"]) for one in access] == [
        ("/logged", 204, None),
        ("/orders/broken/one", 500, "KeyError"),
    ]
    assert access[0]["event"].startswith('127.0.0.1 "GET /logged" 204 0 ')


def test_outside_of_requests(err: io.StringIO) -> None:
    """There are no ids; level, name and time are always there."""
    configure(err, json=True, level="DEBUG")
    logging.getLogger("a.b").debug("hello %s", "you", extra={"n": 1})

    (event,) = events(err)
    moment = event.pop("timestamp")
    assert (moment[10], moment[-1]) == ("T", "Z")
    assert event == {"event": "hello you", "level": "debug", "logger": "a.b", "n": 1}


SECRETS: dict[str, Any] = {
    "password": "hunter2",
    "new_password": "hunter2",
    "access-token": "hunter2",
    "Authorization": "Basic hunter2",
    "headers": {"Set-Cookie": "hunter2", "Accept": "json"},
    "deep": [{"api_key": "hunter2"}, (SecretStr("hunter2"),)],
    "pin": "hunter2",
    "key": SecretStr("hunter2"),
    "url": "postgresql://shop:hunter2@db/shop",
    "line": "Authorization: Bearer hunter2hunter2",
    "form": 'user=ada&password=hunter2 "secret": "hunter2"',
    "object": {b"raw": type("Login", (), {"__repr__": lambda _: "Login(token='hunter2')"})()},
}


@pytest.mark.parametrize("kind", ["logging", "structlog"])
@pytest.mark.parametrize("as_json", [True, False])
def test_secrets_are_never_printed(err: io.StringIO, kind: str, *, as_json: bool) -> None:
    """By name, type and where a text has a name before the value."""
    configure(err, json=as_json, redact=("pin",))
    if kind == "logging":
        logging.getLogger("a").info("%r, pin=hunter2", SecretStr("hunter2"), extra=SECRETS)
    else:
        structlog.get_logger("a").info("pin=hunter2", **SECRETS)

    text = err.getvalue()
    assert ("hunter2" in text, text.count("***") > 10, "json" in text) == (False, True, True)


def test_texts_that_only_look_like_secrets_stay() -> None:
    """And long ones take linear time."""
    hide = hiding_text()
    for text in ("page=2", "a token was sent", "secretary: Ada", "basic training", "https://shop.example/a:b@c"):
        assert hide(text) == text
    begun = time.perf_counter()
    for text in ("a" * 200_000, "token" * 40_000, "password=" * 20_000, "x-" * 100_000 + "=", '"' * 100_000):
        hide(text)
    assert time.perf_counter() - begun < 5


def test_what_json_cannot_write(err: io.StringIO) -> None:
    """A record is never lost."""
    configure(err, json=True)
    values = {"half": "\ud800", "large": 2**70, "nan": float("nan"), "set": {1}, "none": None}
    logging.getLogger("a").info("line\nbreak", extra=values)

    (event,) = events(err)
    assert (event["event"], event["half"], event["large"], event["set"]) == ("line\nbreak", "\ud800", 2**70, [1])


def test_in_a_terminal(err: io.StringIO) -> None:
    """One readable line, and tracebacks without values of variables."""
    terminal = Terminal()
    configure(terminal)
    secret = "hunter2"  # noqa: F841, S105  what a traceback must not show
    try:
        _ = 1 / 0
    except ZeroDivisionError:
        logging.getLogger("shop").exception("failed", extra={"order": 7})

    text = terminal.getvalue()
    assert err.getvalue() == ""
    for part in ("failed", "shop", "order", "7", "Traceback (most recent call last)", "ZeroDivisionError"):
        assert part in text
    assert "hunter2" not in text.replace('secret = "hunter2"', "")


@pytest.mark.parametrize(
    ("log", "is_behind"),
    [(AccessLog(), False), (AccessLog(format="%(method)s %(target)s"), True)],
    ids=["usual", "own"],
)
async def test_an_access_log_in_a_terminal_has_the_id_once(
    aiohttp_client: Any, err: io.StringIO, log: AccessLog, *, is_behind: bool
) -> None:
    """In the message if its format has the id, and otherwise behind it."""
    terminal = Terminal()
    configure(terminal)
    client = await aiohttp_client(App([Observed], observers=[log], middlewares=[RequestID()]).build())
    await client.get("/orders/7", headers={"X-Request-ID": "id-1"})
    async with asyncio.timeout(10):
        while "framework.access" not in terminal.getvalue():  # noqa: ASYNC110  no event says when a request is logged
            await asyncio.sleep(0.005)

    (line,) = [one for one in terminal.getvalue().splitlines() if "framework.access" in one]
    assert line.count("id-1") == 1
    assert ("request_id" in line) == is_behind
    assert err.getvalue() == ""


def test_gunicorn_and_repeated_calls(err: io.StringIO) -> None:
    """Gunicorn's loggers have handlers of their own; a record is written once."""
    logger = logging.getLogger("gunicorn.error")
    known = (list(logger.handlers), logger.propagate)
    logger.handlers[:] = [logging.StreamHandler(err)]
    logger.propagate = False
    try:
        for _ in range(2):
            configure(err, json=True)
        logger.info("Booting worker with pid: 7")
    finally:
        logger.handlers[:], logger.propagate = known

    assert [(one["logger"], one["event"]) for one in events(err)] == [("gunicorn.error", "Booting worker with pid: 7")]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"json": 1}, "json=1 is neither True nor False.\n  Hint: write json=settings.production."),
        ({"level": "LOUD"}, "level='LOUD' is not a level.\n  Hint: write it as level=\"INFO\"."),
        ({"redact": "pin"}, "redact='pin' is not a sequence of strings.\n  Hint: write it as redact=(\"pin\",)."),
    ],
    ids=["json", "level", "redact"],
)
def test_wrong_options(options: dict[str, Any], expected: str) -> None:
    """They are reported where it is called."""
    with pytest.raises(InvalidOptionError) as caught:
        configure_logging(**options)

    assert str(caught.value) == f"configure_logging: {expected}"

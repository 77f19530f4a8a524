"""ErrorReports: what Sentry gets of a request, and what it does not."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest
import sentry_sdk
from sentry_sdk.integrations.aiohttp import AioHttpIntegration

from framework import App, Request, Response
from framework.middleware import RequestID
from framework.telemetry import ErrorReports
from framework.types import SecretStr
from tests.http.telemetry.observed_app import Observed, said
from tests.kept_reports import Kept, kept_reports

DSN = "http://key@127.0.0.1:9/1"


@pytest.fixture
def kept() -> Iterator[Kept]:
    """Keep what the SDK sends in a test."""
    with kept_reports() as kept:
        yield kept


def reports(kept: Kept, **options: Any) -> ErrorReports:
    """Return an observer that starts the SDK."""
    return ErrorReports(dsn=SecretStr(DSN), options={"transport": kept, **options})


async def test_a_report_has_route_and_request_id_and_no_secrets(aiohttp_client: Any, kept: Kept) -> None:
    """One for each unhandled exception, although it is logged too."""
    app = App([Observed], observers=[reports(kept)], middlewares=[RequestID()])
    client = await aiohttp_client(app.build())
    headers = {"X-Request-ID": "id-1", "Authorization": "Bearer hunter3", "Cookie": "session=hunter4"}
    await client.get("/orders/broken/one?token=hunter5", headers=headers)

    (event,) = kept.events
    assert event["transaction"] == "GET /orders/broken/one"
    assert event["tags"] == {
        "method": "GET",
        "route": "/orders/broken/one",
        "request_id": "id-1",
        "status": "500",
    }
    (error,) = event["exception"]["values"]
    assert (error["type"], error["value"], error["mechanism"]) == (
        "KeyError",
        "'password=***'",
        {"type": "framework", "handled": False},
    )
    frames = error["stacktrace"]["frames"]
    assert (frames[-1]["function"], [frame for frame in frames if "vars" in frame]) == ("broken", [])
    # The lines of the program are shown as they are.
    sent = json.dumps({name: value for name, value in event.items() if name != "exception"})
    assert not [secret for secret in ("hunter", "127.0.0.1") if secret in sent]
    assert {"request", "user", "extra"}.isdisjoint(event)


async def to_conflict(_request: Request, _error: KeyError) -> Response[str]:
    """Expect an exception."""
    return Response("conflict", status=409)


async def test_what_is_expected_is_not_reported(aiohttp_client: Any, kept: Kept) -> None:
    """HTTP errors, errors of clients, and exceptions that a handler turns into a response below 500."""
    app = App([Observed], observers=[reports(kept)], exception_handlers={KeyError: to_conflict})
    client = await aiohttp_client(app.build())
    for path in ("/orders/sold/out", "/orders/missing/one", "/orders/x", "/nowhere", "/orders/broken/one"):
        await client.get(path)
    assert kept.events == []

    response = await client.get("/orders/items/all?fails=true")
    with pytest.raises(aiohttp.ClientPayloadError):
        await response.read()
    # A stream that fails is not expected.
    assert [event["transaction"] for event in kept.events] == ["GET /orders/items/all"]


async def test_other_errors_in_the_log_are_reported(aiohttp_client: Any, kept: Kept) -> None:
    """By the SDK's own integration: those of background tasks, for example."""
    await aiohttp_client(App([Observed], observers=[reports(kept)]).build())
    logging.getLogger("framework").error("The background task %s failed", "mail")

    assert [event["logentry"]["message"] for event in kept.events] == ["The background task %s failed"]


async def test_the_client_of_the_application(aiohttp_client: Any, kept: Kept) -> None:
    """Without a dsn, the application has started the SDK with options of its own."""
    sentry_sdk.init(DSN, transport=kept, disabled_integrations=[AioHttpIntegration()], release="7")
    client = await aiohttp_client(App([Observed], observers=[ErrorReports()]).build())
    await client.get("/orders/broken/one")

    (event,) = kept.events
    frames = event["exception"]["values"][0]["stacktrace"]["frames"]
    assert (event["release"], [frame for frame in frames if "vars" in frame]) == ("7", [])


def test_the_integration_of_aiohttp(kept: Kept) -> None:
    """It would report each exception twice."""
    sentry_sdk.init(DSN, transport=kept, auto_enabling_integrations=False)
    # Installed for a test, it would replace a method of aiohttp for all others.
    sentry_sdk.get_client().integrations["aiohttp"] = AioHttpIntegration()

    assert said(App([Observed], observers=[ErrorReports()])) == (
        "ErrorReports() and Sentry's AioHttpIntegration would report each exception twice.\n"
        "  Hint: leave it out: sentry_sdk.init(..., disabled_integrations=[AioHttpIntegration()])."
    )


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (
            {"dsn": 1},
            'the dsn of ErrorReports() is not a string.\n  Hint: write it as dsn="https://key@sentry.example/1".',
        ),
        (
            {"dsn": "sentry.example"},
            "Sentry's SDK cannot be started (Unsupported scheme '').\n"
            "  Hint: write the DSN that Sentry shows for the project.",
        ),
        (
            {"options": {"release": "1"}},
            "ErrorReports(options=) requires a dsn.\n  Hint: pass them to your own call of sentry_sdk.init.",
        ),
        (
            {"dsn": DSN, "options": 1},
            "ErrorReports(options=1) are not arguments of sentry_sdk.init.\n"
            '  Hint: write them as options={"environment": "production"}.',
        ),
    ],
    ids=["dsn", "no address", "no dsn", "options"],
)
def test_wrong_options(options: dict[str, Any], expected: str) -> None:
    """They are errors at start-up."""
    assert said(App([Observed], observers=[ErrorReports(**options)])) == expected

"""The lean protocol and aiohttp's own give the same bytes to the same bytes, and close the same connections."""

import asyncio
import logging
from typing import Any

import pytest
from aiohttp import web

from tests.http.exchanges import EXCHANGES, Everything, talk, unsettled
from tests.http.shapes import LOGGERS, Serve, app_of, web_server_of

# On a busy machine an answer may come later than a client waits; what differs in each attempt does so for a reason.
_ATTEMPTS = 3


class _Outcome:
    """What came back from a server, and what it logged."""

    def __init__(self, answers: dict[str, tuple[bytes, bool]], caplog: pytest.LogCaptureFixture) -> None:
        self.answers = answers
        self.errors = sorted(_line(one) for one in caplog.records if one.name in LOGGERS)
        self.accesses = sorted(one.getMessage() for one in caplog.records if one.name == "aiohttp.access")


def _line(record: logging.LogRecord) -> str:
    kind = record.exc_info[0] if record.exc_info else None
    return f"{record.name} {record.getMessage()} {kind}"


async def _outcome(serve: Serve, caplog: pytest.LogCaptureFixture, *, lean: bool, settled: bool, log: bool) -> _Outcome:
    caplog.clear()
    application = app_of(Everything).build()
    if not settled:
        application.middlewares.append(unsettled)
    settings: dict[str, Any] = {"access_log_format": "%s %r %b %{Referer}i"}
    server = await serve(application, lingering_time=0.3, **(settings if log else {"access_log": None}))
    assert (type(web_server_of(server)) is not web.Server) == lean
    talks = (talk(server.host, server.port or 0, pieces) for pieces in EXCHANGES.values())
    answers = dict(zip(EXCHANGES, await asyncio.gather(*talks), strict=True))
    await server.close()
    return _Outcome(answers, caplog)


@pytest.mark.parametrize("log", [False, True], ids=["without access log", "with access log"])
@pytest.mark.parametrize("settled", [True, False], ids=["controllers", "unsettled"])
async def test_same_answers(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, *, settled: bool, log: bool
) -> None:
    """Answers, connections that stay open, errors and lines of the access log are those of aiohttp's own protocol."""
    caplog.set_level(logging.INFO)

    async def both() -> tuple[_Outcome, _Outcome]:
        lean = await _outcome(serve, caplog, lean=True, settled=settled, log=log)
        with monkeypatch.context() as untested:
            # An aiohttp that nobody has tested is served by its own protocol.
            untested.setattr("framework._compiler.fast.SUPPORTED", False)
            stock = await _outcome(serve, caplog, lean=False, settled=settled, log=log)
        assert bool(lean.accesses) == log
        return lean, stock

    lean, stock = await both()
    for _ in range(_ATTEMPTS - 1):
        if vars(lean) == vars(stock):
            break
        lean, stock = await both()
    different = {
        name: (lean.answers[name], answer) for name, answer in stock.answers.items() if lean.answers[name] != answer
    }
    assert not different
    assert lean.errors == stock.errors
    assert lean.accesses == stock.accesses

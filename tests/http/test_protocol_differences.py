"""The lean protocol and aiohttp's own give the same bytes to the same bytes, and close the same connections.

What the lean protocol does in its own way is left out here: requests that cannot be parsed, bodies that nobody reads
(``test_protocol_refusals.py``, ``test_protocol_closing.py``), and the ``Server`` header.
"""

import asyncio
import logging
from typing import Any

import pytest
from aiohttp import hdrs, web

from tests.http.exchanges import EXCHANGES, Everything, talk, unsettled
from tests.http.shapes import LOGGERS, Serve, app_of, web_server_of

# On a busy machine an answer may come later than a client waits; what differs in each attempt does so for a reason.
_ATTEMPTS = 3
_OWN_WAY = frozenset(
    {
        *("no HTTP", "TLS", "no Host", "two Hosts", "a bad header", "a head that is too large", "too many headers"),
        *("unknown method", "a pipeline that ends"),
        *("a bad version", "a bad length", "two lengths", "a bad chunk", "a good request and a bad one"),
        *("a slow request and a bad one later", "a good request, and later a bad one"),
        *("an unread body that comes late", "an unread body and a request behind", "an unread body that never comes"),
        *("a body read before it is whole", "an upgrade declined, with a bad tail", "an upgrade with a body"),
    }
)
_SAME_WAY = {name: pieces for name, pieces in EXCHANGES.items() if name not in _OWN_WAY}
_PREPARE_HEADERS: Any = web.StreamResponse._prepare_headers  # noqa: SLF001  to take something out


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
    talks = (talk(server.host, server.port or 0, pieces) for pieces in _SAME_WAY.values())
    answers = dict(zip(_SAME_WAY, await asyncio.gather(*talks), strict=True))
    await server.close()
    return _Outcome(answers, caplog)


async def _without_server(response: web.StreamResponse) -> None:
    await _PREPARE_HEADERS(response)
    response.headers.popall(hdrs.SERVER, None)


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
            untested.setattr("framework._serve.connections.fast_path.SUPPORTED", False)
            untested.setattr(web.StreamResponse, "_prepare_headers", _without_server)
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

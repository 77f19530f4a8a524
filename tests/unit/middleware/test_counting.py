"""The steps of a RateLimit in memory, at the moment when units come back."""

from typing import Any

import pytest

from framework import clock
from framework.middleware.counting import Counter
from framework.middleware.policies import QuotaExceeded
from framework.stores import MemoryStore


async def test_a_request_is_not_charged_and_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Units that come back between the refusal and its description admit the request."""
    times = [1_000.0]
    monkeypatch.setattr(clock, "monotonic", lambda: times.pop(0) if len(times) > 1 else times[0])
    store = MemoryStore()
    counter = Counter(("1/second",), key=lambda _: "k", cost=1, refund=None, store=store, fail="open", name="n")
    request: Any = object()
    count: Any = counter.steps(preflights=False).before

    assert count(request)[0] == 0
    with pytest.raises(QuotaExceeded):
        count(request)
    times[:] = [1_000.9, 1_001.1]

    assert count(request)[0] == 0
    with pytest.raises(QuotaExceeded):
        count(request)
    await store.close()

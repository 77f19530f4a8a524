"""Quotas: all are charged or none, no window has more than the limit, and what was reserved can be given back."""

import asyncio
from collections.abc import Sequence

import pytest

from framework import clock
from framework.stores import MemoryStore, Quota, QuotaState, Reservation, Store
from framework.stores.quotas import STEPS, Window, refund, reserve

MINUTE = Quota(100, 60)
SHORT = Quota(2, 0.2)


def shown(made: Reservation) -> tuple[bool, list[tuple[int, int, bool]]]:
    """Return a reservation with whole seconds, rounded up."""
    return made.admitted, [(one.remaining, -int(-one.reset // 1), one.exceeded) for one in made.states]


async def test_exactly_the_limit_is_admitted(store: Store) -> None:
    """Of 101 that reserve at once, 100 are admitted."""
    made = await asyncio.gather(*(store.reserve("k", [MINUTE]) for _ in range(101)))

    assert [one.admitted for one in made].count(True) == 100
    assert sorted(one.states[0].remaining for one in made if one.admitted) == list(range(100))
    (refused,) = [one for one in made if not one.admitted]
    assert shown(refused) == (False, [(0, 60, True)])


async def test_a_refusal_charges_no_quota(store: Store) -> None:
    """What one quota refuses is not taken from the other."""
    quotas = (Quota(1, 10), Quota(1_000, 3600))
    assert shown(await store.reserve("k", quotas)) == (True, [(0, 10, False), (999, 3600, False)])

    refused = [shown(await store.reserve("k", quotas)) for _ in range(3)]

    assert refused == [(False, [(0, 10, True), (999, 3600, False)])] * 3


async def test_units_come_back_when_the_window_is_over(store: Store) -> None:
    """After the time that was named, the same reservation succeeds."""
    assert [(await store.reserve("k", [SHORT])).admitted for _ in range(3)] == [True, True, False]
    refused = await store.reserve("k", [SHORT])
    assert 0 < refused.states[0].reset <= SHORT.window
    await asyncio.sleep(refused.states[0].reset + 0.01)

    assert (await store.reserve("k", [SHORT])).admitted


async def test_costs_are_charged_whole_or_not_at_all(store: Store) -> None:
    """A cost that does not fit is refused though some units are left; it never goes below 0."""
    quotas = [Quota(10, 60)]

    assert shown(await store.reserve("k", quotas, 7)) == (True, [(3, 60, False)])
    assert shown(await store.reserve("k", quotas, 4)) == (False, [(3, 60, True)])
    assert shown(await store.reserve("k", quotas, 3)) == (True, [(0, 60, False)])
    assert shown(await store.reserve("k", quotas, 0)) == (True, [(0, 60, False)])
    assert shown(await store.reserve("k", quotas, 11)) == (False, [(0, 60, True)])


async def test_a_cost_of_nothing_looks_without_charging(store: Store) -> None:
    """What was never charged has all its units, and no state."""
    assert shown(await store.reserve("k", [MINUTE], 0)) == (True, [(100, 60, False)])
    if isinstance(store, MemoryStore):
        assert len(store) == 0


async def test_a_cost_below_0_is_an_error(store: Store) -> None:
    """Nobody gets units by a negative cost."""
    with pytest.raises(ValueError, match=r"^cost=-1 is below 0$"):
        await store.reserve("k", [MINUTE], -1)


async def test_what_was_reserved_is_given_back(store: Store) -> None:
    """A refund lets others reserve what the reservation has charged, once."""
    quotas = (Quota(5, 60), Quota(6, 600))
    made = await store.reserve("k", quotas, 3)
    await store.reserve("k", quotas, 2)
    assert not (await store.reserve("k", quotas)).admitted

    await store.refund("k", quotas, made, 3)

    assert shown(await store.reserve("k", quotas, 3)) == (True, [(0, 60, False), (1, 600, False)])


async def test_a_refund_that_comes_too_late_takes_nothing_from_others(store: Store) -> None:
    """What has expired is not given back a second time."""
    made = await store.reserve("k", [SHORT], 2)
    await asyncio.sleep(SHORT.window + 0.05)
    assert (await store.reserve("k", [SHORT], 2)).admitted

    await store.refund("k", [SHORT], made, 2)

    assert not (await store.reserve("k", [SHORT])).admitted


async def test_a_refund_of_what_nobody_knows_changes_nothing(store: Store) -> None:
    """After a restart of the store, for example."""
    made = Reservation(admitted=True, at=0.0, states=(QuotaState(0, 1.0),))

    await store.refund("k", [SHORT], made)

    assert (await store.reserve("k", [SHORT], 2)).admitted


async def test_keys_of_quotas_are_apart_from_others(store: Store) -> None:
    """Nothing that is stored under the same key, or one that looks like it, has to do with a quota."""
    await store.set("k", b"value")
    await store.namespace("~").set("k", b"value")

    assert (await store.reserve("k", [MINUTE])).admitted
    assert (await store.namespace("n").reserve("k", [MINUTE])).states[0].remaining == 99
    assert await store.get("k") == b"value"
    assert await store.get("~=k") is None


@pytest.mark.parametrize(("cost", "apart"), [(1, 0.01), (1, 0.6), (3, 0.2), (7, 1.9), (5, 61.0)])
async def test_what_takes_one_quota_does_what_reserve_does(
    monkeypatch: pytest.MonkeyPatch, cost: int, apart: float
) -> None:
    """The short way in memory admits and tells the same, also where everything was given back in between."""
    now = 1_000.0
    monkeypatch.setattr(clock, "monotonic", lambda: now)
    short, whole, quota = MemoryStore(), MemoryStore(), Quota(20, 60)
    take = short.namespace("n").taker(quota, cost)

    for number in range(300):
        taken, made = take("k"), whole.reserve_now("k", [quota], cost)
        expected = (made.states[0].remaining, made.states[0].reset) if made.admitted else None
        assert taken == expected
        if number % 50 == 7 and made.admitted:
            for store in (short.namespace("n"), whole):
                await store.refund("k", [quota], made, 20)
        now += apart if number % 11 else apart * 9
    await short.close()
    await whole.close()


async def test_what_takes_one_quota_does_not_count_in_dropped_entries() -> None:
    """An entry that was dropped for another one, or refunded as a whole, begins anew."""
    store, quota = MemoryStore(max_entries=1), Quota(20, 60)
    take = store.taker(quota, 1)

    assert [take(key) for key in ("a", "a", "b", "a", "a", "b")] == [
        (left, 60.0) if left == 19 else pytest.approx((left, 60.0), abs=1) for left in (19, 18, 19, 19, 18, 19)
    ]
    assert len(store) == 1
    await store.close()


def times(window: Sequence[float], length: float) -> int:
    """Return the most moments within any half-open window of a length."""
    return max(sum(1 for one in window if start <= one < start + length) for start in window)


@pytest.mark.parametrize("apart", [0.05, 0.3, 0.61, 0.9, 7.0])
def test_no_window_ever_has_more_than_the_limit(apart: float) -> None:
    """Whenever requests come, no 60 s have more than 100 that were admitted, and few less than there could be."""
    windows, admitted, now = [Window()], list[float](), 0.0
    for number in range(2_000):
        now += apart if number % 7 else apart * 3
        if reserve(windows, [MINUTE], 1, now).admitted:
            admitted.append(now)
        assert len(windows[0].steps) <= STEPS + 1

    assert times(admitted, MINUTE.window) <= MINUTE.limit
    # At most a step of each window is lost.
    assert len(admitted) >= min(2_000, now / 60 * 100) * STEPS / (STEPS + 1) - 100


def test_what_is_given_back_is_the_oldest() -> None:
    """So that what is left never expires before its time."""
    window = Window()
    for moment, cost in ((0.0, 2), (10.0, 3), (20.0, 1)):
        assert reserve([window], [Quota(6, 60)], cost, moment).admitted

    refund([window], [Quota(6, 60)], 3, at=20.0, now=21.0)

    assert (window.used, [(one.first, one.count) for one in window.steps]) == (3, [(10.0, 2), (20.0, 1)])
    assert sum(one.count for one in window.steps) == window.used

"""InvalidOptionError: options of RateLimit and ConcurrencyLimit that cannot be meant (row Q20)."""

from typing import Annotated, Any

import pytest

from framework import Controller, Header, get
from framework.errors import InvalidOptionError, LayerOrderError
from framework.middleware import ConcurrencyLimit, RateLimit
from tests.startup.expected import after, mistakes

HUNDRED: Any = 100
WRONG: Any = "wrong"
APP = f"App ({after(mistakes, 2)})"
UNREADABLE = 'write it as "100/minute" (second, minute, hour or day) or "5/15 minutes"'


class ThingController(Controller):
    """A controller with nothing wrong."""

    @get("/things")
    async def show(self) -> str:
        """Return a text."""
        return ""


async def tenant(_: object, tenant: Annotated[str, Header()]) -> str:
    """Take what only a guard is given."""
    return tenant


def one_unit(_: object) -> int:
    """Return a cost."""
    return 1


LIMITS = [
    (RateLimit(), "RateLimit() has no limit", 'give one, for example RateLimit("100/minute")'),
    (RateLimit("0/minute"), "RateLimit('0/minute') admits nothing", "give a number above 0"),
    *(
        (RateLimit(one), f"RateLimit({one!r}) is not a limit", UNREADABLE)
        for one in (
            "fast",
            "100",
            "100/week",
            "-1/minute",
            "1.5/minute",
            "1/0 minutes",
            " 1/minute",
            "1/minute\n",
            "٣/day",
        )
    ),
    (RateLimit(HUNDRED), "RateLimit(100) is not a limit", UNREADABLE),
    (RateLimit("9999999999999999/day"), "RateLimit('9999999999999999/day') is not a limit", UNREADABLE),
    (
        RateLimit("10/minute", "10/minute"),
        "RateLimit('10/minute', '10/minute') has two limits for one window",
        "keep the smaller one, which alone counts",
    ),
    (
        RateLimit("10/minute", "20/60 seconds"),
        "RateLimit('10/minute', '20/60 seconds') has two limits for one window",
        "keep the smaller one, which alone counts",
    ),
    (
        RateLimit("10/minute", cost=0),
        "RateLimit(cost=0) is not a number of units",
        "give a whole number above 0, or a function of the request",
    ),
    (
        RateLimit("10/minute", "5/second", cost=6),
        "RateLimit(cost=6) is above the limit of 5",
        "no request would be admitted",
    ),
    (
        RateLimit("10/minute", key=WRONG),
        "RateLimit(key='wrong') is not a function",
        "give a function of the request: key=client_address",
    ),
    (
        RateLimit("10/minute", refund=WRONG),
        "RateLimit(refund='wrong') is not a function",
        "give a function of the response: refund=lambda response: response.status < 400",
    ),
    (
        RateLimit("10/minute", fail=WRONG),
        "RateLimit(fail='wrong') is not what can happen while the store cannot be reached",
        'give "open" (requests are admitted) or "closed" (503)',
    ),
    (
        RateLimit("10/minute", store=WRONG),
        "RateLimit(store='wrong') is not a Store",
        "give a MemoryStore, a RedisStore or a Store of your own",
    ),
]


def of_app(what: str, hint: str) -> tuple[type[InvalidOptionError], str]:
    """Return an error in what an App was given."""
    return InvalidOptionError, f"{APP}: {what}.\n  Hint: {hint}."


@pytest.mark.parametrize(("limit", "what", "hint"), LIMITS, ids=[what for _, what, _ in LIMITS])
@pytest.mark.parametrize("role", ["middlewares", "guards"])
def test_q20_options_are_checked(limit: RateLimit, what: str, hint: str, role: str) -> None:
    """Q20: whatever cannot be meant is reported when the app is built, as a middleware and as a guard."""
    given: Any = {role: [limit]}

    assert mistakes(ThingController, **given) == [of_app(what, hint)]


def test_q11_what_a_middleware_is_not_given() -> None:
    """Q11: a key that needs more than the request makes sense as a guard alone."""
    assert mistakes(ThingController, middlewares=[RateLimit("1/minute", key=tenant)]) == [
        of_app(
            "RateLimit(key=tenant) takes tenant, which a middleware is not given",
            "give the RateLimit among guards=, or let the key read the request alone",
        )
    ]


def test_q11_what_a_guard_cannot_do() -> None:
    """Q11: a guard sees no response, and its cost is a number."""
    limit = RateLimit("1/minute", cost=one_unit, refund=bool)

    assert mistakes(ThingController, guards=[limit]) == [
        of_app(
            "RateLimit(cost=one_unit) has no effect as a guard", "give the RateLimit among middlewares=, or a number"
        ),
        of_app("RateLimit(refund=bool) has no effect as a guard", "give the RateLimit among middlewares="),
    ]


@pytest.mark.parametrize(
    ("limit", "what"),
    [
        (ConcurrencyLimit(0), "ConcurrencyLimit(most=0) is not a whole number from 1 on"),
        (ConcurrencyLimit(WRONG), "ConcurrencyLimit(most='wrong') is not a whole number from 1 on"),
        (ConcurrencyLimit(most=True), "ConcurrencyLimit(most=True) is not a whole number from 1 on"),
        (ConcurrencyLimit(5, retry_after=-1), "ConcurrencyLimit(retry_after=-1) is not a whole number from 0 on"),
    ],
)
def test_q21_places_are_counted_from_1(limit: ConcurrencyLimit, what: str) -> None:
    """Q21: a limit that admits nobody, or is no number, is reported."""
    assert mistakes(ThingController, middlewares=[limit]) == [of_app(what, "give for example ConcurrencyLimit(100)")]


def test_the_order_of_both() -> None:
    """What has no place is not counted: ConcurrencyLimit stands outside of RateLimit."""
    found = mistakes(ThingController, middlewares=[RateLimit("1/minute"), ConcurrencyLimit(1)])

    assert found == [
        (
            LayerOrderError,
            f"{APP}: the middleware ConcurrencyLimit is inside RateLimit.\n"
            "  Hint: give them in this order, from the outside in: ConcurrencyLimit, RateLimit.",
        )
    ]

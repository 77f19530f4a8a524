"""The limits of a RateLimit: how they are written, and the headers that show them to clients."""

import math
import re
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from msgspec import Struct

from framework.http_errors import TooManyRequests
from framework.stores import Quota, QuotaState, Reservation

__all__ = ("Policy", "QuotaExceeded", "item_of", "policy_mistakes", "read_policies")

_WRITTEN = re.compile(r"(0|[1-9][0-9]*)/(?:([1-9][0-9]*) )?(second|minute|hour|day)s?")
_SECONDS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}
_LARGEST = 10**15 - 1
"""The largest Integer of a structured field (RFC 9651, section 3.3.1)."""
_HINT = 'write it as "100/minute" (second, minute, hour or day) or "5/15 minutes"'


class QuotaExceeded(
    TooManyRequests,
    title="Quota Exceeded",
    type="https://iana.org/assignments/http-problem-types#quota-exceeded",
    rename={"violated_policies": "violated-policies"},
):
    """There were more requests than a limit allows; `Retry-After` has the seconds until the next one is admitted."""

    header_descriptions: ClassVar = {"Retry-After": "Seconds until the same request is admitted."}

    violated_policies: tuple[str, ...]


class Policy(Struct, frozen=True):
    """One limit: at most so many units in a window of time."""

    name: str
    quota: Quota

    @property
    def field(self) -> str:
        """Its item in ``RateLimit-Policy`` (draft-ietf-httpapi-ratelimit-headers-10, section 3)."""
        return f'"{self.name}";q={self.quota.limit};w={self.quota.window:.0f}'


def _read(text: str) -> Policy | None:
    """Parse ``100/minute`` or ``5/15 minutes``; return ``None`` for anything else."""
    found = _WRITTEN.fullmatch(text)
    if found is None:
        return None
    limit, count, unit = found.groups()
    name = f"{limit}-{unit}" if count is None else f"{limit}-{count}-{unit}s"
    return Policy(name, Quota(int(limit), _SECONDS[unit] * int(count or 1)))


def read_policies(texts: Sequence[Any]) -> tuple[Policy, ...]:
    """Parse limits; invalid limits are left out here, and reported as errors of the options."""
    return tuple(policy for text in texts if isinstance(text, str) and (policy := _read(text)) is not None)


def policy_mistakes(texts: Sequence[object]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with limits, each with a hint."""
    if not texts:
        yield "RateLimit() has no limit", 'give one, for example RateLimit("100/minute")'
    windows: dict[float, str] = {}
    for text in texts:
        policy = _read(text) if isinstance(text, str) else None
        if policy is None or max(policy.quota.limit, policy.quota.window) > _LARGEST:
            yield f"RateLimit({text!r}) is not a limit", _HINT
        elif not policy.quota.limit:
            yield f"RateLimit({text!r}) admits nothing", "give a number above 0"
        elif policy.quota.window in windows:
            what = f"RateLimit({windows[policy.quota.window]!r}, {text!r}) has two limits for one window"
            yield what, "keep the smaller one, which alone counts"
        else:
            windows[policy.quota.window] = str(text)


def item_of(policies: Sequence[Policy], made: Reservation, *, returned: int = 0) -> tuple[str, int]:
    """Return the value of ``RateLimit`` for the limit that is nearest, and its seconds, rounded up (section 4).

    ``returned`` is the number of units that were given back after the reservation.
    """
    nearest, state = 0, made.states[0]
    for at, other in enumerate(made.states):
        if other.remaining < state.remaining if made.admitted else _wait(other) > _wait(state):
            nearest, state = at, other
    policy = policies[nearest]
    seconds = math.ceil(state.reset)
    return f'"{policy.name}";r={state.remaining + returned};t={seconds}', seconds


def _wait(state: QuotaState) -> float:
    """Return for how long a client must wait because of a limit."""
    return state.reset if state.exceeded else 0.0

"""Quotas: at most so many units in any window of time, counted in the steps of a sliding window.

A window keeps a few steps. Each holds the units that were charged within a 32nd of the window, and expires as a whole
when its last unit is as old as the window is long. So no window of time ever has more than the limit, units come back
at most a 32nd of the window late, and the size of the state does not depend on the limit.
"""

from collections.abc import Sequence

from msgspec import Struct

__all__ = ("STEPS", "Quota", "QuotaState", "Reservation", "Step", "Window", "refund", "reserve")

STEPS = 32
"""The largest number of steps of a window, without the step that is expiring."""


class Quota(Struct, frozen=True):
    """At most ``limit`` units in any period of ``window`` seconds."""

    limit: int
    window: float


class QuotaState(Struct, frozen=True):
    """What is left of a quota."""

    remaining: int
    """Units that can be reserved now."""
    reset: float
    """Seconds until more can be reserved; if the quota was exceeded, until the same reservation can succeed. At most
    the window."""
    exceeded: bool = False
    """Whether this quota is a reason for the refusal."""


class Reservation(Struct, frozen=True):
    """The result of reserving: all quotas were charged, or none."""

    admitted: bool
    at: float
    """The time of the reservation by the store's clock, in seconds."""
    states: tuple[QuotaState, ...]
    """The state of each quota, in their order."""


class Step:
    """The first and last time of the charges of one step, and their units."""

    __slots__ = ("count", "first", "last")

    def __init__(self, first: float, last: float, count: int) -> None:
        self.first = first
        self.last = last
        self.count = count


class Window:
    """The charged units of one quota: its steps, the oldest first."""

    # PERF: the newest step is an attribute too, because an index of -1 costs as much as four attributes.
    __slots__ = ("newest", "steps", "used")

    newest: Step
    """The last one of the steps; only valid if there are any."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.used = 0

    def expire(self, oldest: float) -> None:
        """Remove the steps whose last unit is not younger than ``oldest``."""
        steps = self.steps
        while steps and steps[0].last <= oldest:
            self.used -= steps.pop(0).count

    def charge(self, now: float, cost: int, step: float) -> None:
        """Charge units to the last step, or to a new step if the last one began too long ago."""
        self.used += cost
        if self.steps and now - self.newest.first < step:
            self.newest.last = now
            self.newest.count += cost
        else:
            self.newest = Step(now, now, cost)
            self.steps.append(self.newest)

    def release(self, cost: int) -> None:
        """Take units back, the oldest first, so that the rest expires late rather than early."""
        cost = min(cost, self.used)
        self.used -= cost
        while cost:
            oldest = self.steps[0]
            taken = min(cost, oldest.count)
            oldest.count -= taken
            cost -= taken
            if not oldest.count:
                del self.steps[0]

    def wait(self, excess: int, oldest: float) -> float | None:
        """Return the seconds until a number of units come back, ``None`` if fewer are charged."""
        for step in self.steps:
            excess -= step.count
            if excess <= 0:
                return step.last - oldest
        return None


def reserve(windows: Sequence[Window], quotas: Sequence[Quota], cost: int, now: float) -> Reservation:
    """Charge all windows if each has enough units left, otherwise none of them."""
    # PERF: by index, because zip() and generators take longer than all the rest.
    places = range(len(quotas))
    admitted = True
    for at in places:
        window, quota = windows[at], quotas[at]
        if window.steps and window.steps[0].last <= now - quota.window:
            window.expire(now - quota.window)
        admitted &= window.used + cost <= quota.limit
    if not admitted:
        return Reservation(admitted, now, tuple([_refused(windows[at], quotas[at], cost, now) for at in places]))
    if cost:
        for at in places:
            windows[at].charge(now, cost, quotas[at].window / STEPS)
    return Reservation(admitted, now, tuple([_charged(windows[at], quotas[at], now) for at in places]))


def _charged(window: Window, quota: Quota, now: float) -> QuotaState:
    reset = window.steps[0].last - (now - quota.window) if window.steps else quota.window
    return QuotaState(quota.limit - window.used, reset)


def _refused(window: Window, quota: Quota, cost: int, now: float) -> QuotaState:
    remaining = quota.limit - window.used
    if cost <= remaining:
        return _charged(window, quota, now)
    wait = window.wait(cost - remaining, now - quota.window)
    return QuotaState(remaining, quota.window if wait is None else wait, exceeded=True)


def refund(windows: Sequence[Window], quotas: Sequence[Quota], cost: int, *, at: float, now: float) -> None:
    """Give back the units that were reserved at a given time, except in windows where they have expired."""
    for window, quota in zip(windows, quotas, strict=True):
        window.expire(now - quota.window)
        if at > now - quota.window:
            window.release(cost)

"""Growing delays between failed logins, for each account and for each address."""

import hashlib
import logging
import math
import unicodedata
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, ClassVar, Literal, NamedTuple, TypeVar

from aiohttp import web

from framework import clock
from framework.errors import InvalidOptionError
from framework.http_errors import ServiceUnavailable, TooManyRequests
from framework.layers import client_address
from framework.option_errors import explained_class
from framework.stores import MemoryStore, Store, StoreError

__all__ = ("LoginAttempt", "LoginThrottle", "TooManyAttempts")

_T = TypeVar("_T")
_LOG = logging.getLogger("framework.security")
_QUIET = 60.0
"""Seconds between two warnings that the store cannot be reached."""
_HAPPENS = {"memory": "attempts are counted in the memory of this process", "closed": "logins are refused (503)"}
_COUNT, _WAIT = "count", "wait"
"""The namespaces of the attempts, and of the times until which an attempt has to wait."""


class TooManyAttempts(TooManyRequests):
    """Too many logins have failed; `Retry-After` has the seconds until the next attempt is admitted."""

    header_descriptions: ClassVar = {"Retry-After": "Seconds until the next attempt is admitted."}


class _Subject(NamedTuple):
    """An account or an address: its key, the number of attempts before its first delay, and its name in the log."""

    key: str
    free: int
    name: str


class LoginAttempt:
    """An admitted login; it counts as failed unless ``succeed`` is called."""

    def __init__(self, throttle: "LoginThrottle", account: _Subject, address: _Subject | None) -> None:
        self._throttle = throttle
        self._account = account
        self._address = address

    async def succeed(self) -> None:
        """Forget the failed attempts for the account, and this attempt of the address.

        The other failures of the address stay: an attacker could reset them with an account of their own.
        """
        await self._throttle.forget(self._account, self._address)


@explained_class("LoginThrottle", "LoginThrottle()")
class LoginThrottle:
    """Delays logins after failures: ``attempt = await throttle.admit(account, request)``, ``await attempt.succeed()``.

    After ``attempts`` failed logins for one account, or ``address_attempts`` from one address, the next attempt is
    admitted ``delay`` seconds after the last one; each further failure doubles this time, up to ``longest`` seconds.
    Counts expire ``forget_after`` seconds after the first failure or the last delayed attempt. An attempt is counted
    before the password is verified, so parallel attempts are not admitted beyond the limit. Accounts are not looked up:
    known and unknown names are counted in the same way. ``address`` returns the address of the client, ``None`` if it
    is not counted. ``fail`` is what happens while the store cannot be reached.
    """

    def __init__(
        self,
        *,
        store: Store | None = None,
        attempts: int = 5,
        address_attempts: int = 50,
        delay: float = 1.0,
        longest: float = 900.0,
        forget_after: float = 86_400.0,
        address: Callable[[web.Request], str | None] = client_address,
        fail: Literal["memory", "closed"] = "memory",
    ) -> None:
        _check_counts(attempts=attempts, address_attempts=address_attempts)
        _check_times(delay=delay, longest=longest, forget_after=forget_after)
        _check_objects(store, address, fail)
        self._local = MemoryStore() if fail == "memory" else None
        self._store: Store = MemoryStore() if store is None else store
        self._attempts = attempts
        self._address_attempts = address_attempts
        self._delay = delay
        self._longest = longest
        self._forget_after = forget_after
        self._address = address
        self._fail = fail
        self._quiet_until = -math.inf
        self.failures = 0
        """The number of operations of this process that the store could not execute."""

    async def admit(self, account: str, request: web.Request) -> LoginAttempt:
        """Count an attempt to log in to an account, whether the account exists or not.

        Raises TooManyAttempts if the account or the address must wait. Such attempts are not counted. Raises
        ServiceUnavailable if the store cannot be reached and ``fail`` is ``"closed"``.
        """
        found = self._address(request)
        address = (
            None
            if found is None
            else _Subject(_digest("address", found), self._address_attempts, f"from {found[:100]!r}")
        )
        owner = _Subject(_digest("account", _normalized(account)), self._attempts, "for an account")
        wait = await self._run(lambda store: self._count_all(store, [owner] if address is None else [address, owner]))
        if wait is not None:
            seconds = max(1, math.ceil(wait))
            raise TooManyAttempts(f"Try again in {seconds} s", headers={"Retry-After": str(seconds)})
        return LoginAttempt(self, owner, address)

    async def forget(self, account: _Subject, address: _Subject | None) -> None:
        """Delete what is counted for an account, and give one attempt back to an address."""

        async def forgotten(store: Store) -> None:
            await _counts(store).delete(account.key)
            await _waits(store).delete(account.key)
            if address is not None:
                await _give_back(store, address)

        try:
            await self._run(forgotten)
        except ServiceUnavailable:
            # The password was right: the login succeeds, and the failures before it stay.
            return

    async def _count_all(self, store: Store, subjects: Sequence[_Subject]) -> float | None:
        """Count an attempt for all subjects or for none; return the seconds it must wait, ``None`` if admitted."""
        # All waits are read first: what one subject refuses must not delay the others.
        waits = [wait for one in subjects if (wait := await self._remaining(store, one)) is not None]
        if waits:
            return max(waits)
        for at, subject in enumerate(subjects):
            wait = await self._count(store, subject)
            if wait is not None:
                # Another attempt at the same time was quicker.
                for one in subjects[:at]:
                    await _give_back(store, one)
                return wait
        return None

    async def _count(self, store: Store, subject: _Subject) -> float | None:
        counted = await _counts(store).increment(subject.key, ttl=self._forget_after)
        if counted <= subject.free:
            return None
        # A float cannot hold 2 to the power of a large number.
        delay = min(self._delay * 2.0 ** min(counted - subject.free - 1, 64), self._longest)
        # Of several attempts at the same time, the one that stores the end of the delay is admitted.
        if await _waits(store).add(subject.key, repr(clock.time() + delay).encode(), ttl=delay):
            await _counts(store).expire(subject.key, self._forget_after)
            if counted == subject.free + 1:
                _LOG.warning("Logins %s are delayed after %d failed attempts", subject.name, subject.free)
            return None
        await _give_back(store, subject)
        return await self._remaining(store, subject) or self._delay

    async def _remaining(self, store: Store, subject: _Subject) -> float | None:
        """Return the seconds until the next attempt, ``None`` if it may be made now."""
        stored = await _waits(store).get(subject.key)
        if stored is None:
            return None
        # The store decides when the delay ends; the clocks of two processes may differ.
        return min(max(float(stored) - clock.time(), 0.0), self._longest)

    async def _run(self, work: Callable[[Store], Awaitable[_T]]) -> _T:
        """Run an operation in the store; if it cannot be reached, in memory, or raise ServiceUnavailable."""
        try:
            return await work(self._store.namespace("login"))
        except StoreError as error:
            self._report(error)
            if self._local is None:
                raise ServiceUnavailable("Logins cannot be counted now", headers={"Retry-After": "1"}) from error
        return await work(self._local.namespace("login"))

    def _report(self, error: StoreError) -> None:
        self.failures += 1
        now = clock.monotonic()
        if now >= self._quiet_until:
            self._quiet_until = now + _QUIET
            _LOG.warning("The store of LoginThrottle cannot be reached: %s. %s", _HAPPENS[self._fail], error)


def _counts(store: Store) -> Store:
    return store.namespace(_COUNT)


def _waits(store: Store) -> Store:
    return store.namespace(_WAIT)


async def _give_back(store: Store, subject: _Subject) -> None:
    """Take one attempt back from a count that exists."""
    if await _counts(store).get(subject.key) is not None:
        # The count may expire between the two calls; the ttl keeps one of -1 from staying forever.
        await _counts(store).increment(subject.key, -1, ttl=_QUIET)


def _normalized(account: str) -> str:
    """Return the name of an account such that other spellings of it are counted together."""
    return unicodedata.normalize("NFKC", account).casefold().strip()


def _digest(kind: str, text: str) -> str:
    # Users sometimes enter their password in the field of the name: the store must not hold it.
    return hashlib.sha256(f"{kind}\0{text}".encode("utf-8", "surrogatepass")).hexdigest()


def _check_counts(**counts: Any) -> None:
    for name, value in counts.items():
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise _wrong(f"LoginThrottle({name}={value!r}) is not a number of attempts", f"write it as {name}=5")


def _check_times(**times: Any) -> None:
    for name, value in times.items():
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not 0 < value < math.inf:
            raise _wrong(f"LoginThrottle({name}={value!r}) is not a number of seconds", f"write it as {name}=900.0")
    if not times["delay"] <= times["longest"] <= times["forget_after"]:
        what = "the times of LoginThrottle() are not in their order"
        raise _wrong(what, "let delay be at most longest, and longest at most forget_after")


def _check_objects(store: Any, address: Any, fail: Any) -> None:
    if store is not None and not isinstance(store, Store):
        raise _wrong(f"LoginThrottle(store={store!r}) is not a Store", "give a RedisStore or a MemoryStore")
    if not callable(address):
        what = f"LoginThrottle(address={address!r}) is not a function"
        raise _wrong(what, "give a function of the request: address=client_address")
    if fail not in _HAPPENS:
        what = f"LoginThrottle(fail={fail!r}) is not what can happen while the store cannot be reached"
        raise _wrong(what, 'give "memory" (each process counts for itself) or "closed" (503)')


def _wrong(what: str, hint: str) -> InvalidOptionError:
    return InvalidOptionError("LoginThrottle", what, hint=hint)

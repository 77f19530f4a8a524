"""Limits on the number of requests that a client may send in a window of time."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

from framework.http_errors import HTTPError, ServiceUnavailable
from framework.layers import Layer, Steps, client_address
from framework.middleware.counting import DESCRIBED, Cost, Counter, Fail, Key, Refund, awaited
from framework.middleware.policies import QuotaExceeded, policy_mistakes, read_policies
from framework.option_errors import explained_class
from framework.routing import RouteInfo
from framework.stores import MemoryStore, Store

__all__ = ("RateLimit", "client_address")


@explained_class("RateLimit", 'RateLimit("100/minute")')
@dataclass(frozen=True, init=False, eq=False)
class RateLimit(Layer):
    """Limits how many requests each client may send in any window of time: ``RateLimit("100/minute", "2000/day")``.

    A request is charged before it is handled, to all limits or to none. Refusals are 429 with ``Retry-After``.
    """

    rank: ClassVar[int | None] = 90

    policies: tuple[str, ...]
    key: Key
    """Returns the key of the client; ``None`` for no limit. For a guard, the function may have a guard's parameters."""
    cost: Cost
    """The number of units that a request takes."""
    refund: Refund | None
    """Returns whether a request is given back, by its response, so that it is not counted."""
    store: Store
    fail: Fail
    """Whether requests are admitted ("open") or refused with 503 ("closed") while the store cannot be reached."""
    name: str
    """Instances with the same name, limits and store count together; without a name, each counts separately."""

    def __init__(
        self,
        *policies: str,
        key: Key = client_address,
        cost: Cost = 1,
        refund: Refund | None = None,
        store: Store | None = None,
        fail: Fail = "open",
        name: str = "",
    ) -> None:
        own = MemoryStore() if store is None else store
        options = {"key": key, "cost": cost, "refund": refund, "store": own, "fail": fail, "name": name}
        for option, value in {"policies": policies, **options, **_guard_attributes(key)}.items():
            object.__setattr__(self, option, value)

    @property
    def failures(self) -> int:
        """The number of requests of this process that the store could not count."""
        return self._counter.failures

    @cached_property
    def _counter(self) -> Counter:
        return Counter(
            self.policies,
            key=self.key,
            cost=self.cost,
            refund=self.refund,
            store=self.store,
            fail=self.fail,
            name=self.name,
        )

    def compile(self, route: RouteInfo | None) -> Steps:
        """Return the steps that count the requests of a route, or those that match no route."""
        counter = self._counter
        counter.settle(route, self._number(route))
        steps = counter.steps(preflights=route is None or route.method == "OPTIONS")
        return replace(
            steps,
            opens=(self.store,),
            raises=self._raises,
            response_headers=DESCRIBED,
        )

    def compile_guard(self, route: RouteInfo) -> Steps:
        """Return the errors and resources of the guard for a route."""
        self._counter.settle(route, self._number(route))
        return Steps(opens=(self.store,), raises=self._raises)

    def _number(self, route: RouteInfo | None) -> int:
        """Return how many limits around a route would be counted under the same name before this one."""
        if route is None or self.name:
            return 0
        limits = [one for one in (*route.middlewares, *route.guards) if isinstance(one, RateLimit) and not one.name]
        alike = [one for one in limits if one.policies == self.policies and one.store is self.store]
        # A layer of an application may use a limit inside of itself.
        return next((number for number, one in enumerate(alike) if one is self), 0)

    @property
    def _raises(self) -> tuple[type[HTTPError], ...]:
        return (QuotaExceeded, ServiceUnavailable) if self.fail == "closed" else (QuotaExceeded,)

    async def __call__(self, *arguments: Any, **keywords: Any) -> None:
        """Count a request as a guard, with the arguments of the key function; raises QuotaExceeded."""
        key = await awaited(self.key(*arguments, **keywords))
        if key is not None and isinstance(self.cost, int):
            await self._counter.take(key, self.cost)

    def mistakes(self) -> Iterator[tuple[str, str]]:
        """Yield what is wrong with the options."""
        yield from self._common_mistakes()
        injected = [name for name in _annotations(self.key) if name != "return"][1:]
        if injected:
            yield (
                f"RateLimit(key={_named(self.key)}) takes {', '.join(injected)}, which a middleware is not given",
                "give the RateLimit among guards=, or let the key read the request alone",
            )

    def guard_mistakes(self) -> Iterator[tuple[str, str]]:
        """Yield what is wrong with the options of a guard."""
        yield from self._common_mistakes()
        for option in ("cost", "refund"):
            if callable(getattr(self, option)):
                what = f"RateLimit({option}={_named(getattr(self, option))}) has no effect as a guard"
                yield what, "give the RateLimit among middlewares=" + (", or a number" if option == "cost" else "")

    def _common_mistakes(self) -> Iterator[tuple[str, str]]:
        yield from policy_mistakes(self.policies)
        yield from self._cost_mistakes()
        key, refund, store = _any(self.key), _any(self.refund), _any(self.store)
        if not callable(key):
            yield f"RateLimit(key={key!r}) is not a function", "give a function of the request: key=client_address"
        if refund is not None and not callable(refund):
            hint = "give a function of the response: refund=lambda response: response.status < 400"
            yield f"RateLimit(refund={refund!r}) is not a function", hint
        if self.fail not in {"open", "closed"}:
            hint = 'give "open" (requests are admitted) or "closed" (503)'
            yield f"RateLimit(fail={self.fail!r}) is not what can happen while the store cannot be reached", hint
        if not isinstance(store, Store):
            yield (
                f"RateLimit(store={store!r}) is not a Store",
                "give a MemoryStore, a RedisStore or a Store of your own",
            )

    def _cost_mistakes(self) -> Iterator[tuple[str, str]]:
        if callable(self.cost):
            return
        smallest = min((one.quota.limit for one in read_policies(self.policies)), default=None)
        cost = _any(self.cost)
        if not isinstance(cost, int) or cost < 1:
            hint = "give a whole number above 0, or a function of the request"
            yield f"RateLimit(cost={cost!r}) is not a number of units", hint
        elif smallest and cost > smallest:
            yield f"RateLimit(cost={cost!r}) is above the limit of {smallest}", "no request would be admitted"


def _any(option: Any) -> Any:
    """Return an option as ``object``, so that its type can be checked in spite of its annotation."""
    return option


def _annotations(key: Any) -> dict[str, Any]:
    owner = key if hasattr(key, "__annotations__") else getattr(type(key), "__call__", None)  # noqa: B004  its annotations are wanted
    found: dict[str, Any] = getattr(owner, "__annotations__", {})
    return found


def _guard_attributes(key: Any) -> dict[str, Any]:
    """Return the attributes that give a guard the parameters of its key function."""
    wrapped = {"__wrapped__": key} if callable(key) else {}
    return {**wrapped, "__annotations__": {**_annotations(key), "return": None}}


def _named(key: Any) -> str:
    return str(getattr(key, "__qualname__", type(key).__qualname__))

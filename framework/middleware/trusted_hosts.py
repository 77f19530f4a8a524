"""TrustedHosts: respond only to requests for the hosts that are served here."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from aiohttp import hdrs, web

from framework.http_errors import HTTPError
from framework.layers import Layer, Steps, headers_of, plain_host
from framework.middleware.hosts import host_matcher, pattern_error
from framework.middleware.probes import is_probe
from framework.option_errors import explained_class
from framework.routing import RouteInfo

__all__ = ("TrustedHosts", "UntrustedHost")

_REMEMBERED = 1024


class UntrustedHost(HTTPError, status=400):
    """The request is for a host that is not served here."""


@explained_class("TrustedHosts", 'TrustedHosts("shop.example")')
@dataclass(frozen=True, init=False)
class TrustedHosts(Layer):
    """Refuses (400) requests for other hosts: ``TrustedHosts("shop.example", "*.shop.example", "[::1]")``.

    ``*.shop.example`` stands for all hosts below shop.example, but not for shop.example itself. Ports are not compared.
    """

    rank: ClassVar = 30
    nearest: ClassVar = True

    hosts: tuple[str, ...]

    def __init__(self, *hosts: str) -> None:
        object.__setattr__(self, "hosts", hosts)

    def mistakes(self) -> Iterator[tuple[str, str]]:
        """Yield what is wrong with the hosts."""
        if not self.hosts:
            yield "TrustedHosts() allows no host", 'name the hosts that are served: TrustedHosts("shop.example")'
        for one in self.hosts:
            wrong = pattern_error(one)
            if wrong is not None:
                yield f"TrustedHosts({one!r}): {wrong[0]}", wrong[1]

    def compile(self, route: RouteInfo | None) -> Steps | None:
        """Return the check of the host; probes are sent to addresses, and have none."""
        return None if is_probe(route) else Steps(before=self._check, raises=(UntrustedHost,))

    @cached_property
    def _check(self) -> Callable[[web.Request], None]:
        fits = host_matcher(self.hosts)
        # PERF: nearly all requests name their host once, in the same form.
        known: set[str | None] = set()

        def check(request: web.Request) -> None:
            host = plain_host(request)
            if host in known:
                return
            _check_closely(request, fits)
            if host is not None and len(known) < _REMEMBERED:
                known.add(host)

        return check


def _check_closely(request: web.Request, fits: Callable[[str | None], bool]) -> None:
    """Refuse a request unless every host that it names matches: an absolute target names one beside the Host header.

    If a proxy has reported the host, the Host header is that of the proxy's own request, and is not compared.
    """
    try:
        named: list[str | None] = [request.url.raw_authority]
    except ValueError:
        raise UntrustedHost from None
    if request.raw_path[:1] not in {"/", "*"}:
        named.append(headers_of(request).get(hdrs.HOST))
    if not all(map(fits, named)):
        raise UntrustedHost

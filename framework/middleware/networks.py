"""Addresses and networks: which of them belong to proxies."""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias

__all__ = ("UNIX", "Address", "network_error", "network_matcher", "read_address", "read_node")

Address: TypeAlias = IPv4Address | IPv6Address

UNIX = "unix"
"""The name for peers on a unix socket, in a list of networks."""

# RFC 7239, section 6: an address, then optionally a port or a name for it.
_PORT = r"(?::(?:[0-9]{1,5}|_[A-Za-z0-9._-]+))?"
_NODE = re.compile(
    rf"\[(?P<bracketed>[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)\]{_PORT}|(?P<v4>[0-9.]+){_PORT}|(?P<v6>[0-9A-Fa-f:.]+)"
)
_MAPPED = IPv6Network("::ffff:0:0/96")
_NAME_THEM = 'name the networks of the proxies: "10.0.0.0/8"'
_REMEMBERED = 4096


def read_address(text: str) -> Address | None:
    """Return an address, as IPv4 if it is mapped into IPv6 (RFC 4291, section 2.5.5.2); ``None`` for anything else."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def read_node(text: str) -> Address | None:
    """Return the address of a hop, ``None`` for anything else: ``[2001:db8::1]:443`` -> 2001:db8::1."""
    match = _NODE.fullmatch(text)
    return None if match is None else read_address(match["v4"] or match["v6"] or match["bracketed"])


def network_error(text: object) -> tuple[str, str] | None:
    """Return what is wrong with a network, and a hint; ``None`` if nothing is."""
    if text == UNIX:
        return None
    usual = 'write it as "10.0.0.0/8", "10.0.0.1" or "unix"'
    if not isinstance(text, str):
        return f"the network {text!r} is not a string", usual
    if text == "*":
        return "the network '*' would trust every client", _NAME_THEM
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        return f"the network {text!r} is neither an address nor a network", f"{usual}; names are not looked up"
    if not network.prefixlen:
        return f"the network {text!r} would trust every client", _NAME_THEM
    if isinstance(network, IPv6Network) and network.overlaps(_MAPPED):
        what = f"the network {text!r} holds IPv4 addresses that are mapped into IPv6"
        return what, "write IPv4 networks as such; mapped addresses are compared with them"
    if not _is_strict(text):
        return f"the network {text!r} has bits set behind its prefix", f'write it as "{network}", or as an address'
    return None


def _is_strict(text: str) -> bool:
    try:
        ip_network(text)
    except ValueError:
        return False
    return True


def network_matcher(networks: Iterable[str]) -> Callable[[str], bool]:
    """Return a function that returns whether an address belongs to one of the networks, which must be valid."""
    parsed = [ip_network(one) for one in networks if one != UNIX]
    v4 = [one for one in parsed if isinstance(one, IPv4Network)]
    v6 = [one for one in parsed if isinstance(one, IPv6Network)]

    @lru_cache(_REMEMBERED)
    def matches(text: str) -> bool:
        # A link-local address is followed by its interface.
        address = read_address(text.partition("%")[0])
        if isinstance(address, IPv4Address):
            return any(address in one for one in v4)
        return address is not None and any(address in one for one in v6)

    return matches

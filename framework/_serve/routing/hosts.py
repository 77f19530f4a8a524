"""Validates the Host header."""

import re
from ipaddress import AddressValueError, IPv6Address

__all__ = ("is_host",)

# RFC 3986, sections 3.2.2 and 3.2.3: a registered name (or an IPv4 address) or a literal, then optionally a port.
# RFC 9110, section 4.2.1: a host of http and https has a name; a Host header as a whole may be empty (RFC 9112,
# section 3.2).
_HOST = re.compile(
    r"""(?: (?:[A-Za-z0-9._~!$&'()*+,;=-] | %[0-9A-Fa-f]{2})+
          | \[ (?: (?P<address>[0-9A-Fa-f:.]+) | [vV][0-9A-Fa-f]+\.[A-Za-z0-9._~!$&'()*+,;=:-]+ ) \]
        )
        (?: :(?P<port>[0-9]{0,5}) )?""",
    re.VERBOSE,
)
_LAST_PORT = 65_535


def is_host(text: str) -> bool:
    """Return whether a string is empty, or a host with or without a port: ``[::1]:8080``."""
    match = _HOST.fullmatch(text)
    if match is None:
        return not text
    address, port = match["address"], match["port"]
    return (address is None or _is_address(address)) and (not port or int(port) <= _LAST_PORT)


def _is_address(text: str) -> bool:
    try:
        IPv6Address(text)
    except AddressValueError:
        return False
    return True

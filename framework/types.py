r"""Common annotated types: addresses, network names, secrets; and custom types.

All except ``SecretStr`` and ``CustomType`` are plain ``str`` or ``int`` values that msgspec validates. Their patterns
are valid in ECMA 262 too (for JSON Schema), so that clients that are generated from the document can use them, and
match in linear time. ``$(?!\n)`` is the end of the string in both: Python's ``$`` also matches before a final newline.
"""

from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta

from framework._codecs import CustomType
from framework._secret import SecretStr

__all__ = (
    "PATTERNS",
    "CustomType",
    "Email",
    "Hostname",
    "HttpUrl",
    "IPAddress",
    "IPv4Address",
    "IPv6Address",
    "NonEmptyStr",
    "NonNegativeInt",
    "Port",
    "PositiveInt",
    "SecretStr",
    "Slug",
)

_END = r"$(?!\n)"
# RFC 5321 and 6531: letters beyond ASCII are allowed; quoted local parts are not.
_ATOM = r'[^\s\x00-\x20"(),:;<>@\[\\\]\x7f]'
_LABEL = r"(?!-)[^\s\x00-\x2c\x2e\x2f\x3a-\x40\x5b-\x60\x7b-\x7f]{1,63}(?<!-)"
_EMAIL = rf"^(?=[^@]{{1,64}}@)(?!\.)(?!.*\.\.)(?!.*\.@){_ATOM}+@(?:{_LABEL}\.)+{_LABEL}{_END}"
# RFC 1123, section 2.1, and RFC 1035, section 2.3.4.
_HOST = r"(?:(?!-)[A-Za-z0-9-]{1,63}(?<!-)\.)*(?!-)[A-Za-z0-9-]{1,63}(?<!-)"
_HOSTNAME = rf"^(?=.{{1,253}}{_END}){_HOST}{_END}"
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_V4 = rf"{_OCTET}(?:\.{_OCTET}){{3}}"
_H = r"[0-9A-Fa-f]{1,4}"
# RFC 4291, section 2.2: by the number of groups before "::".
_V6 = (
    rf"(?:(?:{_H}:){{7}}{_H}|(?:{_H}:){{6}}{_V4}|::(?:(?:{_H}:){{0,5}}{_V4}|(?:{_H}:){{0,6}}{_H})?"
    rf"|{_H}::(?:(?:{_H}:){{0,4}}{_V4}|(?:{_H}:){{0,5}}{_H})?"
    rf"|(?:{_H}:){{1}}{_H}::(?:(?:{_H}:){{0,3}}{_V4}|(?:{_H}:){{0,4}}{_H})?"
    rf"|(?:{_H}:){{2}}{_H}::(?:(?:{_H}:){{0,2}}{_V4}|(?:{_H}:){{0,3}}{_H})?"
    rf"|(?:{_H}:){{3}}{_H}::(?:(?:{_H}:){{0,1}}{_V4}|(?:{_H}:){{0,2}}{_H})?"
    rf"|(?:{_H}:){{4}}{_H}::(?:{_V4}|(?:{_H}:){{0,1}}{_H})?"
    rf"|(?:{_H}:){{5}}{_H}::(?:{_H})?"
    rf"|(?:{_H}:){{6}}{_H}::)"
)
_IPV4 = rf"^{_V4}{_END}"
_IPV6 = rf"^{_V6}{_END}"
_IP = rf"^(?:{_V4}|{_V6}){_END}"
# RFC 3986; without user information, which is only used to deceive.
_PCHAR = r"(?:[!$&-.0-;=@-Z_a-z~]|%[0-9A-Fa-f]{2})"
_REST = rf"(?:/(?:{_PCHAR}|/)*)?(?:\?(?:{_PCHAR}|[/?])*)?(?:#(?:{_PCHAR}|[/?])*)?"
_URL = rf"^[Hh][Tt][Tt][Pp][Ss]?://(?:\[{_V6}\]|{_HOST}\.?)(?::[0-9]{{1,5}})?{_REST}{_END}"
_SLUG = rf"^[a-z0-9]+(?:-[a-z0-9]+)*{_END}"

PATTERNS: Mapping[str, str] = {
    _EMAIL: "an e-mail address",
    _HOSTNAME: "a host name",
    _URL: "an http or https URL",
    _IP: "an IP address",
    _IPV4: "an IPv4 address",
    _IPV6: "an IPv6 address",
    _SLUG: "lower-case letters and digits with single hyphens between",
}
"""What each pattern matches, for validation errors."""

Email = Annotated[str, Meta(pattern=_EMAIL, max_length=254, extra_json_schema={"format": "idn-email"})]
"""An e-mail address: ``ann@example.org``, ``änn@exämple.org``. Only a message to it can show that it exists."""

Hostname = Annotated[str, Meta(pattern=_HOSTNAME, extra_json_schema={"format": "hostname"})]
"""The name of a host in ASCII: ``example.org``, ``xn--exmple-cua.org``."""

HttpUrl = Annotated[str, Meta(pattern=_URL, max_length=2083, extra_json_schema={"format": "uri"})]
"""An absolute URL of http or https, in ASCII, without user and password.

If the server itself requests such a URL, also check the address that its host resolves to.
"""

IPv4Address = Annotated[str, Meta(pattern=_IPV4, extra_json_schema={"format": "ipv4"})]
"""An address as ``ipaddress.IPv4Address`` reads it: ``192.0.2.1``."""

IPv6Address = Annotated[str, Meta(pattern=_IPV6, extra_json_schema={"format": "ipv6"})]
"""An address as ``ipaddress.IPv6Address`` reads it, without a zone: ``2001:db8::1``."""

IPAddress = Annotated[str, Meta(pattern=_IP, extra_json_schema={"anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]})]
"""An address of either kind."""

NonEmptyStr = Annotated[str, Meta(min_length=1)]
"""A string with at least one character, which may be a space."""

Slug = Annotated[str, Meta(pattern=_SLUG)]
"""A readable part of a URL: ``summer-sale-2026``."""

Port = Annotated[int, Meta(ge=1, le=65_535)]
"""A TCP or UDP port."""

PositiveInt = Annotated[int, Meta(ge=1)]
"""An integer of at least 1."""

NonNegativeInt = Annotated[int, Meta(ge=0)]
"""An integer of at least 0."""

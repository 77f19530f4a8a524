"""Addresses of hops, and networks of proxies."""

import pytest

from framework.middleware.networks import network_error, network_matcher, read_node


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("203.0.113.9:4711", "203.0.113.9"),
        ("203.0.113.9:_port", "203.0.113.9"),
        ("2001:DB8::1", "2001:db8::1"),
        ("[2001:db8:0::1]:443", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("::ffff:10.0.0.7", "10.0.0.7"),
        ("[::ffff:10.0.0.7]:80", "10.0.0.7"),
        ("", None),
        ("unknown", None),
        ("_hidden", None),
        ("999.1.1.1", None),
        ("010.0.0.1", None),
        ("1.2.3", None),
        ("203.0.113.9:123456", None),
        ("[1.2.3.4]", None),
        ("fe80::1%<script>", None),
        ("٢٠٣.0.113.9", None),
    ],
)
def test_the_address_of_a_hop_is_read(text: str, expected: str | None) -> None:
    """Without port and brackets, IPv4 where it is mapped into IPv6, and None for anything else."""
    node = read_node(text)
    assert (None if node is None else str(node)) == expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("10.255.0.1", True),
        ("::ffff:10.0.0.1", True),
        ("192.0.2.1", True),
        ("2001:db8::5", True),
        ("fe80::1%eth0", True),
        ("11.0.0.1", False),
        ("192.0.2.2", False),
        ("2001:db9::5", False),
        ("::10.0.0.1", False),
        ("", False),
        ("unix", False),
    ],
)
def test_an_address_belongs_to_a_network_or_not(address: str, *, expected: bool) -> None:
    """The interface of a link-local address does not count, and a mapped address is IPv4."""
    matches = network_matcher(("10.0.0.0/8", "192.0.2.1", "2001:db8::/32", "fe80::/10", "unix"))
    assert matches(address) is expected


@pytest.mark.parametrize("text", ["10.0.0.0/8", "10.0.0.1", "2001:db8::/32", "::1", "unix", "0.0.0.0/1"])
def test_networks_without_errors(text: str) -> None:
    """Networks, addresses, and peers on a unix socket."""
    assert network_error(text) is None

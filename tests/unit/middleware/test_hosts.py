"""Hosts of requests, and the patterns that they are compared with."""

import pytest

from framework.middleware.hosts import Host, is_loopback, normal_pattern, origin_form, pattern_error, read_host


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("shop.example", Host("shop.example", None)),
        ("SHOP.example:8080", Host("shop.example", 8080)),
        ("shop.example:", Host("shop.example", None)),
        ("127.0.0.1:80", Host("127.0.0.1", 80)),
        ("[::1]", Host("[::1]", None)),
        ("[0:0:0::1]:65535", Host("[::1]", 65_535)),
        ("[2001:DB8::17]", Host("[2001:db8::17]", None)),
        ("my_service", Host("my_service", None)),
        ("shop.example:65536", None),
        ("shop.example:abc", None),
        ("shop.example.", None),
        (".shop.example", None),
        ("shop..example", None),
        ("user@shop.example", None),
        ("shop.example/x", None),
        ("shop.example\n", None),
        ("[::1", None),
        ("[::g]", None),
        ("[1.2.3.4]", None),
        ("::1", None),
        ("bücher.example", None),
        ("", None),
    ],
)
def test_a_host_is_read_or_refused(text: str, expected: Host | None) -> None:
    """Case, port and spelling of IPv6 addresses do not matter; what is not a host is None."""
    assert read_host(text) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("localhost", True),
        ("api.localhost", True),
        ("127.0.0.1", True),
        ("127.255.0.1", True),
        ("[::1]", True),
        ("[::ffff:127.0.0.1]", True),
        ("localhost.evil.test", False),
        ("notlocalhost", False),
        ("10.0.0.1", False),
        ("127.0.0.1.evil.test", False),
        ("[::2]", False),
    ],
)
def test_loopback_hosts_are_known(name: str, *, expected: bool) -> None:
    """By name and by address."""
    assert is_loopback(name) is expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("Shop.Example", "shop.example"),
        ("*.Shop.Example", "*.shop.example"),
        ("[0::1]", "[::1]"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("*.Bücher.example", "*.xn--bcher-kva.example"),
        ("localhost", "localhost"),
    ],
)
def test_a_pattern_is_compared_as_hosts_are_sent(pattern: str, expected: str) -> None:
    """In lower case, and in punycode (UTS 46)."""
    assert pattern_error(pattern) is None
    assert normal_pattern(pattern) == expected


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/a%2Fb?q=%20", "/a%2Fb?q=%20"),
        ("http://shop.example/a?b=http://c/d", "/a?b=http://c/d"),
        ("HTTP://u:p@shop.example:80", "/"),
        ("http://shop.example?x=1", "/?x=1"),
        ("//evil.test/x", "//evil.test/x"),
    ],
)
def test_a_target_loses_its_scheme_and_authority(target: str, expected: str) -> None:
    """What follows keeps its bytes."""
    assert origin_form(target) == expected

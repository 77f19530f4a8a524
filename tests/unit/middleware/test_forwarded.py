"""What proxies report, element by element."""

import pytest

from framework.middleware.forwarded import (
    MOST_HOPS,
    last_elements,
    read_forwarded,
    read_prefix,
    read_scheme,
    walk,
)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ([], []),
        (["a"], ["a"]),
        (["a, b", "c,\td"], ["d", "c", "b", "a"]),
        (["a,, b,", ""], ["b", "a"]),
    ],
)
def test_elements_of_a_list_come_from_the_right(fields: list[str], expected: list[str]) -> None:
    """Several fields are one list, and empty elements are ignored (RFC 9110, sections 5.3 and 5.6.1)."""
    assert last_elements(fields) == expected


def test_no_more_than_the_last_hops_are_looked_at() -> None:
    """Whatever the number of elements and fields."""
    assert last_elements([",".join(map(str, range(2000)))]) == [str(1999 - one) for one in range(MOST_HOPS)]
    assert len(last_elements(["1, 2, 3"] * 2000)) == MOST_HOPS
    assert last_elements([("," * 8000) + "1"]) == ["1"]


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ('for="[2001:db8::17]:4711";proto=https', [{"for": "[2001:db8::17]:4711", "proto": "https"}]),
        (
            "for=1.1.1.1, For=203.0.113.9;Proto=https, for=10.0.0.7",
            [{"for": "10.0.0.7"}, {"for": "203.0.113.9", "proto": "https"}, {"for": "1.1.1.1"}],
        ),
        (r'for="a\"b;c,d"', [{"for": 'a"b;c,d'}]),
        ("for=1.1.1.1; proto=http ;by=_x", [{"for": "1.1.1.1", "proto": "http", "by": "_x"}]),
        ("for=1.1.1.1;", [{"for": "1.1.1.1"}]),
        (" , ;, for=1.1.1.1 ,", [{"for": "1.1.1.1"}]),
        ('for=""', [{"for": ""}]),
        ("", []),
        ("for=2001:db8::1", None),
        ("for = 1.1.1.1", None),
        ("for= 1.1.1.1", None),
        ('for="1.1.1.1', None),
        (r'for="1.1.1.1\"', None),
        ("for=1.1.1.1;for=2.2.2.2", None),
        ("for=1.1.1.1;FOR=2.2.2.2", None),
        ("for=1.1.1.1 proto=https", None),
        ("for", None),
        ("=1.1.1.1", None),
    ],
)
def test_forwarded_is_read_whole_or_not_at_all(field: str, expected: list[dict[str, str]] | None) -> None:
    """By the grammar of RFC 7239, section 4, with spaces allowed around separators."""
    assert read_forwarded([field]) == expected


def test_several_fields_of_forwarded_are_one_list() -> None:
    """The last field is the nearest proxy's; what is farther than MOST_HOPS is not even read."""
    assert read_forwarded(["for=1.1.1.1", "for=2.2.2.2, for=3.3.3.3"]) == [
        {"for": "3.3.3.3"},
        {"for": "2.2.2.2"},
        {"for": "1.1.1.1"},
    ]
    assert read_forwarded(['for="', "for=2.2.2.2"]) is None
    assert read_forwarded(['for="', ",".join(["for=2.2.2.2"] * MOST_HOPS)]) == [{"for": "2.2.2.2"}] * MOST_HOPS


@pytest.mark.parametrize(
    ("hops", "client", "last"),
    [
        ([], None, -1),
        (["garbage"], None, 0),
        (["10.0.0.7", "203.0.113.9", "1.1.1.1"], "203.0.113.9", 1),
        (["10.0.0.7", "10.0.0.6"], "10.0.0.6", 1),
        (["10.0.0.7", "garbage", "1.1.1.1"], "10.0.0.7", 1),
        (["10.0.0.7"] * 100, "10.0.0.7", MOST_HOPS - 1),
    ],
)
def test_a_chain_is_followed_to_the_first_that_is_not_a_proxy(hops: list[str], client: str | None, last: int) -> None:
    """It ends before what is not an address, and after MOST_HOPS."""
    found = walk(hops, lambda address: address.startswith("10."))
    assert (None if found.client is None else str(found.client), found.last) == (client, last)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/api", "/api"),
        ("/api/v1/", "/api/v1"),
        ("/a.b/~c", "/a.b/~c"),
        ("/...", "/..."),
        ("/", None),
        ("", None),
        ("api", None),
        ("//evil.test", None),
        ("/api//x", None),
        ("/..", None),
        ("/api/../x", None),
        ("/api/.", None),
        ("/a b", None),
        ("/a%2e", None),
        ("/a?b", None),
        ("/a#b", None),
        ("/<x>", None),
    ],
)
def test_a_prefix_is_a_plain_path(text: str, expected: str | None) -> None:
    """Without dot segments, escapes, and anything that could be another host."""
    assert read_prefix(text) == expected


def test_schemes_are_http_and_https() -> None:
    """Those of web sockets are the same; anything else is none."""
    texts = ("https", "HTTPS", "http", "wss", "ws", "javascript", "", "https ", "ftp")
    assert [read_scheme(one) for one in texts] == ["https", "https", "http", "https", "http", None, None, None, None]

"""The grammar that all of the framework reads and writes by."""

import pytest

from framework._http.codings import accepted_codings
from framework._http.media_types import essence, is_media_type
from framework._http.pointers import escape, step, unescape
from framework._http.statuses import reason_phrase
from framework._http.tokens import is_token


@pytest.mark.parametrize("text", ["GET", "x-request-id", "!#$%&'*+-.^_`|~", "0"])
def test_tokens(text: str) -> None:
    """Letters, digits and fifteen other characters (RFC 9110, section 5.6.2)."""
    assert is_token(text)


@pytest.mark.parametrize("text", ["", "a b", "a:b", "a\n", "é", "a/b", '"a"', None, 1, b"a"])
def test_other_values_are_not_tokens(text: object) -> None:
    """Nothing else, and no other type."""
    assert not is_token(text)


@pytest.mark.parametrize(("key", "part"), [("a/b", "a~1b"), ("a~b", "a~0b"), ("~1", "~01"), ("", ""), ("ä", "ä")])
def test_pointers(key: str, part: str) -> None:
    """Slash and tilde are escaped, and the key is read back (RFC 6901, section 4)."""
    assert escape(key) == part
    assert unescape(part) == key


def test_steps_are_cut() -> None:
    """A key of a client has at most 100 characters in a pointer, counted before it is escaped."""
    assert step("a/b") == "/a~1b"
    assert step("/" * 200) == "/" + "~1" * 100


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("application/json", True),
        ('text/plain; charset="utf-8"', True),
        ("text/plain;charset=utf-8;q=1", True),
        ("text/*", False),
        ("json", False),
        ("text/plain;", False),
        ("text/plain; charset", False),
    ],
)
def test_media_types(text: str, *, valid: bool) -> None:
    """Type, subtype and parameters (RFC 9110, section 8.3.1), and no range."""
    assert is_media_type(text) is valid


def test_essence() -> None:
    """Type and subtype alone, in lower case."""
    assert essence("Text/Plain ; Charset=UTF-8") == "text/plain"


def test_reason_phrases() -> None:
    """The phrases of RFC 9110 on every Python, and nothing for what is not registered."""
    assert [reason_phrase(one) for one in (413, 422, 299)] == ["Content Too Large", "Unprocessable Content", ""]


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("", {}),
        ("GZIP, br;q=0.5", {"gzip": 1.0, "br": 0.5}),
        ("x-gzip ; q=0.1\t, *;Q=0", {"gzip": 0.1, "*": 0.0}),
        ("gzip;q=1, gzip;q=0", {"gzip": 0.0}),
        ("gzip;q=1.001, br;q=0.1234, zstd;level=9, a b, identity;q=0", {"identity": 0.0}),
    ],
)
def test_codings(header: str, found: dict[str, float]) -> None:
    """Codings have one parameter, the weight; elements of another form are ignored (RFC 9110, section 12.5.3)."""
    assert accepted_codings(header) == found

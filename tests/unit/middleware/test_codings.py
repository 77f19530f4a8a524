"""What a client wants by Accept-Encoding, and what is written in each coding."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.middleware.codings import CODINGS, Choices, installed

ALL = Choices(tuple(installed().values()))
GZIP = Choices((installed()["gzip"],))


def test_all_are_installed() -> None:
    """The extra brings all of them, in the order of the server."""
    assert tuple(installed()) == CODINGS == ("zstd", "br", "gzip")


@pytest.mark.parametrize(
    ("accept", "coding", "only_coded", "accepted"),
    [
        ("", None, False, ""),
        ("gzip", "gzip", False, "gzip"),
        ("br;q=0.001, gzip;q=0", "br", False, "br"),
        ("gzip ; q=0.5 , br\t;\tq=0.5", "br", False, "br gzip"),
        ("*", "zstd", False, "br gzip zstd"),
        ("*;q=0.5, gzip", "gzip", False, "br gzip zstd"),
        ("*;q=0, x-gzip;q=1.000", "gzip", True, "gzip"),
        ("identity;q=0, *", "zstd", True, "br gzip zstd"),
        ("identity;q=0.5, gzip;q=0.4", None, False, "gzip"),
        ("identity;q=0", None, False, ""),
        ("gzip;q=1.001", None, False, ""),
        ("gzip;q=0.1234", None, False, ""),
        ("gzip;level=9", None, False, ""),
        ("g zip", None, False, ""),
        ("gzip;Q=0", None, False, ""),
    ],
)
def test_a_choice(accept: str, coding: str | None, only_coded: bool, accepted: str) -> None:
    """The highest weight counts, then the order of the server; malformed members are ignored."""
    choice = ALL[accept]

    name = None if choice.coding is None else choice.coding.name
    assert (name, choice.only_coded, " ".join(sorted(choice.accepted))) == (coding, only_coded, accepted)


@given(st.text(max_size=300))
def test_any_text(accept: str) -> None:
    """Nothing that a client sends fails, and what is remembered has an end."""
    choice = GZIP[accept]
    assert choice.coding is None or choice.coding.name in choice.accepted
    assert len(GZIP) <= 256


@pytest.mark.parametrize("name", CODINGS)
@given(data=st.binary(max_size=2000))
def test_the_same_bytes_each_time(name: str, data: bytes) -> None:
    """A strong tag stands for the same bytes."""
    coding = installed()[name]
    assert coding.compress(data) == coding.compress(data)

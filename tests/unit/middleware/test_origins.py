"""Which origins fit a pattern."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.middleware.origins import allowing, mistake_of, origin_of

ALLOWS = allowing(("https://app.example", "https://*.app.example:8443", "http://*.localhost"))
LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,5}[a-z0-9])?", fullmatch=True)


@given(st.lists(LABEL, min_size=1, max_size=4))
def test_one_or_more_labels(labels: list[str]) -> None:
    """The star stands for whole labels; scheme, host and port are those of the pattern."""
    host = ".".join(labels)
    assert ALLOWS(f"https://{host}.app.example:8443")
    assert ALLOWS(f"http://{host}.localhost")
    assert not ALLOWS(f"https://{host}.app.example")
    assert not ALLOWS(f"http://{host}.app.example:8443")
    assert not ALLOWS(f"https://{host}app.example:8443") or host.endswith(".")
    assert not ALLOWS(f"https://{host}.app.example:8443.evil.test")


@given(st.text(alphabet="abz019.-_*/:@?#[]%\\ \n\u00e9A", max_size=12))
def test_nothing_else(text: str) -> None:
    """Whatever stands in the place of the star, it is a host name or not allowed."""
    fits = ALLOWS(f"https://{text}.app.example:8443")
    assert not fits or mistake_of(f"https://{text}.app.example:8443") is None


@given(st.text(max_size=30))
def test_any_text(text: str) -> None:
    """A text is allowed as it is, or has another way of writing it that is."""
    found = mistake_of(text)
    if found is None:
        assert allowing((text,))(text.replace("*", "a"))
    else:
        assert mistake_of(found[1]) is None


@pytest.mark.parametrize("value", [None, 1, b"https://app.example", ("https://app.example",)])
def test_no_text(value: object) -> None:
    """Other values are not origins."""
    assert mistake_of(value) == ("has no scheme", "https://app.example")


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://app.example/x?y#z", "https://app.example"),
        ("HTTPS://App.example:443", "https://app.example"),
        ("http://app.example:8080/", "http://app.example:8080"),
        ("https://[::1]:8443/x", "https://[::1]:8443"),
        ("https://shop.example@evil.example/", "https://shop.example@evil.example"),
        ("about:blank", None),
        ("/path", None),
        ("", None),
    ],
)
def test_the_origin_of_a_url(url: str, origin: str | None) -> None:
    """Scheme, host and port, as browsers send them; a user in the URL makes it another origin."""
    assert origin_of(url) == origin

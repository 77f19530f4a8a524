"""Signer and Sealer: what comes back, and what does not."""

import sys
from base64 import urlsafe_b64decode
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec import Struct

from framework.errors import InvalidOptionError
from framework.security import Sealer, Signer
from framework.types import SecretStr
from tests.startup.expected import after

OLD, NEW = "o" * 32, b"n" * 32


class Cart(Struct):
    """A value."""

    sku: str
    count: int = 1


class Both:
    """Signs or seals, by the same two names."""

    def __init__(self, kind: Any, secret: Any, purpose: str = "cart") -> None:
        made: Any = kind(secret, purpose=purpose)
        self.write = made.sign if kind is Signer else made.seal
        self.read = made.read if kind is Signer else made.open


@pytest.fixture(params=[Signer, Sealer])
def kind(request: pytest.FixtureRequest) -> Any:
    """Do the same with both."""
    return request.param


def test_a_value_comes_back(kind: Any) -> None:
    """A value is read as the type that is asked for; the text may stand in URLs, and is another one of other values."""
    both = Both(kind, SecretStr(OLD))
    text = both.write(Cart("a", 2))
    assert both.read(text, Cart) == Cart("a", 2)
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    assert both.read(text, int) is None
    assert both.write(Cart("b")) != text


def test_every_change_is_seen(kind: Any) -> None:
    """A text in which one character is another, is left out or is added, has no value."""
    both = Both(kind, OLD)
    text = both.write("x")
    for index, one in enumerate(text):
        other = "A" if one != "A" else "B"
        assert both.read(text[:index] + other + text[index + 1 :], str) is None
    for broken in (text[:-1], text + "A", text + "=", "", "A", "A" * 40, "ä", text[4:], " " + text):
        assert both.read(broken, str) is None
    assert both.read("A" * 65_537, str) is None
    assert both.read(text, str) == "x"


def test_another_purpose(kind: Any) -> None:
    """A text is valid for its own purpose alone."""
    text = Both(kind, OLD).write("x")
    assert Both(kind, OLD, "cart2").read(text, str) is None
    other = Signer if kind is Sealer else Sealer
    assert Both(other, OLD).read(text, str) is None


def test_rotation(kind: Any) -> None:
    """The first secret makes texts, and all read them."""
    before, after, last = Both(kind, OLD), Both(kind, (NEW, OLD)), Both(kind, [NEW])
    text = before.write("x")
    assert [one.read(text, str) for one in (before, after, last)] == ["x", "x", None]
    text = after.write("x")
    assert [one.read(text, str) for one in (before, after, last)] == [None, "x", "x"]


@pytest.mark.parametrize("expires", [60, 60.0, timedelta(minutes=1)])
def test_expiry(monkeypatch: pytest.MonkeyPatch, kind: Any, expires: Any) -> None:
    """A text has no value any more when its time is over."""
    clock = SimpleNamespace(now=1_800_000_000.5)
    monkeypatch.setattr("framework.security.signing.clock", SimpleNamespace(time=lambda: clock.now))
    both = Both(kind, OLD)
    text, lasting = both.write("x", expires=expires), both.write("x")
    clock.now += 59
    assert both.read(text, str) == "x"
    clock.now += 1
    assert both.read(text, str) is None
    clock.now += 10**9
    assert both.read(lasting, str) == "x"
    with pytest.raises(ValueError, match=r"^expires=0 is not a time to come$"):
        both.write("x", expires=0)


def test_nobody_reads_what_is_sealed() -> None:
    """A sealed value is not in its text, and is sealed in another way each time; a signed one can be read."""
    sealer = Sealer(OLD, purpose="cart")
    first, second = sealer.seal("x" * 30), sealer.seal("x" * 30)
    assert first != second
    assert b"xxx" not in urlsafe_b64decode(first + "==") + urlsafe_b64decode(second + "==")
    assert urlsafe_b64decode(Signer(OLD, purpose="cart").sign("xxx") + "==").endswith(b'"xxx"')


SHORT = "it is given a secret that is too short"
LONGER = "give 32 bytes or more, for example of secrets.token_urlsafe(32)"


@pytest.mark.parametrize(
    ("secret", "purpose", "what", "hint"),
    [
        ("s" * 31, "cart", SHORT, LONGER),
        ((NEW, b"short"), "cart", SHORT, LONGER),
        ((NEW, 7), "cart", SHORT, LONGER),
        ((), "cart", "it is given no secret", "give a str or bytes, or several in a tuple"),
        (NEW, "", "purpose='' does not say what it is for", 'write it as purpose="confirm-email"'),
    ],
)
def test_wrong_options(kind: Any, secret: Any, purpose: str, what: str, hint: str) -> None:
    """What is wrong is reported where it is made, without the secret."""

    def make() -> Any:
        return kind(secret, purpose=purpose)

    with pytest.raises(InvalidOptionError) as raised:
        make()
    assert str(raised.value) == f"{kind.__name__} ({after(make, 1)}): {what}.\n  Hint: {hint}."


def test_cryptography_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hint names the extra."""
    monkeypatch.setitem(sys.modules, "cryptography", None)

    def make() -> Sealer:
        return Sealer(OLD, purpose="cart")

    with pytest.raises(InvalidOptionError) as raised:
        make()
    assert str(raised.value) == (
        f"Sealer ({after(make, 1)}): it uses the package cryptography, which is not installed.\n"
        "  Hint: install framework-aiohttp[jwt]."
    )

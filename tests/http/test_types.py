"""The types of framework.types: what they take, what they refuse and how, wherever in a request they stand."""

import ipaddress
import logging
import pickle
import time
import typing
from copy import deepcopy
from typing import Annotated, Any, TypeAlias

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta, Struct
from pytest_aiohttp.plugin import AiohttpClient

from framework import App, Controller, Header, get, post
from framework.types import (
    PATTERNS,
    Email,
    Hostname,
    HttpUrl,
    IPAddress,
    IPv4Address,
    IPv6Address,
    NonEmptyStr,
    NonNegativeInt,
    Port,
    PositiveInt,
    SecretStr,
    Slug,
)
from tests.http.shapes import app_of, fault, invalid, logged


def takes(annotation: Any, value: object) -> bool:
    """Tell whether msgspec takes a value."""
    try:
        msgspec.convert(value, annotation)
    except msgspec.ValidationError:
        return False
    return True


@pytest.mark.parametrize(
    ("annotation", "good", "bad"),
    [
        (
            Email,
            ["a@b.de", "änn+x@exämple.org", "a.b@c.d.e", "a" * 64 + "@b.de"],
            ["", "a", "a@b", "a@b.de\n", ".a@b.de", "a.@b.de", "a..b@c.de", "a b@c.de", "a@-b.de", "a" * 65 + "@b.de"],
        ),
        (
            Hostname,
            ["localhost", "a-b.de", "a" * 63],
            ["", "-a", "a-", "a..b", "a_b", "a\n", "a" * 64, "a." * 127 + "b"],
        ),
        (
            HttpUrl,
            [
                "http://a",
                "HTTPS://a.de:80/x?y=1#z",
                "http://[::1]:80/",
                "http://a.de./%20",
                "http://a?/?#?/",
                "http://a#",
            ],
            [
                *("", "a", "ftp://a", "http://", "http://u:p@a/", "http://a b", "http://a/\n", "http://ä.de", "//a.de"),
                *("http://a/[x]", "http://a?x[y]=1", "http://a/#b#c", "http://a/%2", "http://a/%zz", "http://a\\b"),
            ],
        ),
        (IPv4Address, ["0.0.0.0", "255.255.255.255"], ["", "256.0.0.0", "1.2.3", "01.2.3.4", "1.2.3.4\n"]),  # noqa: S104  a value
        (IPv6Address, ["::", "::1", "1::8", "::ffff:1.2.3.4"], ["", ":", "1", "1::2::3", "fe80::1%eth0", "::1\n"]),
        (IPAddress, ["127.0.0.1", "::1"], ["", "localhost", "1.2.3.4.5"]),
        (Slug, ["a", "summer-sale-2026"], ["", "-a", "a-", "a--b", "A", "a b", "a\n"]),
        (NonEmptyStr, [" ", "a"], [""]),
        (Port, [1, 65_535], [0, 65_536]),
        (PositiveInt, [1], [0]),
        (NonNegativeInt, [0], [-1]),
    ],
)
def test_what_they_take(annotation: Any, good: list[Any], bad: list[Any]) -> None:
    """Each takes what it is named for, and nothing else."""
    assert [one for one in good if not takes(annotation, one)] == []
    assert [one for one in bad if takes(annotation, one)] == []


def reads(address: type, text: str) -> bool:
    """Tell whether the standard library reads an address."""
    try:
        address(text)
    except ValueError:
        return False
    return True


_GROUPS = st.lists(st.sampled_from(["", "0", "1", "ab", "FFFF", "12345", "1.2.3.4"]), max_size=9).map(":".join)
_OCTETS = st.lists(st.sampled_from(["", "0", "1", "01", "199", "255", "256", "x"]), max_size=5).map(".".join)


@given(st.one_of(_GROUPS, st.ip_addresses(v=6).map(str)))
def test_ipv6_as_the_standard_library_reads_it(text: str) -> None:
    """The pattern and ``ipaddress`` agree on every text."""
    assert takes(IPv6Address, text) == reads(ipaddress.IPv6Address, text)


@given(st.one_of(_OCTETS, st.ip_addresses(v=4).map(str)))
def test_ipv4_as_the_standard_library_reads_it(text: str) -> None:
    """The pattern and ``ipaddress`` agree on every text."""
    assert takes(IPv4Address, text) == reads(ipaddress.IPv4Address, text)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_their_patterns_are_fast(pattern: str) -> None:
    """Ten times the text takes about ten times the work, and not a hundred times."""
    annotation = Annotated[str, Meta(pattern=pattern)]

    def work(length: int) -> float:
        worst = 0.01
        for piece in ("a", "a.", "a-", "1:", "-"):
            text = f"http://{piece * length}!" if "[Hh]" in pattern else f"{piece * length}@{piece * length}!"
            tries = []
            for _ in range(3):
                start = time.thread_time()
                takes(annotation, text)
                tries.append(time.thread_time() - start)
            worst = max(worst, min(tries))
        return worst

    assert work(200_000) < 40 * work(20_000)


class Account(Struct):
    """A body."""

    email: Email
    password: SecretStr
    hosts: list[IPAddress] = []


class Accounts(Controller):
    """A controller that reads all of them."""

    @post("/accounts/{name}")
    async def create(
        self,
        account: Account,
        name: Slug,
        site: HttpUrl | None = None,
        x_key: Annotated[SecretStr, Header()] = SecretStr("default"),  # noqa: B008  immutable
    ) -> str:
        """Answer all that was read."""
        return f"{account} {name} {site} {x_key} {account.password.reveal()} {x_key.reveal()}"


async def test_where_they_stand(aiohttp_client: AiohttpClient) -> None:
    """They are read from path, query, header and body; secrets are shown by no text that is made of them."""
    client = await aiohttp_client(app_of(Accounts).build())
    body = {"email": "a@b.de", "password": "hunter2", "hosts": ["::1"]}
    answer = await client.post("/accounts/ann?site=http://a.de/", json=body, headers={"X-Key": "k"})
    assert answer.status == 200
    assert await answer.text() == (
        "Account(email='a@b.de', password=SecretStr('***'), hosts=['::1']) ann http://a.de/ SecretStr('***') hunter2 k"
    )
    assert (await (await client.post("/accounts/ann", json=body)).text()).endswith("hunter2 default")


async def test_their_faults(aiohttp_client: AiohttpClient, caplog: pytest.LogCaptureFixture) -> None:
    """A text of the right type that is none of its kind is a fault of its value, told without the pattern."""
    client = await aiohttp_client(app_of(Accounts).build())
    body = {"email": "nobody", "password": 12_345, "hosts": ["::1", "x"]}
    answer = await client.post("/accounts/Ann?site=x", json=body)
    assert answer.status == 422
    assert await answer.json() == invalid(
        "/accounts/Ann",
        fault("path", "/name", "value", "Expected lower-case letters and digits with single hyphens between"),
        fault("query", "/site", "value", "Expected an http or https URL"),
        fault("body", "/email", "value", "Expected an e-mail address"),
        fault("body", "/password", "type", "Expected `str`, got `int`"),
        fault("body", "/hosts/1", "value", "Expected an IP address"),
    )
    assert logged(caplog) == []


async def test_a_secret_alone_is_at_fault(aiohttp_client: AiohttpClient) -> None:
    """What is sent in its place is told by type, never by value."""
    client = await aiohttp_client(app_of(Accounts).build())
    for password, name in ((12_345, "int"), (None, "null"), (["12345"], "array")):
        answer = await client.post("/accounts/ann", json={"email": "a@b.de", "password": password})
        assert await answer.json() == invalid(
            "/accounts/ann", fault("body", "/password", "type", f"Expected `str`, got `{name}`")
        )


def test_secrets() -> None:
    """A secret is equal to its like, is shown by nothing, and leaves the process by no pickle."""
    secret = SecretStr("hunter2")
    assert secret == SecretStr("hunter2") != SecretStr("hunter3")
    assert {"hunter2", secret} - {"hunter2"} == {secret}
    assert {secret: 1}[SecretStr("hunter2")] == 1
    assert (bool(secret), bool(SecretStr(""))) == (True, False)
    assert [f"{secret}", repr(secret), str([secret]), f"{secret!s:>20}".strip()] == [
        "SecretStr('***')",
        "SecretStr('***')",
        "[SecretStr('***')]",
        "SecretStr('***')",
    ]
    assert deepcopy(secret) is secret
    with pytest.raises(TypeError, match="a SecretStr cannot be pickled"):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        msgspec.json.encode(secret)
    with pytest.raises(AttributeError, match=r"'get_secret_value': call reveal\(\), which returns the string\Z"):
        getattr(secret, "get_secret_value")  # noqa: B009  a type checker would find it
    with pytest.raises(AttributeError, match=r"no attribute 'colour'\Z"):
        getattr(secret, "colour")  # noqa: B009  as above


_Repeating: TypeAlias = Annotated[str, Meta(pattern=r"^([a-z]+)*$")]


class Words(Struct):
    """A body with the same pattern."""

    words: list[_Repeating]


def test_slow_patterns_are_told(caplog: pytest.LogCaptureFixture) -> None:
    """A pattern that repeats what repeats itself is logged once, with its place; the framework's own are not."""

    class Slow(Controller):
        @get("/words")
        async def read(
            self, word: _Repeating, mail: Email, host: Hostname, at: IPAddress, site: HttpUrl, tag: Slug
        ) -> None: ...

        @post("/words")
        async def write(self, words: Words) -> None: ...

    with caplog.at_level(logging.WARNING, logger="framework"):
        App([Slow], openapi=None).build()
    (line,) = [one.getMessage() for one in caplog.records]
    assert "Slow.read (" in line
    assert "): the pattern '^([a-z]+)*$' repeats what repeats itself" in line


def test_every_pattern_has_its_type() -> None:
    """Each named pattern is that of a type."""
    annotated = (Email, Hostname, HttpUrl, IPAddress, IPv4Address, IPv6Address, Slug)
    assert {typing.get_args(one)[1].pattern for one in annotated} == set(PATTERNS)

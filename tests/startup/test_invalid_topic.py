"""InvalidTopicError: a topic of channels, or a setting of them, cannot be used."""

import sys
from typing import Annotated, Any

import pytest
from msgspec import Struct

from framework import App, Container, Controller, get, post
from framework.channels import Channels, ChannelSettings, Presence, Topic
from framework.errors import CaptiveProviderError, InvalidOptionError, InvalidTopicError, MissingProviderError
from framework.params import Inject
from framework.types import CustomType, SecretStr
from tests.startup.expected import place, told


class Placed(Struct):
    """An order was placed."""

    number: int


class Unknown:
    """Has no encoder."""


class Half:
    """Can be encoded and not decoded."""


ORDERS = Topic[Placed]("orders")
BILLS = Topic[Placed]("bills")
HALL = ORDERS.room("hall")


class Orders(Controller):
    """Uses two topics."""

    @get("/feed")
    async def feed(self, channels: Annotated[Channels, Inject("now")]) -> int:
        """Publish."""
        await channels.publish(ORDERS, Placed(1))
        await channels.publish(BILLS, Placed(1))
        return 1


def texts(app: App) -> list[tuple[str, str]]:
    """Return what and hint of the errors, which all are of topics."""
    found: list[tuple[str, str]] = []
    with pytest.raises(ExceptionGroup) as caught:
        app.build()
    for one in caught.value.exceptions:
        assert isinstance(one, InvalidTopicError), one
        found.append((one.what, one.hint))
    return found


def test_a_topic_without_a_type() -> None:
    """Also what is only called a topic."""
    untyped: Topic[Any] = Topic("orders")
    assert texts(App(channels=[untyped])) == [
        ("it does not have the type of its events", "write it as Topic[OrderPlaced]('orders')")
    ]
    given: Any = ["orders"]
    ((kind, text),) = told(App(channels=given))

    assert kind is InvalidOptionError
    assert text.endswith(
        "): channels=['orders'] is not a ChannelSettings or a sequence of Topics and Presences.\n"
        "  Hint: write it as channels=[ORDERS]."
    )


def test_a_type_that_cannot_be_sent() -> None:
    """Events are encoded and decoded, so both are checked, with the types of the app."""
    custom = CustomType(Half, encode=str, schema={"type": "string"})
    app = App(types=[custom], channels=[Topic[Unknown]("a"), Topic[Half]("b"), Topic[Placed | None]("c")])
    hint = "describe it with App(types=[CustomType(Unknown, decode=…, encode=…, schema=…)])"
    known = "or use a builtin, a Struct, a dataclass, a TypedDict, a NamedTuple or an attrs class"
    assert texts(app) == [
        ("its events are Unknown, and msgspec does not know Unknown", f"{hint}, {known}"),
        ("its events are Half, and its CustomType has no decode=", "give CustomType(Half) decode="),
    ]


def test_topics_that_are_declared_wrong() -> None:
    """A name twice, a room, a wrong name, wrong options."""
    wrong: Any = Topic[Placed]("a b", history=0, slow="wait")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    other = Topic[Placed]("orders")
    assert texts(App(channels=[ORDERS, other, HALL, wrong])) == [
        (f"the app declares another {ORDERS.where}", "declare each topic once, and give each a name of its own"),
        ("its room 'hall' is declared", "declare the topic itself; its rooms need not be declared"),
        (
            "name='a b' is not a name: letters, digits, '.', '-' and '_', at most 100",
            'write it as Topic[OrderPlaced]("orders")',
        ),
        ("history=0 is not a number from 1 to 1000000", "write it as history=1000"),
        ('slow=\'wait\' is not "close" or "drop_oldest"', 'write it as slow="drop_oldest"'),
    ]
    with pytest.raises(InvalidOptionError, match="it has no option keep="):
        Topic[Placed]("orders", keep=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def test_presences_that_are_declared_wrong() -> None:
    """As topics are; a presence and a topic do not have one name."""
    untyped: Presence[Any] = Presence("untyped")
    taken = Presence[Placed]("orders", settle=0)
    assert texts(App(channels=[ORDERS, taken, untyped, Presence[Unknown]("a"), Presence[Placed]("b").room("c")])) == [
        ("settle=0 is not a positive number of seconds", "write it as settle=1"),
        (f"the app declares another {ORDERS.where}", "declare each presence once, and give each a name of its own"),
        ("it does not have the type of its values", "write it as Presence[Viewer]('untyped')"),
        (
            "its values are Unknown, and msgspec does not know Unknown",
            "describe it with App(types=[CustomType(Unknown, decode=…, encode=…, schema=…)]), or use a builtin, "
            "a Struct, a dataclass, a TypedDict, a NamedTuple or an attrs class",
        ),
        ("its room 'c' is declared", "declare the presence itself; its rooms need not be declared"),
    ]
    with pytest.raises(InvalidOptionError, match="it has no option history="):
        Presence[Placed]("a", history=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def test_settings_that_are_wrong() -> None:
    """All of them at once."""
    given: Any = [ORDERS, 5]
    settings = ChannelSettings(topics=given, prefix="a:b", timeout=0, size_limit=10**7, max_age=-1, presence_lifetime=0)
    assert texts(App(channels=settings)) == [
        ("prefix='a:b' is not a name: letters, digits, '.', '-' and '_', at most 100", 'write it as prefix="shop"'),
        ("timeout=0 is not a positive number of seconds", "write it as timeout=5"),
        ("size_limit=10000000 is not a number of bytes from 1 to 1000000", "write it as size_limit=65_536"),
        ("max_age=-1 is not a positive number of seconds", "write it as max_age=3600"),
        ("presence_lifetime=0 is not a positive number of seconds", "write it as presence_lifetime=45"),
        ("5 is among the topics and is not a Topic or a Presence", 'write it as ORDERS = Topic[OrderPlaced]("orders")'),
    ]


def test_a_topic_that_is_not_declared() -> None:
    """What a handler names as a global of its module is checked."""
    assert told(App([Orders], channels=[ORDERS])) == [
        (
            InvalidTopicError,
            f"Orders.feed ({place(Orders.feed)}): it uses the topic 'bills', which the app does not declare.\n"
            "  Hint: add the topic to App(channels=[...]).",
        )
    ]


def test_an_app_without_channels() -> None:
    """The hint is not to register the class."""

    class Sender(Controller):
        @post("/send")
        async def send(self, channels: Channels) -> None:
            """Do nothing."""

    assert told(App([Sender])) == [
        (
            MissingProviderError,
            f"{Sender.send.__qualname__.rpartition('<locals>.')[2]} ({place(Sender.send)}), parameter 'channels': no "
            "provider for Channels.\n  Needed by: Sender.send\n  Hint: declare the topics of the app: "
            "App(channels=[ORDERS]).",
        )
    ]


@pytest.mark.parametrize(
    ("url", "module", "extra"),
    [
        ("redis://h", "redis", "redis"),
        ("redis+streams://h", "redis", "redis"),
        ("nats://h", "nats", "nats"),
        ("postgresql+asyncpg://h/d", "asyncpg", "postgres"),
    ],
)
def test_an_extra_that_is_not_installed(url: str, module: str, extra: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names it; without the URL nothing is imported."""
    monkeypatch.setitem(sys.modules, module, None)
    App(channels=[ORDERS]).build()
    ((kind, text),) = told(App(channels=ChannelSettings(topics=[ORDERS], url=url)))

    assert kind is InvalidOptionError
    assert f"{url.partition('://')[0]}:// requires the package" in text
    assert text.endswith(f"Hint: install it: pip install 'framework-aiohttp[{extra}]'.")


def test_a_secret_url() -> None:
    """Settings keep URLs with passwords as SecretStr, and no listing shows it."""
    settings = ChannelSettings(topics=[ORDERS], url=SecretStr("kafka://ada:secret@h"))
    ((_, text),) = told(App(channels=settings))

    assert "the url begins with none of" in text
    assert "secret" not in text + repr(settings)
    App(channels=ChannelSettings(topics=[ORDERS], url=SecretStr("memory://"))).build()


def test_an_unknown_engine() -> None:
    """The error lists the schemes."""
    ((kind, text),) = told(App(channels=ChannelSettings(topics=[ORDERS], url="kafka://h")))

    assert kind is InvalidOptionError
    assert "ChannelSettings: the url begins with none of memory://, redis+streams://," in text


def test_a_singleton_takes_channels_of_a_session() -> None:
    """The hint is the qualifier."""
    sqlalchemy = pytest.importorskip("sqlalchemy.ext.asyncio")

    class Ledger:
        def __init__(self, channels: Channels) -> None:
            self.channels = channels

    container = Container()
    container.add_scoped(sqlalchemy.AsyncSession, lambda: sqlalchemy.AsyncSession())
    container.add_singleton(Ledger)
    ((kind, text),) = told(App(container=container, channels=[ORDERS]))

    assert kind is CaptiveProviderError
    assert text.endswith('Hint: take Annotated[Channels, Inject("now")], or register Ledger as scoped.')

"""InvalidSocketError, and what else is told about the handlers of web sockets."""

from typing import Annotated, Any

from msgspec import Struct

from framework import Body, Controller, Query, WebSocket, get, websocket
from framework.errors import (
    BodyNotAllowedError,
    InvalidHandlerError,
    InvalidOptionError,
    InvalidSocketError,
    MissingReturnAnnotationError,
)
from framework.routing import SocketOptions
from tests.startup.expected import custom_type_hint, mistakes, place


class Ask(Struct):
    """What comes in."""

    text: str


class Told(Struct):
    """What goes out."""

    text: str


class Foreign:
    """What msgspec does not know."""


def test_a_plain_function() -> None:
    """A handler that would block the loop for all connections is refused, in both styles."""

    class Chat(Controller):
        @websocket("/a")
        def talk(self, socket: WebSocket[str]) -> None: ...

        @websocket("/b")
        def on_ask(self, ask: Ask) -> None: ...

    assert mistakes(Chat) == [
        (
            InvalidSocketError,
            f"Chat.{name} ({place(getattr(Chat, name))}): the handler of a web socket is a plain function.\n"
            "  Hint: write it as async def.",
        )
        for name in ("talk", "on_ask")
    ]


def test_a_web_socket_elsewhere() -> None:
    """On a route that is none, nobody can be given a web socket."""

    class Chat(Controller):
        @get()
        async def talk(self, socket: WebSocket[Ask, Told]) -> str:
            raise NotImplementedError(socket)

    assert mistakes(Chat) == [
        (
            InvalidSocketError,
            f"Chat.talk ({place(Chat.talk)}), parameter 'socket': "
            "the route of a WebSocket[Ask, Told] is not a web socket.\n"
            "  Hint: decorate the handler with @websocket().",
        )
    ]


def test_a_returned_value() -> None:
    """A handler of the whole connection has nobody to return a value to."""

    class Chat(Controller):
        @websocket()
        async def talk(self, socket: WebSocket[Ask, Told]) -> Told:
            raise NotImplementedError(socket)

    assert mistakes(Chat) == [
        (
            InvalidSocketError,
            f"Chat.talk ({place(Chat.talk)}): it takes the web socket and returns Told.\n"
            "  Hint: annotate it -> None and send with socket.send(), "
            "or take the message instead of the web socket.",
        )
    ]


def test_messages_without_a_type() -> None:
    """A web socket says which messages come and go."""

    class Chat(Controller):
        @websocket()
        async def talk(self, socket: WebSocket) -> None: ...  # type: ignore[type-arg]  # the mistake

    assert mistakes(Chat) == [
        (
            InvalidSocketError,
            f"Chat.talk ({place(Chat.talk)}), parameter 'socket': "
            "WebSocket does not say which messages come and go.\n"
            "  Hint: write WebSocket[Incoming, Outgoing].",
        )
    ]


def test_messages_that_nothing_reads_or_writes() -> None:
    """Types are checked in both directions, as those of bodies are."""

    class Chat(Controller):
        @websocket("/a")
        async def reads(self, socket: WebSocket[Foreign, str]) -> None: ...

        @websocket("/b")
        async def writes(self, socket: WebSocket[str, list[Foreign]]) -> None: ...

        @websocket("/c")
        async def on_ask(self, ask: Ask) -> Foreign | None: ...

        @websocket("/d")
        async def untagged(self, socket: WebSocket[Ask | Told]) -> None: ...

    assert mistakes(Chat) == [
        (
            InvalidSocketError,
            f"Chat.reads ({place(Chat.reads)}), parameter 'socket': "
            f"Foreign cannot be read from a web socket (msgspec does not know Foreign).\n"
            f"  Hint: {custom_type_hint('Foreign')}.",
        ),
        (
            InvalidSocketError,
            f"Chat.writes ({place(Chat.writes)}), parameter 'socket': "
            f"list[Foreign] cannot be written to a web socket (msgspec does not know Foreign).\n"
            f"  Hint: {custom_type_hint('Foreign')}.",
        ),
        (
            InvalidSocketError,
            f"Chat.on_ask ({place(Chat.on_ask)}): "
            f"Foreign cannot be written to a web socket (msgspec does not know Foreign).\n"
            f"  Hint: {custom_type_hint('Foreign')}.",
        ),
        (
            InvalidSocketError,
            f"Chat.untagged ({place(Chat.untagged)}), parameter 'socket': "
            "Ask | Told cannot be read from a web socket (If a type union contains multiple Struct types, all Struct "
            "types must be tagged (via `tag` or `tag_field` kwarg) - type "
            f"`{__name__}.Ask | {__name__}.Told` is not supported).\n"
            "  Hint: tag each of them: class Cat(Struct, tag=True); the tag is then sent as the field type.",
        ),
    ]


def test_nothing_takes_the_messages() -> None:
    """A handler without a web socket must take the message; a scalar without a marker is a query parameter."""

    class Chat(Controller):
        @websocket()
        async def on_text(self, text: str) -> str:
            raise NotImplementedError(text)

    assert mistakes(Chat) == [
        (
            InvalidSocketError,
            f"Chat.on_text ({place(Chat.on_text)}): no parameter takes the web socket or a message.\n"
            "  Hint: add socket: WebSocket[Incoming, Outgoing], or message: Incoming "
            "(Annotated[str, Body()] where it is not a Struct).",
        )
    ]


def test_two_messages() -> None:
    """One message is one parameter."""

    class Chat(Controller):
        @websocket()
        async def on_ask(self, ask: Ask, other: Annotated[str, Body()]) -> None: ...

    assert mistakes(Chat) == [
        (
            InvalidSocketError,
            f"Chat.on_ask ({place(Chat.on_ask)}): its message would be a form, a stream or the value of several "
            "parameters.\n"
            "  Hint: take it by one parameter.",
        )
    ]


def test_a_message_beside_the_web_socket() -> None:
    """A handler that takes the web socket reads its messages from there."""

    class Chat(Controller):
        @websocket()
        async def talk(self, ask: Ask, socket: WebSocket[str], page: Annotated[Told, Query()]) -> None: ...

    assert mistakes(Chat) == [
        (
            BodyNotAllowedError,
            f"Chat.talk ({place(Chat.talk)}), parameter 'ask': "
            "Ask would be the request body, and a web socket has none.\n"
            "  Hint: spread its fields over the query with Annotated[Ask, Query()], "
            "or register the type in the container.",
        )
    ]


def test_two_web_sockets() -> None:
    """There is one."""

    class Chat(Controller):
        @websocket()
        async def talk(self, one: WebSocket[str], two: WebSocket[str]) -> None: ...

    assert mistakes(Chat) == [
        (
            InvalidSocketError,
            f"Chat.talk ({place(Chat.talk)}): several parameters take the web socket: 'one', 'two'.\n"
            "  Hint: take it once.",
        )
    ]


def test_a_message_with_a_default() -> None:
    """Each call of a listener has a message."""

    class Chat(Controller):
        @websocket()
        async def on_ask(self, ask: Ask = Ask("")) -> None: ...

    assert mistakes(Chat) == [
        (
            InvalidSocketError,
            f"Chat.on_ask ({place(Chat.on_ask)}): the parameter that takes the messages has a default.\n"
            "  Hint: take the default out.",
        )
    ]


def test_a_listener_that_does_not_say_what_it_sends() -> None:
    """What a listener returns is sent, so that its type must be known."""

    class Chat(Controller):
        @websocket()
        async def on_ask(self, ask: Ask): ...  # type: ignore[no-untyped-def]  # the mistake

    assert mistakes(Chat) == [
        (
            MissingReturnAnnotationError,
            f"Chat.on_ask ({place(Chat.on_ask)}): it has no return annotation.\n"
            "  Hint: say what is sent back, for example -> Answer | None, or -> None for nothing.",
        )
    ]


def test_options() -> None:
    """Options that no web socket has, and values that they cannot have."""
    unknown: Any = {"status": 201}
    wrong: Any = {
        "format": "json",
        "invalid": "ignore",
        "origins": ("https://shop.example/",),
        "subprotocols": "chat",
        "heartbeat": 0,
        "compress": 15,
    }

    class Chat(Controller):
        @websocket("/a", **unknown)
        async def talk(self, socket: WebSocket[str]) -> None: ...

        @websocket("/b", **wrong)
        async def other(self, socket: WebSocket[str]) -> None: ...

    told = [
        ("format='json' is not a Format", "format=MSGPACK"),
        ('invalid=\'ignore\' is not "close" or "report"', 'invalid="report"'),
        ("origins=('https://shop.example/',) is not a sequence of origins", 'origins=("https://shop.example",)'),
        ("subprotocols='chat' is not a sequence of strings", 'subprotocols=("chat.v1",)'),
        ("heartbeat=0 is not a positive number of seconds", "heartbeat=20"),
        ("compress=15 is not True or False", "compress=False"),
    ]
    assert mistakes(Chat) == [
        (
            InvalidOptionError,
            f"Chat.talk ({place(Chat.talk)}): no web socket has an option status=.\n"
            f"  Hint: use one of {', '.join(SocketOptions.__annotations__)}.",
        ),
        *(
            (InvalidOptionError, f"Chat.other ({place(Chat.other)}): {what}.\n  Hint: write it as {hint}.")
            for what, hint in told
        ),
    ]


def test_no_parentheses() -> None:
    """A bare decorator is told as on every route."""

    class Chat(Controller):
        @websocket  # type: ignore[arg-type]  # the mistake
        async def talk(self, socket: WebSocket[str]) -> None: ...  # type: ignore[misc]  # as above

    assert mistakes(Chat) == [
        (
            InvalidHandlerError,
            f"Chat.talk ({place(Chat.talk)}): its route decorator has no parentheses.\n"
            '  Hint: write @get() or @get("/path").',
        )
    ]

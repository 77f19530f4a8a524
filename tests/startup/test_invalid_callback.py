"""InvalidCallbackError: a callback or webhook that cannot be sent as it was declared."""

from typing import Any

import pytest
from msgspec import Struct

from framework import App, Controller, OpenAPI, get, post
from framework.errors import InvalidCallbackError
from framework.openapi import Callback, Webhook
from framework.types import SecretStr
from tests.startup.expected import custom_type_hint, mistakes, place, told

WRONG: Any = 3


class Order(Struct):
    """What is read."""

    notify_url: str


class Payment(Struct):
    """What is sent."""

    total: int


class Login(Struct):
    """What must not be sent."""

    password: SecretStr


class Engine:
    """What cannot be sent."""


URL = "{$request.body#/notify_url}"


def of_callback(callback: Callback, what: str, hint: str) -> None:
    """Declare a callback and see what is told."""

    class Orders(Controller):
        @post("/orders", callbacks={"paid": callback})
        async def order(self, order: Order) -> None: ...

    where = f"Orders.order ({place(Orders.order)}), callback 'paid'"
    assert mistakes(Orders) == [(InvalidCallbackError, f"{where}: {what}.\n  Hint: {hint}.")]


@pytest.mark.parametrize(
    ("url", "what", "hint"),
    [
        (
            "",
            "its URL '' is not a non-empty string",
            'write where it is sent, for example "{$request.body#/notify_url}"',
        ),
        (
            WRONG,
            "its URL 3 is not a non-empty string",
            'write where it is sent, for example "{$request.body#/notify_url}"',
        ),
        (
            "{$request.body#/url}",
            "'$request.body#/url' points to what the body of the request cannot have: /url",
            "use one of /notify_url",
        ),
        (
            "https://shop.example/{$request.query.to}",
            "'$request.query.to' names a query parameter that the route does not have",
            "take it out",
        ),
        (
            "{$response.body#/url}",
            "'$response.body#/url' names a body, but the response of the route has none",
            "take it out",
        ),
        (
            "{$request.body#/notify_url",
            "'{$request.body#/notify_url' has a brace without its other",
            "close each expression: {$request.body#/url}",
        ),
        (
            "https://shop.example/{order}",
            "'{order}' is not a runtime expression",
            'write "$request.path.NAME", "$request.query.NAME", "$request.header.NAME", "$request.body#/POINTER", '
            '"$response.header.NAME", "$response.body#/POINTER", "$url", "$method" or "$statusCode"',
        ),
    ],
)
def test_the_url(url: Any, what: str, hint: str) -> None:
    """It holds runtime expressions of what the route reads and answers."""
    of_callback(Callback(url, Payment), what, hint)


@pytest.mark.parametrize(
    ("settings", "what", "hint"),
    [
        (
            {"method": "FETCH"},
            "its method 'FETCH' is not a method of OpenAPI",
            "use one of GET, PUT, POST, DELETE, OPTIONS, HEAD, PATCH, TRACE",
        ),
        (
            {"method": WRONG},
            "its method 3 is not a method of OpenAPI",
            "use one of GET, PUT, POST, DELETE, OPTIONS, HEAD, PATCH, TRACE",
        ),
        (
            {"method": "get", "body": Payment},
            "Payment would be its body, and GET has none",
            "use POST, or drop the body",
        ),
        (
            {"body": Engine},
            "its body Engine cannot be encoded (msgspec does not know Engine)",
            custom_type_hint("Engine"),
        ),
        (
            {"body": list[Login]},
            "its body list[Login] cannot be encoded (it holds a SecretStr)",
            "give the type of what is sent: a Struct, a dataclass or builtins",
        ),
        ({"status": 99}, "its status 99 is not a final status of HTTP", "use a status from 200 to 599"),
        ({"status": "204"}, "its status '204' is not a final status of HTTP", "use a status from 200 to 599"),
        (
            {"status": 204, "response": Payment},
            "a response with the status 204 has no body, and it expects Payment",
            "drop response=, or use another status",
        ),
        (
            {"response": Engine},
            "its response Engine cannot be read (msgspec does not know Engine)",
            custom_type_hint("Engine"),
        ),
    ],
)
def test_what_is_sent(settings: Any, what: str, hint: str) -> None:
    """A method that OpenAPI has, a body that can be written, and an answer as HTTP has it: of both."""
    of_callback(Callback(URL, **settings), what, hint)

    webhook = {"paid": Webhook(**settings)}
    assert told(App(openapi=OpenAPI(webhooks=webhook))) == [
        (InvalidCallbackError, f"OpenAPI, webhook 'paid': {what}.\n  Hint: {hint}.")
    ]


def test_a_webhook_that_is_a_type() -> None:
    """It is checked as one that says more."""
    assert told(App(openapi=OpenAPI(webhooks={"moved": Engine}))) == [
        (
            InvalidCallbackError,
            "OpenAPI, webhook 'moved': its body Engine cannot be encoded (msgspec does not know Engine).\n"
            f"  Hint: {custom_type_hint('Engine')}.",
        )
    ]


def test_what_is_right() -> None:
    """A URL may be built of anything that the request and the answer have, and be the same for all."""

    class Orders(Controller):
        @post(
            "/orders/{number}",
            callbacks={
                "paid": Callback(URL, Payment),
                "lost": Callback("https://shop.example/{$request.path.number}?of={$url}", method="delete", status=410),
                "told": Callback("https://shop.example/all", dict[str, int], response=Login),
            },
        )
        async def order(self, number: int, order: Order) -> None: ...

        @get("/orders", callbacks={})
        async def search(self) -> None: ...

    assert told(App([Orders])) == []

"""What is declared for the document alone, or above all: links, callbacks, webhooks, what exception handlers send."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from msgspec import UNSET, Struct

__all__ = ("Callback", "Handles", "Link", "Webhook", "declared_by", "handles")

_T = TypeVar("_T", bound=Callable[..., Any])


class Link:
    """What can be done with an answer: another operation, and where the values of its parameters are found.

    ``Link("OrderController.show", order_id="$response.body#/id")``. The target is a handler, or the name of a route as
    ``App.url_for`` knows it; a name is looked for first in the own controller (``"show"``), then in the own router.
    Parameters are called as on the wire or as their handler calls them; ``parameters`` takes those whose names no
    keyword can have, or that several sources share: ``{"query.page-size": 10}``. ``request_body`` is the body. Each
    value is a constant or a runtime expression (OpenAPI 3.1, section 4.8.20.4).
    """

    __slots__ = ("description", "parameters", "request_body", "target")

    def __init__(
        self,
        target: Callable[..., Any] | str,
        /,
        *,
        parameters: Mapping[str, Any] | None = None,
        request_body: Any = UNSET,
        description: str | None = None,
        **values: Any,
    ) -> None:
        self.target = target
        self.parameters: Mapping[str, Any] = {**(parameters or {}), **values}
        self.request_body = request_body
        self.description = description

    def __repr__(self) -> str:
        name = getattr(self.target, "__qualname__", None)
        return f"Link({name or repr(self.target)})"


class _Sent(Struct, frozen=True, kw_only=True):
    """What webhooks and callbacks share: a request that the application sends, and the answer that it expects."""

    method: str = "POST"
    status: int | None = None
    """Of the answer; any success unless given."""
    response: Any = None
    """The type of the answer's body; ``None`` where none is read."""
    summary: str | None = None
    """The first line of the body's docstring unless given."""
    description: str | None = None


class Webhook(_Sent, frozen=True):
    """What the application tells others who have been set up for it: ``OpenAPI(webhooks={"paid": Webhook(Payment)})``.

    ``body`` is the type that is sent as JSON; ``None`` for no body.
    """

    body: Any = None


class Callback(_Sent, frozen=True):
    """What the application sends because of a request: ``Callback("{$request.body#/notify_url}", Payment)``.

    ``url`` holds runtime expressions in braces (OpenAPI 3.1, section 4.8.18); ``body`` is the type that is sent there
    as JSON, ``None`` for no body.
    """

    url: str
    body: Any = None


class Handles(Struct, frozen=True, kw_only=True):
    """What ``handles()`` declares of an exception handler."""

    status: int | None = None
    media_type: str | None = None


def handles(*, status: int | None = None, media_type: str | None = None) -> Callable[[_T], _T]:
    """Declare the status, or the media type, of the responses of an exception handler.

    A ``Response`` that it returns without its own has them, and so has the OpenAPI document of the routes that list the
    exception in ``raises=``; the body is what the return annotation says, ``-> Response[Missing]``. Without a status,
    the responses for an HTTPError have the status of the error. It also decorates a class whose instances are exception
    handlers.
    """

    def attach(target: Any) -> Any:
        target.handles = Handles(status=status, media_type=media_type)
        return target

    return attach


def declared_by(handler: Any) -> Handles:
    """Return what an exception handler declares, or its class."""
    declared = getattr(handler, "handles", None)
    return declared if isinstance(declared, Handles) else Handles()

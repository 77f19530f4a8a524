"""Models of pydantic that cannot be values, and what would lose its checks without a word."""

import sys
from typing import Annotated, Any

import pydantic
import pytest
from msgspec import Struct
from pydantic import BaseModel, ConfigDict, Field
from pydantic.dataclasses import dataclass

from framework import Controller, Query, get, post
from framework.errors import BodyNotAllowedError, InvalidMarkerError, UnencodableReturnError, UnsupportedTypeError
from tests.startup.expected import mistakes, place


@dataclass
class Checked:
    """A dataclass of pydantic, whose checks msgspec would not run."""

    number: int = Field(ge=1)


class Holder(Struct):
    """A Struct that holds one."""

    checked: list[Checked]


class Model(BaseModel):
    """A model."""

    number: int


class Foreign(BaseModel):
    """A model with a field that pydantic cannot describe."""

    model_config = ConfigDict(arbitrary_types_allowed=True)
    inner: Holder


DATACLASS = (
    "(Checked is a dataclass of pydantic, and msgspec would not run its checks).\n"
    "  Hint: derive Checked from pydantic.BaseModel, or decorate it with dataclasses.dataclass."
)


def test_a_dataclass_of_pydantic() -> None:
    """It is refused wherever it stands: alone, in a Struct, and as a response."""

    class Orders(Controller):
        @post("/a")
        async def alone(self, checked: Checked) -> None: ...

        @post("/b")
        async def inside(self, holder: Holder) -> None: ...

        @get("/c")
        async def sent(self) -> list[Checked]:
            return []

    assert mistakes(Orders) == [
        (
            UnsupportedTypeError,
            f"Orders.alone ({place(Orders.alone)}), parameter 'checked': "
            f"Checked cannot be read from a request {DATACLASS}",
        ),
        (
            UnsupportedTypeError,
            f"Orders.inside ({place(Orders.inside)}), parameter 'holder': "
            f"Holder cannot be read from a request {DATACLASS}",
        ),
        (
            UnencodableReturnError,
            f"Orders.sent ({place(Orders.sent)}): its return type list[Checked] cannot be encoded {DATACLASS}",
        ),
    ]


class Models(Controller):
    """Reads a model."""

    @post()
    async def create(self, model: Model) -> None:
        """Read it."""


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"VERSION": "2.5.1"}, "Model is a model of pydantic 2.5.1, and the oldest supported one is 2.11"),
        (None, "Model is a model of pydantic, which is not installed"),
    ],
)
def test_the_extra(monkeypatch: pytest.MonkeyPatch, settings: Any, reason: str) -> None:
    """One that is missing or too old is reported with what to install."""
    if settings is None:
        monkeypatch.setitem(sys.modules, "pydantic", None)
    else:
        monkeypatch.setattr(pydantic, "VERSION", settings["VERSION"])

    assert mistakes(Models) == [
        (
            UnsupportedTypeError,
            f"Models.create ({place(Models.create)}), parameter 'model': Model cannot be read from a request "
            f"({reason}).\n  Hint: install it with pip install 'framework-aiohttp[pydantic]'.",
        )
    ]


def test_a_model_of_pydantic_1() -> None:
    """It is recognised, and not taken for a service."""

    class Old:
        __fields__: Any = {}
        __validators__: Any = {}

    class Orders(Controller):
        @post()
        async def create(self, old: Old) -> None: ...

    assert mistakes(Orders) == [
        (
            UnsupportedTypeError,
            f"Orders.create ({place(Orders.create)}), parameter 'old': Old cannot be read from a request "
            "(Old is a model of pydantic 1).\n"
            "  Hint: write it for pydantic 2, and install it with pip install 'framework-aiohttp[pydantic]'.",
        )
    ]


def test_a_model_that_cannot_be_described() -> None:
    """A Struct is not a field of a model."""

    class Orders(Controller):
        @post()
        async def create(self, foreign: Foreign) -> None: ...

    ((kind, text),) = mistakes(Orders)
    assert kind is UnsupportedTypeError
    assert "(the JSON Schema of Foreign cannot be made (Cannot generate a JsonSchema for" in text
    assert text.endswith(
        "Hint: use types that pydantic describes: a msgspec Struct cannot be a field of a model; write it as a model."
    )


class Incomplete(BaseModel):
    """A model that refers to a class that is not there."""

    other: "Nowhere"  # type: ignore[name-defined]  # that is the point


def test_a_model_that_is_not_complete() -> None:
    """It is reported at start-up and not at the first request."""

    class Orders(Controller):
        @post()
        async def create(self, value: Incomplete) -> None: ...

    ((_, text),) = mistakes(Orders)
    assert text.endswith(
        "(Incomplete refers to classes that are not defined).\n"
        "  Hint: define them before, or call Incomplete.model_rebuild()."
    )


class Nested(BaseModel):
    """A model that no query string can carry."""

    model: Model


def test_models_of_parameters() -> None:
    """A GET has no body, and a query string no nested models."""

    class Orders(Controller):
        @get("/a")
        async def body(self, model: Model) -> None: ...

        @get("/b")
        async def nested(self, nested: Annotated[Nested, Query()]) -> None: ...

    assert mistakes(Orders) == [
        (
            BodyNotAllowedError,
            f"Orders.body ({place(Orders.body)}), parameter 'model': Model would be the request body, and GET has "
            "none.\n  Hint: spread its fields over the query with Annotated[Model, Query()], or register the type in "
            "the container.",
        ),
        (
            InvalidMarkerError,
            f"Orders.nested ({place(Orders.nested)}), parameter 'nested': the field 'model' of Nested is not a scalar "
            "and no collection of scalars.\n  Hint: send it as a JSON body, or take it by a parameter of its own "
            'with Query(style="deepObject").',
        ),
    ]

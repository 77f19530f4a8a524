"""Models and dataclasses of pydantic that cannot be values, and what would lose its checks without a word."""

import dataclasses
import sys
from typing import Annotated, Any, Generic, TypeVar

import msgspec
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
    """A dataclass of pydantic."""

    number: int = Field(ge=1)


class Derived(Checked):
    """A subclass that is not decorated, whose field pydantic does not know."""

    text: str


@dataclasses.dataclass
class DerivedDataclass(Checked):
    """A subclass that Python made a dataclass."""

    text: str = ""


T = TypeVar("T")


@dataclass
class Generics(Generic[T]):
    """A generic one: pydantic does not look at its arguments."""

    item: T


class Holder(Struct):
    """What pydantic cannot describe."""

    number: int


class Model(BaseModel):
    """A model."""

    number: int


class Foreign(BaseModel):
    """A model with a field that pydantic cannot describe."""

    model_config = ConfigDict(arbitrary_types_allowed=True)
    inner: Holder


DERIVED = (
    "is derived from a dataclass of pydantic, whose checks do not know its fields).\n"
    "  Hint: decorate {} with pydantic.dataclasses.dataclass."
)


def test_dataclasses_without_their_checks() -> None:
    """What pydantic would check only in part is refused, wherever it stands."""

    class Orders(Controller):
        @post("/a")
        async def plain(self, one: Derived) -> None: ...

        @post("/b")
        async def inside(self, one: list[DerivedDataclass]) -> None: ...

        @get("/c")
        async def sent(self) -> Generics[int]:
            return Generics(1)

    assert mistakes(Orders) == [
        (
            UnsupportedTypeError,
            f"Orders.plain ({place(Orders.plain)}), parameter 'one': Derived cannot be read from a request "
            f"(Derived {DERIVED.format('Derived')}",
        ),
        (
            UnsupportedTypeError,
            f"Orders.inside ({place(Orders.inside)}), parameter 'one': list[DerivedDataclass] cannot be read from a "
            f"request (DerivedDataclass {DERIVED.format('DerivedDataclass')}",
        ),
        (
            UnencodableReturnError,
            f"Orders.sent ({place(Orders.sent)}): its return type Generics[int] cannot be encoded (Generics is a "
            "generic dataclass, and pydantic ignores its type arguments).\n  Hint: derive it from BaseModel.",
        ),
    ]


def test_what_msgspec_has_read_before() -> None:
    """A decoder that was made before the app keeps a plain dataclass in a Struct, which is reported."""

    class Early(Struct):
        checked: Checked

    msgspec.json.Decoder(Early)

    class Orders(Controller):
        @post("/a")
        async def create(self, early: list[Early]) -> None: ...

    assert mistakes(Orders) == [
        (
            UnsupportedTypeError,
            f"Orders.create ({place(Orders.create)}), parameter 'early': list[Early] cannot be read from a request "
            "(msgspec knows Early with a dataclass of pydantic as a plain one).\n"
            "  Hint: make decoders and encoders of it after App.build(), or a BaseModel of the dataclass.",
        )
    ]


def test_a_set_of_what_has_no_hash() -> None:
    """A dataclass of pydantic is hashed if it is frozen."""

    class Orders(Controller):
        @post("/a")
        async def create(self, some: set[Checked]) -> None: ...

    assert mistakes(Orders) == [
        (
            UnsupportedTypeError,
            f"Orders.create ({place(Orders.create)}), parameter 'some': set[Checked] cannot be read from a request "
            "(a set cannot hold a Checked, which has no hash).\n  Hint: write list in place of set.",
        )
    ]


class Models(Controller):
    """Reads a model."""

    @post()
    async def create(self, model: Model) -> None:
        """Read it."""


class Dataclasses(Controller):
    """Reads a dataclass."""

    @post()
    async def create(self, model: Checked) -> None:
        """Read it."""


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"VERSION": "2.5.1"}, "is a model of pydantic 2.5.1, and the oldest supported one is 2.11"),
        (None, "is a model of pydantic, which is not installed"),
    ],
)
def test_the_extra(monkeypatch: pytest.MonkeyPatch, settings: Any, reason: str) -> None:
    """One that is missing or too old is reported with what to install."""
    if settings is None:
        monkeypatch.setitem(sys.modules, "pydantic", None)
    else:
        monkeypatch.setattr(pydantic, "VERSION", settings["VERSION"])

    for controller, name in ((Models, "Model"), (Dataclasses, "Checked")):
        assert mistakes(controller) == [
            (
                UnsupportedTypeError,
                f"{controller.__name__}.create ({place(controller.create)}), parameter 'model': {name} cannot be read "
                f"from a request ({name} {reason}).\n"
                "  Hint: install it with pip install 'framework-aiohttp[pydantic]'.",
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

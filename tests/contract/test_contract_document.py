"""The documents of the template and of an app with everything: valid, as committed, and the same in any order."""

import json
import random
import time
from collections.abc import Mapping
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from framework import App, Controller, OpenAPI, Router, get
from framework._document.asyncapi.draft_07 import as_draft_07
from framework._document.openapi.document import build_document
from framework.cli.diff.operations import compare_documents
from framework.cli.documents import render_document
from framework.controller import Controllers
from tests.contract.large.types import Scalars
from tests.contract.large_app import CONTROLLERS, INTERNAL, create_app
from tests.contract.live_app import CONTROLLERS as LIVE_CONTROLLERS
from tests.contract.live_app import create_app as create_live_app
from tests.contract.snapshots import current, place_of

COMMITTED = sorted(one.name for one in place_of("").glob("*.*"))
DOCUMENTS = ("large", "large.internal", "shop")


@pytest.fixture(scope="module")
def snapshots() -> Mapping[str, str]:
    """Return what the snapshots should be."""
    return current()


@pytest.fixture
def document(name: str, snapshots: Mapping[str, str]) -> dict[str, Any]:
    """Return a document of today."""
    found: dict[str, Any] = json.loads(snapshots[f"{name}.json"])
    return found


@pytest.mark.parametrize(
    "name", [pytest.param(one, marks=pytest.mark.slow if one == "large" else ()) for one in DOCUMENTS]
)
def test_the_document_is_valid(document: dict[str, Any]) -> None:
    """The validator of the OpenAPI community accepts it."""
    OpenAPIV31SpecValidator(document).validate()


@pytest.mark.parametrize("name", COMMITTED)
def test_what_is_made_of_an_app_is_as_committed(name: str, snapshots: Mapping[str, str]) -> None:
    """A change of the document, or of the client for it, is seen in review; the module says how to write it anew."""
    assert snapshots[name] == place_of(name).read_text(encoding="utf-8")


def test_all_that_is_made_is_committed(snapshots: Mapping[str, str]) -> None:
    """A snapshot has a file."""
    assert sorted(snapshots) == COMMITTED


@pytest.mark.parametrize("name", DOCUMENTS)
def test_it_is_the_same_document(name: str, document: dict[str, Any]) -> None:
    """What a diff has to say of a committed document and the one made anew is nothing."""
    committed = json.loads(place_of(f"{name}.json").read_text(encoding="utf-8"))

    assert compare_documents(committed, document) == []


def shuffled(controllers: Controllers, chance: random.Random) -> Controllers:
    """Return the controllers in another order, on every level."""
    found = [
        Router(one.path, shuffled(one.controllers, chance), name=one.name, tags=one.tags)
        if isinstance(one, Router)
        else one
        for one in controllers
    ]
    chance.shuffle(found)
    return found


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_registration_does_not_matter(seed: int, snapshots: Mapping[str, str]) -> None:
    """Not one byte of the document depends on it."""
    app = create_app(shuffled(CONTROLLERS, random.Random(seed)))  # noqa: S311  no secret

    assert render_document(app.document()) == snapshots["large.json"]
    assert render_document(app.document(INTERNAL)) == snapshots["large.internal.json"]
    assert render_document(app.asyncapi()) == snapshots["large.asyncapi.json"]


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_registration_does_not_matter_to_asyncapi(seed: int, snapshots: Mapping[str, str]) -> None:
    """Not one byte of that document depends on it either."""
    app = create_live_app(shuffled(LIVE_CONTROLLERS, random.Random(seed)))  # noqa: S311  no secret

    assert render_document(app.asyncapi()) == snapshots["live.asyncapi.json"]


def test_classes_have_the_same_names_in_both_documents() -> None:
    """What stands in both is called the same, and is the same schema."""
    app = create_live_app()
    openapi, asyncapi = (one["components"]["schemas"] for one in (app.document(), app.asyncapi()))

    assert {"Leave", "Order", "Problem", "Say"} <= openapi.keys() & asyncapi.keys()
    for name in openapi.keys() & asyncapi.keys():
        assert asyncapi[name] == as_draft_07(openapi[name])


def many(number: int) -> App:
    """Declare an app with many operations."""

    def controller(which: int) -> type[Controller]:
        class Things(Controller):
            path = f"/things{which}"

            @get("/{identifier}", name=f"show{which}")
            async def show(self, identifier: int, limit: int = 3) -> list[Scalars]:
                """Show things."""
                raise NotImplementedError

        return Things

    return App([controller(one) for one in range(number)], openapi=OpenAPI())


def seconds_of(number: int) -> float:
    """Return the processor time that the document of an app takes, the best of some, beyond what its plan takes."""
    plans = many(number)._plan().plans  # noqa: SLF001  what the document is made from

    def once() -> float:
        start = time.process_time()
        build_document(OpenAPI(), plans.routes)
        return time.process_time() - start

    return min(once() for _ in range(5))


@pytest.mark.slow
def test_a_large_document_costs_as_much_as_it_is_large() -> None:
    """Ten times the operations take about ten times the time: nothing looks through all of them for each."""
    assert seconds_of(1_000) < 25 * seconds_of(100)

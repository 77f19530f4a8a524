"""Operation ids: stable, unique, and a mistake where two handlers claim one."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from framework._document.openapi.document import build_document
from framework._plan import ParameterPlan, RoutePlan
from framework.openapi import OpenAPI

Build = Callable[..., dict[str, Any]]
Plan = Callable[..., RoutePlan]
Parameter = Callable[..., ParameterPlan]


async def other() -> None:
    """Do something else."""


def ids(document: dict[str, Any]) -> dict[str, str]:
    """Return the ids by method and path."""
    return {
        f"{method} {path}": operation["operationId"]
        for path, item in document["paths"].items()
        for method, operation in item.items()
    }


def test_name_of_the_route(plan: Plan, document: Build) -> None:
    """A handler with one route has the route's name, or the id that it declares."""
    routes = (plan("/a"), plan("/b", name="OrderController.list", operation_id="listOrders"))
    assert ids(document(*routes)) == {"get /a": "ThingController.show", "get /b": "listOrders"}


def test_several_methods(plan: Plan, document: Build) -> None:
    """The routes of one handler are told apart by their methods where that is enough."""
    assert ids(document(plan("/a", "PUT"), plan("/b", "PATCH"))) == {
        "put /a": "ThingController.show_put",
        "patch /b": "ThingController.show_patch",
    }


def test_several_paths(plan: Plan, parameter: Parameter, document: Build) -> None:
    """The routes of one handler are told apart by their paths where the methods are the same."""
    assert ids(
        document(plan("/"), plan("/v1/things/{thing_id}", parameters=(parameter("thing_id", str, "path"),)))
    ) == {
        "get /": "ThingController.show_root",
        "get /v1/things/{thing_id}": "ThingController.show_v1_things_thing_id",
    }


def test_several_methods_on_several_paths(plan: Plan, document: Build) -> None:
    """Method and path together tell apart what neither does alone."""
    routes = [plan(path, method) for path in ("/a", "/b") for method in ("GET", "POST")]
    assert ids(document(*routes)) == {
        "get /a": "ThingController.show_get_a",
        "post /a": "ThingController.show_post_a",
        "get /b": "ThingController.show_get_b",
        "post /b": "ThingController.show_post_b",
    }


def test_paths_that_read_the_same(plan: Plan, document: Build) -> None:
    """Paths that differ only in signs are numbered in their order."""
    assert ids(document(plan("/a.b"), plan("/a-b"))) == {
        "get /a-b": "ThingController.show_1",
        "get /a.b": "ThingController.show_2",
    }


def test_declared_id_of_several_routes(plan: Plan, document: Build) -> None:
    """A declared id ends in what tells the handler's routes apart."""
    routes = (plan("/a", operation_id="show"), plan("/b", operation_id="show"))
    assert ids(document(*routes)) == {"get /a": "show_a", "get /b": "show_b"}


def test_order_of_registration_does_not_matter(plan: Plan, document: Build) -> None:
    """Any order of the routes gives the same ids."""
    routes = [plan("/a"), plan("/b"), plan("/a-b", "POST"), plan("/c", name="X.y")]
    results = [ids(document(*order)) for order in itertools.permutations(routes)]
    assert all(one == results[0] for one in results)


def messages(routes: list[RoutePlan]) -> list[str]:
    """Return what is wrong with some routes."""
    with pytest.raises(ExceptionGroup) as caught:
        build_document(OpenAPI(), routes)
    assert caught.value.message == "The OpenAPI document cannot be made"
    return [str(one) for one in caught.value.exceptions]


def test_two_handlers_declare_one_id(plan: Plan) -> None:
    """An id that two handlers declare is a mistake, whichever came first."""
    routes = [
        plan("/a", operation_id="show", label="A.show (a.py:1)"),
        plan("/b", operation_id="show", label="B.show (b.py:2)", function=other),
    ]
    expected = (
        "B.show (b.py:2): its operation id 'show' is also that of A.show (a.py:1).\n"
        "  Hint: give one of them another operation_id."
    )
    assert messages(routes) == [expected]
    assert messages(routes[::-1]) == [expected]


def test_declared_id_that_is_also_derived(plan: Plan) -> None:
    """A declared id that another route was given for its name does not pass silently."""
    routes = [
        plan("/a", "PUT", label="A.show (a.py:1)"),
        plan("/a", "POST", label="A.show (a.py:1)"),
        plan("/b", name="B.b", operation_id="ThingController.show_put", label="B.b (b.py:2)", function=other),
    ]
    assert "\n".join(messages(routes)) == (
        "A.show (a.py:1): its operation id 'ThingController.show_put' is also that of B.b (b.py:2).\n"
        "  Hint: give one of them another operation_id."
    )

"""Members of an HTTPError that have another name in the body, and the headers that an error describes."""

from typing import ClassVar

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from framework import App, Controller, HTTPError, OpenAPI, get
from tests.http.raw import ask
from tests.http.shapes import Serve, app_of


class Exceeded(HTTPError, status=429, rename={"violated_policies": "violated-policies"}):
    """There were too many."""

    header_descriptions: ClassVar = {"Retry-After": "Seconds to wait."}

    violated_policies: tuple[str, ...]
    plain: int = 1


class Named(Exceeded, rename={"plain": "very-plain"}):
    """As above, with more names."""


class ThingController(Controller):
    """Raises both."""

    @get("/exceeded", raises=(Exceeded,))
    async def exceeded(self) -> str:
        """Raise an error."""
        raise Exceeded("Wait", violated_policies=("daily",), headers={"Retry-After": "5"})

    @get("/named", raises=(Named,))
    async def named(self) -> str:
        """Raise an error."""
        raise Named(violated_policies=(), plain=2)


async def test_members_have_their_names_in_the_body(serve: Serve) -> None:
    """Those that are renamed have their other name, in subclasses too; all others have their own."""
    server = await serve(app_of(ThingController))

    exceeded = await ask(server, "GET", "/exceeded")
    assert exceeded.problem == {
        "type": "about:blank",
        "title": "Too Many Requests",
        "status": 429,
        "detail": "Wait",
        "instance": "/exceeded",
        "violated-policies": ["daily"],
        "plain": 1,
    }
    assert exceeded.headers["Retry-After"] == "5"
    named = (await ask(server, "GET", "/named")).problem
    assert (named["violated-policies"], named["very-plain"]) == ([], 2)


def test_the_document_has_the_same_names() -> None:
    """The schema has the names of the body, and the response the headers that the error describes."""
    document = App([ThingController], openapi=OpenAPI(title="Things", version="1")).document()
    OpenAPIV31SpecValidator(document).validate()

    schemas = document["components"]["schemas"]
    assert set(schemas["Exceeded"]["properties"]) >= {"violated-policies", "plain", "status"}
    assert set(schemas["Named"]["properties"]) >= {"violated-policies", "very-plain", "status"}
    assert document["paths"]["/named"]["get"]["responses"]["429"]["headers"] == {
        "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "string"}}
    }


@pytest.mark.parametrize("name", ["renamed", "header_descriptions"])
def test_a_member_cannot_have_the_name_of_what_every_error_has(name: str) -> None:
    """Such a name is a TypeError where the class is written."""
    with pytest.raises(TypeError, match=rf"^class Wrong: every HTTPError has {name} already; rename the member$"):
        type("Wrong", (HTTPError,), {"__annotations__": {name: str}}, status=409)

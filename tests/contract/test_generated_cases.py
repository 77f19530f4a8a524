"""Requests made from the document are answered as it says; made by schemathesis, with all of its checks."""

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any

import pytest
from hypothesis.errors import Flaky
from msgspec import Meta, Struct
from schemathesis.core.parameters import ParameterLocation

from framework import (
    App,
    Body,
    Container,
    Controller,
    Form,
    Header,
    HTTPError,
    Limits,
    Request,
    Response,
    UploadFile,
    get,
    post,
)
from framework.http_errors import Forbidden
from framework.testing import ContractViolatedError, check_contract
from framework.testing.mistakes import is_no_mistake, is_unstable_example
from tests.contract.generated import check_everything
from tests.contract.shop_app import FEED, create_shop, staff_token

# For each operation, when more are wanted than in each run; tests.contract.many_cases goes on until there are enough.
EXAMPLES = int(os.environ.get("CONTRACT_EXAMPLES", "0"))


@pytest.mark.slow
def test_the_app_with_everything_keeps_its_contract() -> None:
    """Hundreds of requests, good and bad, to all operations; ``CONTRACT_EXAMPLES=100`` makes more than ten thousand."""
    reports = list(check_everything(examples=EXAMPLES or 4, coverage=EXAMPLES > 0))

    assert [one.failures for one in reports] == [[], []]
    assert sum(one.cases for one in reports) > 400


@pytest.mark.slow
def test_the_template_keeps_its_contract(tmp_path: Path) -> None:
    """The shop does too; that an ordered product must exist is nothing that a schema could say."""
    shop = create_shop(tmp_path)
    report = check_contract(
        shop,
        examples=EXAMPLES or 5,
        headers={"Authorization": f"Bearer {staff_token()}"},
        exclude_checks=("positive_data_acceptance",),
        exclude_operations=(FEED,),
    )

    assert report.cases > 150


class Item(Struct):
    """A thing."""

    number: Annotated[int, Meta(ge=0)]


def violations(controller: type[Controller], **settings: Any) -> list[tuple[str, str]]:
    """Return operation and check of all that is found wrong with a controller."""
    with pytest.raises(ContractViolatedError) as caught:
        check_contract(App([controller]), examples=5, coverage=False, **settings)
    return sorted({(one.operation, one.check) for one in caught.value.report.failures})


def test_a_crash_is_found() -> None:
    """An exception that nobody expects is a failure, told with the request that makes it."""

    class Items(Controller):
        @get("/items/{number}")
        async def show(self, number: Annotated[int, Meta(ge=0, le=9)]) -> int:
            return 1 // (number - number)

    with pytest.raises(ContractViolatedError) as caught:
        check_contract(App([Items]), examples=5, coverage=False)

    assert {one.check for one in caught.value.report.failures} >= {"not_a_server_error"}
    assert "GET /items/{number}, not_a_server_error:\n  Server error" in str(caught.value)
    assert "curl -X GET http://127.0.0.1:" in str(caught.value)


def test_an_undeclared_status_is_found() -> None:
    """An HTTPError that raises= does not name is not a part of the contract."""

    class Missing(HTTPError, status=404):
        """There is none."""

    class Items(Controller):
        @get("/items/{number}")
        async def show(self, number: Annotated[int, Meta(ge=0)]) -> int:
            raise Missing(str(number))

    found = violations(Items)

    assert ("GET /items/{number}", "status_code_conformance") in found


def test_a_body_that_is_not_as_declared_is_found() -> None:
    """A constraint that the handler does not keep counts: nothing checks it on the way out."""

    class Items(Controller):
        @get("/items")
        async def show(self) -> Item:
            return Item(-1)

    assert violations(Items) == [("GET /items", "response_schema_conformance")]


class Wires(Controller):
    """What a schema says of values, and what is written of them, are two things here."""

    @post("/form")
    async def form(
        self,
        photo: UploadFile,
        count: Annotated[int, Form()],
        tags: Annotated[list[str], Form()],
        note: Annotated[str, Form()] = "",
    ) -> int:
        """Take a text for whatever it looks like, and one for a list of one."""
        return count + len(tags) + len(note) + photo.size

    @post("/raw")
    async def raw(self, data: Annotated[bytes, Meta(max_length=2_000), Body()]) -> int:
        """Take any bytes."""
        return len(data)

    @post("/packed")
    async def packed(self, data: Annotated[list[int], Body(media_type="application/msgpack")]) -> int:
        """Take what MessagePack can hold."""
        return len(data)

    @get("/long")
    async def long(self, text: Annotated[str, Meta(max_length=9_000)]) -> int:
        """Take more than aiohttp reads."""
        return len(text)


@pytest.mark.slow
def test_what_is_good_as_it_is_written_is_no_mistake() -> None:
    """Neither a number for a text of a form, nor an array for bytes, nor a head that aiohttp refuses is told."""
    report = check_contract(App([Wires], limits=Limits(body=100_000)), examples=10)

    assert report.failures == []


def test_an_excluded_operation_must_exist() -> None:
    """A misspelt one would be requested."""
    with pytest.raises(ValueError, match="the document has no operation GET /longer"):
        check_contract(App([Wires]), exclude_operations=("GET /longer",))


@pytest.mark.parametrize(
    ("value", "keyword", "found"), [(None, "format", True), ("x", "format", False), (None, "type", False)]
)
def test_what_is_no_text_misses_no_format(value: object, keyword: str, *, found: bool) -> None:
    """Null in the place of a date is as good as its type says; schemathesis takes it for a date that is none."""
    mutation = SimpleNamespace(
        keywords=(keyword,), schema_pointer="/properties/day", parameter_location=ParameterLocation.BODY
    )
    data = SimpleNamespace(parameter_location=ParameterLocation.BODY, mutations=[mutation])
    schema = {"properties": {"day": {"type": "string", "format": "date"}}}
    operation = SimpleNamespace(
        get_body_for_media_type=lambda _: SimpleNamespace(definition={"schema": schema}),
        schema=SimpleNamespace(raw_schema={}),
    )
    case = SimpleNamespace(
        meta=SimpleNamespace(phase=SimpleNamespace(data=data)),
        media_type="application/json",
        body={"day": value},
        operation=operation,
    )
    response = SimpleNamespace(status_code=200)
    interaction = SimpleNamespace(response=response, request=SimpleNamespace(body=b"{}", uri="/"))

    assert is_no_mistake("negative_data_rejection", case, interaction) is found


@pytest.mark.parametrize(
    ("pointer", "became", "alternative", "found"),
    [
        ("/properties/album/anyOf/0", "null", "null", True),
        ("/properties/album/anyOf/0", "integer", "null", False),
        ("/properties/album/anyOf/0", "null", "array", False),
        ("/properties/album/anyOf/0/properties/title", "null", "null", False),
        ("/properties/other/anyOf/0", "null", "null", False),
    ],
)
def test_null_that_another_alternative_allows(pointer: str, became: str, alternative: str, *, found: bool) -> None:
    """A field of a form may be an object or null; schemathesis considers null to violate the type of the object."""
    mutation = SimpleNamespace(
        keywords=("type",),
        schema_pointer=pointer,
        parameter_location=ParameterLocation.BODY,
        original_value="object",
        new_value=became,
    )
    data = SimpleNamespace(parameter_location=ParameterLocation.BODY, mutations=[mutation])
    schema = {"properties": {"album": {"anyOf": [{"type": "object"}, {"type": alternative}]}}}
    operation = SimpleNamespace(get_body_for_media_type=lambda _: SimpleNamespace(definition={"schema": schema}))
    case = SimpleNamespace(
        meta=SimpleNamespace(phase=SimpleNamespace(data=data)),
        media_type="multipart/form-data",
        body={},
        operation=operation,
    )
    interaction = SimpleNamespace(
        response=SimpleNamespace(status_code=200), request=SimpleNamespace(body=b"null", uri="/")
    )

    assert is_no_mistake("negative_data_rejection", case, interaction) is found


@pytest.mark.parametrize(
    ("original", "value", "found"),
    [
        ("boolean", 1, True),
        ("boolean", 0, True),
        ("boolean", 2, False),
        ("boolean", None, False),
        ("integer", 1, False),
    ],
)
def test_zero_and_one_are_booleans_of_a_form(original: str, value: object, *, found: bool) -> None:
    """A boolean that became an integer is written as a form may write it, if it is one of two."""
    mutation = SimpleNamespace(
        keywords=("type",),
        schema_pointer="/properties/remember",
        parameter_location=ParameterLocation.BODY,
        original_value=original,
        new_value="integer",
    )
    data = SimpleNamespace(parameter_location=ParameterLocation.BODY, mutations=[mutation])
    schema = {"properties": {"remember": {"type": original}}}
    operation = SimpleNamespace(get_body_for_media_type=lambda _: SimpleNamespace(definition={"schema": schema}))
    case = SimpleNamespace(
        meta=SimpleNamespace(phase=SimpleNamespace(data=data)),
        media_type="multipart/form-data",
        body={"remember": value},
        operation=operation,
    )
    request = SimpleNamespace(body=b"1", uri="/", headers={})
    interaction = SimpleNamespace(response=SimpleNamespace(status_code=200), request=request)

    assert is_no_mistake("negative_data_rejection", case, interaction) is found


@pytest.mark.parametrize(
    ("value", "pointer", "found"),
    [
        ("", "/properties/x-hosts/items", True),
        ("", "/properties/x-hosts", False),
        ("a", "/properties/x-hosts/items", False),
    ],
)
def test_an_empty_header_is_an_empty_array(value: str, pointer: str, *, found: bool) -> None:
    """An array of one empty string is written as nothing."""
    mutation = SimpleNamespace(keywords=("enum",), schema_pointer=pointer, parameter_location=ParameterLocation.HEADER)
    data = SimpleNamespace(parameter_location=ParameterLocation.HEADER, mutations=[mutation])
    case = SimpleNamespace(
        meta=SimpleNamespace(phase=SimpleNamespace(data=data)), media_type=None, operation=SimpleNamespace(query={})
    )
    request = SimpleNamespace(body=b"", uri="/", headers={"x-hosts": [value]})
    interaction = SimpleNamespace(response=SimpleNamespace(status_code=200), request=request)

    assert is_no_mistake("negative_data_rejection", case, interaction) is found


@pytest.mark.parametrize(
    ("uri", "explode", "found"),
    [
        ("http://localhost/?a=1&hosts=", False, True),
        ("/?hosts=", True, False),
        ("/?hosts=&hosts=", False, False),
        ("/?hosts=,", False, False),
        ("/", False, False),
    ],
)
def test_nothing_between_commas_is_an_empty_array(uri: str, *, explode: bool, found: bool) -> None:
    """An array of one empty string is written as nothing; a name that repeats has the string."""
    mutation = SimpleNamespace(
        keywords=("pattern",), schema_pointer="/properties/hosts/items", parameter_location=ParameterLocation.QUERY
    )
    data = SimpleNamespace(parameter_location=ParameterLocation.QUERY, mutations=[mutation])
    parameter = SimpleNamespace(definition={"name": "hosts", "explode": explode})
    case = SimpleNamespace(
        meta=SimpleNamespace(phase=SimpleNamespace(data=data)),
        media_type=None,
        operation=SimpleNamespace(query={"hosts": parameter}),
    )
    interaction = SimpleNamespace(
        response=SimpleNamespace(status_code=200), request=SimpleNamespace(body=b"", uri=uri, headers={})
    )

    assert is_no_mistake("negative_data_rejection", case, interaction) is found


@pytest.mark.parametrize(
    ("phase", "error", "unstable"),
    [("examples", Flaky("twice"), True), ("fuzzing", Flaky("twice"), False), ("examples", ValueError("once"), False)],
)
def test_an_example_that_cannot_be_made_twice_is_no_failure(phase: str, error: Exception, *, unstable: bool) -> None:
    """It tells of the generator; what fails now and then while requests are sent is told."""
    assert is_unstable_example(SimpleNamespace(phase=phase, value=error)) is unstable


def test_what_is_bad_as_it_is_written_is_found() -> None:
    """An app that takes what its schema forbids is told of the same operations."""

    async def forgive(_: Request, __: HTTPError) -> Response[int]:
        return Response(0, status=200)

    app = App([Wires], limits=Limits(body=100_000), exception_handlers={400: forgive, 413: forgive, 422: forgive})
    with pytest.raises(ContractViolatedError) as caught:
        check_contract(app, examples=10)

    found = {(one.operation, one.check) for one in caught.value.report.failures}
    assert found >= {
        (one, "negative_data_rejection") for one in ("POST /form", "POST /raw", "POST /packed", "GET /long")
    }


def test_a_check_may_be_left_out() -> None:
    """What is excluded is not told."""

    class Items(Controller):
        @get("/items")
        async def show(self) -> Item:
            return Item(-1)

    report = check_contract(App([Items]), examples=3, exclude_checks=("response_schema_conformance",))

    assert report.failures == []


def test_headers_go_with_every_request_and_services_are_overridden() -> None:
    """A guard is passed with what is given, and a test's service stands in the place of another."""
    seen: set[str | None] = set()

    class Store:
        """Keeps items."""

        def number(self) -> int:
            """Crash."""
            raise RuntimeError

    class FakeStore(Store):
        def number(self) -> int:
            """Return a number."""
            return 3

    async def require_key(request: Request) -> None:
        seen.add(request.headers.get("X-Key"))
        if request.headers.get("X-Key") != "open":
            raise Forbidden

    class Items(Controller):
        guards = (require_key,)

        def __init__(self, store: Store) -> None:
            self._store = store

        @get("/items")
        async def show(self) -> Item:
            return Item(self._store.number())

    container = Container()
    container.add_singleton(Store)
    with container.override(Store, FakeStore):
        report = check_contract(App([Items], container=container), examples=3, headers={"X-Key": "open"})

    assert report.cases >= 3
    assert seen == {"open"}


def test_a_seed_makes_other_requests() -> None:
    """Without a seed the requests are the same each time; each seed has its own."""

    def sent(seed: int | None) -> set[bytes]:
        bodies: set[bytes] = set()

        async def note(request: Request) -> None:
            bodies.add(await request.read())

        class Items(Controller):
            guards = (note,)

            @post("/items", status=201)
            async def add(self, item: Item, x_note: Annotated[str | None, Header()] = None) -> Response[Item]:
                return Response(item, headers={"X-Noted": "1" if x_note else "0"})

        check_contract(App([Items]), examples=10, coverage=False, seed=seed)
        return bodies

    assert sent(None) == sent(None)
    assert sent(1) != sent(2)

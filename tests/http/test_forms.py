"""Forms without files: fields one by one and as a model, urlencoded and multipart, and their faults."""

import dataclasses
import datetime as dt
import enum
from typing import Annotated

import pytest
from aiohttp.test_utils import TestServer
from msgspec import Meta, Struct

from framework import Container, Controller, Form, Limits, Query, delete, post
from tests.http.forms import MULTIPART, URLENCODED, multipart, part, send_parts, send_urlencoded
from tests.http.raw import Answer, ask, exchange, make_request
from tests.http.shapes import Serve, app_of, fault, invalid, problem, reading


class Color(enum.Enum):
    """An enum of texts."""

    RED = "red"


class Signup(Struct, rename="camel", forbid_unknown_fields=True):
    """A model."""

    full_name: Annotated[str, Meta(min_length=1)]
    age: Annotated[int, Meta(ge=18)] | None = None
    tags: list[str] = []
    born_on: dt.date | None = None
    color: Color = Color.RED


@dataclasses.dataclass
class Login:
    """A dataclass."""

    user: str
    remember: bool = False


class Forms(Controller):
    """Reads forms."""

    @post("/fields")
    async def fields(
        self,
        name: Annotated[str, Form()],
        age: Annotated[Annotated[int, Meta(ge=0)] | None, Form()] = None,
        tag: Annotated[list[str], Form(name="tag[]")] = [],  # noqa: B006  requests do not share it
    ) -> str:
        """Answer fields that are parameters."""
        tag.append("own")
        return repr((name, age, tag))

    @post("/model")
    async def model(self, signup: Annotated[Signup, Form()]) -> str:
        """Answer a model."""
        return repr(signup)

    @post("/login")
    async def login(self, login: Annotated[Login, Form()], next_page: Annotated[str, Form(name="next")] = "/") -> str:
        """Answer a dataclass and a field beside it."""
        return repr((login, next_page))

    @post("/optional")
    async def optional(self, signup: Annotated[Signup | None, Form()] = None) -> str:
        """Answer a model that may be absent as a whole."""
        return repr(signup)

    @post("/mixed/{number}")
    async def mixed(self, number: int, name: Annotated[str, Form()], age: Annotated[int, Form()], page: int = 1) -> str:
        """Answer a form among other sources."""
        return repr((number, name, age, page))


@pytest.fixture
async def server(serve: Serve) -> TestServer:
    """Serve the forms."""
    return await serve(app_of(Forms))


async def both(server: TestServer, target: str, *fields: tuple[str, str]) -> Answer:
    """Send a form urlencoded and as multipart, and return the one answer."""
    values: dict[str, str | list[str]] = {name: [value for key, value in fields if key == name] for name, _ in fields}
    urlencoded = await send_urlencoded(server, target, values)
    parts = await send_parts(server, target, *(part(*one) for one in fields))
    assert (urlencoded.status, urlencoded.body) == (parts.status, parts.body)
    return parts


async def test_fields_are_parameters(server: TestServer) -> None:
    """Each field is a parameter with its type, its default and its name on the wire."""
    answer = await both(
        server, "/fields", ("name", "Ada L\u00f6velace + & ="), ("age", "36"), ("tag[]", "a"), ("tag[]", "b")
    )
    assert answer.body.decode() == repr(("Ada L\u00f6velace + & =", 36, ["a", "b", "own"]))
    for _ in range(2):
        answer = await both(server, "/fields", ("name", ""), ("other", "dropped"))
        assert answer.body.decode() == repr(("", None, ["own"]))


async def test_model_is_spread(server: TestServer) -> None:
    """The fields of a model are fields of the form, under the names that it gives them."""
    fields = ("fullName", "Ada"), ("age", "36"), ("tags", "a"), ("bornOn", "1815-12-10"), ("color", "red")
    answer = await both(server, "/model", *fields)
    assert answer.body.decode() == repr(Signup("Ada", 36, ["a"], dt.date(1815, 12, 10)))
    assert (await both(server, "/model", ("fullName", "Ada"))).body.decode() == repr(Signup("Ada"))


async def test_model_beside_a_field(server: TestServer) -> None:
    """A dataclass may share a form with fields."""
    answer = await both(server, "/login", ("user", "ada"), ("remember", "true"), ("next", "/home"))
    assert answer.body.decode() == repr((Login("ada", remember=True), "/home"))


async def test_model_that_may_be_absent(server: TestServer) -> None:
    """Without any of its fields an optional model is its default, with or without a body."""
    assert (await both(server, "/optional")).body == b"None"
    assert (await ask(server, "POST", "/optional")).body == b"None"
    assert (await both(server, "/optional", ("fullName", "Ada"))).body.decode() == repr(Signup("Ada"))


async def test_every_fault_of_a_form_is_told(server: TestServer) -> None:
    """The faults of a form are told with its own names, as those of a query are."""
    fields = ("fullName", ""), ("age", "null"), ("bornOn", "5"), ("color", "blue"), ("x", "1"), ("age", "1")
    answer = await both(server, "/model", *fields)
    assert answer.problem == invalid(
        "/model",
        fault("form", "/fullName", "constraint", "Expected `str` of length >= 1"),
        fault("form", "/age", "type", "Given 2 times, expected once"),
        fault("form", "/bornOn", "value", "Invalid RFC3339 encoded date"),
        fault("form", "/color", "value", "Invalid enum value"),
        fault("form", "/x", "unknown", "Unknown field"),
    )


@pytest.mark.parametrize("age", ["null", "", "x", "1.5", "NULL"])
async def test_texts_of_a_form_are_never_none(server: TestServer, age: str) -> None:
    """An empty text and the text null are a fault for a number, as in a query."""
    answer = await both(server, "/fields", ("name", "a"), ("age", age))
    got = "`int`, got `null`" if age.lower() == "null" else "`int | null`, got `str`"
    assert answer.problem == invalid("/fields", fault("form", "/age", "type", f"Expected {got}"))


async def test_faults_of_all_sources_are_told_together(server: TestServer) -> None:
    """One problem has the faults of path, query and form."""
    answer = await both(server, "/mixed/x?page=y", ("age", "z"))
    assert answer.problem == invalid(
        "/mixed/x",
        fault("path", "/number", "type", "Expected `int`, got `str`"),
        fault("query", "/page", "type", "Expected `int`, got `str`"),
        fault("form", "/name", "missing", "Field required"),
        fault("form", "/age", "type", "Expected `int`, got `str`"),
    )


async def test_empty_form_misses_its_fields(server: TestServer) -> None:
    """An empty body is an empty form, whatever its type."""
    missing = invalid("/fields", fault("form", "/name", "missing", "Field required"))
    for headers in ({}, URLENCODED, {"Content-Type": "application/json"}):
        assert (await ask(server, "POST", "/fields", headers=headers)).problem == missing


PROBE = make_request("POST", "/fields", headers=URLENCODED, body=b"name=a")


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "multipart/mixed; boundary=x", "x"])
async def test_other_types_are_no_forms(server: TestServer, content_type: str) -> None:
    """What is not a form is 415 and says which forms are read."""
    data = make_request("POST", "/fields", headers={"Content-Type": content_type}, body=b"name=a")
    answer = await exchange(server, data, probe=PROBE)
    read = "application/x-www-form-urlencoded and multipart/form-data are read here"
    assert answer.problem == problem(415, "/fields", f"The Content-Type is not supported; {read}")
    assert answer.headers["Accept"] == "application/x-www-form-urlencoded, multipart/form-data"


@pytest.mark.parametrize("body", [b"name=%ff", b"%ff=1&name=a", b"name=\xff", b"name=%C3%28", b"other=%80&name=a"])
async def test_urlencoded_form_that_is_no_utf8_cannot_be_parsed(server: TestServer, body: bytes) -> None:
    """Text that is not UTF-8 is 400, in fields that nobody reads as well."""
    answer = await exchange(server, make_request("POST", "/fields", headers=URLENCODED, body=body), probe=PROBE)
    expected = fault("form", "", "syntax", "Not valid UTF-8")
    assert answer.problem == problem(400, "/fields", "The form cannot be parsed", errors=[expected])


async def test_parts_are_decoded_by_their_charset(server: TestServer) -> None:
    """A part may have a charset of its own; what it cannot decode is 400."""
    latin = part("name", "\u00e4".encode("latin-1"), media_type="text/plain; charset=iso-8859-1")
    assert (await send_parts(server, "/fields", latin)).body.decode() == repr(("\u00e4", None, ["own"]))
    for wrong, detail in (
        (part("name", b"\xff"), "Not valid UTF-8 (byte 0)"),
        (part("name", b"a", media_type="text/plain; charset=bogus"), "The charset is not known"),
    ):
        answer = await send_parts(server, "/fields", wrong, probe=PROBE)
        expected = fault("form", "/name", "syntax", detail)
        assert answer.problem == problem(400, "/fields", "The form cannot be parsed", errors=[expected])


@pytest.mark.parametrize("count", [3, 4])
async def test_fields_are_counted(serve: Serve, count: int) -> None:
    """Rows 27 and 33: more fields than the route takes are 413, and the connection is closed."""
    server = await serve(app_of(Forms, limits=Limits(parts=3)))
    fields = [("name", "a")] + [("x", "1")] * (count - 1)
    answer = await both(server, "/fields", *fields)
    if count == 3:
        assert answer.status == 200
    else:
        assert answer.problem == problem(413, "/fields", "The form has more than 3 fields and files")
        assert answer.headers["Connection"] == "close"


async def test_five_thousand_fields_are_too_many(server: TestServer) -> None:
    """Rows 27 and 33: by the limit that holds where nobody says otherwise."""
    too_many = problem(413, "/fields", "The form has more than 1000 fields and files")
    urlencoded = await exchange(server, make_request("POST", "/fields", headers=URLENCODED, body=b"a=1&" * 5_000))
    parts = multipart(*[part("a", "1")] * 5_000)
    assert urlencoded.problem == too_many
    assert (await exchange(server, make_request("POST", "/fields", headers=MULTIPART, body=parts))).problem == too_many


async def test_field_has_a_limit(serve: Serve) -> None:
    """One field may not be larger than the route says."""
    server = await serve(app_of(Forms, limits=Limits(field=4)))
    assert (await both(server, "/fields", ("name", "abcd"))).status == 200
    for text in ("abcde", "\u00e4\u00e4\u00e4"):
        answer = await both(server, "/fields", ("name", text))
        assert answer.problem == problem(413, "/fields", "The field 'name' exceeds 4 bytes")


async def test_form_as_a_whole_has_a_limit(serve: Serve) -> None:
    """The limit of the body holds for forms."""
    server = await serve(app_of(Forms, limits=Limits(body=300)))
    answer = await both(server, "/fields", ("name", "a" * 400))
    assert answer.problem == problem(413, "/fields", "The body exceeds 300 bytes")


async def test_provider_reads_the_form(serve: Serve) -> None:
    """A service may be made from fields of the form that the handler reads."""

    class Token:
        def __init__(self, text: str) -> None:
            self.text = text

    def token(csrf: Annotated[str, Form()]) -> Token:
        return Token(csrf)

    class Guarded(Controller):
        @post("/guarded")
        async def read(self, name: Annotated[str, Form()], token: Token) -> str:
            return f"{name} {token.text}"

    container = Container()
    container.add_scoped(Token, token)
    server = await serve(app_of(Guarded, container=container))
    assert (await both(server, "/guarded", ("name", "a"), ("csrf", "b"))).body == b"a b"
    faulty = await both(server, "/guarded", ("name", "a"))
    assert faulty.problem == invalid("/guarded", fault("form", "/csrf", "missing", "Field required"))


async def test_form_on_other_methods(serve: Serve) -> None:
    """A form is a body wherever there is one."""
    server = await serve(app_of(reading(delete("/read"), Annotated[int, Form()])))
    request = make_request("DELETE", "/read", headers=URLENCODED, body=b"value=5")
    assert (await exchange(server, request, probe=request)).body == b"5"


async def test_query_and_form_do_not_mix(serve: Serve) -> None:
    """A name is read from its own source alone."""

    class Both(Controller):
        @post("/both")
        async def read(self, name: Annotated[str, Form()], other: Annotated[str, Query(name="name")] = "-") -> str:
            return f"{name} {other}"

    server = await serve(app_of(Both))
    assert (await send_urlencoded(server, "/both?name=q", {"name": "f"})).body == b"f q"
    assert (await send_urlencoded(server, "/both", {"name": "f"})).body == b"f -"
    assert (await send_urlencoded(server, "/both?name=q", {})).status == 422


async def test_escapes_of_urlencoded_forms(serve: Serve) -> None:
    """Plus is a space, escapes hold anything, and empty pairs are none."""
    server = await serve(app_of(reading(post("/read"), Annotated[list[str], Form(name="a b")])))
    body = b"&a+b=+%2B%20&a%20b=%26%3D%00&&a+b&a+b=%C3%A4=%"
    assert (await send_urlencoded(server, "/read", body)).body.decode() == repr([" + ", "&=\0", "", "\u00e4=%"])

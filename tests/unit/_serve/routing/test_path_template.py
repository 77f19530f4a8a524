"""Path templates: how they are joined, read, compared and filled."""

import pytest

from framework._serve.routing.template import PathTemplate, Segment, join_paths, parse_template
from framework.errors import InvalidPathError


def template(path: str) -> PathTemplate:
    """Read a template."""
    return parse_template(path, "here")


@pytest.mark.parametrize(
    ("parts", "joined"),
    [
        ((), "/"),
        (("",), "/"),
        (("/", "", "/"), "/"),
        (("/orders",), "/orders"),
        (("orders",), "/orders"),
        (("/v1", "/orders", "/{order_id}"), "/v1/orders/{order_id}"),
        (("/v1/", "/orders/", "{order_id}"), "/v1/orders/{order_id}"),
        (("v1", "orders"), "/v1/orders"),
        (("/v1", "", "/", "orders/"), "/v1/orders/"),
        (("/v1/", "/"), "/v1/"),
    ],
)
def test_joining(parts: tuple[str, ...], joined: str) -> None:
    """Parts are joined with single slashes, empty ones add nothing, and a trailing slash stays."""
    assert join_paths(*parts) == joined


def test_reading() -> None:
    """A template is a segment between each two slashes."""
    assert template("/").segments == (Segment(before=""),)
    assert template("/orders/{order_id}/report-{year}.pdf").segments == (
        Segment(before="orders"),
        Segment(before="", name="order_id"),
        Segment(before="report-", name="year", after=".pdf"),
    )
    assert template("/files/{name:path}").segments == (
        Segment(before="files"),
        Segment(before="", name="name", rest=True),
    )
    assert template("/orders/").segments == (Segment(before="orders"), Segment(before=""))
    assert template("/orders/{order_id}/{line}").placeholders == ("order_id", "line")
    assert template("/.well-known/é b/:{verb}").segments == (
        Segment(before=".well-known"),
        Segment(before="é b"),
        Segment(before=":", name="verb"),
    )


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("/a/{id}", "/a/{user_id}", True),
        ("/a/{id}", "/a/{id}/", False),
        ("/a/{id}", "/a/{id:path}", False),
        ("/a/{id}.pdf", "/a/{user}.pdf", True),
        ("/a/{id}.pdf", "/a/{id}", False),
        ("/a/id", "/a/{id}", False),
        ("/a", "/A", False),
    ],
)
def test_shapes(one: str, other: str, same: bool) -> None:  # noqa: FBT001, RUF100  parametrised
    """Two templates of one shape match the same paths."""
    assert (template(one).shape == template(other).shape) is same


@pytest.mark.parametrize(
    ("path", "values", "filled"),
    [
        ("/", {}, "/"),
        ("/orders/{id}", {"id": "7"}, "/orders/7"),
        ("/orders/{id}", {"id": "a/b"}, "/orders/a%2Fb"),
        ("/orders/{id}", {"id": "ä ?#%"}, "/orders/%C3%A4%20%3F%23%25"),
        ("/orders/{id}", {"id": "a:b@c!$&'()*+,;="}, "/orders/a:b@c!$&'()*+,;="),
        ("/orders/{id}.pdf", {"id": "7"}, "/orders/7.pdf"),
        ("/files/{name:path}", {"name": "a/b c"}, "/files/a/b%20c"),
        ("/é/{id}/", {"id": "~-._"}, "/%C3%A9/~-._/"),
    ],
)
def test_filling(path: str, values: dict[str, str], filled: str) -> None:
    """Values are percent-encoded for a segment (RFC 3986, section 3.3); a rest keeps its slashes."""
    assert template(path).fill(values) == filled


def test_what_cannot_be_read() -> None:
    """The mistake tells where it stands, what is wrong and how to fix it (the list is in tests/startup)."""
    with pytest.raises(InvalidPathError) as caught:
        template("/{a}{b}")
    assert str(caught.value) == (
        "here: the path '/{a}{b}' has two placeholders in one segment ('{a}{b}').\n  Hint: put a slash between them."
    )

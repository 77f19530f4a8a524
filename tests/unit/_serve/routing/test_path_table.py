"""The table of paths: what is found, in which order, and what cannot be decoded."""

import random
from collections.abc import Sequence
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework._serve.routing.table import PathTable, UndecodablePathError
from framework._serve.routing.template import parse_template


def table_of(*paths: str) -> PathTable[str]:
    """Return a table whose entries are the templates themselves."""
    table: PathTable[str] = PathTable()
    for path in paths:
        table.add(parse_template(path, "here"), path)
    return table


def found(table: PathTable[str], path: str) -> tuple[str, list[str]] | None:
    """Return what is found, with the texts as a list."""
    entry = table.find(path)
    return None if entry is None else (entry[0], [*entry[1]])


PATHS = (
    "/",
    "/orders",
    "/orders/",
    "/orders/latest",
    "/orders/{id}",
    "/orders/{id}/lines/{line}",
    "/orders/{id}.pdf",
    "/orders/report-{id}.pdf",
    "/orders/{id}/latest",
    "/files/{rest:path}",
    "/files/index",
    "/files/{name}/meta",
    "/é b",
)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/", ("/", [])),
        ("/orders", ("/orders", [])),
        ("/orders/", ("/orders/", [])),
        ("/orders/latest", ("/orders/latest", [])),
        ("/orders/7", ("/orders/{id}", ["7"])),
        ("/orders/7.pdf", ("/orders/{id}.pdf", ["7"])),
        ("/orders/.pdf", ("/orders/{id}", [".pdf"])),
        ("/orders/report-7.pdf", ("/orders/report-{id}.pdf", ["7"])),
        ("/orders/report-.pdf", ("/orders/{id}.pdf", ["report-"])),
        ("/orders/7/lines/3", ("/orders/{id}/lines/{line}", ["7", "3"])),
        ("/orders/latest/lines/3", ("/orders/{id}/lines/{line}", ["latest", "3"])),
        ("/orders/7.pdf/latest", ("/orders/{id}/latest", ["7.pdf"])),
        ("/orders/7/lines/", None),
        ("/orders//lines/3", None),
        ("/orders/7/", None),
        ("/Orders", None),
        ("/nothing", None),
        ("//", None),
        ("/files/index", ("/files/index", [])),
        ("/files/a/meta", ("/files/{name}/meta", ["a"])),
        ("/files/a/b/meta", ("/files/{rest:path}", ["a/b/meta"])),
        ("/files/a", ("/files/{rest:path}", ["a"])),
        ("/files/", ("/files/{rest:path}", [""])),
        ("/files", None),
        ("/files/a%2Fb/c", ("/files/{rest:path}", ["a/b/c"])),
        ("/orders/a%2Fb", ("/orders/{id}", ["a/b"])),
        ("/orders/%C3%A4", ("/orders/{id}", ["ä"])),
        ("/orders/l%61test", ("/orders/latest", [])),
        ("/%C3%A9%20b", ("/é b", [])),
        ("/orders/+", ("/orders/{id}", ["+"])),
        ("/orders/100%25", ("/orders/{id}", ["100%"])),
    ],
)
def test_what_is_found(path: str, expected: tuple[str, Sequence[str]] | None) -> None:
    """Literals come before affixes, affixes before placeholders, those before the rest; the walk goes back."""
    assert found(table_of(*PATHS), path) == expected


@pytest.mark.parametrize("path", ["/orders/%ff", "/orders/a%00b", "/orders/%C3", "/nothing/%80", "/%ED%A0%80"])
def test_what_cannot_be_decoded(path: str) -> None:
    """A path that is not UTF-8, or holds a NUL, is none at all, found or not."""
    with pytest.raises(UndecodablePathError):
        table_of(*PATHS).find(path)


@given(st.randoms(use_true_random=False))
def test_the_order_of_registration_does_not_count(shuffled: random.Random) -> None:
    """Whatever the order, the same path finds the same entry."""
    paths = [*PATHS, "/orders/{id}-x.pdf", "/orders/a{id}", "/orders/{id}z"]
    expected = table_of(*paths)
    shuffled.shuffle(paths)
    other = table_of(*paths)
    for path in ("/orders/7-x.pdf", "/orders/az", "/orders/a7", "/orders/7z", "/orders/report-7-x.pdf"):
        assert found(other, path) == found(expected, path)


SEGMENT = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), min_size=1)


@given(st.lists(SEGMENT, min_size=1, max_size=4))
def test_any_text_comes_back(texts: list[str]) -> None:
    """What a template is filled with is what a table finds in the path."""
    template = parse_template("/" + "/".join(f"{{p{index}}}" for index in range(len(texts))), "here")
    path = template.fill({f"p{index}": text for index, text in enumerate(texts)})
    assert path == "/" + "/".join(quote(text, safe="!$&'()*+,;=:@") for text in texts)
    table: PathTable[str] = PathTable()
    table.add(template, "entry")
    assert found(table, path) == ("entry", texts)


PART = st.sampled_from(["a", "b", "{p}", "{p}.pdf", "{p:path}"])
TEMPLATES = st.lists(st.lists(PART, min_size=1, max_size=3), min_size=1, max_size=6, unique_by=tuple)
TAIL = st.sampled_from(["a", "b", "c", "c.pdf"])


@given(TEMPLATES, st.lists(TAIL, min_size=1, max_size=3))
def test_paths_that_end_with_their_only_placeholder(templates: list[list[str]], path: list[str]) -> None:
    """What is known by the text before the last slash is what the walk finds."""
    table = table_of(*map(_written, templates))
    before, text = "".join(f"/{one}" for one in path[:-1]), path[-1]
    entry = table.last_placeholders().get(before)
    if entry is not None and f"{before}/{text}" not in table.static:
        assert found(table, f"{before}/{text}") == (entry, [text])


def _written(parts: Sequence[str]) -> str:
    """Give each placeholder a name of its own; the rest of a path can stand at the end alone."""
    *inner, last = (part.replace("{p", f"{{p{index}") for index, part in enumerate(parts))
    return "/" + "/".join([*(part.replace(":path", "") for part in inner), last])


def test_what_ends_with_its_only_placeholder() -> None:
    """It is known by what stands before; not where an affix would have to be looked at first."""
    table = table_of("/orders/{id}", "/orders/{id}/lines/{line}", "/{name}", "/files/{id}", "/files/{id}.pdf")
    assert table.last_placeholders() == {"/orders": "/orders/{id}", "": "/{name}"}

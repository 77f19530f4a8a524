"""What the builder of the site makes of the pages in docs/; ``make docs`` runs all of it."""

import json
import re
import zipfile
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from framework.layers import Layer
from framework.params import ParameterMarker
from framework.security import SecurityScheme
from tests.unit.test_docs_options import OPTIONS

_KINDS = {"framework.middleware": Layer, "framework.security": SecurityScheme, "framework.params": ParameterMarker}

_TOOLS = Path(__file__).parents[2] / "tools"


@pytest.fixture(scope="module", autouse=True)
def _path() -> Iterator[None]:
    """Import the programs of tools/ by their names, as they import each other."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(_TOOLS)
        yield


@pytest.fixture(scope="module")
def builder() -> ModuleType:
    """Return tools/build_docs.py."""
    return import_module("build_docs")


@pytest.fixture(scope="module")
def api() -> ModuleType:
    """Return tools/docs_api.py."""
    return import_module("docs_api")


@pytest.fixture(scope="module")
def options() -> ModuleType:
    """Return tools/docs_options.py."""
    return import_module("docs_options")


@pytest.fixture(scope="module")
def html() -> ModuleType:
    """Return tools/docs_html.py."""
    return import_module("docs_html")


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("layers.md#order", "layers.md#order"),
        ("../how-to/deploy.md", "../how-to/deploy.md"),
        ("#order", "#order"),
        ("https://example.com/a", "https://example.com/a"),
        ("../../CHANGELOG.md", "../changelog.md"),
        ("../../README.md", "../index.md"),
        ("../../README.md#serving", "../index.md"),
        ("../../app_template", "../template.md"),
        ("../../app_template/tests", "../template.md"),
        ("../../framework/cli/explanations", "../errors/index.md"),
        ("../../framework/cli/explanations/E101.md", "../errors/E101.md"),
    ],
)
def test_links_lead_to_pages_of_the_site(builder: ModuleType, target: str, expected: str) -> None:
    """Also those that lead to files outside docs/ in the repository."""
    page, origin = builder.STAGED / "reference" / "page.md", builder.DOCS / "reference" / "page.md"

    assert builder.site_target(target, page, origin) == expected


def test_a_link_to_a_project_leads_to_an_archive(
    builder: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A site has no folders to look into."""
    monkeypatch.setattr(builder, "STAGED", tmp_path)
    page, origin = tmp_path / "tutorial" / "1-controllers.md", builder.DOCS / "tutorial" / "1-controllers.md"

    target = builder.site_target("steps/step_1_controllers", page, origin)

    assert target == "steps/step_1_controllers.zip"
    with zipfile.ZipFile(tmp_path / "tutorial" / target) as archive:
        assert "step_1_controllers/shop/main.py" in archive.namelist()


def test_links_in_code_are_kept(builder: ModuleType) -> None:
    """Only sentences have links."""
    page, origin = builder.STAGED / "page.md", builder.DOCS / "page.md"
    text = "[a](../CHANGELOG.md)\n\n```text\n[a](../CHANGELOG.md)\n```\n"

    assert builder.with_links_of_the_site(text, page, origin) == text.replace("../CHANGELOG.md", "changelog.md", 1)


def test_every_page_is_in_the_contents(builder: ModuleType) -> None:
    """The lists of docs/index.md name each page, and llms.txt has them too."""
    index = (builder.DOCS / "index.md").read_text(encoding="utf-8")
    pages = {page.relative_to(builder.DOCS).as_posix() for page in builder.DOCS.rglob("*.md")} - {"index.md"}

    listed = {page for _, text in builder.sections(index) for _, page in builder.ENTRY.findall(text)}

    assert pages - listed == set()
    assert all(f"({page})" in builder.summary(index) for page in pages)


def test_every_error_code_has_a_page(builder: ModuleType) -> None:
    """It is copied, and the generated overview lists it with its title."""
    overview = builder.overview()

    assert "errors/E101.md" in builder.COPIED.values()
    assert "- [E101](E101.md): a parameter has no type annotation\n" in overview
    assert [one for one in builder.EXPLANATIONS.values() if f"({one.removeprefix('errors/')})" not in overview] == []


def test_every_public_name_has_an_entry(api: ModuleType, tmp_path: Path) -> None:
    """Each name of each public module is on the page of its module, or leads to it."""
    api.write_modules(tmp_path / "api")

    for name, names in api.public_modules().items():
        text = (tmp_path / "api" / f"{name}.rst").read_text(encoding="utf-8")
        for one in names:
            written = (f":: {name}.{one}\n", f":: {one}\n   :module: {name}\n")
            assert any(entry in text for entry in written) or f"~{api.home_of(one)}.{one}`" in text


def test_every_public_name_is_described(api: ModuleType) -> None:
    """Classes, functions, type aliases and constants have docstrings, also those that another module assigns."""
    places = [(name, one) for name, names in api.public_modules().items() if name != "framework" for one in names]
    data = {place for place in places if api.entry(*place)[0].startswith(".. py:data")}
    texts = {place: api.described(*place)[1] for place in data}
    texts |= {place: getattr(import_module(place[0]), place[1]).__doc__ for place in places if place not in data}

    assert [place for place, text in texts.items() if not text] == []
    assert {("framework.middleware", "COMPRESSIBLE"), ("framework.typedefs", "Guard")} <= data


def test_a_type_alias_shows_its_type(api: ModuleType) -> None:
    """Its docstring is where it is assigned."""
    assert api.entry("framework.typedefs", "Guard")[:5] == [
        ".. py:data:: Guard",
        "   :module: framework.typedefs",
        "   :value: Callable[..., Awaitable[None]]",
        "",
        "   ``async (request, …) -> None``; raises an error, usually an HTTPError, to refuse the request.",
    ]


def test_versions_are_listed_from_the_newest(builder: ModuleType, tmp_path: Path) -> None:
    """The first page leads to the newest release; a folder without a site is not a version."""
    for name in ("0.9", "0.10", "0.10.1", "main", "empty"):
        (tmp_path / name).mkdir()
        if name != "empty":
            (tmp_path / name / "index.html").touch()

    builder.list_versions(tmp_path)

    listed = json.loads((tmp_path / "versions.json").read_text(encoding="utf-8"))
    assert listed == {"versions": ["0.10.1", "0.10", "0.9", "main"]}
    assert 'content="0; url=0.10.1/"' in (tmp_path / "index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["..", "a/b", "a b"])
def test_a_version_is_the_name_of_a_folder(builder: ModuleType, name: str) -> None:
    """Nothing outside of the folder of versions is deleted."""
    with pytest.raises(SystemExit):
        builder.main(["--version", name])


def test_dead_links_are_found(html: ModuleType, tmp_path: Path) -> None:
    """Pages, files and anchors; links to other hosts are not followed."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b.html").write_text(
        '<h1 id="x&amp;y">B</h1><a href="../index.html#gone">A</a>', encoding="utf-8"
    )
    (tmp_path / "index.html").write_text(
        '<a href="a/b.html#x%26y">1</a><a href="a/b.html">2</a><a class="c" href="#here" id="here">3</a>'
        '<a href="https://example.com/gone">4</a><a href="a/c.html">5</a><a href="#">6</a><a href="mailto:a@b.c">7</a>',
        encoding="utf-8",
    )

    assert sorted(html.dead_links(tmp_path)) == ["a/b.html: ../index.html#gone", "index.html: a/c.html"]


def test_what_pages_load_from_elsewhere_is_found(html: ModuleType, tmp_path: Path) -> None:
    """Scripts, pictures and what styles name; a link that a person follows loads nothing."""
    (tmp_path / "a.css").write_text('a { background: url("https://c.example/a.png") }', encoding="utf-8")
    (tmp_path / "index.html").write_text(
        '<a href="https://a.example">A</a><script src="//b.example/x.js"></script><img src="x.png">', encoding="utf-8"
    )

    assert sorted(html.loaded_from_elsewhere(tmp_path)) == ["//b.example/x.js", "https://c.example/a.png"]


def test_signatures_are_repaired(html: ModuleType) -> None:
    """Their lines are not a list without terms, and a table has no empty header."""
    signature = '<dt><span class="sig-paren">(</span>\n\n<dl>\n<dd><em>a</em>,</dd>\n</dl>\n\n</dt><dl><dd>b</dd></dl>'

    assert html.accessible(f'{signature}<th class="head"><p></p></th>') == (
        '<dt><span class="sig-paren">(</span><span class="sig-line"><em>a</em>,</span>\n\n\n</dt><dl><dd>b</dd></dl>'
        "<td></td>"
    )


def test_the_page_of_options_has_every_option(options: ModuleType, builder: ModuleType) -> None:
    """Each has a meaning, from a table of its page, and a default unless it is required."""
    page = options.page_of_options(builder.DOCS)

    for group in options.PLACES.values():
        for title, path, _ in group:
            section = page.partition(f"\n### {title}\n")[2].partition("\n### ")[0]
            rows = dict(re.findall(r"^\| `(\w+)` \|[^|]+\| (.*) \|$", section, re.MULTILINE))
            assert [name for name in options.options_of(path) if not rows.get(name)] == [], title


def test_the_page_of_options_has_everything_with_options(options: ModuleType) -> None:
    """All that has a table of options of its own, all middlewares, security schemes and markers of parameters."""
    found = {value for module, base in _KINDS.items() for value in subclasses(module, base)}

    listed = {path.rpartition(".")[2] for group in options.PLACES.values() for _, path, _ in group}
    titles = {title for group in options.PLACES.values() for title, _, _ in group}

    assert found - listed == set()
    assert {of for _, of in OPTIONS} - titles == set()


def subclasses(module: str, base: type) -> Iterator[str]:
    """Yield the names of the public classes of a module that derive from a class, which have options."""
    for name in import_module(module).__all__:
        value = getattr(import_module(module), name)
        if isinstance(value, type) and issubclass(value, base) and value is not base:
            yield name


def test_links_of_the_page_of_options_are_those_of_the_table(options: ModuleType, builder: ModuleType) -> None:
    """They are written for the folder of their own page."""
    rows = {one.name: one for one in options.rows_of("framework.App", "settings.md", builder.DOCS)}
    others = {one.name: one for one in options.rows_of("framework.middleware.CSRF", "middleware/csrf.md", builder.DOCS)}

    assert "](settings.md#limits)" in rows["limits"].meaning
    assert "](routing.md#routers)" in rows["controllers"].meaning
    assert all("](../" not in one.meaning or "](middleware/../" in one.meaning for one in others.values())


def test_the_page_of_options_is_in_the_contents(builder: ModuleType) -> None:
    """It is the last page of the reference, also in llms.txt."""
    index = builder.with_page_of_options((builder.DOCS / "index.md").read_text(encoding="utf-8"))

    pages = {title: builder.ENTRY.findall(text) for title, text in builder.sections(index)}
    assert pages["Reference"][-1] == ("All options", "reference/options.md")
    assert "- [All options](reference/options.md): of every" in builder.summary(index)

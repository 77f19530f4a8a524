"""What the builder of the site makes of the pages in docs/; ``make docs`` runs all of it."""

import sys
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

_ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def builder() -> ModuleType:
    """Return tools/build_docs.py as a module."""
    spec = spec_from_file_location("build_docs", _ROOT / "tools" / "build_docs.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


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


def test_every_public_name_has_an_entry(builder: ModuleType, tmp_path: Path) -> None:
    """Each name of each public module is on the page of its module, or leads to it."""
    builder.write_modules(tmp_path / "api")

    for name, names in builder.public_modules().items():
        text = (tmp_path / "api" / f"{name}.rst").read_text(encoding="utf-8")
        for one in names:
            home = getattr(getattr(import_module(name), one), "__module__", name)
            assert f" {name}.{one}\n" in text or f"~{home}.{one}`" in text

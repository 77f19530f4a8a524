"""Folders that cannot be served, and their settings."""

from pathlib import Path
from typing import Any

import pytest

from framework import DefinitionError
from framework.caching import CacheControl
from framework.errors import InvalidOptionError
from framework.static import StaticFiles
from tests.startup.expected import Told, mistakes


def about(what: str, hint: str) -> Told:
    """Return the one mistake of a folder at /assets."""
    return [(InvalidOptionError, f"StaticFiles('/assets'): {what}.\n  Hint: {hint}.")]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """A missing folder is told at start-up, and so is a file in its place."""
    (tmp_path / "file").touch()
    for missing in (tmp_path / "none", tmp_path / "file"):
        assert mistakes(StaticFiles("/assets", missing)) == about(
            f"directory={str(missing)!r} is not a folder",
            f"make it, or give the path of one; a relative path begins at {Path.cwd()}",
        )


def test_a_fallback_that_is_not_there(tmp_path: Path) -> None:
    """The page of a single-page application must be there."""
    assert mistakes(StaticFiles("/assets", tmp_path, fallback="index.html")) == about(
        f"fallback='index.html' is not a file in {str(tmp_path)!r}", "make it, or name one that is there"
    )


def test_encodings_that_nobody_knows(tmp_path: Path) -> None:
    """Encodings have the names that Accept-Encoding gives them."""
    assert mistakes(StaticFiles("/assets", tmp_path, precompressed=("gz", "br"))) == about(
        "precompressed= names 'gz'", "use 'zstd', 'br', 'gzip', or () for none"
    )


def test_a_policy_that_contradicts_itself(tmp_path: Path) -> None:
    """A policy is checked as that of a route."""
    assert mistakes(StaticFiles("/assets", tmp_path, cache_control=CacheControl(public=True, private=True))) == about(
        "cache_control= is not a policy: public and private exclude each other", "keep what is meant"
    )


@pytest.mark.parametrize(
    ("setting", "value", "what", "example"),
    [
        ("directory", 3, "a path", 'directory="assets"'),
        ("directory", "", "a path", 'directory="assets"'),
        ("index", 3, "the name of a file", 'index="index.html"'),
        ("fallback", "", "the name of a file", 'fallback="index.html"'),
        ("precompressed", "br", "a sequence of encodings", 'precompressed=("br", "gzip")'),
        ("immutable", "*.js", "a sequence of patterns", 'immutable=("*-????????.js",)'),
        ("cache_control", "no-cache", "a CacheControl", "cache_control=CacheControl(max_age=60)"),
        ("guards", 3, "a sequence", "guards=(require_user,)"),
        ("name", "", "a text with something in it", 'name="orders"'),
    ],
)
def test_settings(tmp_path: Path, setting: str, value: Any, what: str, example: str) -> None:
    """Each setting has a type, and the hint shows a value of it."""
    settings: dict[str, Any] = {"directory": tmp_path, setting: value}
    assert mistakes(StaticFiles("/assets", **settings)) == about(
        f"{setting}={value!r} is not {what}", f"write it as {example}"
    )


def test_a_path_that_another_has(tmp_path: Path) -> None:
    """Two folders at one path are told as two routes are."""
    found = mistakes(StaticFiles("/assets", tmp_path), StaticFiles("/assets", tmp_path))
    ((error, text),) = found
    assert issubclass(error, DefinitionError)
    assert "GET /assets/{path:path} is also handled by" in text

#!/usr/bin/env python3
"""Checks the wheel and the source distribution in a folder before they are published; ``make release-check``."""

import email.parser
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

__all__ = ("findings",)

ROOT = Path(__file__).parents[1]
PACKAGES = ("framework", "app_template")
NOT_PACKAGED = (".md", ".db")
"""What may be in the folders of the packages without being part of them."""
EXPLANATIONS = "framework/cli/explanations/"
"""A folder whose Markdown files are packaged."""
MOST_BYTES = 4 * 1024 * 1024
"""Of each file; the assets of the documentation pages are most of it."""
MOST_CODE = 1536 * 1024
"""Of the compressed code in the wheel."""


def findings(folder: Path, root: Path = ROOT) -> list[str]:
    """Return what prevents the files in a folder from being published; an empty list if nothing does."""
    version = _version(root)
    wheel = folder / f"framework_aiohttp-{version}-py3-none-any.whl"
    source = folder / f"framework_aiohttp-{version}.tar.gz"
    found = {one.name for one in folder.iterdir()}
    expected = {wheel.name, source.name}
    if found != expected:
        return [f"{folder} contains {sorted(found)}, expected {sorted(expected)}"]
    return [*_of_wheel(wheel, root), *_of_source(source, root)]


def _version(root: Path) -> str:
    scope: dict[str, str] = {}
    for line in (root / "framework" / "_version.py").read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition(" = ")
        scope[name] = value.strip('"')
    return scope["__version__"]


def _files(root: Path) -> set[str]:
    """Return the files of the packages in the checkout, as they are named in a distribution."""
    files = (one for package in PACKAGES for one in (root / package).rglob("*") if one.is_file())
    names = {one.relative_to(root).as_posix() for one in files}
    packaged = (one for one in names if one.startswith(EXPLANATIONS) or not one.endswith(NOT_PACKAGED))
    return {one for one in packaged if "__pycache__" not in one}


def _of_wheel(wheel: Path, root: Path) -> Iterator[str]:
    with zipfile.ZipFile(wheel) as archive:
        infos = {one.filename: one for one in archive.infolist()}
        (about,) = [one for one in infos if one.endswith(".dist-info/METADATA")]
        metadata = email.parser.BytesParser().parsebytes(archive.read(about))
    known, info = _files(root), about.removesuffix("METADATA")
    yield from (f"the wheel lacks {one}" for one in sorted(known - infos.keys()))
    extra = {one for one in infos if not one.startswith(info)} - known
    yield from (f"the wheel contains {one}, which is not in the packages" for one in sorted(extra))
    needed = {f"{info}licenses/LICENSE", f"{info}entry_points.txt", *(f"{one}/py.typed" for one in PACKAGES)}
    yield from (f"the wheel lacks {one}" for one in sorted(needed - infos.keys() - known))
    code = sum(one.compress_size for one in infos.values() if "/assets/" not in one.filename)
    if code > MOST_CODE:
        yield f"the code in the wheel has {code} bytes, more than {MOST_CODE}"
    yield from _of_size(wheel)
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    missing = set(project["optional-dependencies"]) - set(metadata.get_all("Provides-Extra", ()))
    yield from (f"the metadata lack the extra {one}" for one in sorted(missing))
    if metadata["Requires-Python"] != project["requires-python"]:
        yield f"the metadata require Python {metadata['Requires-Python']}"


def _of_source(source: Path, root: Path) -> Iterator[str]:
    with tarfile.open(source) as archive:
        names = {one.name.partition("/")[2] for one in archive.getmembers() if one.isfile()}
    needed = {"LICENSE", "README.md", "pyproject.toml", "setup.cfg", *_files(root)}
    yield from (f"the source distribution lacks {one}" for one in sorted(needed - names))
    yield from _of_size(source)


def _of_size(file: Path) -> Iterator[str]:
    size = file.stat().st_size
    if size > MOST_BYTES:
        yield f"{file.name} has {size} bytes, more than {MOST_BYTES}"


if __name__ == "__main__":
    sys.exit("\n".join(findings(Path(sys.argv[1]))) or 0)

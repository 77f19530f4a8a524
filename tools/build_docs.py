#!/usr/bin/env python3
"""Builds the site of the documentation into build/site: pages, reference of all public names, search, llms.txt.

The pages in docs/ are read on code hosts too, so they have plain links. This program copies them, leads links to files
outside docs/ to pages of the site, makes the table of contents from the lists of docs/index.md, adds a page for each
public module and each error code, and runs Sphinx, where every warning is an error. Whatever loads from another host is
an error as well.
"""

import json
import re
import shutil
import subprocess
import sys
import zipfile
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from pathlib import Path

from docs_api import write_modules
from docs_html import dead_links, loaded_from_elsewhere, make_accessible
from docs_options import PAGE, page_of_options

from framework.cli.codes import titles

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
STAGED = ROOT / "build" / "docs"
SITE = ROOT / "build" / "site"
VERSIONS = ROOT / "build" / "versions"

# Files outside docs/ that are pages of the site.
OUTSIDE = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security-policy.md",
    "CODE_OF_CONDUCT.md": "code-of-conduct.md",
    "app_template/README.md": "template.md",
    "examples/README.md": "examples.md",
}
# The explanations of error codes: pages of the command line and of the site.
CODES = "framework/cli/explanations"
EXPLANATIONS = {one.relative_to(ROOT).as_posix(): f"errors/{one.name}" for one in sorted((ROOT / CODES).glob("*.md"))}
COPIED = {**OUTSIDE, **EXPLANATIONS}
# Where links to other places of the repository lead.
NEAREST = {
    "README.md": "index.md",
    "app_template": "template.md",
    "examples/tests": "examples.md",
    CODES: "errors/index.md",
}
LINK = re.compile(r"(?P<before>!?\[(?:[^\][]|\[[^\]]*\])*\]\()(?P<target>[^)\s]+)(?P<after>\))")
FENCED = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)
ENTRY = re.compile(r"\[([^\]]*)\]\(([^)#]+\.md)\)")


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the site. Returns the exit code of Sphinx, or 1 if a link is dead or a page loads from another host."""
    parser = ArgumentParser(description="Builds the site of the documentation into build/site.")
    parser.add_argument("--version", default="", help="build into build/versions/VERSION, beside other versions")
    version = parser.parse_args(arguments).version
    if not re.fullmatch(r"[\w.-]*", version) or version in (".", ".."):
        parser.error(f"{version!r} cannot be the name of a folder")
    site = VERSIONS / version if version else SITE
    for folder in (STAGED, site):
        shutil.rmtree(folder, ignore_errors=True)
    stage()
    code = run_sphinx(site, version)
    make_accessible(site)
    finish(site)
    if version:
        list_versions(VERSIONS)
    found = [f"loaded from another host: {one}" for one in sorted(set(loaded_from_elsewhere(site)))]
    found += [f"dead link: {one}" for one in dead_links(site)]
    sys.stderr.writelines(f"{one}\n" for one in found)
    sys.stdout.write(f"{len(list(site.rglob('*.html')))} pages in {site.relative_to(ROOT)}\n")
    return code or bool(found)


def run_sphinx(site: Path, version: str) -> int:
    """Write the pages. Returns the exit code."""
    options = ["-b", "html", "-W", "--keep-going", "-q", "-j", "auto", "-A", f"site_version={version}"]
    command = [sys.executable, "-m", "sphinx", *options, str(STAGED), str(site)]
    return subprocess.run(command, check=False).returncode  # noqa: S603  ours


def finish(site: Path) -> None:
    """Add what programs read, llms.txt and the Markdown of the pages; a host must not run Jekyll on the site."""
    for file in (STAGED / "llms.txt", *STAGED.rglob("*.md")):
        target = site / file.relative_to(STAGED)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, target)
    (site / ".nojekyll").touch()


def list_versions(folder: Path) -> None:
    """Write which versions there are, for the list in the sidebar of each, and a page that leads to the newest one."""
    versions = sorted((one.name for one in folder.iterdir() if (one / "index.html").exists()), key=order, reverse=True)
    (folder / "versions.json").write_text(json.dumps({"versions": versions}) + "\n", encoding="utf-8")
    (folder / "index.html").write_text(
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>framework-aiohttp</title>\n'
        f'<meta http-equiv="refresh" content="0; url={versions[0]}/">\n'
        f'<p><a href="{versions[0]}/">The documentation of {versions[0]}</a></p>\n',
        encoding="utf-8",
    )
    (folder / ".nojekyll").touch()


def order(version: str) -> tuple[int, ...]:
    """Return the key by which versions are sorted: by their numbers, and names without numbers are the oldest."""
    return tuple(int(one) for one in re.findall(r"\d+", version))


def stage() -> None:
    """Write everything that Sphinx reads."""
    shutil.copytree(DOCS, STAGED)
    (STAGED / "errors").mkdir()
    for source, name in COPIED.items():
        shutil.copy(ROOT / source, STAGED / name)
    origins = {STAGED / name: ROOT / source for source, name in COPIED.items()}
    for page in STAGED.rglob("*.md"):
        origin = origins.get(page, DOCS / page.relative_to(STAGED))
        text = page.read_text(encoding="utf-8")
        page.write_text(with_links_of_the_site(text, page, origin), encoding="utf-8")
    (STAGED / "errors" / "index.md").write_text(overview(), encoding="utf-8")
    modules = write_modules(STAGED / "api")
    (STAGED / PAGE).write_text(page_of_options(DOCS), encoding="utf-8")
    index = STAGED / "index.md"
    text = with_page_of_options(index.read_text(encoding="utf-8"))
    (STAGED / "llms.txt").write_text(summary(text), encoding="utf-8")
    index.write_text(with_contents(text, modules), encoding="utf-8")


def with_page_of_options(index: str) -> str:
    """Return the index with a row for the page of all options, which is the last one of the reference."""
    row = f"- [All options]({PAGE}): of every decorator and class, with defaults\n"
    return re.sub(r"(?ms)^(## Reference\n.*?)(?=\n^## )", lambda match: match[1] + row, index, count=1)


def overview() -> str:
    """Return the page that lists the explanations of all error codes."""
    rows = "".join(f"- [{code}]({code}.md): {title}\n" for code, title in titles().items())
    pages = "".join(f"{code}\n" for code in titles())
    return (
        "# Error codes\n\nAfter this page you can find the explanation of an error at start-up: a small program that "
        "has it, its message, and the corrected program. `framework explain E101` prints the same page.\n\n"
        f"{rows}\n```{{toctree}}\n:hidden:\n\n{pages}```\n"
    )


def with_links_of_the_site(text: str, page: Path, origin: Path) -> str:
    """Return the text of a page, whose links lead to pages of the site; ``origin`` is the file that was copied."""

    def replaced(match: re.Match[str]) -> str:
        return match["before"] + site_target(match["target"], page, origin) + match["after"]

    parts = FENCED.split(text)
    return "".join(part if part.startswith("```") else LINK.sub(replaced, part) for part in parts)


def site_target(target: str, page: Path, origin: Path) -> str:
    """Return where a link leads on the site."""
    path, hash_sign, anchor = target.partition("#")
    if not path or ":" in path:
        return target
    found = (origin.parent / path).resolve()
    place = found.relative_to(ROOT).as_posix()
    if found.is_relative_to(DOCS):
        staged = archived(found) if found.is_dir() else STAGED / found.relative_to(DOCS)
    elif place in COPIED:
        staged = STAGED / COPIED[place]
    else:
        name = next((to for start, to in NEAREST.items() if place == start or place.startswith(f"{start}/")), None)
        if name:
            return relative(STAGED / name, page)  # another page, which has other headings
        staged = copied(found, place)
    return relative(staged, page) + hash_sign + anchor


def copied(found: Path, place: str) -> Path:
    """Copy a file of the repository that a page links to, so that readers can open it."""
    target = STAGED / "files" / place
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(found, target)
    return target


def archived(folder: Path) -> Path:
    """Write a folder of docs/ that a page links to as an archive, so that readers can download it."""
    target = STAGED / folder.relative_to(DOCS).with_suffix(".zip")
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                archive.write(file, Path(folder.name) / file.relative_to(folder))
    return target


def relative(target: Path, page: Path) -> str:
    """Return the path from a page to a file."""
    up = 0
    folder = page.parent
    while not target.is_relative_to(folder):
        folder, up = folder.parent, up + 1
    return "../" * up + target.relative_to(folder).as_posix()


def sections(index: str) -> Iterator[tuple[str, str]]:
    """Yield the headings of the index that have lists of pages, with the text below."""
    for part in re.split(r"^## ", index, flags=re.MULTILINE)[1:]:
        title, _, text = part.partition("\n")
        if ENTRY.search(text):
            yield title, text


def with_contents(index: str, modules: list[str]) -> str:
    """Return the index with hidden tables of contents, in the order of its lists."""
    contents = [
        (title, list(dict.fromkeys(page for _, page in ENTRY.findall(text)))) for title, text in sections(index)
    ]
    contents.append(("Public names", modules))
    listed = {page for _, pages in contents for page in pages}
    contents.append(("The project", [name for name in OUTSIDE.values() if name not in listed]))
    blocks = ("".join(f"{page}\n" for page in pages) for _, pages in contents)
    hidden = (
        f"```{{toctree}}\n:hidden:\n:caption: {title}\n\n{block}```\n"
        for (title, _), block in zip(contents, blocks, strict=True)
    )
    return index + "\n" + "\n".join(hidden)


def summary(index: str) -> str:
    """Return llms.txt: the title, what it is, and each page with its address and a description."""
    title, first = index.split("\n\n")[:2]
    parts = [title, "> " + " ".join(first.split())]
    for heading, text in sections(index):
        parts.append(f"## {heading}\n\n" + "\n".join(rows_of(text)))
    return "\n\n".join(parts) + "\n"


def rows_of(text: str) -> Iterator[str]:
    """Yield a row for each page of a list: ``- [Name](page.md): what it is about``."""
    for item in re.split(r"^(?:- |\d+\. )", text, flags=re.MULTILINE):
        pages = ENTRY.findall(item)
        about = item.partition("): ")[2] if len(pages) == 1 else ""
        for name, page in pages:
            yield f"- [{name}]({page.removeprefix('../')})" + (f": {' '.join(about.split())}" if about else "")


if __name__ == "__main__":
    sys.exit(main())

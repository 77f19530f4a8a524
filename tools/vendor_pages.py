#!/usr/bin/env python3
"""Vendor the documentation pages: fetch the pinned npm tarballs, check them, and write the files that pages need.

To move to another version change ``version`` and ``integrity`` of a tarball below (``npm view PACKAGE@VERSION
dist.integrity``), run this file from anywhere (it needs only Python and npm), try the page in a browser, and commit
what was written. It writes all pages, or those that are named: ``vendor_pages.py swagger-ui``.
"""

import base64
import gzip
import hashlib
import io
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

ASSETS = Path(__file__).resolve().parent.parent / "framework" / "_document" / "pages" / "assets"
COMPRESSED = (".js", ".css")
WORDMARK = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='44' height='14'%3E%3Ctext y='11'"
    " font-family='sans-serif' font-size='11' font-weight='700' fill='%232467F2'%3ERedocly%3C/text%3E%3C/svg%3E"
)
LARGE = 10_000


class Tarball(NamedTuple):
    """One release of one npm package, and the files that are taken from it: path -> name."""

    package: str
    version: str
    integrity: str
    files: Mapping[str, str]


class Vendored(NamedTuple):
    """What the folder of one page is made of; the first tarball is the page itself."""

    tarballs: Sequence[Tarball]
    replaced: Mapping[str, str] = MappingProxyType({})
    """Texts in its script that are written otherwise: what would ask for something, here or elsewhere."""
    unreached: Sequence[str] = ()
    """Code that evaluates text, and that no browser reaches which shows the page as we start it."""


PAGES: Mapping[str, Vendored] = {
    "swagger-ui": Vendored(
        tarballs=(
            Tarball(
                "swagger-ui-dist",
                "5.35.0",
                "sha512-U06rpMtW9V3XPGOBeamTUSr0Z09jMX4IJuANpE/EZbAhw0G8CgwrzU4YmXkn/h0wCDNsXdGarTNNHC3sU8yVUQ==",
                {
                    name: name
                    for name in (
                        "LICENSE",
                        "NOTICE",
                        "favicon-32x32.png",
                        "index.css",
                        "oauth2-redirect.html",
                        "oauth2-redirect.js",
                        "swagger-ui-bundle.js",
                        "swagger-ui-bundle.js.LICENSE.txt",
                        "swagger-ui.css",
                    )
                },
            ),
        ),
        # Fallbacks for engines without globalThis or Function.prototype.bind.
        unreached=(
            '||Function("return this")()',
            'if("object"==typeof globalThis)return globalThis;try{return this||new Function("return this")()}',
            'Function("binder","return function (',
        ),
    ),
    "redoc": Vendored(
        tarballs=(
            Tarball(
                "redoc",
                "3.0.1",
                "sha512-KDfoKaYW19LCl4YStgBnwlaNjYEFfs5zCNt1s1WZ2YM5u8d26Yuzd2l43fZO851ZsgIMe/D640fDJkD8eaRQKQ==",
                {"LICENSE": "LICENSE", "bundles/redoc.standalone.js": "redoc.standalone.js"},
            ),
        ),
        replaced={
            # The logo beside «API docs by», which is fetched without being asked for.
            "https://cdn.redoc.ly/redoc/logo-mini-full.svg": WORDMARK,
            "https://cdn.redoc.ly/redoc/logo-mini.svg": "data:,",
            # The menus that hand the document to chatgpt.com and claude.ai; there is no option for them.
            "showPageActions:!0": "showPageActions:!1",
        },
        unreached=(
            # Fallbacks for engines without globalThis.
            "||Function(`return this`)()",
            # The search in a worker; without Worker it runs in the page.
            "Function(`return `+t)()(self)",
            'Function("return "+c)()(self)',
            "Function(XDe)",
        ),
    ),
    "scalar": Vendored(
        tarballs=(
            Tarball(
                "@scalar/api-reference",
                "1.76.0",
                "sha512-pjqwnzmA9YK3ZX+IZSICMsywm4qI6HLSngR2py9H6TvFApHHuJjkTAd+gFJfnqJDzJuro8k7ji6JCtJ2U+Byng==",
                {"dist/browser/standalone.js": "scalar.js"},
            ),
            # Of the same house and repository, and what the page is built with; the tarball above has no licence in it.
            Tarball(
                "@scalar/types",
                "0.25.0",
                "sha512-EdwOVV5ajKks4MX5BorHIdMLG0L8EAxfz+NisAPV8l7Rsic50+YoWnqkY1eqB6K96iyreIKUdl7B/PIFGLqylg==",
                {"LICENSE": "LICENSE"},
            ),
        ),
        replaced={"//# sourceMappingURL=standalone.js.map": ""},
        # A question to the browser, which jitless leaves out.
        unreached=("try{return Function(``),!0}catch{return!1}",),
    ),
}

EVALUATION = re.compile(r"\beval\(|\bFunction\([^)]")
INLINE = re.compile(r"<script(?![^>]*\bsrc=)[^>]*>|<style|\sstyle=|\son\w+=|javascript:", re.IGNORECASE)


def main(names: Sequence[str]) -> None:
    """Replace the vendored files of the pages with these names by those of the pinned versions."""
    for name in names or PAGES:
        page = PAGES[name]
        files: dict[str, bytes] = {}
        for tarball in page.tarballs:
            files |= read_members(tarball, download(tarball))
        files = {file: rewrite(page, file, data) for file, data in files.items()}
        check(page, files)
        written = dict(compress(file, data) for file, data in files.items())
        version = page.tarballs[0].version
        write(ASSETS / name, written | {"VERSION": f"{version}\n".encode()})
        sys.stdout.write(f"{name} {version}: {len(written)} files, {sum(map(len, written.values()))} bytes\n")


def download(tarball: Tarball) -> bytes:
    """Return the tarball as npm hands it out, after comparing it with its ``integrity``."""
    npm = shutil.which("npm")
    if npm is None:
        raise SystemExit("npm is not installed")
    release = f"{tarball.package}@{tarball.version}"
    with tempfile.TemporaryDirectory() as folder:
        command = (npm, "pack", "--silent", "--ignore-scripts", f"--pack-destination={folder}", release)
        subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL)  # noqa: S603 - constants only
        (packed,) = Path(folder).glob("*.tgz")
        content = packed.read_bytes()
    found = "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode()
    if found != tarball.integrity:
        raise SystemExit(f"{release} has another checksum:\n  pinned {tarball.integrity}\n  found  {found}")
    return content


def read_members(tarball: Tarball, content: bytes) -> dict[str, bytes]:
    """Return the wanted files by name, read without unpacking anything onto the disk."""
    files: dict[str, bytes] = {}
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
        for path, name in {**tarball.files, "package.json": "package.json"}.items():
            member = archive.extractfile(f"package/{path}")
            if member is None:
                raise SystemExit(f"{path} is no file in {tarball.package}")
            files[name] = member.read()
    version = json.loads(files.pop("package.json"))["version"]
    if version != tarball.version:
        raise SystemExit(f"{tarball.package} holds version {version}, not {tarball.version}")
    return files


def rewrite(page: Vendored, name: str, data: bytes) -> bytes:
    """Return a file with what is replaced in it; what is not found any more has to be looked at anew."""
    if not name.endswith(".js"):
        return data
    for old, new in page.replaced.items():
        if old.encode() not in data:
            raise SystemExit(f"{name} does not hold {old!r} any more")
        data = data.replace(old.encode(), new.encode())
    return data


def check(page: Vendored, files: Mapping[str, bytes]) -> None:
    """Stop when the files would not run under the page's Content-Security-Policy, or come without their licence."""
    if "LICENSE" not in files:
        raise SystemExit("There is no LICENSE")
    for name, data in files.items():
        if name.endswith(".js") and (found := evaluations(page, data.decode())):
            raise SystemExit(f"{name} evaluates text: {found[0]}")
        if name.endswith(".html") and (found := INLINE.findall(data.decode())):
            raise SystemExit(f"{name} has inline script or style: {found[0]}")


def evaluations(page: Vendored, script: str) -> list[str]:
    """Return the places of a script at which text is evaluated."""
    for fallback in page.unreached:
        script = script.replace(fallback, "")
    return [script[max(0, found.start() - 80) : found.end() + 80] for found in EVALUATION.finditer(script)]


def compress(name: str, data: bytes) -> tuple[str, bytes]:
    """Return name and content as they are stored; gzip has no name and no time, so that the same input is the same."""
    if len(data) < LARGE or not name.endswith(COMPRESSED):
        return name, data
    target = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=target, mtime=0) as stream:
        stream.write(data)
    return f"{name}.gz", target.getvalue()


def write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write the files into an emptied folder, with a MANIFEST that ``sha256sum -c`` reads."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    lines = [f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(files.items())]
    for name, data in (*files.items(), ("MANIFEST", "".join(lines).encode())):
        (folder / name).write_bytes(data)


if __name__ == "__main__":
    main(sys.argv[1:])

#!/usr/bin/env python3
"""Vendor Swagger UI: fetch the pinned npm tarball, check it, and write the files that the documentation page needs.

To move to another version change ``VERSION`` and ``INTEGRITY`` (``npm view swagger-ui-dist@X dist.integrity``), run
this file from anywhere (it needs only Python and npm), try the page in a browser, and commit what was written.
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
from collections.abc import Mapping
from pathlib import Path

PACKAGE = "swagger-ui-dist"
VERSION = "5.35.0"
INTEGRITY = "sha512-U06rpMtW9V3XPGOBeamTUSr0Z09jMX4IJuANpE/EZbAhw0G8CgwrzU4YmXkn/h0wCDNsXdGarTNNHC3sU8yVUQ=="

ASSETS = Path(__file__).resolve().parent.parent / "framework" / "_openapi" / "assets"
COMPRESSED = ("swagger-ui-bundle.js", "swagger-ui.css")
COPIED = (
    "LICENSE",
    "NOTICE",
    "favicon-32x32.png",
    "index.css",
    "oauth2-redirect.html",
    "oauth2-redirect.js",
    "swagger-ui-bundle.js.LICENSE.txt",
)

# Fallbacks for engines without globalThis or Function.prototype.bind: no browser that runs the bundle reaches them.
UNREACHED = (
    '||Function("return this")()',
    'if("object"==typeof globalThis)return globalThis;try{return this||new Function("return this")()}',
    'Function("binder","return function (',
)
EVALUATION = re.compile(r"\beval\(|\bFunction\([^)]")
INLINE = re.compile(r"<script(?![^>]*\bsrc=)[^>]*>|<style|\sstyle=|\son\w+=|javascript:", re.IGNORECASE)


def main() -> None:
    """Replace the vendored files by those of the pinned version."""
    files = read_members(download())
    check(files)
    written = {name: files[name] for name in COPIED} | {f"{name}.gz": compress(files[name]) for name in COMPRESSED}
    write(written | {"VERSION": f"{VERSION}\n".encode()})
    sys.stdout.write(f"{PACKAGE} {VERSION}: {len(written)} files, {sum(map(len, written.values()))} bytes\n")


def download() -> bytes:
    """Return the tarball as npm hands it out, after comparing it with ``INTEGRITY``."""
    npm = shutil.which("npm")
    if npm is None:
        raise SystemExit("npm is not installed")
    with tempfile.TemporaryDirectory() as folder:
        command = (npm, "pack", "--silent", "--ignore-scripts", f"--pack-destination={folder}", f"{PACKAGE}@{VERSION}")
        subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL)  # noqa: S603 - constants only
        tarball = Path(folder, f"{PACKAGE}-{VERSION}.tgz").read_bytes()
    found = "sha512-" + base64.b64encode(hashlib.sha512(tarball).digest()).decode()
    if found != INTEGRITY:
        raise SystemExit(f"The tarball has another checksum:\n  pinned {INTEGRITY}\n  found  {found}")
    return tarball


def read_members(tarball: bytes) -> dict[str, bytes]:
    """Return the wanted files by name, read without unpacking anything onto the disk."""
    files: dict[str, bytes] = {}
    with tarfile.open(fileobj=io.BytesIO(tarball), mode="r:gz") as archive:
        for name in (*COMPRESSED, *COPIED, "package.json"):
            member = archive.extractfile(f"package/{name}")
            if member is None:
                raise SystemExit(f"{name} is no file in the tarball")
            files[name] = member.read()
    return files


def check(files: Mapping[str, bytes]) -> None:
    """Stop when the files are of another version or would not run under the page's Content-Security-Policy."""
    version = json.loads(files["package.json"])["version"]
    if version != VERSION:
        raise SystemExit(f"The tarball holds version {version}, not {VERSION}")
    for name in ("swagger-ui-bundle.js", "oauth2-redirect.js"):
        script = files[name].decode()
        for fallback in UNREACHED:
            script = script.replace(fallback, "")
        if found := EVALUATION.search(script):
            raise SystemExit(f"{name} evaluates text: {script[max(0, found.start() - 80) : found.end() + 80]}")
    if found := INLINE.search(files["oauth2-redirect.html"].decode()):
        raise SystemExit(f"oauth2-redirect.html has inline script or style: {found[0]}")


def compress(data: bytes) -> bytes:
    """Return gzip without name and time, so that the same input gives the same file."""
    target = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=target, mtime=0) as stream:
        stream.write(data)
    return target.getvalue()


def write(files: Mapping[str, bytes]) -> None:
    """Write the files into an emptied folder, with a MANIFEST that ``sha256sum -c`` reads."""
    shutil.rmtree(ASSETS, ignore_errors=True)
    ASSETS.mkdir(parents=True)
    lines = [f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(files.items())]
    for name, data in (*files.items(), ("MANIFEST", "".join(lines).encode())):
        (ASSETS / name).write_bytes(data)


if __name__ == "__main__":
    main()

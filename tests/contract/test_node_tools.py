"""Tools from npm accept the documents: three generators of TypeScript and tsc, Spectral, Redocly, AsyncAPI's parser.

They need Node.js, and the registry once: what package-lock.json names is kept in ``.node``.
"""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from framework.cli.client.typescript import typescript_client, typescript_command
from framework.testing import serve_in_thread
from tests.contract.shop_app import create_shop, staff_token
from tests.contract.snapshots import place_of
from tests.node_packages import installed

NODE = Path(__file__).parent / "node"
DOCUMENTS = ("large.json", "shop.json")
ASYNCAPI = "live.asyncapi.json"
LARGE_ASYNCAPI = "large.asyncapi.json"

pytestmark = [pytest.mark.slow, pytest.mark.skipif(shutil.which("npm") is None, reason="Node.js is not installed")]


def run(folder: Path, *words: str) -> str:
    """Run a program in a folder and return what it printed."""
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=600, check=False)  # noqa: S603  ours
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"[-6000:]
    return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Have a folder with the tools, their settings and the documents."""
    folder = tmp_path_factory.mktemp("node")
    (folder / "node_modules").symlink_to(installed(NODE, ".node"))
    shutil.copytree(NODE, folder, dirs_exist_ok=True)
    for name in (*DOCUMENTS, ASYNCAPI, LARGE_ASYNCAPI):
        shutil.copy(place_of(name), folder)
    return folder


def tool(folder: Path, name: str) -> str:
    """Return the path of an installed tool."""
    return str(folder / "node_modules" / ".bin" / name)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_spectral_has_nothing_to_say(folder: Path, name: str) -> None:
    """Not even a hint, by its recommended rules; those that are off stand in spectral.yaml with their reasons."""
    said = run(folder, tool(folder, "spectral"), "lint", "--ruleset", "spectral.yaml", "--fail-severity", "hint", name)

    assert "No results with a severity of 'hint' or higher found" in said


@pytest.mark.parametrize("name", DOCUMENTS)
def test_redocly_has_nothing_to_say(folder: Path, name: str) -> None:
    """Neither error nor warning, by its recommended rules; those that are off stand in redocly.yaml."""
    said = run(folder, tool(folder, "redocly"), "lint", "--config", "redocly.yaml", "--format", "json", name)
    result, _ = json.JSONDecoder().raw_decode(said[said.index("{") :])

    assert result["problems"] == []


def test_the_parser_of_asyncapi_has_nothing_to_say(folder: Path) -> None:
    """Neither error nor hint, by its schema of 3.0 and its rules, except that there is a newer version."""
    said = json.loads(run(folder, "node", "asyncapi.js", ASYNCAPI))

    assert [one["code"] for one in said["diagnostics"]] == ["asyncapi-latest-version"]
    assert said["version"] == "3.0.0"
    assert "/v1/rooms/{room}" in set(said["receives"]) & set(said["sends"])
    assert "/v1/listen" in set(said["receives"]) - set(said["sends"])
    assert "/feed/watch" in set(said["sends"]) - set(said["receives"])


def test_the_parser_of_asyncapi_knows_the_app_with_everything(folder: Path) -> None:
    """Its web sockets and event streams stand in a document without mistakes."""
    said = json.loads(run(folder, "node", "asyncapi.js", LARGE_ASYNCAPI))

    assert [one["code"] for one in said["diagnostics"]] == ["asyncapi-latest-version"]
    assert set(said["receives"]) == {"/sockets/{number}", "/sockets/{number}/packed", "/sockets/{number}/scalars"}
    assert set(said["sends"]) == {
        *("/sockets/{number}", "/sockets/{number}/packed"),
        *("/streams/events", "/streams/events/shapes", "/streams/events/texts"),
    }


def test_the_parser_of_asyncapi_finds_mistakes(folder: Path) -> None:
    """What it has nothing to say of is right: a member that is not of AsyncAPI, or a dangling reference, is told."""
    document = json.loads(place_of(ASYNCAPI).read_text(encoding="utf-8"))
    document["channels"]["ChatController.talk"]["adress"] = "/"
    document["operations"]["ChatController.talk.send"]["messages"][0]["$ref"] += "s"
    (folder / "wrong.json").write_text(json.dumps(document), encoding="utf-8")
    said = json.loads(run(folder, "node", "asyncapi.js", "wrong.json"))

    assert {"asyncapi-document-resolved", "invalid-ref"} <= {one["code"] for one in said["diagnostics"]}


def test_a_typescript_client_uses_the_shop(folder: Path, tmp_path: Path) -> None:
    """Types are generated for both documents, a script with them passes tsc's strict mode, and it buys something."""
    for name, target in zip(DOCUMENTS, ("large.ts", "client.ts"), strict=True):
        run(folder, tool(folder, "openapi-typescript"), name, "--output", target)
    run(folder, tool(folder, "tsc"), "--project", ".", "--noEmit")
    run(folder, tool(folder, "tsc"), "--project", ".")

    with serve_in_thread(create_shop(tmp_path).build()) as url:
        said = run(folder, "node", "built/shop.js", url, staff_token())

    assert json.loads(said) == {"total": 900, "status": "placed", "found": True, "detail": 404}


# orval 7 appends an object that is a JSON part of a form to FormData as it is, which tsc refuses: the app with
# everything has such forms.
@pytest.mark.parametrize(
    ("name", "tool_name", "words"),
    [
        ("shop.json", "openapi-ts", ("--input", "shop.json", "--output", "hey-shop", "--no-log-file")),
        ("large.json", "openapi-ts", ("--input", "large.json", "--output", "hey-large", "--no-log-file")),
        ("shop.json", "orval", ("--input", "shop.json", "--output", "orval-shop/api.ts", "--client", "fetch")),
    ],
)
def test_clients_of_other_generators_are_compiled(
    folder: Path, name: str, tool_name: str, words: tuple[str, ...]
) -> None:
    """hey-api and orval read the documents, and what they write passes tsc's strict mode."""
    run(folder, tool(folder, tool_name), *words)
    written = words[words.index("--output") + 1].partition("/")[0]
    settings = json.loads((NODE / "tsconfig.json").read_text(encoding="utf-8"))
    # Their imports have no suffixes, and what they write is for browsers too.
    settings["compilerOptions"] |= {
        "module": "esnext",
        "moduleResolution": "bundler",
        "lib": ["es2022", "dom.iterable", "dom"],
    }
    settings["include"] = [f"{written}/**/*.ts"]
    (folder / f"tsconfig.{written}.json").write_text(json.dumps(settings), encoding="utf-8")
    operations = json.loads(place_of(name).read_text(encoding="utf-8"))["paths"]

    run(folder, tool(folder, "tsc"), "--project", f"tsconfig.{written}.json", "--noEmit")
    text = "".join(one.read_text(encoding="utf-8") for one in sorted((folder / written).rglob("*.ts")))
    assert all(path.partition("{")[0] in text for path in operations)


def test_the_command_writes_the_same_types(folder: Path) -> None:
    """``framework client typescript`` runs what package.json pins."""
    pinned = json.loads((NODE / "package.json").read_text(encoding="utf-8"))["dependencies"]
    words = typescript_command("a.json", "b.ts")

    assert {f"--package={name}@{pinned[name]}" for name in ("openapi-typescript", "typescript")} <= set(words)
    document = json.loads(place_of("shop.json").read_text(encoding="utf-8"))
    run(folder, tool(folder, "openapi-typescript"), "shop.json", "--output", "expected.ts")
    assert typescript_client(document) == (folder / "expected.ts").read_text(encoding="utf-8")

"""Each file that a new project has for a platform passes the check of that platform's own tool.

It needs the package index once: what ``tools/requirements.txt`` names is kept in ``.deployment-tools``.
"""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from app_template.settings import Settings
from framework._process.options import RunOptions
from framework.cli.new.names import LONGEST_NAME, ProjectName
from framework.cli.new.project import minimal_project, shop_project, write_project
from tests.deployment.conftest import run
from tests.python_packages import installed

# Installing the tools takes most of a minute, and each takes a second or two to start.
pytestmark = pytest.mark.slow
TOOLS = Path(__file__).parent / "tools"
ROOT = Path(__file__).parents[2]
TUTORIAL = ROOT / "docs" / "tutorial" / "steps" / "step_8_deployment"
# Names of resources are limited on some platforms.
NAME = ProjectName("a" + "-b" * ((LONGEST_NAME - 2) // 2) + "c")
SYSTEMD = shutil.which("systemd-analyze")
_PROGRAM = re.compile(rf"/opt/{NAME.distribution}/\S+")


@pytest.fixture(scope="module")
def tools() -> Path:
    """Return the folder of the programs that check files."""
    return installed(TOOLS / "requirements.txt", ".deployment-tools")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a shop on PostgreSQL, whose name is as long as names may be."""
    folder = tmp_path_factory.mktemp("projects") / NAME.distribution
    write_project(folder, shop_project(NAME, "postgresql"))
    return folder


def read(file: Path) -> list[Any]:
    """Return the documents of a YAML file."""
    return [*yaml.safe_load_all(file.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("kind", ["minimal", "shop"])
def test_the_dockerfile(tools: Path, tmp_path: Path, kind: str) -> None:
    """Hadolint has no remark; both kinds of projects have the same file."""
    texts = minimal_project(NAME) if kind == "minimal" else shop_project(NAME, "sqlite")
    write_project(tmp_path / "project", texts)

    run(str(tools / "hadolint"), "Dockerfile", cwd=tmp_path / "project")


def test_the_files_of_the_tutorial(tools: Path) -> None:
    """The last step has an image, and runs it with Compose."""
    run(str(tools / "hadolint"), "Dockerfile", cwd=TUTORIAL)
    command = (str(tools / "check-jsonschema"), "--builtin-schema", "vendor.compose-spec", "compose.yaml")

    assert "ok" in run(*command, cwd=TUTORIAL)


@pytest.mark.parametrize("kind", ["shop", "tutorial"])
def test_the_image_gets_what_it_copies(project: Path, kind: str) -> None:
    """Everything else is ignored, above all .env."""
    project = project if kind == "shop" else TUTORIAL
    copied = re.findall(r"^COPY (?!--)(.+) \S+$", (project / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    ignored = (project / ".dockerignore").read_text(encoding="utf-8").splitlines()

    assert ignored[1] == "*"
    assert {one[1:] for one in ignored if one.startswith("!")} == {name for one in copied for name in one.split()}


@pytest.mark.parametrize("file", ["compose.yaml", "deploy/compose.yaml"])
def test_compose(tools: Path, project: Path, file: str) -> None:
    """It is valid by the schema of the Compose specification."""
    command = (str(tools / "check-jsonschema"), "--builtin-schema", "vendor.compose-spec", file)

    assert "ok" in run(*command, cwd=project)


def test_kubernetes(tools: Path, project: Path) -> None:
    """Each resource is valid by the schema of its kind, without unknown members."""
    folder = project / "deploy" / "kubernetes"
    files = sorted(one.name for one in folder.glob("*.yaml") if one.name != "kustomization.yaml")

    run(str(tools / "kubernetes-validate"), "--strict", *files, cwd=folder)


def test_kustomization(project: Path) -> None:
    """It lists the files that belong to each version, and names the image that they use."""
    folder = project / "deploy" / "kubernetes"
    (listed,) = read(folder / "kustomization.yaml")
    migrate = read(folder / "migrate.yaml")[0]["spec"]["template"]["spec"]["containers"][0]
    (image,) = listed["images"]

    assert all((folder / one).is_file() for one in listed["resources"])
    others = {one.name for one in folder.glob("*.yaml")} - {*listed["resources"]}
    assert others == {"kustomization.yaml", "jobs.yaml", "migrate.yaml"}
    for file in ("app.yaml", "jobs.yaml"):
        container = read(folder / file)[0]["spec"]["template"]["spec"]["containers"][0]
        assert container["image"] == image["name"]
    assert migrate["image"] == f"{image['newName']}:{image['newTag']}"


@pytest.mark.parametrize("template", ["ecs.yaml", pytest.param("lambda.yaml", marks=pytest.mark.slow)])
def test_cloudformation(tools: Path, project: Path, template: str) -> None:
    """cfn-lint has no remark; it also expands the template of SAM."""
    run(str(tools / "cfn-lint"), "--regions", "eu-central-1", "--", template, cwd=project / "deploy" / "aws")


@pytest.mark.parametrize(
    ("kind", "file"),
    [
        ("app-engine", "google/app.yaml"),
        ("cloud-run", "google/cloud-run.yaml"),
        ("container-app", "azure/container-app.yaml"),
        ("container-group", "azure/container-group.yaml"),
    ],
)
def test_models_of_clouds(tools: Path, project: Path, kind: str, file: str) -> None:
    """The file fits what the cloud's own package for Python knows; an unknown member is noticed."""
    place, command = project / "deploy" / file, (str(tools / "python"), str(TOOLS / "check_models.py"), kind)
    wrong = project / f"{kind}.yaml"
    text = place.read_text(encoding="utf-8")
    wrong.write_text(re.sub(r"\b(env|env_variables|environmentVariables):", "envs:", text), encoding="utf-8")

    run(*command, str(place), cwd=project)
    done = subprocess.run([*command, str(wrong)], capture_output=True, text=True, timeout=60, check=False)  # noqa: S603  ours
    assert done.returncode == 1
    assert "envs" in done.stdout


def test_systemd(project: Path, tmp_path: Path) -> None:
    """systemd-analyze has no remark, and finds little that an attacker could use."""
    assert SYSTEMD is not None, "systemd-analyze is not installed"
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    units = []
    for file in sorted((project / "deploy" / "systemd").iterdir()):
        # The programs of the server, which are not here.
        text = file.read_text(encoding="utf-8").replace(f"WorkingDirectory=/opt/{NAME.distribution}", "")
        units.append(tmp_path / file.name)
        units[-1].write_text(_PROGRAM.sub(str(program), text), encoding="utf-8")

    done = subprocess.run(  # noqa: S603  ours
        [SYSTEMD, "verify", "--man=no", *map(str, units)], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, [line for line in done.stderr.splitlines() if NAME.distribution in line]) == (0, [])
    services = [str(one) for one in units if one.suffix == ".service"]
    # In tenths: 2 is "OK", 10 has no protection.
    run(SYSTEMD, "security", "--offline=true", "--threshold=20", *services, cwd=tmp_path)


def test_azure_functions(project: Path) -> None:
    """No tool for host.json can be installed: it is JSON, and paths of the app have no prefix."""
    host = json.loads((project / "deploy" / "azure" / "functions" / "host.json").read_text(encoding="utf-8"))

    assert host["version"] == "2.0"
    assert host["extensions"]["http"]["routePrefix"] == ""


def test_variables_are_those_of_the_settings(project: Path) -> None:
    """A misspelt variable would be ignored."""
    names = [one.name for one in msgspec.structs.fields(Settings)]
    known = {"APP_ENV", "APP_SECRET_FILE", *(f"APP_{one.upper()}" for one in names)}
    for file in (project / "deploy").rglob("*"):
        if file.is_file():
            used = set(re.findall(r"\bAPP_[A-Z_]+\b", file.read_text(encoding="utf-8")))
            assert used <= known, file


# Times


def graceful_timeouts(project: Path) -> dict[str, tuple[float, float]]:
    """Return for each platform how long it waits before it kills the process, and the graceful timeout of the app."""
    deploy, kubernetes = project / "deploy", read(project / "deploy" / "kubernetes" / "app.yaml")[0]
    configured = RunOptions().graceful
    files = {
        "systemd": (r"^TimeoutStopSec=(\d+)", deploy / "systemd" / f"{NAME.distribution}.service"),
        "Compose": (r"stop_grace_period: (\d+)s", deploy / "compose.yaml"),
        "ECS": (r"StopTimeout: (\d+)", deploy / "aws" / "ecs.yaml"),
        "Container Apps": (r"terminationGracePeriodSeconds: (\d+)", deploy / "azure" / "container-app.yaml"),
    }
    times = {platform: (float(found(*place)), configured) for platform, place in files.items()}
    times["Kubernetes"] = (kubernetes["spec"]["template"]["spec"]["terminationGracePeriodSeconds"], configured)
    # Fixed by the platform.
    times["Cloud Run"] = (10, float(found(r'--graceful-timeout, "(\d+)"', deploy / "google" / "cloud-run.yaml")))
    return times


def found(pattern: str, file: Path) -> str:
    """Return the first match in a file."""
    match = re.search(pattern, file.read_text(encoding="utf-8"), re.MULTILINE)
    assert match is not None, file
    return match[1]


def rows(heading: str) -> list[list[str]]:
    """Return the cells of the first table below a heading of the page about platforms."""
    page = (ROOT / "docs" / "how-to" / "deploy-to-a-platform.md").read_text(encoding="utf-8")
    table = re.search(r"(?:^\|.*\n)+", page.partition(f"{heading}\n")[2], re.MULTILINE)
    assert table is not None, heading
    return [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in table[0].splitlines()[2:]]


def test_platforms_wait_longer_than_the_app(project: Path) -> None:
    """The page has the times of the files. Kubernetes counts the time of preStop, too."""
    times = graceful_timeouts(project)
    pre_stop = 5
    container = read(project / "deploy" / "kubernetes" / "app.yaml")[0]["spec"]["template"]["spec"]["containers"][0]

    assert container["lifecycle"]["preStop"]["exec"]["command"] == ["sleep", str(pre_stop)]
    for platform, (waits, graceful) in times.items():
        assert waits >= graceful + 2 + (pre_stop if platform == "Kubernetes" else 0), platform
    documented = {row[0]: (float(row[2]), float(row[3])) for row in rows("## Times") if row[2].isdigit()}
    assert documented == times


def test_proxies_close_idle_connections_before_the_app(project: Path) -> None:
    """The page has the times of the files."""
    deploy = project / "deploy"
    kept = RunOptions().keepalive
    nginx = float(found(r"^    keepalive_timeout (\d+)s;\n}", deploy / "nginx" / f"{NAME.distribution}.conf"))
    balancer = float(found(r'idle_timeout.timeout_seconds, Value: "(\d+)"', deploy / "aws" / "ecs.yaml"))

    assert max(nginx, balancer) + 10 <= kept
    documented = {row[0]: row[2] for row in rows("just being closed.")}
    assert documented["nginx"] == f"{nginx:g}"
    assert documented["application load balancer of AWS"] == f"{balancer:g}"


def test_probes(project: Path) -> None:
    """The page has those of Kubernetes."""
    container = read(project / "deploy" / "kubernetes" / "app.yaml")[0]["spec"]["template"]["spec"]["containers"][0]
    probes = [container[name] for name in ("startupProbe", "livenessProbe", "readinessProbe")]

    assert [row[1:] for row in rows("## Probes")] == [
        [
            one["httpGet"]["path"],
            str(one["periodSeconds"]),
            str(one.get("timeoutSeconds", 1)),
            str(one["failureThreshold"]),
        ]
        for one in probes
    ]

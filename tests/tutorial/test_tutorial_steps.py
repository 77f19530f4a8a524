"""The projects of the tutorial work, and send what their pages show."""

import shutil
from pathlib import Path

import pytest

from tests.forked import run_pytest
from tests.pages import blocks_of
from tests.tutorial.reader import reading
from tests.tutorial.steps import STEPS, Step

pytestmark = pytest.mark.slow
_EACH = pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)


@_EACH
def test_the_tests_of_a_step_pass(step: Step, tmp_path: Path) -> None:
    """They run in a process of their own, because all projects have a package of the same name."""
    folder = tmp_path / "project"
    shutil.copytree(step.project, folder, ignore=shutil.ignore_patterns("__pycache__", "*.db*"))

    done = run_pytest(folder)

    assert done.status == 0, done.printed


@_EACH
async def test_a_step_sends_what_its_page_shows(step: Step, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """The project is served by the commands of the page, and each curl gets the response of the page."""
    blocks = blocks_of(step.page)
    uses_redis = any("redis://" in block.text for block in blocks if block.language == "sh")
    redis_url = request.getfixturevalue("redis_server").url if uses_redis else ""

    async with reading(step.project, tmp_path / "project", redis_url) as reader:
        for block in blocks:
            await reader.read(block)

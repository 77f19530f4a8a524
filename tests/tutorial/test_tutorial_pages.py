"""The pages of the tutorial show the projects that they lead to."""

import re

import pytest

from tests.pages import Block, blocks_of
from tests.tutorial.steps import STEPS, Step

# Between the parts of a file that a block shows.
_LEFT_OUT = re.compile(r"^ *# \.\.\.\n", re.MULTILINE)
_EACH = pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
_HEADINGS = ("See it", "Test it", "What you have learned")


def parts_of(block: Block) -> list[str]:
    """Return the parts of a file that a block shows."""
    return [part.strip("\n") for part in _LEFT_OUT.split(block.below_the_name)]


def test_there_are_eight_steps() -> None:
    """Each page has a project."""
    assert len(STEPS) == 8
    assert [step.name for step in STEPS if not step.project.is_dir()] == []


@_EACH
def test_each_block_is_a_part_of_its_file(step: Step) -> None:
    """A block whose first line names a file has nothing that the file does not have, in the same order."""
    files = step.files()
    for block in blocks_of(step.page):
        if block.file is not None:
            text, place = files[block.file], 0
            for part in parts_of(block):
                found = text.find(part, place)
                assert found >= 0, f"{block.file} does not have\n{part}"
                place = found + len(part)


@_EACH
def test_each_change_is_on_the_page(step: Step) -> None:
    """A reader who types what the page shows has the project of the step."""
    shown: dict[str, set[str]] = {}
    for block in blocks_of(step.page):
        if block.file is not None:
            shown.setdefault(block.file, set()).update(block.below_the_name.splitlines())

    missing = {
        file: [line for line in lines if line not in shown.get(file, set())]
        for file, lines in step.added_lines().items()
    }

    assert {file: lines for file, lines in missing.items() if lines} == {}


@_EACH
def test_each_block_of_python_names_its_file(step: Step) -> None:
    """Otherwise it would not be compared with one."""
    assert [block.text for block in blocks_of(step.page) if block.language == "python" and block.file is None] == []


@_EACH
def test_each_page_has_the_same_parts(step: Step) -> None:
    """It begins with what the reader can do after it, shows what to see, a test, and what was learned."""
    text = step.page.read_text(encoding="utf-8")

    assert text.split("\n\n")[1].startswith("After this page you ")
    assert [heading for heading in _HEADINGS if f"\n## {heading}\n" not in text] == []
    assert len(re.findall(r"^- ", text.partition("## What you have learned")[2], re.MULTILINE)) == 3


@_EACH
def test_files_are_short(step: Step) -> None:
    """A reader types them."""
    assert {file: text.count("\n") for file, text in step.files().items() if text.count("\n") >= 150} == {}

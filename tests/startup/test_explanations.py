"""The codes of definition errors, and their explanations: each program is built, and each message is compared."""

import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import framework
from framework import DefinitionError, errors
from framework.cli.codes import FOLDER, explanation, titles
from framework.settings import SettingsError
from tests.startup.test_new_users import load

CODES = {
    "BodyNotAllowedError": "E110",
    "CaptiveProviderError": "E303",
    "CyclicProviderError": "E302",
    "DuplicateOperationError": "E704",
    "DuplicateOperationIdError": "E705",
    "DuplicateParameterError": "E108",
    "DuplicateProviderError": "E304",
    "DuplicateRouteError": "E204",
    "DuplicateRouteNameError": "E205",
    "InvalidCallbackError": "E703",
    "InvalidControllerError": "E207",
    "InvalidDefaultError": "E105",
    "InvalidExampleError": "E106",
    "InvalidGuardError": "E402",
    "InvalidHandlerError": "E206",
    "InvalidJobError": "E804",
    "InvalidLayerError": "E401",
    "InvalidLinkError": "E702",
    "InvalidMarkerError": "E107",
    "InvalidObserverError": "E405",
    "InvalidOptionError": "E501",
    "InvalidPatchError": "E111",
    "InvalidPathError": "E201",
    "InvalidProviderError": "E305",
    "InvalidResponseError": "E602",
    "InvalidSecurityError": "E404",
    "InvalidSocketError": "E701",
    "InvalidTaskError": "E801",
    "InvalidTemplateError": "E802",
    "InvalidTopicError": "E803",
    "LayerOrderError": "E403",
    "MissingAnnotationError": "E101",
    "MissingProviderError": "E301",
    "MissingReturnAnnotationError": "E102",
    "NoRequestError": "E307",
    "RequestInSingletonError": "E306",
    "SettingsError": "E901",
    "SeveralBodiesError": "E109",
    "UnboundPlaceholderError": "E202",
    "UnencodableReturnError": "E601",
    "UnknownAttributeError": "E502",
    "UnknownPlaceholderError": "E203",
    "UnresolvedAnnotationError": "E103",
    "UnsupportedTypeError": "E104",
}
"""A code is printed in logs and linked from pages: it never changes, and a removed class leaves its code unused."""
HINT = (
    'give the class the next code of its subject, code = "E8…" (E1 signatures and types, E2 routes, E3 services, E4 '
    "layers and security, E5 options, E6 responses, E7 sockets and documents, E8 everything else, E9 "
    "settings), write "
    "framework/cli/explanations/E8….md as the others are written, give the code to its row in "
    "docs/reference/errors-at-startup.md, and add it to CODES in tests/startup/test_explanations.py"
)
BLOCK = re.compile(r"^```(?:python|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#]+)#?([^)]*)\)")
ERROR_CLASS = re.compile(r"^class \w+\([^)]*Error\b", re.MULTILINE)
MOST_LINES = 60


def classes() -> Iterator[type[DefinitionError]]:
    """Yield all classes of errors in the framework."""
    root = Path(framework.__file__).parent
    for file in sorted(root.rglob("*.py")):
        # Other modules are not imported: some need packages that are optional.
        if ERROR_CLASS.search(file.read_text(encoding="utf-8")):
            importlib.import_module(".".join(file.relative_to(root.parent).with_suffix("").parts))
    waiting = DefinitionError.__subclasses__()
    while waiting:
        cls = waiting.pop()
        waiting += cls.__subclasses__()
        if cls.__module__.startswith("framework."):
            yield cls


def test_every_class_has_a_code() -> None:
    """Each class has one of its own, and none has been changed."""
    found = {one.__name__: vars(one).get("code", "") for one in (*classes(), SettingsError)}

    assert found == CODES, HINT
    assert len(set(CODES.values())) == len(CODES), HINT


def test_every_code_has_an_explanation() -> None:
    """There are no others, and each begins with its code, a title and the name of its class."""
    assert sorted(titles()) == sorted(CODES.values()), HINT
    for name, code in CODES.items():
        assert re.match(rf"# {code}: .+\n\n`{name}`\. .", explanation(code)), f"{code}: {HINT}"


def test_every_kind_of_the_page_links_to_its_explanation() -> None:
    """The row of each class has its code."""
    page = Path("docs/reference/errors-at-startup.md").read_text(encoding="utf-8")
    rows = {
        f"| `{name}` | [{CODES[name]}](../../framework/cli/explanations/{CODES[name]}.md) |"
        for name in CODES
        if name in errors.__all__
    }

    assert [one for one in sorted(rows) if one not in page] == [], HINT


@pytest.mark.parametrize("code", sorted(CODES.values()))
def test_the_programs_of_an_explanation(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first has exactly the error whose message is shown, and the second none."""
    wrong, message, corrected = BLOCK.findall(explanation(code))
    monkeypatch.chdir(tmp_path)

    (found,) = errors_of(wrong, tmp_path, monkeypatch)

    text = found.listing() if isinstance(found, SettingsError) else str(found)
    assert (found.code, f"{text}\n") == (code, message)
    assert list(errors_of(corrected, tmp_path, monkeypatch)) == []


def errors_of(source: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DefinitionError | SettingsError]:
    """Yield the errors of a program; those of a call are raised while it is imported."""
    file = folder / "shop.py"
    file.write_text(source, encoding="utf-8")
    # A file of the same length and second would be read from its bytecode.
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    try:
        load(file, monkeypatch).app.build()
    except errors.DefinitionErrors as group:
        yield from (one for one in group.exceptions if isinstance(one, DefinitionError))
    except (DefinitionError, SettingsError) as error:
        yield error


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.md")), ids=lambda file: file.stem)
def test_an_explanation_is_short_and_leads_to_the_reference(file: Path) -> None:
    """Its last line links to headings of pages."""
    lines = file.read_text(encoding="utf-8").splitlines()
    links = LINK.findall(lines[-1])

    assert len(lines) <= MOST_LINES
    assert lines[-1].startswith("More: ")
    assert links
    for target, anchor in links:
        page = (file.parent / target).resolve()
        headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
        assert not anchor or anchor in {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings}


def test_a_class_of_an_application_has_no_code() -> None:
    """Its errors are listed, and the last line names the codes of the others once each."""
    own = type("OwnError", (DefinitionError,), {})("place", "own", hint="a hint")
    found = errors.InvalidOptionError("place", "other", hint="another hint")

    assert errors.DefinitionErrors("1 error", [own]).explained_by() == ""
    assert (
        errors.DefinitionErrors("3 errors", [found, own, found]).explained_by()
        == "Explained by: framework explain E501"
    )

"""``framework explain CODE``; tests/cli/test_why.py has ``framework explain METHOD PATH``."""

import json

import pytest

from framework.cli.codes import explanation, plain_text
from framework.cli.dev.failures import describe_failure
from framework.cli.dev.pages import failure_page
from framework.errors import DefinitionError, DefinitionErrors, MissingReturnAnnotationError
from framework.settings import SettingError, SettingsError
from tests.cli.conftest import Run


def test_codes_are_explained_without_an_app(run: Run) -> None:
    """Several at once, in the order of the command; capitals are not required."""
    code, out, err = run("explain", "E501", "e102")

    assert (code, err) == (0, "")
    assert out.startswith("E501: an option is unknown or has a wrong value\n\n`InvalidOptionError`. ")
    assert "(docs/reference/settings.md#app).\n\nE102: a handler has no return annotation\n\n" in out
    assert "\n\n    from framework import App, Controller, get\n\n\n    class Items(Controller):\n" in out
    assert "\n\n    Items.search (shop.py:5): it has no return annotation.\n      Hint: annotate the" in out
    assert out.endswith("More: Responses (docs/reference/responses.md#return-annotations).\n")
    assert "```" not in out


def test_all_codes_are_listed(run: Run) -> None:
    """With their titles, as text and as JSON."""
    code, out, _ = run("explain")

    assert code == 0
    assert out.startswith("E101  a parameter has no type annotation\nE102  a handler has no return annotation\n")
    listed = json.loads(run("explain", "--json").out)
    assert out == "".join(f"{one['code']}  {one['title']}\n" for one in listed)


def test_explanations_as_json(run: Run) -> None:
    """They are Markdown."""
    assert json.loads(run("explain", "e301", "--json").out) == [{"code": "E301", "markdown": explanation("E301")}]


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("E30",), "did you mean E305 or E306 or E307"),
        (("E101", "x1"), "framework explain lists all codes"),
        (("E101", "Orders"), "framework explain lists all codes"),
        (("E../E101",), ""),
    ],
)
def test_an_unknown_code(run: Run, words: tuple[str, ...], hint: str) -> None:
    """Nothing is printed of the others, and similar codes are suggested."""
    code, out, err = run("explain", *words)

    assert (code, out) == (2, "")
    if hint:
        assert err == f"Error: {words[-1].upper()} is not the code of an error; {hint}.\n"
    else:
        assert "Missing argument 'PATH'" in err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("GET",), "Missing argument 'PATH'."),
        (("GET", "/", "shop:app", "more"), "Got unexpected extra argument (more)"),
    ],
)
def test_words_that_are_neither(run: Run, words: tuple[str, ...], message: str) -> None:
    """A route has a method and a path, and the app at most."""
    code, out, err = run("explain", *words)

    assert (code, out) == (2, "")
    assert err.endswith(f"Error: {message}\n")


def test_the_page_of_settings_explains_them() -> None:
    """Each variable is an error of its own, with the code of all."""
    errors = [SettingError("PORT", "it is not set", "set it"), SettingError("SHOP_KEY", "expected `str`")]
    failure = describe_failure(SettingsError(errors))

    page = failure_page(failure, "nonce", "")
    assert "<h1>2 errors in the settings</h1>" in page
    assert page.count('<strong class="code">E901</strong>') == 2
    assert '<pre class="message">PORT: it is not set.</pre>' in page
    assert failure.text.endswith("2 errors in the settings.\nExplained by: framework explain E901")


def test_the_page_of_an_error_explains_it() -> None:
    """The code is visible and its explanation closed; an error of the application has neither."""
    own = type("OwnError", (DefinitionError,), {})("place", "own", hint="a hint")
    failure = describe_failure(DefinitionErrors("2 errors", [MissingReturnAnnotationError("Items.search"), own]))

    page = failure_page(failure, "nonce", "")

    assert failure.text.endswith("2 errors in the application.\nExplained by: framework explain E102")
    assert page.count('<strong class="code">') == 1
    assert '<p><strong class="code">E102</strong></p>\n<pre class="message">Items.search: it has' in page
    assert page.count("<details>") == 1
    summary = "<details><summary>E102: a handler has no return annotation</summary>"
    assert f"{summary}\n<p>`MissingReturnAnnotationError`. The annotation" in page
    assert "async def search(self) -&gt; list[str]:" in page
    assert "```" not in page


def test_an_unknown_code_has_no_explanation() -> None:
    """Nothing outside of the folder is read either."""
    assert [explanation(one) for one in ("", "E999", "../codes", "E1/../E101")] == ["", "", "", ""]
    assert plain_text("# E1: a\n\nSee [b](../../docs/b.md).\n\n```python\nc\n\nd\n```\n") == (
        "E1: a\n\nSee b (docs/b.md).\n\n    c\n\n    d\n"
    )

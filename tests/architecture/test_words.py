"""The check of words finds what is written otherwise, and nothing else."""

from tests.words import found_in


def test_words_of_every_file() -> None:
    """Each line has the place and what to write instead."""
    text = "one\nMend it\nfaults in the request\nrecommend, default, amend\n"
    assert list(found_in("a.py", text)) == [
        "a.py:2: 'Mend it': write 'hint'",
        "a.py:3: 'faults in the request': write 'error'",
    ]


def test_words_of_pages() -> None:
    """Pages have more of them; what is said rightly with such a word stays."""
    text = "A mistake is told.\nThere is no such file. It is no longer there.\n`3` is no date.\n"
    assert list(found_in("page.md", text)) == [
        "page.md:1: 'A mistake is told.': write 'error'",
        "page.md:1: 'A mistake is told.': write 'is reported, is logged, is raised'",
        "page.md:3: '`3` is no date.': write 'is not a'",
    ]
    assert list(found_in("page.py", text)) == []
    assert list(found_in("docs/design/glossary.md", text)) == []


def test_words_of_sentences() -> None:
    """Pages say it in the field's words; code, its output and names in a line are left as they are."""
    text = (
        "An answer is taken, since `x` stands.\n"
        "The two are easy to tell apart; the name is taken.\n"
        '```python\nanswer = 1  # tells\n"""Says so."""\n```\n'
        "```text\nan answer\n```\n"
    )
    assert list(found_in("docs/reference/page.md", text)) == [
        "docs/reference/page.md:1: 'An answer is taken, since `x` stands.': write 'response, respond, handle'",
        "docs/reference/page.md:1: 'An answer is taken, since `x` stands.': write 'is, is in'",
        "docs/reference/page.md:1: 'An answer is taken, since `x` stands.': write 'is required, is accepted, is used'",
        "docs/reference/page.md:1: 'An answer is taken, since `x` stands.': write 'because'",
        "docs/reference/page.md:4: 'answer = 1  # tells': write 'report, raise, log'",
        'docs/reference/page.md:5: \'"""Says so."""\': write \'report, state, contain\'',
    ]
    assert list(found_in("docs/design/glossary.md", text)) == []


def test_words_of_sources() -> None:
    """Docstrings and comments of the framework use the field's words; names and messages are left as they are."""
    text = (
        '"""Says so."""\n'
        "answer = 'tells'  # noqa: S105  nobody\n"
        "def stands() -> None:\n"
        '    """Return it.\n\n    A ``fault`` is told.\n    """\n'
    )
    assert list(found_in("framework/_serve/a.py", text)) == [
        'framework/_serve/a.py:1: \'"""Says so."""\': write \'report, state, contain\'',
        "framework/_serve/a.py:2: \"answer = 'tells'  # noqa: S105  nobody\": "
        "write 'name the person or the client: user, client, caller'",
        "framework/_serve/a.py:6: 'A ``fault`` is told.': write 'is reported, is logged, is raised'",
    ]
    assert list(found_in("tests/a.py", text)) == []

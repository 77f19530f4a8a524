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
    assert list(found_in("docs/design/page.md", text)) == []

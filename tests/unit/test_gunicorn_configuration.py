"""The configuration of gunicorn in the documentation is that of the template, and names every setting."""

import re
from pathlib import Path

from framework._process.settings import PREFIX, WorkerSettings

_ROOT = Path(__file__).parents[2]
_PAGE = (_ROOT / "docs" / "how-to" / "configure-gunicorn.md").read_text(encoding="utf-8")
_FILE = (_ROOT / "gunicorn.conf.py").read_text(encoding="utf-8")


def test_the_page_has_the_file_of_the_template() -> None:
    """They are the same."""
    assert re.findall(r"^```python\n(.*?)^```$", _PAGE, re.MULTILINE | re.DOTALL) == [_FILE]


def test_all_settings_of_the_worker_are_listed_with_their_defaults() -> None:
    """In the table of the page and in the file."""
    defaults = WorkerSettings()
    expected = {f"{PREFIX}{name.upper()}": f"{getattr(defaults, name):g}" for name in WorkerSettings.__struct_fields__}
    assert dict(re.findall(rf"^\| `({PREFIX}\w+)` \| ([\d.]+) \|", _PAGE, re.MULTILINE)) == expected
    assert dict(re.findall(rf'"({PREFIX}\w+)=([\d.]+)"', _FILE)) == expected

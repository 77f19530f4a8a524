"""Which files reload an app."""

import sysconfig

import pytest

from framework.cli.dev.watching import is_watched


@pytest.mark.parametrize(
    ("path", "watched"),
    [
        ("/shop/main.py", True),
        ("/shop/orders/pages/list.html", True),
        ("/shop/static/shop.css", True),
        ("/shop/pyproject.toml", True),
        ("/shop/.env", True),
        ("/shop/.env.local", True),
        ("/shop/shop.db", False),
        ("/shop/data.json", False),
        ("/shop/main.pyc", False),
        ("/shop/.#main.py", False),
        ("/shop/flycheck_main.py", False),
        ("/shop/main.py~", False),
        ("/shop/__pycache__/main.py", False),
        ("/shop/.venv/lib/main.py", False),
        ("/shop/node_modules/vue/vue.js", False),
        ("/other/main.py", False),
        ("/shop", False),
        (f"{sysconfig.get_path('purelib')}/aiohttp/web.py", False),
    ],
)
def test_source_templates_and_settings_are_watched(path: str, watched: bool) -> None:
    """Data that an app writes, caches and installed packages are not."""
    assert is_watched(path, ["/shop", sysconfig.get_path("purelib")]) is watched


def test_a_hidden_folder_above_the_app_does_not_matter() -> None:
    """Only the folders inside the app are looked at."""
    assert is_watched("/home/ada/.projects/shop/main.py", ["/home/ada/.projects/shop"])

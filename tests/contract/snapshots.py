"""The committed documents and clients; ``python -m tests.contract.snapshots`` writes them anew."""

import sys
from collections.abc import Mapping
from pathlib import Path

from framework.cli.client.module import python_client
from framework.cli.documents import render_document
from tests.contract.large_app import INTERNAL, create_app
from tests.contract.live_app import create_app as create_live_app
from tests.contract.shop_app import create_shop

__all__ = ("current", "place_of")

_FOLDER = Path(__file__).parent / "committed"


def place_of(name: str) -> Path:
    """Return where a snapshot is kept."""
    return _FOLDER / name


def current() -> Mapping[str, str]:
    """Return what the snapshots should be."""
    app, shop = create_app(), create_shop(_FOLDER).document()
    large = app.document()
    return {
        "large.json": render_document(large),
        "large.asyncapi.json": render_document(app.asyncapi()),
        "large.internal.json": render_document(app.document(INTERNAL)),
        "large_client.py": python_client(large),
        "live.asyncapi.json": render_document(create_live_app().asyncapi()),
        "shop.json": render_document(shop),
        "shop_client.py": python_client(shop),
    }


if __name__ == "__main__":
    _FOLDER.mkdir(exist_ok=True)
    for name, text in current().items():
        place_of(name).write_text(text, encoding="utf-8")
        sys.stdout.write(f"{place_of(name)}: {len(text)} characters\n")

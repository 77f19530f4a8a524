from collections.abc import Mapping
from pathlib import Path

import pytest
from framework.settings import SettingsError
from framework.testing import AppClient
from framework.types import SecretStr

from shop.settings import Environment, Settings, read

OVER_HTTPS = {"Host": "shop.example", "X-Forwarded-Proto": "https"}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return the settings of a shop behind a proxy on this machine."""
    return Settings(
        environment=Environment.PRODUCTION,
        database_url=f"sqlite+aiosqlite:///{tmp_path / 'shop.db'}",
        secret=SecretStr("s" * 32),
        hosts=("shop.example",),
        proxies=("127.0.0.1/32",),
        metrics=True,
    )


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/health/ready", {}, 200),
        ("/metrics", OVER_HTTPS, 200),
        ("/products", OVER_HTTPS, 200),
        ("/products", {"Host": "shop.example"}, 308),
        ("/products", {"Host": "another.example"}, 400),
        ("/docs", OVER_HTTPS, 404),
    ],
)
async def test_what_is_served(visitor: AppClient, path: str, headers: Mapping[str, str], status: int) -> None:
    """Probes are served in any case; other requests require the host of the shop and HTTPS."""
    async with visitor.request("GET", path, headers=headers, allow_redirects=False) as response:
        assert response.status == status


async def test_there_are_no_samples(visitor: AppClient) -> None:
    """Their password is known."""
    form = {"grant_type": "password", "username": "ada@shop.example", "password": "only for development"}
    async with visitor.request("POST", "/token", data=form, headers=OVER_HTTPS) as response:
        assert response.status == 400


def test_production_requires_a_secret(tmp_path: Path) -> None:
    """It may be in a file."""
    with pytest.raises(SettingsError, match="a secret is required"):
        read({"SHOP_ENV": "production"})

    file = tmp_path / "secret"
    file.write_text("s" * 32 + "\n", encoding="utf-8")
    assert read({"SHOP_ENV": "production", "SHOP_SECRET_FILE": str(file)}).production

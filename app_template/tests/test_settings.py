"""Settings from the environment."""

import pytest

from app_template.settings import Environment, Settings, SettingsError, read_settings


def test_an_empty_environment_is_for_development() -> None:
    """Everything has a default that works on a developer's machine."""
    settings = read_settings({})

    assert settings == Settings(
        environment=Environment.DEVELOPMENT, host="127.0.0.1", port=8000, database_url="sqlite+aiosqlite:///shop.db"
    )
    assert settings.docs


def test_the_environment_decides() -> None:
    """Every setting has its variable; variables of others are none of our business."""
    settings = read_settings(
        {
            "HOME": "/root",
            "SHOP_ENV": "production",
            "SHOP_HOST": "::",
            "SHOP_PORT": "80",
            "DATABASE_URL": "postgresql+asyncpg://shop:secret@db/shop",
        }
    )

    assert settings == Settings(
        environment=Environment.PRODUCTION,
        host="::",
        port=80,
        database_url="postgresql+asyncpg://shop:secret@db/shop",
    )
    assert not settings.docs


def test_all_bad_values_are_told_at_once() -> None:
    """Each with its variable and what is expected; without the value, which may be a secret."""
    with pytest.raises(SettingsError) as caught:
        read_settings(
            {"SHOP_ENV": "prod", "SHOP_HOST": "", "SHOP_PORT": "eighty", "DATABASE_URL": "mysql://me:secret@db/shop"}
        )

    assert str(caught.value) == (
        "SHOP_ENV must be development or production.\n"
        "SHOP_HOST must be a name or an address to listen on.\n"
        "SHOP_PORT must be a number from 1 to 65535.\n"
        "DATABASE_URL must be sqlite+aiosqlite:///FILE or postgresql+asyncpg://USER:PASSWORD@HOST/DATABASE."
    )


@pytest.mark.parametrize(
    "url", ["sqlite+aiosqlite://", "sqlite+aiosqlite:///:memory:", "sqlite:///shop.db", "postgresql://db/shop"]
)
def test_databases_that_would_not_work_are_refused(url: str) -> None:
    """A database in memory is not shared between connections, and other drivers would block the loop."""
    with pytest.raises(SettingsError, match=r"^DATABASE_URL must be"):
        read_settings({"DATABASE_URL": url})

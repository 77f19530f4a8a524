"""Settings from the environment."""

from pathlib import Path

import pytest

from app_template.settings import Environment, Settings, read
from framework.settings import SettingsError
from framework.types import SecretStr


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read no ``.env``."""
    monkeypatch.chdir(tmp_path)


def test_an_empty_environment_is_for_development() -> None:
    """Every setting has a default that works on a developer's machine."""
    settings = read({})

    assert settings == Settings(secret=settings.secret)
    assert not settings.production
    assert settings.secret != read({}).secret


def test_the_environment_decides(tmp_path: Path) -> None:
    """Every setting has its variable; other variables are ignored, and a secret may be in a file."""
    secret = tmp_path / "secret"
    secret.write_text("s" * 32 + "\n")
    settings = read(
        {
            "HOME": "/root",
            "SHOP_ENV": "production",
            "SHOP_HOST": "::",
            "SHOP_PORT": "80",
            "SHOP_HOSTS": "shop.example, *.shop.example",
            "SHOP_ORIGINS": "https://app.example",
            "SHOP_PROXIES": "10.0.0.0/8",
            "SHOP_REDIS_URL": "redis://:secret@cache:6379/0",
            "SHOP_JOBS_URL": "nats://shop:secret@broker:4222",
            "SHOP_SECRET_FILE": str(secret),
            "SHOP_URL": "https://shop.example",
            "SHOP_SMTP_URL": "smtps://shop:secret@mail.example:465",
            "SHOP_MAIL_SENDER": "orders@shop.example",
            "SHOP_METRICS": "true",
            "SHOP_TRACES": "0.1",
            "SHOP_SENTRY_DSN": "https://key@sentry.example/1",
            "DATABASE_URL": "postgresql+asyncpg://shop:secret@db/shop",
        }
    )

    assert settings == Settings(
        environment=Environment.PRODUCTION,
        host="::",
        port=80,
        hosts=("shop.example", "*.shop.example"),
        origins=("https://app.example",),
        proxies=("10.0.0.0/8",),
        database_url="postgresql+asyncpg://shop:secret@db/shop",
        redis_url=SecretStr("redis://:secret@cache:6379/0"),
        jobs_url=SecretStr("nats://shop:secret@broker:4222"),
        secret=SecretStr("s" * 32),
        url="https://shop.example",
        smtp_url=SecretStr("smtps://shop:secret@mail.example:465"),
        mail_sender="orders@shop.example",
        metrics=True,
        traces=0.1,
        sentry_dsn=SecretStr("https://key@sentry.example/1"),
    )
    assert settings.production


def test_all_invalid_values_are_reported_at_once() -> None:
    """Each error has its variable, but not the given value, which may be a secret."""
    with pytest.raises(SettingsError) as caught:
        read(
            {
                "SHOP_ENV": "prod",
                "SHOP_HOST": "",
                "SHOP_PORT": "eighty",
                "SHOP_URL": "shop.example",
                "SHOP_MAIL_SENDER": "shop",
                "SHOP_SECRETT": "misspelt",
                "DATABASE_URL": "mysql://me:secret@db/shop",
            }
        )

    assert [error.variable for error in caught.value.errors] == [
        "SHOP_ENV",
        "SHOP_HOST",
        "SHOP_PORT",
        "DATABASE_URL",
        "SHOP_URL",
        "SHOP_MAIL_SENDER",
        "SHOP_SECRETT",
    ]
    assert "eighty" not in str(caught.value)
    assert "me:secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"SHOP_ENV": "production"}, "a secret is required that all processes share"),
        ({"SHOP_SECRET": "s" * 31}, "at least 32 characters"),
        ({"SHOP_HOSTS": "https://shop.example"}, "the hosts"),
        ({"SHOP_HOSTS": "shop.*"}, "the hosts"),
        ({"SHOP_ORIGINS": "https://app.example/"}, "the origins"),
        ({"SHOP_PROXIES": "everybody"}, "the proxies"),
    ],
)
def test_what_types_do_not_say(environ: dict[str, str], message: str) -> None:
    """Production requires a secret: without one, tokens would end with each process, and not be valid in another."""
    with pytest.raises(SettingsError, match=message):
        read(environ)


@pytest.mark.parametrize(
    "url", ["sqlite+aiosqlite://", "sqlite+aiosqlite:///:memory:", "sqlite:///shop.db", "postgresql://db/shop"]
)
def test_unsuitable_databases_are_rejected(url: str) -> None:
    """Connections do not share a database in memory, and other drivers would block the event loop."""
    with pytest.raises(SettingsError, match="DATABASE_URL"):
        read({"DATABASE_URL": url})

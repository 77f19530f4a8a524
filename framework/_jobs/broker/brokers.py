"""Chooses the broker by the scheme of its URL."""

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Any

from framework._jobs.broker.names import address_of
from framework._jobs.broker.protocol import Broker
from framework._jobs.broker.taskiq_urls import kafka, rabbitmq, sqs
from framework._secret import revealed
from framework.errors import InvalidJobError
from framework.jobs import JobSettings

__all__ = ("SCHEMES", "check_broker", "make_broker")

# The module and the extra that each scheme requires.
SCHEMES: Mapping[str, tuple[str, str]] = {
    "nats": ("nats", "nats"),
    "tls": ("nats", "nats"),
    "redis": ("redis", "redis"),
    "rediss": ("redis", "redis"),
    "amqp": ("taskiq_aio_pika", "rabbitmq"),
    "amqps": ("taskiq_aio_pika", "rabbitmq"),
    "kafka": ("taskiq_aio_kafka", "kafka"),
    "sqs": ("taskiq_aio_sqs", "sqs"),
}
_EXAMPLE = 'write broker="nats://localhost:4222" or broker="redis://localhost:6379/0"'


def check_broker(settings: JobSettings, where: str) -> None:
    """Raise InvalidJobError for a URL of another kind, and if its package is not installed."""
    given: Any = revealed(settings.broker)
    if given is None or callable(given):
        return
    scheme = given.partition("://")[0] if "://" in given else ""
    if scheme not in SCHEMES:
        known = ", ".join(f"{one}://" for one in SCHEMES)
        raise InvalidJobError(where, f"JobSettings(broker=) begins with none of {known}", hint=_EXAMPLE)
    module, extra = SCHEMES[scheme]
    if find_spec(module) is None:
        what = f"a broker at {scheme}:// requires the package {_package(module)}"
        raise InvalidJobError(where, what, hint=f"pip install 'framework-aiohttp[jobs,{extra}]'")


def _package(module: str) -> str:
    return "nats-py" if module == "nats" else module.replace("_", "-")


def _nats(url: str, settings: JobSettings) -> Broker:
    # Imported late, like the others: an app has one broker.
    from framework._jobs.broker.nats import NATSBroker

    return NATSBroker(url, settings.broker_prefix)


def _redis(url: str, settings: JobSettings) -> Broker:
    from framework._jobs.broker.redis import RedisBroker

    return RedisBroker(url, settings.broker_prefix)


def _taskiq(make: Callable[[str], Any], where: str) -> Broker:
    from framework._jobs.broker.taskiq import TaskiqBroker

    return TaskiqBroker(make, where)


def _rabbitmq(url: str, settings: JobSettings) -> Broker:
    # As many as run at once: fewer are slower, and more would wait in a worker that is busy.
    return _taskiq(rabbitmq(url, settings.broker_prefix, settings.concurrency), address_of(url))


def _kafka(url: str, settings: JobSettings) -> Broker:
    return _taskiq(kafka(url, settings.broker_prefix), address_of(url))


def _sqs(url: str, settings: JobSettings) -> Broker:
    return _taskiq(sqs(url, settings.broker_prefix), address_of(url))


_MAKERS: Mapping[str, Callable[[str, JobSettings], Broker]] = {
    "nats": _nats,
    "tls": _nats,
    "redis": _redis,
    "rediss": _redis,
    "amqp": _rabbitmq,
    "amqps": _rabbitmq,
    "kafka": _kafka,
    "sqs": _sqs,
}


def make_broker(settings: JobSettings) -> Broker:
    """Return the broker of checked settings, which connects on first use."""
    given: Any = revealed(settings.broker)
    if callable(given):
        return _taskiq(given, "of a function")
    return _MAKERS[given.partition("://")[0]](given, settings)
